-- Which hub this is: a backup says whose it is, so that one of another hub is not loaded by mistake. It goes with the
-- data: a restored database stays the hub it was.
CREATE TABLE installation (
  only_one   boolean PRIMARY KEY DEFAULT true CONSTRAINT installation_only_one CHECK (only_one),
  id         uuid NOT NULL DEFAULT gen_random_uuid(),
  created_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO installation DEFAULT VALUES;
ALTER TABLE installation ENABLE ROW LEVEL SECURITY;
CREATE POLICY system ON installation FOR SELECT TO kamhub_system USING (true);
GRANT SELECT ON installation TO kamhub_system;

-- What was done about backups and how it ended. The backups themselves are listed from where they are kept, never from here.
CREATE TABLE backup_runs (
  id         uuid PRIMARY KEY,
  task       text NOT NULL CONSTRAINT backup_runs_task_known CHECK (task IN ('create', 'verify', 'prune', 'restore')),
  backup     text CONSTRAINT backup_runs_backup_length CHECK (length(backup) <= 100),
  started_at timestamptz NOT NULL,
  ended_at   timestamptz NOT NULL,
  ok         boolean NOT NULL,
  size_bytes bigint,
  error      text CONSTRAINT backup_runs_error_length CHECK (length(error) <= 500),
  CONSTRAINT backup_runs_error_when_failed CHECK (ok = (error IS NULL))
);
COMMENT ON COLUMN backup_runs.size_bytes IS 'of a backup that was made: all its files as they are kept';
CREATE INDEX backup_runs_by_task ON backup_runs (task, ended_at DESC) INCLUDE (ok);
CREATE INDEX backup_runs_by_age ON backup_runs (ended_at);
ALTER TABLE backup_runs ENABLE ROW LEVEL SECURITY;
CREATE POLICY system ON backup_runs TO kamhub_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, DELETE ON backup_runs TO kamhub_system;

-- What is wrong with the installation now or was, one row a thing: told once, again after a day, and once when it is over.
CREATE TABLE alerts (
  kind         text NOT NULL CONSTRAINT alerts_kind_shape CHECK (kind ~ '^[a-z]+(\.[a-z_]+)+$'),
  about        text NOT NULL DEFAULT '' CONSTRAINT alerts_about_length CHECK (length(about) <= 100),
  facts        jsonb NOT NULL DEFAULT '{}',
  raised_at    timestamptz NOT NULL,
  told_at      timestamptz NOT NULL,
  times        integer NOT NULL DEFAULT 1,
  recovered_at timestamptz,
  PRIMARY KEY (kind, about)
);
COMMENT ON COLUMN alerts.times IS 'how often it was noticed since it was raised';
ALTER TABLE alerts ENABLE ROW LEVEL SECURITY;
CREATE POLICY system ON alerts TO kamhub_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON alerts TO kamhub_system;
