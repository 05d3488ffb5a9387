-- Bounds are checked on the rows there are, under a short lock: no installation has millions of them yet.
-- squawk-ignore-file constraint-missing-not-valid, ban-drop-constraint, disallowed-unique-constraint, adding-foreign-key-constraint
ALTER TABLE departures ADD COLUMN driver_id uuid, ADD COLUMN timetable_id uuid, ADD COLUMN version integer NOT NULL DEFAULT 1,
  ADD COLUMN on_road tstzrange;
COMMENT ON COLUMN departures.on_road IS
  'from the first stop to the last, when vehicle and driver are not free; NULL: made before this was known, and then overlapping';
COMMENT ON COLUMN departures.version IS 'counts what people change; sales do not count';
ALTER TABLE departures
  ADD FOREIGN KEY (organisation_id, driver_id) REFERENCES drivers (organisation_id, id),
  ADD FOREIGN KEY (organisation_id, timetable_id) REFERENCES timetables (organisation_id, id);

UPDATE departures d SET on_road = tstzrange(d.departs_at, d.departs_at + s.minutes * interval '1 minute', '[)')
FROM (SELECT organisation_id, route_id, max(offset_minutes) AS minutes FROM route_stops GROUP BY 1, 2) s
WHERE s.organisation_id = d.organisation_id AND s.route_id = d.route_id AND d.status <> 'cancelled';
UPDATE departures d SET on_road = NULL
WHERE EXISTS (SELECT FROM departures e WHERE e.organisation_id = d.organisation_id AND e.vehicle_id = d.vehicle_id
  AND e.id < d.id AND e.on_road && d.on_road);
ALTER TABLE departures
  ADD CONSTRAINT departures_vehicle_free EXCLUDE USING gist (organisation_id WITH =, vehicle_id WITH =, on_road WITH &&)
    WHERE (status <> 'cancelled' AND on_road IS NOT NULL),
  ADD CONSTRAINT departures_driver_free EXCLUDE USING gist (organisation_id WITH =, driver_id WITH =, on_road WITH &&)
    WHERE (status <> 'cancelled' AND on_road IS NOT NULL AND driver_id IS NOT NULL);
-- A timetable runs once at a time; what it generated is found again.
CREATE UNIQUE INDEX departures_of_timetable ON departures (organisation_id, timetable_id, departs_at)
  WHERE timetable_id IS NOT NULL AND status <> 'cancelled';
-- The board of a day, and of a driver. Not led by the organisation: without statistics the planner would take such an index
-- for every foreign key check.
CREATE INDEX departures_by_day ON departures (departs_at, organisation_id);
CREATE INDEX departures_by_driver ON departures (driver_id, departs_at) WHERE driver_id IS NOT NULL;

-- What changes is told to whoever watches. The rounds of the seat engine are not told here but by its process, once they
-- are committed and several at a time: who notifies takes a lock of the whole database at commit, one after the other.
CREATE FUNCTION tell_of_departure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('kamhub_live', json_build_object('organisation', NEW.organisation_id, 'topic', 'departure', 'id', NEW.id)::text);
  RETURN NULL;
END $$;
CREATE TRIGGER departures_told AFTER UPDATE ON departures FOR EACH ROW
  WHEN (current_user <> 'kamhub_engine' AND
        (OLD.taken, OLD.status, OLD.vehicle_id, OLD.driver_id, OLD.capacity, OLD.departs_at)
        IS DISTINCT FROM (NEW.taken, NEW.status, NEW.vehicle_id, NEW.driver_id, NEW.capacity, NEW.departs_at))
  EXECUTE FUNCTION tell_of_departure();
CREATE FUNCTION tell_of_new_departures() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('kamhub_live', json_build_object('organisation', organisation_id, 'topic', 'departure', 'id', NULL)::text)
  FROM (SELECT DISTINCT organisation_id FROM made) AS of;
  RETURN NULL;
END $$;
CREATE TRIGGER departures_made_told AFTER INSERT ON departures REFERENCING NEW TABLE AS made
  FOR EACH STATEMENT EXECUTE FUNCTION tell_of_new_departures();

