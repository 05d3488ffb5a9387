-- Bounds are checked on the rows there are, under a short lock: no installation has millions of them yet.
-- squawk-ignore-file constraint-missing-not-valid, ban-drop-constraint, disallowed-unique-constraint, adding-foreign-key-constraint
-- Double entry, append-only. Debit is positive, credit negative; the lines of an entry sum to zero when it is committed.
CREATE TABLE ledger_entries (
  organisation_id uuid NOT NULL REFERENCES organisations (id),
  id              uuid NOT NULL,
  at              timestamptz NOT NULL,
  kind            text NOT NULL CONSTRAINT ledger_entries_kind_known CHECK (kind IN
                  ('charge', 'charge_unmatched', 'refund', 'fee', 'earned', 'invoiced', 'collected', 'commission', 'payout',
                   'chargeback', 'correction')),
  source          text NOT NULL,
  booking_id      uuid,
  payment_id      uuid,
  refund_id       uuid,
  memo            text CONSTRAINT ledger_entries_memo_length CHECK (length(memo) <= 500),
  PRIMARY KEY (organisation_id, id),
  CONSTRAINT ledger_entries_source_once UNIQUE (organisation_id, source),
  FOREIGN KEY (organisation_id, booking_id) REFERENCES bookings (organisation_id, id),
  FOREIGN KEY (organisation_id, payment_id) REFERENCES payments (organisation_id, id),
  FOREIGN KEY (organisation_id, refund_id) REFERENCES refunds (organisation_id, id)
);
COMMENT ON COLUMN ledger_entries.source IS 'what it tells of, such as payment:<id>: told again, it is not entered again';
CREATE INDEX ledger_entries_by_time ON ledger_entries (organisation_id, at, id);
CREATE INDEX ledger_entries_of_booking ON ledger_entries (booking_id, organisation_id) WHERE booking_id IS NOT NULL;
CALL protect_tenant_table('ledger_entries');
REVOKE UPDATE, DELETE ON ledger_entries FROM kamhub_tenant, kamhub_system;

CREATE TABLE ledger_lines (
  organisation_id uuid NOT NULL,
  entry_id        uuid NOT NULL,
  account         text NOT NULL CONSTRAINT ledger_lines_account_known CHECK (account IN
                  ('provider', 'travellers', 'revenue', 'provider_fees', 'commission', 'platform', 'cash', 'receivable', 'bank',
                   'unmatched', 'losses')),
  amount          bigint NOT NULL CONSTRAINT ledger_lines_amount_something CHECK (amount <> 0),
  currency        char(3) NOT NULL,
  PRIMARY KEY (organisation_id, entry_id, account),
  FOREIGN KEY (organisation_id, entry_id) REFERENCES ledger_entries (organisation_id, id)
);
CALL protect_tenant_table('ledger_lines');
REVOKE UPDATE, DELETE ON ledger_lines FROM kamhub_tenant, kamhub_system;

CREATE FUNCTION ledger_entry_balances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM ledger_lines WHERE organisation_id = NEW.organisation_id AND entry_id = NEW.entry_id
             GROUP BY currency HAVING sum(amount) <> 0) THEN
    RAISE EXCEPTION 'the lines of ledger entry % do not sum to zero', NEW.entry_id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entry_balances';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_entry_balances AFTER INSERT ON ledger_lines
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_entry_balances();

ALTER TABLE organisations ADD COLUMN commission_basis_points smallint NOT NULL DEFAULT 1000;
ALTER TABLE organisations ADD CONSTRAINT organisations_commission_range CHECK (commission_basis_points BETWEEN 0 AND 5000);
COMMENT ON COLUMN organisations.commission_basis_points IS 'what the platform keeps of what was earned, in hundredths of a percent';

