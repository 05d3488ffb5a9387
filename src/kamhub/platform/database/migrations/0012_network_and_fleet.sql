-- Bounds are checked on the rows there are, under a short lock: no installation has millions of them yet.
-- squawk-ignore-file constraint-missing-not-valid, ban-drop-constraint, disallowed-unique-constraint, adding-foreign-key-constraint
-- A row that people edit counts its versions: the ETag of GET, asked back with If-Match.
ALTER TABLE places ADD COLUMN version integer NOT NULL DEFAULT 1;
ALTER TABLE routes ADD COLUMN version integer NOT NULL DEFAULT 1;
ALTER TABLE vehicles ADD COLUMN version integer NOT NULL DEFAULT 1;
ALTER TABLE organisations ADD COLUMN rest_minutes smallint NOT NULL DEFAULT 0;
ALTER TABLE organisations ADD CONSTRAINT organisations_rest_range CHECK (rest_minutes BETWEEN 0 AND 1440);
COMMENT ON COLUMN organisations.rest_minutes IS 'a driver rests at least so long between two departures; what people set, not the law';

-- A plate or a slug is free again once its vehicle or place is archived.
ALTER TABLE vehicles DROP CONSTRAINT vehicles_plate_key;
CREATE UNIQUE INDEX vehicles_plate_key ON vehicles (organisation_id, plate) WHERE archived_at IS NULL;
ALTER TABLE places DROP CONSTRAINT places_slug_key;
CREATE UNIQUE INDEX places_slug_key ON places (organisation_id, slug) WHERE archived_at IS NULL;

-- A place of an operator's own is nobody's business before a route stops there; then it is seen even when archived, for the
-- departures that still run.
DROP POLICY catalogue ON places;
CREATE POLICY catalogue ON places FOR SELECT TO kamhub_public USING (
  (organisation_id = '00000000-0000-0000-0000-000000000000' AND archived_at IS NULL)
  OR EXISTS (SELECT FROM route_stops s WHERE s.place_id = places.id AND s.place_organisation_id = places.organisation_id));

CREATE TABLE place_photos (
  organisation_id uuid NOT NULL,
  place_id        uuid NOT NULL,
  content         bytea NOT NULL CONSTRAINT place_photos_size CHECK (length(content) BETWEEN 1 AND 2000000),
  digest          bytea NOT NULL CONSTRAINT place_photos_digest_length CHECK (length(digest) = 32),
  width           integer NOT NULL,
  height          integer NOT NULL,
  changed_at      timestamptz NOT NULL,
  PRIMARY KEY (organisation_id, place_id),
  FOREIGN KEY (organisation_id, place_id) REFERENCES places (organisation_id, id)
);
COMMENT ON TABLE place_photos IS 'The meeting point as people see it: one JPEG a place, made anew from what was sent, without its metadata';
CALL protect_tenant_table('place_photos');
-- Seen where its place is.
CREATE POLICY catalogue ON place_photos FOR SELECT TO kamhub_public USING (
  EXISTS (SELECT FROM places p WHERE p.organisation_id = place_photos.organisation_id AND p.id = place_photos.place_id));
GRANT SELECT ON place_photos TO kamhub_public;

CREATE TABLE drivers (
  organisation_id uuid NOT NULL REFERENCES organisations (id),
  id              uuid NOT NULL,
  name            text NOT NULL,
  phone           text NOT NULL CONSTRAINT drivers_phone_e164 CHECK (phone ~ '^\+[1-9][0-9]{6,14}$'),
  languages       text[] NOT NULL DEFAULT '{}',
  works_from      time,
  works_to        time,
  person_id       uuid,
  version         integer NOT NULL DEFAULT 1,
  created_at      timestamptz NOT NULL DEFAULT now(),
  archived_at     timestamptz,
  PRIMARY KEY (organisation_id, id),
  CONSTRAINT drivers_hours_whole CHECK (num_nulls(works_from, works_to) IN (0, 2)),
  FOREIGN KEY (organisation_id, person_id) REFERENCES memberships (organisation_id, person_id) ON DELETE SET NULL (person_id)
);
COMMENT ON COLUMN drivers.person_id IS 'the member who signs in as this driver and sees their own departures';
CREATE UNIQUE INDEX drivers_person_once ON drivers (organisation_id, person_id) WHERE person_id IS NOT NULL AND archived_at IS NULL;
CALL protect_tenant_table('drivers');

CREATE TABLE fleet_documents (
  organisation_id uuid NOT NULL,
  id              uuid NOT NULL,
  vehicle_id      uuid,
  driver_id       uuid,
  kind            text NOT NULL CONSTRAINT fleet_documents_kind_known CHECK (kind IN
                  ('insurance', 'registration', 'inspection', 'licence', 'passport', 'medical', 'contract', 'other')),
  number          text,
  expires_on      date,
  created_at      timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organisation_id, id),
  CONSTRAINT fleet_documents_of_one CHECK (num_nulls(vehicle_id, driver_id) = 1),
  FOREIGN KEY (organisation_id, vehicle_id) REFERENCES vehicles (organisation_id, id),
  FOREIGN KEY (organisation_id, driver_id) REFERENCES drivers (organisation_id, id)
);
CREATE INDEX fleet_documents_of_vehicle ON fleet_documents (organisation_id, vehicle_id) WHERE vehicle_id IS NOT NULL;
CREATE INDEX fleet_documents_of_driver ON fleet_documents (organisation_id, driver_id) WHERE driver_id IS NOT NULL;
CALL protect_tenant_table('fleet_documents');
