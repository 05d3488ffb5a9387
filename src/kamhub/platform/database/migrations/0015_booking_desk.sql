-- Bounds are checked on the rows there are, under a short lock: no installation has millions of them yet.
-- squawk-ignore-file constraint-missing-not-valid, ban-drop-constraint, disallowed-unique-constraint, adding-foreign-key-constraint
ALTER TABLE bookings ADD COLUMN version integer NOT NULL DEFAULT 1, ADD COLUMN no_show_at timestamptz,
  ADD COLUMN pay_by text NOT NULL DEFAULT 'online', ADD COLUMN collected bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN bookings.collected IS 'money taken outside the payment service: cash on board, an invoice that was paid';
COMMENT ON COLUMN bookings.pay_by IS 'online before it is confirmed; on board or by invoice it is confirmed first and paid later';
ALTER TABLE bookings ADD CONSTRAINT bookings_pay_by_known CHECK (pay_by IN ('online', 'on_board', 'invoice')),
  ADD CONSTRAINT bookings_collected_range CHECK (collected >= 0);

-- The list of bookings is read by state, the newest first. None of these indexes has anything of a hold without a name, so
-- that holding pays nothing for them, and none can be taken for a check of a foreign key (see bookings_by_departure).
CREATE INDEX bookings_by_status ON bookings (status, organisation_id, id)
  WHERE status IN ('confirmed', 'redeemed', 'expired', 'cancelled', 'rejected');
CREATE INDEX bookings_by_channel ON bookings (channel, organisation_id, id) WHERE contact_name IS NOT NULL OR erased_at IS NOT NULL;
-- Names are looked for whatever their case, ё for е as people type it.
CREATE FUNCTION plain_words(written text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN translate(lower(written), 'ё', 'е');
CREATE INDEX bookings_by_words ON bookings
  USING gin (plain_words(contact_name || ' ' || contact_email || ' ' || contact_phone || ' ' || code) gin_trgm_ops)
  WHERE contact_name IS NOT NULL;
CREATE INDEX booking_passengers_by_words ON booking_passengers USING gin (plain_words(name) gin_trgm_ops);

-- The newest bookings of the organisation that hold all of these words (regular expressions over plain_words) in contact
-- or code, or all of them in one passenger's name. Row-level security keeps a pattern away from an index (it is no
-- leakproof operator), so this runs as the owner and names the organisation itself. What is common is found among the
-- newest; only what is rare is asked of the index, which would have to fetch every match to find the newest.
CREATE FUNCTION bookings_with_words(words text[], most integer) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  whose uuid := current_organisation();
  of_newest text;
  of_contact text;
  of_passenger text;
  found uuid[];
BEGIN
  IF whose IS NULL OR cardinality(words) = 0 THEN
    RETURN;
  END IF;
  SELECT string_agg(format('hay ~ %L', word), ' AND '),
         string_agg(format('plain_words(b.contact_name || '' '' || b.contact_email || '' '' || b.contact_phone || '' '' || b.code) ~ %L',
                           word), ' AND '),
         string_agg(format('plain_words(p.name) ~ %L', word), ' AND ')
  INTO of_newest, of_contact, of_passenger FROM unnest(words) AS word;
  EXECUTE format(
    'SELECT array_agg(id) FROM (SELECT id FROM (
       SELECT b.id, plain_words(b.contact_name || '' '' || b.contact_email || '' '' || b.contact_phone || '' '' || b.code) AS hay
       FROM bookings b WHERE b.organisation_id = %1$L AND b.contact_name IS NOT NULL ORDER BY b.id DESC LIMIT 5000) newest
     WHERE %2$s LIMIT %3$s) found', whose, of_newest, most) INTO found;
  IF coalesce(cardinality(found), 0) < most THEN
    EXECUTE format(
      'SELECT array_agg(id) FROM (SELECT id FROM (
         SELECT b.id FROM bookings b WHERE b.organisation_id = %1$L AND b.contact_name IS NOT NULL AND %2$s
         UNION
         SELECT p.booking_id FROM booking_passengers p WHERE p.organisation_id = %1$L AND %3$s) every
       ORDER BY id DESC LIMIT %4$s) found', whose, of_contact, of_passenger, most) INTO found;
  END IF;
  RETURN QUERY SELECT unnest(found);
