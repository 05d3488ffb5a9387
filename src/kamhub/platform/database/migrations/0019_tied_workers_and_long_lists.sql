-- squawk-ignore-file require-concurrent-index-creation, require-concurrent-index-deletion
-- Whether the worker holds a lock of the database for as long as it lives: when nobody holds it, the worker has ended,
-- and nobody needs to wait for it to fall silent. Workers of older code hold none.
ALTER TABLE job_workers ADD COLUMN tied boolean NOT NULL DEFAULT false;

-- Lists of an operator with a million bookings: whatever a list is narrowed to, some index gives its rows in its order, or there
-- are few of them. Not led by the organisation: see bookings_by_departure.
-- What is rare among payments; walking them by time would go through all of them.
CREATE INDEX payments_unusual ON payments (status, organisation_id, received_at DESC, id DESC) WHERE status <> 'completed';
-- Cases in the order in which they are shown: those that wait first.
CREATE INDEX cases_as_shown ON cases (organisation_id, (closed_at IS NOT NULL), opened_at DESC, id DESC);
DROP INDEX cases_by_time;
CREATE INDEX messages_by_messenger ON messages (channel, organisation_id, id) WHERE channel <> 'email';
CREATE INDEX ledger_entries_by_kind ON ledger_entries (kind, organisation_id, at, id);
CREATE INDEX ledger_lines_by_account ON ledger_lines (account, organisation_id, entry_id);