CREATE TABLE payouts (
  organisation_id uuid NOT NULL REFERENCES organisations (id),
  id              uuid NOT NULL,
  from_date       date NOT NULL,
  to_date         date NOT NULL,
  amount          bigint NOT NULL CONSTRAINT payouts_amount_positive CHECK (amount > 0),
  currency        char(3) NOT NULL,
  reference       text CONSTRAINT payouts_reference_length CHECK (length(reference) <= 100),
  paid_at         timestamptz NOT NULL,
  recorded_by     uuid,
  PRIMARY KEY (organisation_id, id),
  CONSTRAINT payouts_period CHECK (from_date <= to_date)
);
CALL protect_tenant_table('payouts');

-- A day of the provider's list held against ours.
CREATE TABLE reconciliations (
  organisation_id uuid NOT NULL,
  id              uuid NOT NULL,
  account_id      uuid NOT NULL,
  day             date NOT NULL,
  status          text NOT NULL CONSTRAINT reconciliations_status_known CHECK (status IN ('running', 'clean', 'repaired', 'differs', 'failed')),
  theirs          integer NOT NULL DEFAULT 0,
  ours            integer NOT NULL DEFAULT 0,
  repaired        integer NOT NULL DEFAULT 0,
  differences     jsonb NOT NULL DEFAULT '[]',
  started_at      timestamptz NOT NULL,
  finished_at     timestamptz,
  PRIMARY KEY (organisation_id, id),
  CONSTRAINT reconciliations_once UNIQUE (organisation_id, account_id, day),
  FOREIGN KEY (organisation_id, account_id) REFERENCES payment_accounts (organisation_id, id)
);
CALL protect_tenant_table('reconciliations');

-- Receipts of 54-FZ: the intent, and what became of it.
CREATE TABLE receipts (
  organisation_id uuid NOT NULL,
  id              uuid NOT NULL,
  account_id      uuid NOT NULL,
  booking_id      uuid NOT NULL,
  payment_id      uuid,
  refund_id       uuid,
  kind            text NOT NULL CONSTRAINT receipts_kind_known CHECK (kind IN ('prepayment', 'full', 'refund')),
  amount          bigint NOT NULL CONSTRAINT receipts_amount_positive CHECK (amount > 0),
  currency        char(3) NOT NULL,
  status          text NOT NULL CONSTRAINT receipts_status_known CHECK (status IN ('requested', 'queued', 'done', 'refused')),
  provider_id     text,
  url             text,
  error           text,
  requested_at    timestamptz NOT NULL,
  settled_at      timestamptz,
  renewed_id      uuid,
  PRIMARY KEY (organisation_id, id),
  FOREIGN KEY (organisation_id, account_id) REFERENCES payment_accounts (organisation_id, id),
  FOREIGN KEY (organisation_id, booking_id) REFERENCES bookings (organisation_id, id),
  FOREIGN KEY (organisation_id, payment_id) REFERENCES payments (organisation_id, id),
  FOREIGN KEY (organisation_id, refund_id) REFERENCES refunds (organisation_id, id)
);
COMMENT ON COLUMN receipts.renewed_id IS 'the request id a refused receipt is asked for anew with; NULL: its own id';
-- Looked for by the day and by what the provider calls it.
CREATE INDEX receipts_open ON receipts (organisation_id, requested_at) WHERE status IN ('requested', 'queued');
CREATE INDEX receipts_by_provider ON receipts (provider_id, organisation_id) WHERE provider_id IS NOT NULL;
CREATE UNIQUE INDEX receipts_once ON receipts (organisation_id, booking_id, kind, coalesce(refund_id, payment_id));
CALL protect_tenant_table('receipts');
ALTER TABLE payment_accounts ADD COLUMN receipts boolean NOT NULL DEFAULT false, ADD COLUMN two_stage boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN payment_accounts.receipts IS 'whether this terminal has a cash register of CloudKassir: then a receipt is asked for';
COMMENT ON COLUMN payment_accounts.two_stage IS 'money is set aside first and captured when the operator confirms';

