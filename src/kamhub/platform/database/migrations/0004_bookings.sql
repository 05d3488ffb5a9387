CREATE TABLE bookings (
  organisation_id  uuid NOT NULL,
  id               uuid NOT NULL,
  code             char(8) NOT NULL,
  departure_id     uuid NOT NULL,
  from_position    smallint NOT NULL,
  to_position      smallint NOT NULL,
  passengers       smallint NOT NULL CONSTRAINT bookings_passengers_range CHECK (passengers BETWEEN 1 AND 50),
  status           text NOT NULL CONSTRAINT bookings_status_known CHECK
                   (status IN ('on_hold', 'pending', 'confirmed', 'redeemed', 'expired', 'cancelled', 'rejected')),
  price_per_seat   bigint NOT NULL CONSTRAINT bookings_price_positive CHECK (price_per_seat > 0),
  total            bigint NOT NULL,
  currency         char(3) NOT NULL,
  expires_at       timestamptz,
  channel          text NOT NULL CONSTRAINT bookings_channel_known CHECK (channel IN ('page', 'api', 'octo', 'mcp', 'desk', 'staff')),
  contact_name     text,
  contact_phone    text CONSTRAINT bookings_phone_e164 CHECK (contact_phone ~ '^\+[1-9][0-9]{6,14}$'),
  contact_email    text,
  contact_locale   text CONSTRAINT bookings_locale_known CHECK (contact_locale IN ('ru', 'en')),
  special_requests text CONSTRAINT bookings_special_requests_length CHECK (length(special_requests) <= 500),
  cancellation_policy_id uuid,
  paid             bigint CONSTRAINT bookings_paid_positive CHECK (paid > 0),
  refunded         bigint CONSTRAINT bookings_refunded_positive CHECK (refunded > 0),
  created_at       timestamptz NOT NULL,
  PRIMARY KEY (organisation_id, id),
  CONSTRAINT bookings_code_key UNIQUE (code, organisation_id),
  CONSTRAINT bookings_total_exact CHECK (total = price_per_seat * passengers),
  CONSTRAINT bookings_stretch_forward CHECK (from_position < to_position),
  CONSTRAINT bookings_hold_expires CHECK (status NOT IN ('on_hold', 'pending') OR expires_at IS NOT NULL),
  CONSTRAINT bookings_refund_within_paid CHECK (refunded IS NULL OR refunded <= paid),
  CONSTRAINT bookings_contact_whole CHECK (num_nulls(contact_name, contact_phone, contact_email, contact_locale) IN (0, 4)),
  FOREIGN KEY (organisation_id, departure_id) REFERENCES departures (organisation_id, id),
  FOREIGN KEY (organisation_id, cancellation_policy_id) REFERENCES cancellation_policies (organisation_id, id)
) WITH (fillfactor = 80);
COMMENT ON COLUMN bookings.refunded IS 'returned or on its way back: the sum of refunds not refused by the provider';
CREATE INDEX bookings_by_id ON bookings (id);
-- Not led by the organisation: without statistics yet, the planner would take such an index for every foreign key check
-- on (organisation_id, id) and read all bookings of the organisation each time.
CREATE INDEX bookings_by_departure ON bookings (departure_id, organisation_id);
-- What may lapse: the engine asks by departure, the sweeper walks it whole (it holds live holds only).
CREATE INDEX bookings_lapsing ON bookings (departure_id, expires_at) WHERE status IN ('on_hold', 'pending');
CALL protect_tenant_table('bookings');
CREATE POLICY engine ON bookings TO kamhub_engine USING (true) WITH CHECK (true);
GRANT SELECT (organisation_id, id, departure_id, from_position, to_position, passengers, status, expires_at), INSERT
  ON bookings TO kamhub_engine;
GRANT UPDATE (status, expires_at) ON bookings TO kamhub_engine;
-- How many seats of a departure are lapsed but not yet swept may be seen by anyone; who holds them may not.
CREATE POLICY catalogue ON bookings FOR SELECT TO kamhub_public USING (status IN ('on_hold', 'pending'));
GRANT SELECT (departure_id, organisation_id, from_position, to_position, passengers, status, expires_at) ON bookings TO kamhub_public;

CREATE TABLE booking_passengers (
  organisation_id uuid NOT NULL,
  booking_id      uuid NOT NULL,
  position        smallint NOT NULL,
  name            text NOT NULL,
  document        text,
  kind            text NOT NULL CONSTRAINT booking_passengers_kind_known CHECK (kind IN ('adult', 'child', 'infant')),
  PRIMARY KEY (organisation_id, booking_id, position),
  FOREIGN KEY (organisation_id, booking_id) REFERENCES bookings (organisation_id, id)
);
CALL protect_tenant_table('booking_passengers');

CREATE TABLE booking_events (
  organisation_id uuid NOT NULL,
  booking_id      uuid NOT NULL,
  id              bigint GENERATED ALWAYS AS IDENTITY,
  at              timestamptz NOT NULL,
  from_status     text,
  to_status       text NOT NULL,
  actor           text NOT NULL,
  reason          text,
  PRIMARY KEY (organisation_id, booking_id, id),
  FOREIGN KEY (organisation_id, booking_id) REFERENCES bookings (organisation_id, id)
);
CREATE UNIQUE INDEX booking_events_confirmed_once ON booking_events (organisation_id, booking_id) WHERE to_status = 'confirmed';
CALL protect_tenant_table('booking_events');
REVOKE UPDATE, DELETE ON booking_events FROM kamhub_tenant, kamhub_system;
CREATE POLICY engine ON booking_events TO kamhub_engine USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON booking_events TO kamhub_engine;

CREATE TABLE idempotency_keys (
  key_hash        bytea PRIMARY KEY,
  request_hash    bytea NOT NULL,
  organisation_id uuid NOT NULL,
  booking_id      uuid NOT NULL,
  created_at      timestamptz NOT NULL,
  FOREIGN KEY (organisation_id, booking_id) REFERENCES bookings (organisation_id, id)
);
COMMENT ON TABLE idempotency_keys IS 'SHA-256 of the key a caller sent with a hold, and of what it asked for, beside the booking it made';
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
CALL protect_tenant_table('idempotency_keys');
CREATE POLICY engine ON idempotency_keys TO kamhub_engine USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON idempotency_keys TO kamhub_engine;
