-- The job library keeps that a run failed, not why. Its tables are not ours, hence no foreign key: what outlives its
-- job is tidied away by the workers.
CREATE TABLE job_failures (
  id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  job_id    bigint NOT NULL,
  attempt   integer NOT NULL CONSTRAINT job_failures_attempt_positive CHECK (attempt >= 1),
  at        timestamptz NOT NULL DEFAULT now(),
  error     text NOT NULL,
  traceback text NOT NULL
);
COMMENT ON TABLE job_failures IS 'Why a run of a job failed, one row a run. May hold personal data: for the system role alone.';
CREATE INDEX job_failures_by_job ON job_failures (job_id, id);
ALTER TABLE job_failures ENABLE ROW LEVEL SECURITY;
CREATE POLICY system ON job_failures TO kamhub_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, DELETE ON job_failures TO kamhub_system;
