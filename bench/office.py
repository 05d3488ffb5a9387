"""Rows for the other lists of the office: what a million bookings leave behind in money, messages, reviews and the ledger."""

from __future__ import annotations

from uuid import UUID

import psycopg

from kamhub.kit.ids import new_id

_PAYMENTS = """
INSERT INTO payments (organisation_id, id, booking_id, account_id, transaction_id, amount, currency, status, test, accepted,
  invoice, received_at)
SELECT organisation_id, uuidv7(), id, %(account)s, row_number() OVER (ORDER BY id), total, currency,
  CASE WHEN hashtext(id::text) %% 100 = 0 THEN 'declined' ELSE 'completed' END, false, hashtext(id::text) %% 100 <> 0, code, created_at
FROM bookings WHERE contact_name IS NOT NULL ORDER BY id"""
_REFUNDS = """
INSERT INTO refunds (organisation_id, id, payment_id, booking_id, amount, currency, status, reason, requested_at, settled_at)
SELECT p.organisation_id, uuidv7(), p.id, p.booking_id, p.amount, p.currency, 'completed', 'traveller', p.received_at + interval '1 day',
  p.received_at + interval '1 day'
FROM payments p JOIN bookings b ON b.organisation_id = p.organisation_id AND b.id = p.booking_id
WHERE b.status = 'cancelled' AND p.accepted"""
_CASES = """
INSERT INTO cases (organisation_id, id, kind, booking_id, payment_id, opened_at, closed_at)
SELECT organisation_id, uuidv7(), CASE WHEN row_number() OVER (ORDER BY id) %% 10 = 0 THEN 'wrong_amount' ELSE 'paid_twice' END,
  booking_id, id, received_at, CASE WHEN row_number() OVER (ORDER BY id) %% 100 <> 0 THEN received_at END
FROM payments WHERE hashtext(id::text) %% 20 = 0"""
_MESSAGES = """
INSERT INTO messages (organisation_id, id, booking_id, kind, locale, recipient, created_at, sent_at, failed_at, channel)
SELECT organisation_id, uuidv7(), id, kind, 'ru', contact_email, created_at,
  CASE WHEN hashtext(id::text) %% 1000 <> 0 THEN created_at END,
  CASE WHEN hashtext(id::text) %% 2000 = 0 THEN created_at END, CASE WHEN hashtext(id::text) %% 50 = 1 THEN 'sms' ELSE 'email' END
FROM bookings, unnest(ARRAY['confirmed', 'reminder_day']) AS kind WHERE contact_name IS NOT NULL ORDER BY id"""
_REVIEWS = """
INSERT INTO reviews (organisation_id, id, booking_id, rating, comment, author, created_at, reply, replied_at)
SELECT organisation_id, uuidv7(), id, 1 + abs(hashtext(id::text)) %% 5, 'Хорошая поездка', contact_name, created_at + interval '11 days',
  CASE WHEN hashtext(id::text) %% 3 = 0 THEN 'Спасибо' END, CASE WHEN hashtext(id::text) %% 3 = 0 THEN created_at + interval '12 days' END
FROM bookings WHERE status = 'redeemed' AND contact_name IS NOT NULL AND hashtext(code) %% 4 = 0"""
_ENTRIES = """
INSERT INTO ledger_entries (organisation_id, id, at, kind, source, booking_id, payment_id)
SELECT organisation_id, uuidv7(), received_at + lag, kind, kind || ':' || id, booking_id, CASE WHEN kind = 'charge' THEN id END
FROM payments, (VALUES ('charge', interval '0'), ('earned', interval '11 days'), ('commission', interval '11 days')) AS step (kind, lag)
WHERE accepted ORDER BY received_at"""
_LINES = """
INSERT INTO ledger_lines (organisation_id, entry_id, account, amount, currency)
SELECT e.organisation_id, e.id, line.account, line.amount, 'RUB' FROM ledger_entries e JOIN (VALUES
  ('charge', 'provider', 100000), ('charge', 'travellers', -100000), ('earned', 'travellers', 100000), ('earned', 'revenue', -100000),
  ('commission', 'commission', 10000), ('commission', 'platform', -10000)) AS line (kind, account, amount) ON line.kind = e.kind"""


def seed_office(url: str, organisation: UUID) -> None:
    """To every named booking a payment, two messages and three entries of the ledger; to some a refund, a case, a review."""
    account = new_id()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO payment_accounts (organisation_id, id, public_id, secret_encrypted, mode) VALUES (%s, %s, 'pk', '', 'live')",
            (organisation, account),
        )
        # Entries are right by construction; checking each of millions would take an hour.
        connection.execute("ALTER TABLE ledger_lines DISABLE TRIGGER ledger_entry_balances")
        for statement in (_PAYMENTS, _REFUNDS, _CASES, _MESSAGES, _REVIEWS, _ENTRIES, _LINES):
            connection.execute(statement.encode(), {"account": account})
        connection.execute("ALTER TABLE ledger_lines ENABLE TRIGGER ledger_entry_balances")
        connection.execute("VACUUM ANALYZE")
