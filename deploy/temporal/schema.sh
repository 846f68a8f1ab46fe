#!/bin/sh
# Makes Temporal's tables, or brings them up to the version of this image. Runs before the server, at every start.
set -eu
SQL_PASSWORD=$(cat /run/secrets/temporal_password)
export SQL_PASSWORD
for db in temporal visibility; do
  name=temporal
  [ "$db" = temporal ] || name=temporal_visibility
  tool() { temporal-sql-tool --plugin postgres12 --endpoint postgres --port 5432 --user temporal --database "$name" "$@"; }
  # setup-schema only makes the table of versions; where that exists it does nothing that matters.
  tool setup-schema --version 0.0 || true
  tool update-schema --schema-dir "/etc/temporal/schema/postgresql/v12/$db/versioned"
done