ALTER TABLE cases ADD COLUMN resolution text;
ALTER TABLE cases ADD CONSTRAINT cases_resolution_length CHECK (length(resolution) <= 500),
  DROP CONSTRAINT cases_kind_known,
  ADD CONSTRAINT cases_kind_known CHECK (kind IN ('late_payment_revived', 'late_payment_refunded',
    'paid_after_cancellation', 'wrong_amount', 'wrong_currency', 'wrong_account', 'test_payment', 'paid_twice',
    'unknown_booking', 'refund_refused', 'unknown_refund', 'order_refused', 'lost_notification', 'missing_at_provider',
    'amount_differs', 'chargeback', 'receipt_refused', 'capture_refused', 'move_difference'));
CREATE INDEX cases_by_time ON cases (organisation_id, opened_at DESC, id DESC);

-- What the operator decided about money that is only set aside, and under which request id the provider is told.
ALTER TABLE payments ADD COLUMN asked text, ADD COLUMN asked_at timestamptz, ADD COLUMN request_id uuid,
  ADD COLUMN charged_back bigint NOT NULL DEFAULT 0;
ALTER TABLE payments
  ADD CONSTRAINT payments_asked_known CHECK (asked IN ('capture', 'release')),
  ADD CONSTRAINT payments_asked_whole CHECK (num_nulls(asked, asked_at, request_id) IN (0, 3)),
  ADD CONSTRAINT payments_charged_back_range CHECK (charged_back BETWEEN 0 AND amount);
COMMENT ON COLUMN payments.charged_back IS 'taken back by the bank of the payer, as staff wrote it down';
CREATE INDEX payments_by_time ON payments (organisation_id, received_at DESC, id DESC);
CREATE INDEX payments_authorized ON payments (organisation_id, id) WHERE status = 'authorized';

ALTER TABLE refunds ADD COLUMN request_id uuid, ADD COLUMN asked_at timestamptz, ADD COLUMN key_hash bytea;
COMMENT ON COLUMN refunds.request_id IS
  'under which the provider is asked now, since asked_at; NULL: its own id, since requested_at. The provider remembers one for an hour';
COMMENT ON COLUMN refunds.key_hash IS 'SHA-256 of the Idempotency-Key it was asked for with';
CREATE UNIQUE INDEX refunds_key_once ON refunds (organisation_id, key_hash) WHERE key_hash IS NOT NULL;
CREATE INDEX refunds_by_time ON refunds (organisation_id, requested_at DESC, id DESC);

-- What was paid and returned before there was a ledger, as it would have been entered. Test money that was refused is none.
INSERT INTO ledger_entries (organisation_id, id, at, kind, source, booking_id, payment_id)
SELECT p.organisation_id, gen_random_uuid(), p.received_at, CASE WHEN p.accepted THEN 'charge' ELSE 'charge_unmatched' END,
  'payment:' || p.id, p.booking_id, p.id
FROM payments p WHERE p.status = 'completed' AND NOT EXISTS (
  SELECT FROM cases c WHERE c.organisation_id = p.organisation_id AND c.payment_id = p.id AND c.kind = 'test_payment');
INSERT INTO ledger_entries (organisation_id, id, at, kind, source, booking_id, payment_id, refund_id)
SELECT r.organisation_id, gen_random_uuid(), coalesce(r.settled_at, r.requested_at), 'refund', 'refund:' || r.id,
  r.booking_id, r.payment_id, r.id
FROM refunds r JOIN ledger_entries e ON e.organisation_id = r.organisation_id AND e.source = 'payment:' || r.payment_id
WHERE r.status = 'completed';
INSERT INTO ledger_lines (organisation_id, entry_id, account, amount, currency)
SELECT e.organisation_id, e.id, line.account, line.sign * coalesce(r.amount, p.amount), p.currency
FROM ledger_entries e
JOIN payments p ON p.organisation_id = e.organisation_id AND p.id = e.payment_id
LEFT JOIN refunds r ON r.organisation_id = e.organisation_id AND r.id = e.refund_id
CROSS JOIN LATERAL (VALUES ('provider', CASE WHEN e.refund_id IS NULL THEN 1 ELSE -1 END),
  (CASE WHEN p.accepted THEN 'travellers' ELSE 'unmatched' END, CASE WHEN e.refund_id IS NULL THEN -1 ELSE 1 END)
) AS line (account, sign);
