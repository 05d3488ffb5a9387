CREATE TABLE payment_accounts (
  organisation_id  uuid NOT NULL REFERENCES organisations (id),
  id               uuid NOT NULL,
  provider         text NOT NULL DEFAULT 'cloudpayments' CONSTRAINT payment_accounts_provider_known CHECK (provider = 'cloudpayments'),
  public_id        text NOT NULL,
  secret_encrypted bytea NOT NULL,
  mode             text NOT NULL CONSTRAINT payment_accounts_mode_known CHECK (mode IN ('demo', 'live')),
  created_at       timestamptz NOT NULL DEFAULT now(),
  archived_at      timestamptz,
  PRIMARY KEY (organisation_id, id)
);
CREATE INDEX payment_accounts_by_id ON payment_accounts (id);
CREATE UNIQUE INDEX payment_accounts_one_active ON payment_accounts (organisation_id) WHERE archived_at IS NULL;
CALL protect_tenant_table('payment_accounts');

-- The intent to be paid: written before the provider is asked for a payment link, settled after its answer.
CREATE TABLE payment_orders (
  organisation_id   uuid NOT NULL,
  id                uuid NOT NULL,
  booking_id        uuid NOT NULL,
  account_id        uuid NOT NULL,
  amount            bigint NOT NULL CONSTRAINT payment_orders_amount_positive CHECK (amount > 0),
  currency          char(3) NOT NULL,
  status            text NOT NULL CONSTRAINT payment_orders_status_known CHECK (status IN ('requested', 'open', 'refused', 'closed')),
  provider_order_id text,
  url               text,
  error             text,
  created_at        timestamptz NOT NULL,
  PRIMARY KEY (organisation_id, id),
  CONSTRAINT payment_orders_open_has_link CHECK (status <> 'open' OR url IS NOT NULL),
  FOREIGN KEY (organisation_id, booking_id) REFERENCES bookings (organisation_id, id),
  FOREIGN KEY (organisation_id, account_id) REFERENCES payment_accounts (organisation_id, id)
);
CREATE UNIQUE INDEX payment_orders_one_live ON payment_orders (organisation_id, booking_id) WHERE status IN ('requested', 'open');
CALL protect_tenant_table('payment_orders');

-- One row a provider transaction, whatever happens to it later.
CREATE TABLE payments (
  organisation_id uuid NOT NULL,
  id              uuid NOT NULL,
  booking_id      uuid,
  account_id      uuid NOT NULL,
  transaction_id  bigint NOT NULL,
  amount          bigint NOT NULL CONSTRAINT payments_amount_positive CHECK (amount > 0),
  currency        char(3) NOT NULL,
  status          text NOT NULL CONSTRAINT payments_status_known CHECK (status IN ('authorized', 'completed', 'declined', 'cancelled')),
  test            boolean NOT NULL,
  accepted        boolean NOT NULL,
  invoice         text,
  method          text,
  card_last_four  text,
  decline_reason  text,
  received_at     timestamptz NOT NULL,
  PRIMARY KEY (organisation_id, id),
  CONSTRAINT payments_transaction_key UNIQUE (organisation_id, account_id, transaction_id),
  FOREIGN KEY (organisation_id, booking_id) REFERENCES bookings (organisation_id, id),
  FOREIGN KEY (organisation_id, account_id) REFERENCES payment_accounts (organisation_id, id)
);
COMMENT ON COLUMN payments.accepted IS 'counts as money for the booking: right amount, currency, account and mode';
-- The last wall against charging a booking twice: of all its completed payments one is the accepted one.
CREATE UNIQUE INDEX payments_accepted_once ON payments (organisation_id, booking_id) WHERE accepted AND status IN ('authorized', 'completed');
CREATE INDEX payments_by_booking ON payments (organisation_id, booking_id);
CALL protect_tenant_table('payments');

CREATE TABLE payment_events (
  organisation_id uuid NOT NULL,
  payment_id      uuid NOT NULL,
  id              bigint GENERATED ALWAYS AS IDENTITY,
  at              timestamptz NOT NULL,
  from_status     text,
  to_status       text NOT NULL,
  actor           text NOT NULL,
  reason          text,
  PRIMARY KEY (organisation_id, payment_id, id),
  FOREIGN KEY (organisation_id, payment_id) REFERENCES payments (organisation_id, id)
);
CALL protect_tenant_table('payment_events');
REVOKE UPDATE, DELETE ON payment_events FROM kamhub_tenant, kamhub_system;

