#!/bin/sh
# Builds what is out of date and runs it; arguments are passed on.
set -eu
folder=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
make --silent -C "$folder"
exec "$folder/build/native-bench" "$@"
