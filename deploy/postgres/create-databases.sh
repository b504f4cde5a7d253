#!/bin/sh
# Runs once, when the data volume is empty: a role and its own databases for each product, so that neither
# can read the other's.
set -eu

psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --set perdura="$PERDURA_POSTGRES_PASSWORD" --set temporal="$TEMPORAL_POSTGRES_PASSWORD" <<'SQL'
CREATE ROLE perdura LOGIN PASSWORD :'perdura';
CREATE ROLE temporal LOGIN PASSWORD :'temporal';
CREATE DATABASE perdura OWNER perdura;
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
REVOKE CONNECT ON DATABASE perdura, temporal, temporal_visibility FROM PUBLIC;
SQL
