-- Bounds are checked on the rows there are, under a short lock: no installation has millions of them yet.
-- squawk-ignore-file constraint-missing-not-valid, ban-drop-constraint, disallowed-unique-constraint, adding-foreign-key-constraint
-- Children and infants may pay less; NULL is the price of an adult. A price of nothing is still a seat.
ALTER TABLE tariff_prices ADD COLUMN child_amount bigint, ADD COLUMN infant_amount bigint;
ALTER TABLE tariff_prices ADD CONSTRAINT tariff_prices_child_range CHECK (child_amount BETWEEN 0 AND amount);
ALTER TABLE tariff_prices ADD CONSTRAINT tariff_prices_infant_range CHECK (infant_amount BETWEEN 0 AND amount);

-- What changes the price with time, load and party. Part of the tariff, so never edited either.
CREATE TABLE tariff_rules (
  organisation_id uuid NOT NULL,
  tariff_id       uuid NOT NULL,
  position        smallint NOT NULL CONSTRAINT tariff_rules_position_range CHECK (position BETWEEN 0 AND 19),
  kind            text NOT NULL CONSTRAINT tariff_rules_kind_known CHECK (kind IN ('early', 'last_minute', 'load', 'group')),
  threshold       integer NOT NULL CONSTRAINT tariff_rules_threshold_range CHECK (threshold BETWEEN 1 AND 525600),
  percent         smallint NOT NULL CONSTRAINT tariff_rules_percent_range CHECK (percent BETWEEN -90 AND 200 AND percent <> 0),
  PRIMARY KEY (organisation_id, tariff_id, position),
  FOREIGN KEY (organisation_id, tariff_id) REFERENCES tariffs (organisation_id, id)
);
COMMENT ON COLUMN tariff_rules.threshold IS
  'early: at least so many minutes before departure; last_minute: at most so many; load: at least so many percent sold on the fullest leg of the stretch; group: at least so many passengers';
CALL protect_tenant_table('tariff_rules');
CREATE POLICY catalogue ON tariff_rules FOR SELECT TO kamhub_public USING (true);
CREATE POLICY engine ON tariff_rules FOR SELECT TO kamhub_engine USING (true);
GRANT SELECT ON tariff_rules TO kamhub_public, kamhub_engine;

CREATE TABLE timetables (
  organisation_id uuid NOT NULL,
  id              uuid NOT NULL,
  route_id        uuid NOT NULL,
  tariff_id       uuid NOT NULL,
  vehicle_id      uuid NOT NULL,
  driver_id       uuid,
  weekdays        smallint[] NOT NULL CONSTRAINT timetables_weekdays_known
                  CHECK (cardinality(weekdays) BETWEEN 1 AND 7 AND weekdays <@ '{1,2,3,4,5,6,7}'),
  times           time[] NOT NULL CONSTRAINT timetables_times_present CHECK (cardinality(times) BETWEEN 1 AND 48),
  valid_from      date NOT NULL,
  valid_to        date NOT NULL,
  sales_cutoff_minutes smallint NOT NULL CONSTRAINT timetables_sales_cutoff_range CHECK (sales_cutoff_minutes BETWEEN 0 AND 10080),
  version         integer NOT NULL DEFAULT 1,
  created_at      timestamptz NOT NULL DEFAULT now(),
  archived_at     timestamptz,
  PRIMARY KEY (organisation_id, id),
  CONSTRAINT timetables_season CHECK (valid_from <= valid_to AND valid_to < valid_from + 731),
  FOREIGN KEY (organisation_id, tariff_id, route_id) REFERENCES tariffs (organisation_id, id, route_id),
  FOREIGN KEY (organisation_id, vehicle_id) REFERENCES vehicles (organisation_id, id),
  FOREIGN KEY (organisation_id, driver_id) REFERENCES drivers (organisation_id, id)
);
COMMENT ON TABLE timetables IS 'A pattern: weekdays by times within a season, local to the first stop; departures are generated from it';
CALL protect_tenant_table('timetables');

