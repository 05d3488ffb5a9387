-- Who did what to what. Written in the transaction of what it tells of; nobody who runs the product may change or remove a line.
CREATE TABLE audit_events (
  organisation_id uuid NOT NULL REFERENCES organisations (id),
  id              uuid NOT NULL,
  at              timestamptz NOT NULL,
  actor_kind      text NOT NULL CONSTRAINT audit_events_actor_known CHECK (actor_kind IN ('person', 'key', 'system')),
  actor_id        uuid,
  actor_name      text NOT NULL,
  action          text NOT NULL CONSTRAINT audit_events_action_shape CHECK (action ~ '^[a-z_]+\.[a-z_]+$'),
  object_kind     text NOT NULL,
  object_id       text,
  before          jsonb,
  after           jsonb,
  address         text,
  user_agent      text,
  request_id      text,
  PRIMARY KEY (organisation_id, id)
);
COMMENT ON COLUMN audit_events.actor_name IS 'as it was then: people leave and keys are renamed';
CALL protect_tenant_table('audit_events');
REVOKE UPDATE, DELETE ON audit_events FROM kamhub_tenant, kamhub_system;
CREATE INDEX audit_events_actor ON audit_events (organisation_id, actor_id, id);
CREATE INDEX audit_events_object ON audit_events (organisation_id, object_id, id) WHERE object_id IS NOT NULL;
CREATE INDEX audit_events_age ON audit_events (at);

-- The only way a line ends: by age, and never a young one. Runs with the rights of the schema's owner.
CREATE FUNCTION prune_audit_events(older_than timestamptz, most integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE removed bigint;
BEGIN
  IF older_than > now() - interval '1 year' THEN
    RAISE EXCEPTION 'audit events younger than a year are kept' USING ERRCODE = 'insufficient_privilege';
  END IF;
  DELETE FROM public.audit_events WHERE (organisation_id, id) IN (
    SELECT organisation_id, id FROM public.audit_events WHERE at < older_than ORDER BY at LIMIT most);
  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN removed;
END $$;
REVOKE ALL ON FUNCTION prune_audit_events(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION prune_audit_events(timestamptz, integer) TO kamhub_system;
