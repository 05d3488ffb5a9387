-- The job library's table keeps what waits and runs; what has ended moves to tables of ours. Its column args holds:
--   id            uuid of the job, as the world knows it
--   organisation  uuid, absent for jobs of the installation
--   request       id of the request that caused it
--   at            when it was enqueued
--   with          the arguments
--   failures, kills   how often it failed, and how often its worker vanished
--   progress      what the job last said of itself
UPDATE procrastinate_jobs SET args = jsonb_strip_nulls(jsonb_build_object(
  'id', encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
          PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid,
  'organisation', args ->> 'organisation_id', 'at', clock_timestamp(), 'with', args - 'organisation_id' - 'timestamp'));
UPDATE procrastinate_jobs SET scheduled_at = coalesce(scheduled_at, now()),
  queue_name = CASE queue_name WHEN 'notice' THEN 'notices' WHEN 'payment' THEN 'payments' ELSE queue_name END;
-- Ticks make themselves anew; ended jobs had a history of a week and were looked at by nobody.
UPDATE procrastinate_periodic_defers SET job_id = NULL;
DELETE FROM procrastinate_jobs WHERE status NOT IN ('todo', 'doing', 'failed') OR queueing_lock IS NOT NULL;

-- The library writes a line for every change of state: ours is the history. Its indexes serve its way of fetching.
ALTER TABLE procrastinate_jobs DISABLE TRIGGER procrastinate_trigger_status_events_insert_v1;
ALTER TABLE procrastinate_jobs DISABLE TRIGGER procrastinate_trigger_status_events_update_v1;
ALTER TABLE procrastinate_jobs DISABLE TRIGGER procrastinate_trigger_scheduled_events_v1;
ALTER TABLE procrastinate_jobs DISABLE TRIGGER procrastinate_trigger_delete_jobs_v1;
DELETE FROM procrastinate_events;
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX procrastinate_jobs_id_lock_idx_v1, procrastinate_jobs_priority_idx_v1, procrastinate_jobs_queue_name_idx_v1;
CREATE INDEX procrastinate_jobs_by_lane ON procrastinate_jobs (queue_name, priority, scheduled_at, id) WHERE status = 'todo';
CREATE INDEX procrastinate_jobs_by_lock ON procrastinate_jobs (lock, id) WHERE lock IS NOT NULL AND status IN ('todo', 'doing');
CREATE UNIQUE INDEX procrastinate_jobs_by_uuid ON procrastinate_jobs (((args ->> 'id')::uuid));
CREATE INDEX procrastinate_jobs_by_organisation ON procrastinate_jobs (((args ->> 'organisation')::uuid), id);
-- Every job is inserted, changed and deleted within seconds: vacuumed by number, not by share.
ALTER TABLE procrastinate_jobs SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 20000, autovacuum_vacuum_cost_delay = 0);

-- What is meant for now is due by the clock of the database: it is the only one that all processes share.
CREATE FUNCTION due_now() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.scheduled_at := now();
  RETURN NEW;
END $$;
CREATE TRIGGER procrastinate_jobs_due_now BEFORE INSERT ON procrastinate_jobs
  FOR EACH ROW WHEN (NEW.scheduled_at IS NULL) EXECUTE FUNCTION due_now();

-- A tenant sees what waits and runs for itself; putting jobs in is the library's function, taking them out the workers'.
ALTER TABLE procrastinate_jobs ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON procrastinate_jobs FOR SELECT TO kamhub_tenant
  USING ((args ->> 'organisation')::uuid = current_organisation());
CREATE POLICY system ON procrastinate_jobs TO kamhub_system USING (true) WITH CHECK (true);
GRANT SELECT ON procrastinate_jobs TO kamhub_tenant;

CREATE TABLE job_history (
  id              uuid PRIMARY KEY,
  organisation_id uuid,
  kind            text NOT NULL,
  queue           text NOT NULL,
  outcome         text NOT NULL CONSTRAINT job_history_outcome_known CHECK (outcome IN ('done', 'discarded')),
  attempts        integer NOT NULL,
  request_id      text,
  reason          text,
  enqueued_at     timestamptz NOT NULL,
  started_at      timestamptz NOT NULL,
  finished_at     timestamptz NOT NULL,
  expires_at      timestamptz NOT NULL
);
COMMENT ON TABLE job_history IS 'Jobs that ended. organisation_id is not checked against organisations: every job would pay for it';
CALL protect_tenant_table('job_history');
REVOKE UPDATE ON job_history FROM kamhub_tenant, kamhub_system;
CREATE INDEX job_history_by_organisation ON job_history (organisation_id, finished_at);
CREATE INDEX job_history_expiry ON job_history (expires_at);
ALTER TABLE job_history SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05,
  autovacuum_analyze_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);

