#!/bin/sh
# Runs once, when PostgreSQL's volume is empty: Temporal and feeops get a role and databases each, and neither can read
# the other's.
set -eu
secrets=${SECRETS:-/run/secrets}
for name in temporal feeops; do
  psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --set name="$name" --set password="$(cat "$secrets/${name}_password")" --dbname postgres <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
SQL
done
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --dbname postgres <<'SQL'
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
CREATE DATABASE feeops OWNER feeops;
REVOKE CONNECT ON DATABASE temporal, temporal_visibility, feeops FROM PUBLIC;
SQL