CREATE TABLE payment_notifications (
  organisation_id uuid NOT NULL,
  account_id      uuid NOT NULL,
  kind            text NOT NULL,
  transaction_id  bigint NOT NULL,
  payment_transaction_id bigint,
  amount          bigint,
  received_at     timestamptz NOT NULL,
  PRIMARY KEY (organisation_id, account_id, kind, transaction_id),
  FOREIGN KEY (organisation_id, account_id) REFERENCES payment_accounts (organisation_id, id)
);
-- A refund may be told before the payment it returns; when the payment comes, it looks here.
CREATE INDEX payment_notifications_of_payment ON payment_notifications (organisation_id, payment_transaction_id)
  WHERE payment_transaction_id IS NOT NULL;
COMMENT ON TABLE payment_notifications IS 'What was already acted on: a repeat of a notification finds its row here and does nothing';
CALL protect_tenant_table('payment_notifications');

CREATE TABLE refunds (
  organisation_id         uuid NOT NULL,
  id                      uuid NOT NULL,
  payment_id              uuid NOT NULL,
  booking_id              uuid,
  amount                  bigint NOT NULL CONSTRAINT refunds_amount_positive CHECK (amount > 0),
  currency                char(3) NOT NULL,
  status                  text NOT NULL CONSTRAINT refunds_status_known CHECK (status IN ('requested', 'completed', 'refused')),
  reason                  text NOT NULL,
  refund_transaction_id   bigint,
  error                   text,
  requested_at            timestamptz NOT NULL,
  settled_at              timestamptz,
  PRIMARY KEY (organisation_id, id),
  FOREIGN KEY (organisation_id, payment_id) REFERENCES payments (organisation_id, id),
  FOREIGN KEY (organisation_id, booking_id) REFERENCES bookings (organisation_id, id)
);
CREATE INDEX refunds_by_payment ON refunds (organisation_id, payment_id);
CREATE INDEX refunds_by_booking ON refunds (organisation_id, booking_id);
CREATE UNIQUE INDEX refunds_transaction_once ON refunds (organisation_id, refund_transaction_id) WHERE refund_transaction_id IS NOT NULL;
CALL protect_tenant_table('refunds');

-- What a person of the operator has to know of or decide: late, wrong or doubled money, a refused refund.
CREATE TABLE cases (
  organisation_id uuid NOT NULL,
  id              uuid NOT NULL,
  kind            text NOT NULL CONSTRAINT cases_kind_known CHECK (kind IN ('late_payment_revived', 'late_payment_refunded',
                  'paid_after_cancellation', 'wrong_amount', 'wrong_currency', 'wrong_account', 'test_payment', 'paid_twice',
                  'unknown_booking', 'refund_refused', 'unknown_refund', 'order_refused')),
  booking_id      uuid,
  payment_id      uuid,
  refund_id       uuid,
  details         jsonb NOT NULL DEFAULT '{}',
  opened_at       timestamptz NOT NULL,
  closed_at       timestamptz,
  closed_by       uuid REFERENCES people (id),
  PRIMARY KEY (organisation_id, id),
  FOREIGN KEY (organisation_id) REFERENCES organisations (id),
  FOREIGN KEY (organisation_id, booking_id) REFERENCES bookings (organisation_id, id),
  FOREIGN KEY (organisation_id, payment_id) REFERENCES payments (organisation_id, id),
  FOREIGN KEY (organisation_id, refund_id) REFERENCES refunds (organisation_id, id)
);
CREATE INDEX cases_open ON cases (organisation_id, opened_at) WHERE closed_at IS NULL;
CALL protect_tenant_table('cases');

-- Outbox: a message is written in the transaction of what it tells of, and sent by a job.
CREATE TABLE messages (
  organisation_id uuid NOT NULL REFERENCES organisations (id),
  id              uuid NOT NULL,
  booking_id      uuid NOT NULL,
  kind            text NOT NULL CONSTRAINT messages_kind_known
                  CHECK (kind IN ('held', 'confirmed', 'cancelled', 'rejected', 'money_returned')),
  locale          text NOT NULL CONSTRAINT messages_locale_known CHECK (locale IN ('ru', 'en')),
  recipient       text NOT NULL,
  created_at      timestamptz NOT NULL,
  sent_at         timestamptz,
  PRIMARY KEY (organisation_id, id),
  CONSTRAINT messages_once UNIQUE (organisation_id, booking_id, kind),
  FOREIGN KEY (organisation_id, booking_id) REFERENCES bookings (organisation_id, id)
);
CALL protect_tenant_table('messages');