CREATE TABLE dead_jobs (
  id              uuid PRIMARY KEY,
  organisation_id uuid,
  kind            text NOT NULL,
  queue           text NOT NULL,
  priority        integer NOT NULL,
  lock            text,
  arguments       jsonb NOT NULL,
  reason          text NOT NULL CONSTRAINT dead_jobs_reason_known
    CHECK (reason IN ('gave_up', 'out_of_attempts', 'no_outcome', 'kills_workers', 'unknown_kind')),
  error           text NOT NULL,
  traceback       text NOT NULL,
  attempts        integer NOT NULL,
  request_id      text,
  enqueued_at     timestamptz NOT NULL,
  died_at         timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE dead_jobs IS 'What failed for good: waits for a person, never deleted by itself. Kept also of an organisation that is gone';
CALL protect_tenant_table('dead_jobs');
REVOKE UPDATE ON dead_jobs FROM kamhub_tenant, kamhub_system;
CREATE INDEX dead_jobs_by_organisation ON dead_jobs (organisation_id, died_at);

ALTER TABLE job_failures ADD COLUMN job uuid, ADD COLUMN organisation_id uuid;
UPDATE job_failures f SET job = (j.args ->> 'id')::uuid, organisation_id = (j.args ->> 'organisation')::uuid
  FROM procrastinate_jobs j WHERE j.id = f.job_id;
DELETE FROM job_failures WHERE job IS NULL;
-- squawk-ignore adding-not-nullable-field
ALTER TABLE job_failures ALTER COLUMN job SET NOT NULL;
-- squawk-ignore ban-drop-column
ALTER TABLE job_failures DROP COLUMN job_id;
COMMENT ON TABLE job_failures IS 'Why a run of a job failed, one row a run; masked';
CREATE POLICY tenant ON job_failures FOR SELECT TO kamhub_tenant USING (organisation_id = current_organisation());
GRANT SELECT ON job_failures TO kamhub_tenant;
CREATE INDEX job_failures_by_job ON job_failures (job, id);
CREATE INDEX job_failures_age ON job_failures (at);
INSERT INTO dead_jobs
  SELECT (j.args ->> 'id')::uuid, (j.args ->> 'organisation')::uuid, j.task_name, j.queue_name, j.priority, j.lock, j.args -> 'with', 'out_of_attempts',
         coalesce(f.error, 'unknown'), coalesce(f.traceback, ''), j.attempts, NULL, (j.args ->> 'at')::timestamptz, coalesce(f.at, now())
  FROM procrastinate_jobs j
  LEFT JOIN LATERAL (SELECT * FROM job_failures f WHERE f.job = (j.args ->> 'id')::uuid ORDER BY f.id DESC LIMIT 1) f ON true
  WHERE j.status = 'failed';
DELETE FROM procrastinate_jobs WHERE status = 'failed';

-- The fleet, beside the library's table of heartbeats.
CREATE TABLE job_workers (
  worker_id  bigint PRIMARY KEY REFERENCES procrastinate_workers (id) ON DELETE CASCADE,
  host       text NOT NULL,
  pid        integer NOT NULL,
  version    text NOT NULL,
  queues     text[] NOT NULL,
  kinds      text[] NOT NULL,
  started_at timestamptz NOT NULL
);
ALTER TABLE job_workers ENABLE ROW LEVEL SECURITY;
CREATE POLICY system ON job_workers TO kamhub_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, DELETE ON job_workers TO kamhub_system;

-- The last tick of every line of the timetable: whoever moves it on puts that tick's job into the queue.
CREATE TABLE job_ticks (
  kind text PRIMARY KEY,
  tick timestamptz NOT NULL
);
ALTER TABLE job_ticks ENABLE ROW LEVEL SECURITY;
CREATE POLICY system ON job_ticks TO kamhub_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON job_ticks TO kamhub_system;

-- The mark of "done", written in the transaction of the effect. False when the run does not own its job any more:
-- another worker has taken it up, and the caller must roll back. Runs with the rights of the schema's owner, because an
-- organisation's connection may mark its own jobs and touch nothing else of the queue.
CREATE FUNCTION finish_job(job bigint, worker bigint, attempt integer, started timestamptz, kept interval) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE ended record;
BEGIN
  DELETE FROM public.procrastinate_jobs j
  WHERE j.id = job AND j.status = 'doing' AND j.worker_id = worker AND j.attempts = attempt
    AND (public.current_organisation() IS NULL OR public.current_organisation() = (j.args ->> 'organisation')::uuid)
  RETURNING j.task_name, j.queue_name, j.args INTO ended;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  INSERT INTO public.job_history (id, organisation_id, kind, queue, outcome, attempts, request_id, enqueued_at, started_at,
                                  finished_at, expires_at)
  VALUES ((ended.args ->> 'id')::uuid, (ended.args ->> 'organisation')::uuid, ended.task_name, ended.queue_name, 'done',
          attempt + 1, ended.args ->> 'request', (ended.args ->> 'at')::timestamptz, started, clock_timestamp(),
          clock_timestamp() + kept);
  RETURN true;
END $$;
REVOKE ALL ON FUNCTION finish_job(bigint, bigint, integer, timestamptz, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION finish_job(bigint, bigint, integer, timestamptz, interval) TO kamhub_tenant, kamhub_system;