CREATE TABLE departure_events (
  organisation_id uuid NOT NULL,
  departure_id    uuid NOT NULL,
  id              bigint GENERATED ALWAYS AS IDENTITY,
  at              timestamptz NOT NULL,
  what            text NOT NULL CONSTRAINT departure_events_what_known CHECK (what IN
                  ('created', 'closed', 'reopened', 'cancelled', 'vehicle', 'driver', 'moved', 'capacity')),
  before          text,
  after           text,
  actor           text NOT NULL,
  reason          text CONSTRAINT departure_events_reason_length CHECK (length(reason) <= 500),
  PRIMARY KEY (organisation_id, departure_id, id),
  -- Only a departure that nothing else names is ever deleted, and its history with it.
  FOREIGN KEY (organisation_id, departure_id) REFERENCES departures (organisation_id, id) ON DELETE CASCADE
);
CALL protect_tenant_table('departure_events');
REVOKE UPDATE, DELETE ON departure_events FROM kamhub_tenant, kamhub_system;

-- One decision about departures that do not run, carried out by a job booking by booking.
CREATE TABLE disruptions (
  organisation_id uuid NOT NULL REFERENCES organisations (id),
  id              uuid NOT NULL,
  rebook          text NOT NULL CONSTRAINT disruptions_rebook_known CHECK (rebook IN ('nearest', 'refund', 'ask')),
  reason          text CONSTRAINT disruptions_reason_length CHECK (length(reason) <= 500),
  weather         boolean NOT NULL DEFAULT false,
  actor           text NOT NULL,
  created_at      timestamptz NOT NULL,
  answer_until    timestamptz,
  finished_at     timestamptz,
  PRIMARY KEY (organisation_id, id)
);
CALL protect_tenant_table('disruptions');
CREATE TABLE disrupted_departures (
  organisation_id uuid NOT NULL,
  disruption_id   uuid NOT NULL,
  departure_id    uuid NOT NULL,
  PRIMARY KEY (organisation_id, departure_id),
  FOREIGN KEY (organisation_id, disruption_id) REFERENCES disruptions (organisation_id, id),
  FOREIGN KEY (organisation_id, departure_id) REFERENCES departures (organisation_id, id)
);
CREATE INDEX disrupted_departures_of ON disrupted_departures (organisation_id, disruption_id);
CALL protect_tenant_table('disrupted_departures');
CREATE TABLE disrupted_bookings (
  organisation_id uuid NOT NULL,
  disruption_id   uuid NOT NULL,
  booking_id      uuid NOT NULL,
  departure_id    uuid NOT NULL,
  outcome         text NOT NULL DEFAULT 'waiting' CONSTRAINT disrupted_bookings_outcome_known CHECK
                  (outcome IN ('waiting', 'asked', 'moved', 'refunded', 'cancelled', 'already_over')),
  moved_to        uuid,
  settled_at      timestamptz,
  PRIMARY KEY (organisation_id, disruption_id, booking_id),
  FOREIGN KEY (organisation_id, disruption_id) REFERENCES disruptions (organisation_id, id),
  FOREIGN KEY (organisation_id, booking_id) REFERENCES bookings (organisation_id, id),
  FOREIGN KEY (organisation_id, departure_id) REFERENCES departures (organisation_id, id),
  FOREIGN KEY (organisation_id, moved_to) REFERENCES departures (organisation_id, id)
);
COMMENT ON TABLE disrupted_bookings IS 'Every booking a disruption met, so that nobody is dropped in silence; departure_id is where it was';
CREATE INDEX disrupted_bookings_undone ON disrupted_bookings (organisation_id, disruption_id) WHERE outcome IN ('waiting', 'asked');
CREATE INDEX disrupted_bookings_of_booking ON disrupted_bookings (organisation_id, booking_id);
CREATE INDEX disrupted_bookings_moved_to ON disrupted_bookings (moved_to) WHERE moved_to IS NOT NULL;
CREATE INDEX disrupted_bookings_from ON disrupted_bookings (departure_id);
CALL protect_tenant_table('disrupted_bookings');
