-- On the server to be followed, as a superuser:
--   psql -v barman_password="'…'" -v streaming_password="'…'" -f primary.sql
-- pg_hba.conf must let both in from the machine of Barman: `hostssl all barman …`, `hostssl replication streaming_barman …`.
-- Rights on functions belong to a database: Barman looks at that one, and reads nothing of the product's.
\connect postgres
CREATE ROLE barman LOGIN PASSWORD :barman_password;
CREATE ROLE streaming_barman LOGIN REPLICATION PASSWORD :streaming_password;
GRANT CONNECT ON DATABASE postgres TO barman;
GRANT EXECUTE ON FUNCTION pg_backup_start(text, boolean), pg_backup_stop(boolean), pg_switch_wal(),
  pg_create_restore_point(text) TO barman;
GRANT pg_read_all_settings, pg_read_all_stats, pg_checkpoint TO barman;
-- A Barman that is away for long must not fill the disk of the server.
ALTER SYSTEM SET max_slot_wal_keep_size = '16GB';
SELECT pg_reload_conf();