CREATE TABLE timetable_exceptions (
  organisation_id uuid NOT NULL,
  timetable_id    uuid NOT NULL,
  on_date         date NOT NULL,
  times           time[] NOT NULL,
  note            text CONSTRAINT timetable_exceptions_note_length CHECK (length(note) <= 200),
  PRIMARY KEY (organisation_id, timetable_id, on_date),
  FOREIGN KEY (organisation_id, timetable_id) REFERENCES timetables (organisation_id, id)
);
COMMENT ON COLUMN timetable_exceptions.times IS 'the times of that date instead of those of the pattern; empty: nothing runs';
CALL protect_tenant_table('timetable_exceptions');

CREATE TABLE promo_codes (
  organisation_id uuid NOT NULL REFERENCES organisations (id),
  id              uuid NOT NULL,
  code            text NOT NULL CONSTRAINT promo_codes_code_shape CHECK (code ~ '^[A-Z0-9А-ЯЁ-]{3,30}$'),
  kind            text NOT NULL CONSTRAINT promo_codes_kind_known CHECK (kind IN ('percent', 'amount')),
  value           bigint NOT NULL CONSTRAINT promo_codes_value_positive CHECK (value > 0),
  route_id        uuid,
  valid_from      timestamptz,
  valid_to        timestamptz,
  most_uses       integer CONSTRAINT promo_codes_most_uses_positive CHECK (most_uses > 0),
  most_per_contact integer CONSTRAINT promo_codes_most_per_contact_positive CHECK (most_per_contact > 0),
  version         integer NOT NULL DEFAULT 1,
  created_at      timestamptz NOT NULL DEFAULT now(),
  archived_at     timestamptz,
  PRIMARY KEY (organisation_id, id),
  CONSTRAINT promo_codes_percent_range CHECK (kind <> 'percent' OR value BETWEEN 1 AND 90),
  FOREIGN KEY (organisation_id, route_id) REFERENCES routes (organisation_id, id)
);
COMMENT ON COLUMN promo_codes.value IS 'percent of the price, or minor units off the whole booking';
CREATE UNIQUE INDEX promo_codes_live_once ON promo_codes (organisation_id, code) WHERE archived_at IS NULL;
CALL protect_tenant_table('promo_codes');

CREATE TABLE promo_code_uses (
  organisation_id uuid NOT NULL,
  booking_id      uuid NOT NULL,
  promo_code_id   uuid NOT NULL,
  amount          bigint NOT NULL CONSTRAINT promo_code_uses_amount_positive CHECK (amount > 0),
  used_at         timestamptz NOT NULL,
  PRIMARY KEY (organisation_id, booking_id),
  FOREIGN KEY (organisation_id, booking_id) REFERENCES bookings (organisation_id, id),
  FOREIGN KEY (organisation_id, promo_code_id) REFERENCES promo_codes (organisation_id, id)
);
COMMENT ON TABLE promo_code_uses IS 'A use counts while its booking is on hold, pending, confirmed or redeemed';
CREATE INDEX promo_code_uses_of_code ON promo_code_uses (promo_code_id, organisation_id);
CALL protect_tenant_table('promo_code_uses');

-- The price of a booking: seats at the price of an adult, less what children, infants and a promo code take off.
ALTER TABLE bookings ADD COLUMN discount bigint NOT NULL DEFAULT 0, ADD COLUMN price_parts text, ADD COLUMN price_lines text;
COMMENT ON COLUMN bookings.price_parts IS
  'how price_per_seat came about when rules changed it: base:150000|early:-15000|load:7500, minor units a seat';
COMMENT ON COLUMN bookings.price_lines IS
  'who pays what when not everybody pays as an adult: adult:2:150000|child:1:75000, count and minor units each';
ALTER TABLE bookings DROP CONSTRAINT bookings_total_exact,
  ADD CONSTRAINT bookings_total_exact CHECK (total = price_per_seat * passengers - discount),
  ADD CONSTRAINT bookings_discount_range CHECK (discount >= 0),
  ADD CONSTRAINT bookings_total_positive CHECK (total > 0);
