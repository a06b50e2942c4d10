#!/bin/sh
# Run once by the image of PostgreSQL, as its superuser, when the database is first made: see docs/how-to/postgresql.md.
set -eu
psql -v ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" \
  -v owner="$NEUMO_OWNER_PASSWORD" -v app="$NEUMO_APP_PASSWORD" \
  -v retention="$NEUMO_RETENTION_PASSWORD" -v auditor="$NEUMO_AUDITOR_PASSWORD" <<'SQL'
CREATE ROLE neumo_owner LOGIN PASSWORD :'owner';
CREATE ROLE neumo_app LOGIN PASSWORD :'app';
CREATE ROLE neumo_retention LOGIN PASSWORD :'retention';
CREATE ROLE neumo_auditor LOGIN PASSWORD :'auditor';
CREATE DATABASE neumo OWNER neumo_owner ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE neumo FROM PUBLIC;
GRANT CONNECT ON DATABASE neumo TO neumo_app, neumo_retention, neumo_auditor;
SQL
