#!/bin/sh
# Brings both databases of the Temporal server to the schema of this image. Safe to run on every start.
set -eu

update() {
  # Makes the table of versions when it is absent; never touches what is there.
  SQL_DATABASE="$1" temporal-sql-tool setup-schema --version 0.0
  SQL_DATABASE="$1" temporal-sql-tool update-schema --schema-name "postgresql/v12/$2"
}

update temporal temporal
update temporal_visibility visibility
