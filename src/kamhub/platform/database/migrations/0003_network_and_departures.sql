CREATE TABLE places (
  organisation_id  uuid NOT NULL REFERENCES organisations (id),
  id               uuid NOT NULL,
  slug             text NOT NULL CONSTRAINT places_slug_shape CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
  name_ru          text NOT NULL,
  name_en          text NOT NULL,
  latitude         double precision NOT NULL CONSTRAINT places_latitude_range CHECK (latitude BETWEEN -90 AND 90),
  longitude        double precision NOT NULL CONSTRAINT places_longitude_range CHECK (longitude BETWEEN -180 AND 180),
  time_zone        text NOT NULL DEFAULT 'Asia/Kamchatka',
  meeting_point_ru text,
  meeting_point_en text,
  created_at       timestamptz NOT NULL DEFAULT now(),
  archived_at      timestamptz,
  PRIMARY KEY (organisation_id, id),
  CONSTRAINT places_slug_key UNIQUE (organisation_id, slug)
);
CREATE INDEX places_by_id ON places (id);
CREATE INDEX places_by_slug ON places (slug);
CALL protect_tenant_table('places');
-- The shared catalogue is readable by every tenant and editable by none.
CREATE POLICY shared ON places FOR SELECT TO kamhub_tenant USING (organisation_id = '00000000-0000-0000-0000-000000000000');
CREATE POLICY catalogue ON places FOR SELECT TO kamhub_public USING (archived_at IS NULL);
CREATE POLICY engine ON places FOR SELECT TO kamhub_engine USING (true);
GRANT SELECT ON places TO kamhub_public, kamhub_engine;

CREATE TABLE vehicles (
  organisation_id uuid NOT NULL REFERENCES organisations (id),
  id              uuid NOT NULL,
  type            text NOT NULL CONSTRAINT vehicles_type_known
                  CHECK (type IN ('economy', 'comfort', 'business', 'minibus', 'bus')),
  model           text NOT NULL,
  capacity        smallint NOT NULL CONSTRAINT vehicles_capacity_range CHECK (capacity BETWEEN 1 AND 1000),
  plate           text NOT NULL,
  features        text[] NOT NULL DEFAULT '{}',
  created_at      timestamptz NOT NULL DEFAULT now(),
  archived_at     timestamptz,
  PRIMARY KEY (organisation_id, id),
  CONSTRAINT vehicles_plate_key UNIQUE (organisation_id, plate)
);
CALL protect_tenant_table('vehicles');
CREATE POLICY catalogue ON vehicles FOR SELECT TO kamhub_public USING (true);
GRANT SELECT ON vehicles TO kamhub_public;

CREATE TABLE routes (
  organisation_id uuid NOT NULL REFERENCES organisations (id),
  id              uuid NOT NULL,
  name            text NOT NULL,
  created_at      timestamptz NOT NULL DEFAULT now(),
  archived_at     timestamptz,
  PRIMARY KEY (organisation_id, id)
);
CALL protect_tenant_table('routes');
CREATE POLICY catalogue ON routes FOR SELECT TO kamhub_public USING (true);
GRANT SELECT ON routes TO kamhub_public;

-- Stops never change once written: departures count their seats by stop position. A changed line is a new route.
CREATE TABLE route_stops (
  organisation_id       uuid NOT NULL,
  route_id              uuid NOT NULL,
  position              smallint NOT NULL CONSTRAINT route_stops_position_range CHECK (position BETWEEN 0 AND 50),
  place_organisation_id uuid NOT NULL CONSTRAINT route_stops_place_own_or_shared
                        CHECK (place_organisation_id IN (organisation_id, '00000000-0000-0000-0000-000000000000')),
  place_id              uuid NOT NULL,
  offset_minutes        integer NOT NULL CONSTRAINT route_stops_offset_range CHECK (offset_minutes BETWEEN 0 AND 20160),
  PRIMARY KEY (organisation_id, route_id, position),
  CONSTRAINT route_stops_place_once UNIQUE (organisation_id, route_id, place_id),
  FOREIGN KEY (organisation_id, route_id) REFERENCES routes (organisation_id, id),
  FOREIGN KEY (place_organisation_id, place_id) REFERENCES places (organisation_id, id)
);
CREATE INDEX route_stops_by_place ON route_stops (place_id);
CALL protect_tenant_table('route_stops');
CREATE POLICY catalogue ON route_stops FOR SELECT TO kamhub_public USING (true);
CREATE POLICY engine ON route_stops FOR SELECT TO kamhub_engine USING (true);
GRANT SELECT ON route_stops TO kamhub_public, kamhub_engine;

