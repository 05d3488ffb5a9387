-- Oldest program: 0020
-- squawk-ignore-file require-concurrent-index-creation
-- What the last count of each promise of the product found, of the whole installation: a row a promise.
CREATE TABLE integrity_checks (
  name         text PRIMARY KEY CONSTRAINT integrity_checks_name_shape CHECK (name ~ '^[a-z_]{1,100}$'),
  tried_at     timestamptz NOT NULL,
  seconds      double precision NOT NULL,
  counted_at   timestamptz,
  breaches     bigint CONSTRAINT integrity_checks_breaches_not_negative CHECK (breaches >= 0),
  broken_since timestamptz,
  error        text CONSTRAINT integrity_checks_error_length CHECK (length(error) <= 200),
  CONSTRAINT integrity_checks_counted_whole CHECK ((counted_at IS NULL) = (breaches IS NULL)),
  CONSTRAINT integrity_checks_broken_since_it_broke CHECK ((broken_since IS NOT NULL) = (coalesce(breaches, 0) > 0))
);
COMMENT ON COLUMN integrity_checks.counted_at IS 'when the breaches were counted; a later try that did not come to an end left an error';
ALTER TABLE integrity_checks ENABLE ROW LEVEL SECURITY;
CREATE POLICY system ON integrity_checks TO kamhub_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON integrity_checks TO kamhub_system;

-- How the calls that an organisation's work makes to a service went: the last that was answered, the last that was not.
CREATE TABLE service_calls (
  organisation_id uuid NOT NULL REFERENCES organisations (id),
  service         text NOT NULL CONSTRAINT service_calls_service_known CHECK (service IN ('cloudpayments', 'email', 'telegram', 'sms')),
  answered_at     timestamptz,
  failed_at       timestamptz,
  failing_since   timestamptz,
  error           text CONSTRAINT service_calls_error_length CHECK (length(error) <= 200),
  PRIMARY KEY (organisation_id, service),
  CONSTRAINT service_calls_error_of_a_failure CHECK ((failed_at IS NULL) = (error IS NULL)),
  CONSTRAINT service_calls_failing_since_a_failure CHECK (failing_since <= failed_at)
);
CALL protect_tenant_table('service_calls');

-- Money whose whereabouts only the provider knows: asked to go back, or to be taken or let go, and not answered.
CREATE INDEX refunds_in_doubt ON refunds (organisation_id, requested_at) WHERE status = 'requested';
CREATE INDEX payments_in_doubt ON payments (organisation_id, asked_at) WHERE status = 'authorized' AND asked IS NOT NULL;
