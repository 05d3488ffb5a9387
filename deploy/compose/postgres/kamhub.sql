-- What a superuser does once for a hub, by psql with the variables admin_password and app_password.
CREATE ROLE kamhub_admin LOGIN CREATEROLE CREATEDB PASSWORD :'admin_password';
CREATE ROLE kamhub_app LOGIN NOINHERIT PASSWORD :'app_password';
-- So that a restored database can be put in the place of the one in use.
GRANT pg_signal_backend TO kamhub_admin;
CREATE DATABASE kamhub OWNER kamhub_admin;
REVOKE CONNECT ON DATABASE kamhub FROM PUBLIC;
GRANT CONNECT ON DATABASE kamhub TO kamhub_app;
\connect template1
-- A backup is loaded into a new database, whose owner may not make the extension.
CREATE EXTENSION IF NOT EXISTS vector;
\connect kamhub
CREATE EXTENSION IF NOT EXISTS vector;