END $$;
REVOKE ALL ON FUNCTION bookings_with_words(text[], integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION bookings_with_words(text[], integer) TO kamhub_tenant;

CREATE TABLE booking_notes (
  organisation_id uuid NOT NULL,
  booking_id      uuid NOT NULL,
  id              uuid NOT NULL,
  at              timestamptz NOT NULL,
  author_id       uuid,
  author          text NOT NULL,
  text            text NOT NULL CONSTRAINT booking_notes_text_length CHECK (length(text) BETWEEN 1 AND 2000),
  PRIMARY KEY (organisation_id, booking_id, id),
  FOREIGN KEY (organisation_id, booking_id) REFERENCES bookings (organisation_id, id)
);
CALL protect_tenant_table('booking_notes');

-- Where a booking was before: what it rode on, from where to where, at which price.
CREATE TABLE booking_moves (
  organisation_id uuid NOT NULL,
  booking_id      uuid NOT NULL,
  id              uuid NOT NULL,
  at              timestamptz NOT NULL,
  from_departure_id uuid NOT NULL,
  to_departure_id uuid NOT NULL,
  left_at_before  timestamptz NOT NULL,
  left_at_after   timestamptz NOT NULL,
  total_before    bigint NOT NULL,
  total_after     bigint NOT NULL,
  actor           text NOT NULL,
  reason          text NOT NULL,
  PRIMARY KEY (organisation_id, booking_id, id),
  FOREIGN KEY (organisation_id, booking_id) REFERENCES bookings (organisation_id, id),
  FOREIGN KEY (organisation_id, from_departure_id) REFERENCES departures (organisation_id, id),
  FOREIGN KEY (organisation_id, to_departure_id) REFERENCES departures (organisation_id, id)
);
COMMENT ON COLUMN booking_moves.left_at_before IS 'when the party was to leave its stop before the move; left_at_after: since';
-- A departure that nobody names may be deleted: each of these is asked then.
CREATE INDEX booking_moves_from ON booking_moves (from_departure_id);
CREATE INDEX booking_moves_to ON booking_moves (to_departure_id);
CALL protect_tenant_table('booking_moves');
REVOKE UPDATE, DELETE ON booking_moves FROM kamhub_tenant, kamhub_system;

CREATE TABLE waiting_parties (
  organisation_id uuid NOT NULL,
  id              uuid NOT NULL,
  departure_id    uuid NOT NULL,
  from_position   smallint NOT NULL,
  to_position     smallint NOT NULL,
  passengers      smallint NOT NULL CONSTRAINT waiting_parties_passengers_range CHECK (passengers BETWEEN 1 AND 50),
  name            text NOT NULL,
  phone           text NOT NULL CONSTRAINT waiting_parties_phone_e164 CHECK (phone ~ '^\+[1-9][0-9]{6,14}$'),
  email           text NOT NULL,
  locale          text NOT NULL CONSTRAINT waiting_parties_locale_known CHECK (locale IN ('ru', 'en')),
  status          text NOT NULL DEFAULT 'waiting' CONSTRAINT waiting_parties_status_known
                  CHECK (status IN ('waiting', 'offered', 'booked', 'lapsed', 'left')),
  booking_id      uuid,
  created_at      timestamptz NOT NULL,
  offered_at      timestamptz,
  attempts        smallint NOT NULL DEFAULT 0,
  text_version    text,
  PRIMARY KEY (organisation_id, id),
  CONSTRAINT waiting_parties_forward CHECK (from_position < to_position),
  CONSTRAINT waiting_parties_offer_is_booking CHECK (status NOT IN ('offered', 'booked') OR booking_id IS NOT NULL),
  FOREIGN KEY (organisation_id, departure_id) REFERENCES departures (organisation_id, id),
  FOREIGN KEY (organisation_id, booking_id) REFERENCES bookings (organisation_id, id)
);
COMMENT ON COLUMN waiting_parties.attempts IS 'offers that came to nothing before the party was told: part of the key of the next one';
COMMENT ON COLUMN waiting_parties.text_version IS 'the text on personal data that was shown; NULL for whom staff wrote down';
CREATE UNIQUE INDEX waiting_parties_once ON waiting_parties (departure_id, organisation_id, phone) WHERE status IN ('waiting', 'offered');
CREATE INDEX waiting_parties_of_departure ON waiting_parties (departure_id, organisation_id, created_at);
CALL protect_tenant_table('waiting_parties');