-- Prices by pair of stops. Like stops they are never edited: a new tariff replaces the old one on later departures.
CREATE TABLE tariffs (
  organisation_id uuid NOT NULL,
  id              uuid NOT NULL,
  route_id        uuid NOT NULL,
  currency        char(3) NOT NULL DEFAULT 'RUB',
  created_at      timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organisation_id, id),
  CONSTRAINT tariffs_route_key UNIQUE (organisation_id, id, route_id),
  FOREIGN KEY (organisation_id, route_id) REFERENCES routes (organisation_id, id)
);
CREATE TABLE tariff_prices (
  organisation_id uuid NOT NULL,
  tariff_id       uuid NOT NULL,
  route_id        uuid NOT NULL,
  from_position   smallint NOT NULL,
  to_position     smallint NOT NULL,
  amount          bigint NOT NULL CONSTRAINT tariff_prices_amount_range CHECK (amount BETWEEN 100 AND 100000000),
  CONSTRAINT tariff_prices_forward CHECK (from_position < to_position),
  PRIMARY KEY (organisation_id, tariff_id, from_position, to_position),
  FOREIGN KEY (organisation_id, tariff_id, route_id) REFERENCES tariffs (organisation_id, id, route_id),
  FOREIGN KEY (organisation_id, route_id, from_position) REFERENCES route_stops (organisation_id, route_id, position),
  FOREIGN KEY (organisation_id, route_id, to_position) REFERENCES route_stops (organisation_id, route_id, position)
);
COMMENT ON COLUMN tariff_prices.amount IS 'per seat, minor units of the tariff currency';
CALL protect_tenant_table('tariffs');
CALL protect_tenant_table('tariff_prices');
CREATE POLICY catalogue ON tariffs FOR SELECT TO kamhub_public USING (true);
CREATE POLICY catalogue ON tariff_prices FOR SELECT TO kamhub_public USING (true);
CREATE POLICY engine ON tariffs FOR SELECT TO kamhub_engine USING (true);
CREATE POLICY engine ON tariff_prices FOR SELECT TO kamhub_engine USING (true);
GRANT SELECT ON tariffs, tariff_prices TO kamhub_public, kamhub_engine;

CREATE TABLE departures (
  organisation_id uuid NOT NULL,
  id              uuid NOT NULL,
  route_id        uuid NOT NULL,
  tariff_id       uuid NOT NULL,
  vehicle_id      uuid NOT NULL,
  departs_at      timestamptz NOT NULL,
  sales_close_at  timestamptz NOT NULL,
  status          text NOT NULL DEFAULT 'open' CONSTRAINT departures_status_known
                  CHECK (status IN ('open', 'closed', 'cancelled')),
  capacity        integer NOT NULL CONSTRAINT departures_capacity_range CHECK (capacity BETWEEN 1 AND 1000000),
  taken           integer[] NOT NULL,
  created_at      timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organisation_id, id),
  CONSTRAINT departures_sales_close_before CHECK (sales_close_at <= departs_at),
  CONSTRAINT departures_legs_present CHECK (cardinality(taken) BETWEEN 1 AND 50 AND array_position(taken, NULL) IS NULL),
  CONSTRAINT departures_not_oversold CHECK (0 <= ALL (taken) AND capacity >= ALL (taken)),
  FOREIGN KEY (organisation_id, tariff_id, route_id) REFERENCES tariffs (organisation_id, id, route_id),
  FOREIGN KEY (organisation_id, vehicle_id) REFERENCES vehicles (organisation_id, id)
) WITH (fillfactor = 70);
COMMENT ON COLUMN departures.taken IS 'seats taken on each leg between neighbouring stops; written only by hub/seats';
CREATE INDEX departures_by_id ON departures (id);
CREATE INDEX departures_on_sale ON departures (organisation_id, route_id, departs_at) WHERE status = 'open';
CALL protect_tenant_table('departures');
CREATE POLICY catalogue ON departures FOR SELECT TO kamhub_public USING (true);
CREATE POLICY engine ON departures TO kamhub_engine USING (true) WITH CHECK (true);
GRANT SELECT ON departures TO kamhub_public, kamhub_engine;
GRANT UPDATE (taken) ON departures TO kamhub_engine;
