-- Oldest program: 0020
-- squawk-ignore-file constraint-missing-not-valid, ban-drop-constraint
-- The model that reads what a search has found is a service as well: how its calls went is noted. The table has a row an operator and
-- service, so looking at all of them takes no time.
ALTER TABLE service_calls DROP CONSTRAINT service_calls_service_known,
  ADD CONSTRAINT service_calls_service_known CHECK (service IN ('cloudpayments', 'email', 'telegram', 'sms', 'reranking'));
