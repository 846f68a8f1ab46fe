#!/bin/sh
# Makes the secret files that docker-compose.yml mounts, where they are missing:
#
#   deploy/secrets.sh [DIRECTORY]        # default: run/secrets
#
# The directory is closed to others; the passwords in it can be read by the containers' users, whose ids differ. The key
# of the fee payer is not made here: put it into payer.json, mode 600, owned by FEEOPS_UID.
set -eu
dir=${1:-run/secrets}
umask 077
mkdir -p "$dir"
for name in postgres temporal feeops grafana; do
  file=$dir/${name}_password
  if [ ! -s "$file" ]; then
    od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"$file"
    chmod 644 "$file"
    echo "made $file"
  fi
done
if [ ! -e "$dir/payer.json" ]; then
  : >"$dir/payer.json"
  echo "made $dir/payer.json, empty: put the fee payer's key there"
fi
