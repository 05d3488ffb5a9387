CREATE TABLE organisations (
  id                    uuid PRIMARY KEY,
  slug                  text NOT NULL CONSTRAINT organisations_slug_key UNIQUE
                        CONSTRAINT organisations_slug_shape CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
  name_ru               text NOT NULL,
  name_en               text NOT NULL,
  rating                numeric(3, 2) CONSTRAINT organisations_rating_range CHECK (rating BETWEEN 0 AND 5),
  time_zone             text NOT NULL DEFAULT 'Asia/Kamchatka',
  currency              char(3) NOT NULL DEFAULT 'RUB',
  phone                 text,
  email                 text,
  hold_minutes          smallint NOT NULL DEFAULT 15
                        CONSTRAINT organisations_hold_minutes_range CHECK (hold_minutes BETWEEN 5 AND 60),
  sales_cutoff_minutes  smallint NOT NULL DEFAULT 30
                        CONSTRAINT organisations_sales_cutoff_range CHECK (sales_cutoff_minutes BETWEEN 0 AND 10080),
  cancellation_policy_id uuid,
  created_at            timestamptz NOT NULL DEFAULT now(),
  archived_at           timestamptz
);
COMMENT ON TABLE organisations IS 'Operators. The nil id is the shared catalogue: it owns the places everyone may use.';

-- The terms a traveller bought under must not change afterwards: a policy is never edited, a new one replaces it.
CREATE TABLE cancellation_policies (
  organisation_id uuid NOT NULL REFERENCES organisations (id),
  id              uuid NOT NULL,
  name            text NOT NULL,
  created_at      timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organisation_id, id)
);

CREATE TABLE cancellation_tiers (
  organisation_id uuid NOT NULL,
  policy_id       uuid NOT NULL,
  minutes_before  integer NOT NULL CONSTRAINT cancellation_tiers_minutes_range CHECK (minutes_before >= 0),
  refund_percent  smallint NOT NULL CONSTRAINT cancellation_tiers_percent_range CHECK (refund_percent BETWEEN 0 AND 100),
  PRIMARY KEY (organisation_id, policy_id, minutes_before),
  FOREIGN KEY (organisation_id, policy_id) REFERENCES cancellation_policies (organisation_id, id)
);
COMMENT ON TABLE cancellation_tiers IS 'Cancelled at least minutes_before departure returns refund_percent; nearer than every tier returns nothing.';

ALTER TABLE organisations ADD CONSTRAINT organisations_policy_fkey
  FOREIGN KEY (id, cancellation_policy_id) REFERENCES cancellation_policies (organisation_id, id);

ALTER TABLE organisations ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON organisations TO kamhub_tenant USING (id = current_organisation()) WITH CHECK (id = current_organisation());
CREATE POLICY system ON organisations TO kamhub_system USING (true) WITH CHECK (true);
CREATE POLICY engine ON organisations FOR SELECT TO kamhub_engine USING (true);
CREATE POLICY catalogue ON organisations FOR SELECT TO kamhub_public USING (archived_at IS NULL);
GRANT SELECT, UPDATE ON organisations TO kamhub_tenant;
GRANT SELECT, INSERT, UPDATE ON organisations TO kamhub_system;
GRANT SELECT ON organisations TO kamhub_engine, kamhub_public;
CALL protect_tenant_table('cancellation_policies');
CALL protect_tenant_table('cancellation_tiers');

-- A person may belong to several organisations, so people and their sign-ins are not tenant tables; only the
-- system role reads them, and the organisation is taken from the token that sign-in issues.
CREATE TABLE people (
  id            uuid PRIMARY KEY,
  email         text NOT NULL CONSTRAINT people_email_lower CHECK (email = lower(email)),
  name          text NOT NULL,
  password_hash text NOT NULL,
  locale        text NOT NULL DEFAULT 'ru' CONSTRAINT people_locale_known CHECK (locale IN ('ru', 'en')),
  created_at    timestamptz NOT NULL DEFAULT now(),
  disabled_at   timestamptz,
  CONSTRAINT people_email_key UNIQUE (email)
);

CREATE TABLE memberships (
  organisation_id uuid NOT NULL REFERENCES organisations (id),
  person_id       uuid NOT NULL REFERENCES people (id),
  role            text NOT NULL CONSTRAINT memberships_role_known
                  CHECK (role IN ('owner', 'admin', 'manager', 'dispatcher', 'driver', 'viewer')),
  created_at      timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (organisation_id, person_id)
);
CREATE INDEX memberships_person ON memberships (person_id);
CALL protect_tenant_table('memberships');

-- One row a refresh token. Using one marks it and issues the next of its family; using it twice ends the family.
CREATE TABLE refresh_tokens (
  token_hash      bytea PRIMARY KEY,
  family_id       uuid NOT NULL,
  person_id       uuid NOT NULL REFERENCES people (id),
  organisation_id uuid REFERENCES organisations (id),
  issued_at       timestamptz NOT NULL,
  expires_at      timestamptz NOT NULL,
  used_at         timestamptz,
  revoked_at      timestamptz
);
CREATE INDEX refresh_tokens_family ON refresh_tokens (family_id);
CREATE INDEX refresh_tokens_person ON refresh_tokens (person_id);

ALTER TABLE people ENABLE ROW LEVEL SECURITY;
ALTER TABLE refresh_tokens ENABLE ROW LEVEL SECURITY;
CREATE POLICY system ON people TO kamhub_system USING (true) WITH CHECK (true);
CREATE POLICY system ON refresh_tokens TO kamhub_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON people, refresh_tokens TO kamhub_system;
GRANT DELETE ON refresh_tokens TO kamhub_system;
