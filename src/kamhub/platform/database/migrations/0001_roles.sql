-- The running roles. A connection logs in once and then takes exactly one of them (SET ROLE), so that
-- row-level security is decided by the role's own policies and a constant TRUE costs the planner nothing.
--   kamhub_public  the catalogue: reads what any traveller may see, writes nothing
--   kamhub_engine  the seat engine: departures, bookings and their events, nothing else
--   kamhub_tenant  one organisation, named by the setting kamhub.organisation_id
--   kamhub_system  webhooks, sign-in, jobs and checks that begin before the organisation is known
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['kamhub_public', 'kamhub_engine', 'kamhub_tenant', 'kamhub_system'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
      BEGIN
        EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS NOINHERIT', name);
      EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL; -- roles belong to the whole cluster: another database was migrated at the same moment
      END;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'kamhub_app') THEN
      BEGIN
        EXECUTE format('GRANT %I TO kamhub_app', name);
      EXCEPTION WHEN unique_violation OR internal_error THEN
        NULL;
      END;
    END IF;
  END LOOP;
END $$;

CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS unaccent;
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE EXTENSION IF NOT EXISTS vector;

GRANT USAGE ON SCHEMA public TO kamhub_public, kamhub_engine, kamhub_tenant, kamhub_system;

-- NULL when no organisation was named: every tenant policy then compares with NULL and shows nothing.
CREATE FUNCTION current_organisation() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('kamhub.organisation_id', true), '')::uuid;

-- One call a table: row-level security on, the tenant sees its own rows, the system role sees all.
CREATE PROCEDURE protect_tenant_table(tenant_table regclass)
LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', tenant_table);
  EXECUTE format('CREATE POLICY tenant ON %s TO kamhub_tenant USING (organisation_id = current_organisation())
                  WITH CHECK (organisation_id = current_organisation())', tenant_table);
  EXECUTE format('CREATE POLICY system ON %s TO kamhub_system USING (true) WITH CHECK (true)', tenant_table);
  EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO kamhub_tenant, kamhub_system', tenant_table);
END $$;
