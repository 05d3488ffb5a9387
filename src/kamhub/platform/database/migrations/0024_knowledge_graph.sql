-- Oldest program: 0020
-- What an organisation's knowledge speaks of and how that hangs together, each with the chunk it was read in.
CREATE TABLE graph_entities (
  organisation_id uuid NOT NULL REFERENCES organisations (id),
  id              uuid NOT NULL,
  type            text NOT NULL CONSTRAINT graph_entities_type_known CHECK (type IN (
                    'person', 'organisation', 'product', 'service', 'process', 'concept', 'feature', 'event', 'location',
                    'technology', 'document', 'metric', 'place', 'route', 'stop', 'vehicle', 'price_condition', 'rule', 'season',
                    'contact')),
  key             text NOT NULL CONSTRAINT graph_entities_key_length CHECK (length(key) BETWEEN 1 AND 200),
  name            text NOT NULL CONSTRAINT graph_entities_name_length CHECK (length(name) BETWEEN 1 AND 200),
  name_en         text CONSTRAINT graph_entities_name_en_length CHECK (length(name_en) BETWEEN 1 AND 200),
  keys            text NOT NULL,
  sound           text NOT NULL,
  hub             boolean NOT NULL DEFAULT false,
  hub_id          uuid,
  confidence      real NOT NULL CONSTRAINT graph_entities_confidence_range CHECK (confidence BETWEEN 0 AND 1),
  same_as         uuid,
  weight          integer NOT NULL DEFAULT 0,
  created_at      timestamptz NOT NULL,
  PRIMARY KEY (organisation_id, id),
  CONSTRAINT graph_entities_once UNIQUE (organisation_id, type, key),
  CONSTRAINT graph_entities_not_itself CHECK (same_as <> id),
  FOREIGN KEY (organisation_id, same_as) REFERENCES graph_entities (organisation_id, id) ON DELETE SET NULL (same_as)
);
COMMENT ON COLUMN graph_entities.key IS 'the stems of its name: what is written alike in any case of the language is one';
COMMENT ON COLUMN graph_entities.keys IS 'the keys of all its names, each between bars';
COMMENT ON COLUMN graph_entities.sound IS 'the name in Latin letters, for what is spelled alike';
COMMENT ON COLUMN graph_entities.hub IS 'comes from the network and fleet: stays without being spoken of';
COMMENT ON COLUMN graph_entities.same_as IS 'the entity that is shown in its place; follows from graph_merges';
COMMENT ON COLUMN graph_entities.weight IS 'mentions and relations with those of what it stands for, as last counted; orders lists, nothing more';
CREATE INDEX graph_entities_members ON graph_entities (organisation_id, same_as) WHERE same_as IS NOT NULL;
CREATE INDEX graph_entities_by_weight ON graph_entities (organisation_id, weight DESC, id) WHERE same_as IS NULL;
CREATE INDEX graph_entities_by_type ON graph_entities (organisation_id, type, weight DESC, id) WHERE same_as IS NULL;
CREATE INDEX graph_entities_named ON graph_entities USING gin (keys gin_trgm_ops);
CREATE INDEX graph_entities_sounding ON graph_entities USING gin (sound gin_trgm_ops);
CALL protect_tenant_table('graph_entities');

CREATE TABLE graph_mentions (
  organisation_id uuid NOT NULL,
  chunk_id        uuid NOT NULL,
  entity_id       uuid NOT NULL,
  in_context      boolean NOT NULL,
  start           integer NOT NULL CONSTRAINT graph_mentions_start_range CHECK (start >= 0),
  length          integer NOT NULL CONSTRAINT graph_mentions_length_range CHECK (length BETWEEN 1 AND 2000),
  origin          text NOT NULL CONSTRAINT graph_mentions_origin_known CHECK (origin IN ('rules', 'model')),
  confidence      real NOT NULL CONSTRAINT graph_mentions_confidence_range CHECK (confidence BETWEEN 0 AND 1),
  PRIMARY KEY (organisation_id, chunk_id, entity_id, in_context, start),
  FOREIGN KEY (organisation_id, chunk_id) REFERENCES chunks (organisation_id, id) ON DELETE CASCADE,
  FOREIGN KEY (organisation_id, entity_id) REFERENCES graph_entities (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON COLUMN graph_mentions.in_context IS 'stands in the headings above the chunk, not in its text';
COMMENT ON COLUMN graph_mentions.start IS 'characters before it';
CREATE INDEX graph_mentions_of_entity ON graph_mentions (organisation_id, entity_id, chunk_id);
CALL protect_tenant_table('graph_mentions');

CREATE TABLE graph_relations (
  organisation_id uuid NOT NULL REFERENCES organisations (id),
  id              uuid NOT NULL,
  source_id       uuid NOT NULL,
  target_id       uuid NOT NULL,
  type            text NOT NULL CONSTRAINT graph_relations_type_known CHECK (type IN (
                    'works_for', 'manages', 'provides', 'uses', 'related_to', 'part_of', 'depends_on', 'requires', 'located_in',
                    'owns', 'collaborates_with', 'reports_to', 'responsible_for', 'participates_in', 'contains',
                    'has_price_condition', 'applies_to', 'available_in', 'has_contact')),
  hub             boolean NOT NULL DEFAULT false,
  confidence      real NOT NULL CONSTRAINT graph_relations_confidence_range CHECK (confidence BETWEEN 0 AND 1),
  PRIMARY KEY (organisation_id, id),
  CONSTRAINT graph_relations_once UNIQUE (organisation_id, source_id, target_id, type),
  CONSTRAINT graph_relations_of_two CHECK (source_id <> target_id),
  FOREIGN KEY (organisation_id, source_id) REFERENCES graph_entities (organisation_id, id) ON DELETE CASCADE,
  FOREIGN KEY (organisation_id, target_id) REFERENCES graph_entities (organisation_id, id) ON DELETE CASCADE
);
CREATE INDEX graph_relations_by_target ON graph_relations (organisation_id, target_id);
CALL protect_tenant_table('graph_relations');

CREATE TABLE graph_evidence (
  organisation_id uuid NOT NULL,
  chunk_id        uuid NOT NULL,
  relation_id     uuid NOT NULL,
  start           integer NOT NULL CONSTRAINT graph_evidence_start_range CHECK (start >= 0),
  length          integer NOT NULL CONSTRAINT graph_evidence_length_range CHECK (length BETWEEN 1 AND 2000),
  origin          text NOT NULL CONSTRAINT graph_evidence_origin_known CHECK (origin IN ('rules', 'model')),
  confidence      real NOT NULL CONSTRAINT graph_evidence_confidence_range CHECK (confidence BETWEEN 0 AND 1),
  PRIMARY KEY (organisation_id, chunk_id, relation_id, start),
  FOREIGN KEY (organisation_id, chunk_id) REFERENCES chunks (organisation_id, id) ON DELETE CASCADE,
  FOREIGN KEY (organisation_id, relation_id) REFERENCES graph_relations (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE graph_evidence IS 'the sentence or row of a table in which a relation was read';
CREATE INDEX graph_evidence_of_relation ON graph_evidence (organisation_id, relation_id, chunk_id);
CALL protect_tenant_table('graph_evidence');

CREATE TABLE graph_merges (
  organisation_id uuid NOT NULL REFERENCES organisations (id),
  id              uuid NOT NULL,
  type            text NOT NULL,
  key_a           text NOT NULL,
  key_b           text NOT NULL,
  state           text NOT NULL CONSTRAINT graph_merges_state_known CHECK (state IN ('proposed', 'same', 'different')),
  reason          text NOT NULL CONSTRAINT graph_merges_reason_known CHECK (reason IN (
                    'declared', 'translation', 'word_order', 'general_word', 'spelling')),
  confidence      real NOT NULL CONSTRAINT graph_merges_confidence_range CHECK (confidence BETWEEN 0 AND 1),
  decided_at      timestamptz,
  decided_by      text,
  created_at      timestamptz NOT NULL,
  PRIMARY KEY (organisation_id, id),
  CONSTRAINT graph_merges_once UNIQUE (organisation_id, type, key_a, key_b),
  CONSTRAINT graph_merges_in_order CHECK (key_a COLLATE "C" < key_b COLLATE "C")
);
COMMENT ON TABLE graph_merges IS 'whether two names of a type mean one thing; by names and not by ids, so that a decision outlives what it was made of';
COMMENT ON COLUMN graph_merges.decided_by IS 'NULL for what the program was sure of';
CREATE INDEX graph_merges_by_state ON graph_merges (organisation_id, state, confidence DESC, id);
CALL protect_tenant_table('graph_merges');

CREATE TABLE graph_readings (
  organisation_id uuid NOT NULL,
  chunk_id        uuid NOT NULL,
  model           text NOT NULL CONSTRAINT graph_readings_model_length CHECK (length(model) <= 200),
  read_at         timestamptz NOT NULL,
  PRIMARY KEY (organisation_id, chunk_id, model),
  FOREIGN KEY (organisation_id, chunk_id) REFERENCES chunks (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE graph_readings IS 'which chunks a language model has read: it is not asked, and paid, twice for the same text';
CALL protect_tenant_table('graph_readings');

CREATE TABLE graph_states (
  organisation_id uuid PRIMARY KEY REFERENCES organisations (id),
  hub_digest      bytea CONSTRAINT graph_states_hub_digest_length CHECK (length(hub_digest) = 32),
  linked_digest   bytea CONSTRAINT graph_states_linked_digest_length CHECK (length(linked_digest) = 32),
  changed_at      timestamptz NOT NULL
);
COMMENT ON COLUMN graph_states.hub_digest IS 'SHA-256 of the facts of the hub that the graph holds';
COMMENT ON COLUMN graph_states.linked_digest IS 'SHA-256 of the names with which every source was read';
CALL protect_tenant_table('graph_states');

-- Whoever writes the graph of an organisation, or takes from it, does so alone: what one adds, another does not miss when it
-- looks for what nothing speaks of any more. Taken after the locks on chunks.
CREATE FUNCTION lock_graph(organisation uuid) RETURNS void
LANGUAGE sql
RETURN pg_advisory_xact_lock(hashtextextended('graph:' || organisation::text, 0));

-- What was read in a chunk alone goes with it, whoever deletes the chunk.
CREATE FUNCTION forget_entities() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
  organisation uuid;
  unsure uuid[];
BEGIN
  FOR organisation IN SELECT DISTINCT organisation_id FROM gone ORDER BY 1 LOOP
    PERFORM lock_graph(organisation);
    SELECT array_agg(DISTINCT e.id) || array_agg(DISTINCT e.same_as) FILTER (WHERE e.same_as IS NOT NULL) INTO unsure
      FROM gone JOIN graph_entities e ON e.organisation_id = gone.organisation_id AND e.id = gone.entity_id
      WHERE gone.organisation_id = organisation;
    -- Twice: what stood for others goes once they have gone.
    FOR _ IN 1..2 LOOP
      DELETE FROM graph_entities e
        WHERE e.organisation_id = organisation AND e.id = ANY (unsure) AND NOT e.hub
          AND NOT EXISTS (SELECT FROM graph_mentions m WHERE m.organisation_id = e.organisation_id AND m.entity_id = e.id)
          AND NOT EXISTS (SELECT FROM graph_entities o WHERE o.organisation_id = e.organisation_id AND o.same_as = e.id);
    END LOOP;
  END LOOP;
  RETURN NULL;
END $$;
CREATE TRIGGER forget_entities AFTER DELETE ON graph_mentions REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION forget_entities();

CREATE FUNCTION forget_relations() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
  organisation uuid;
BEGIN
  FOR organisation IN SELECT DISTINCT organisation_id FROM gone ORDER BY 1 LOOP
    PERFORM lock_graph(organisation);
    DELETE FROM graph_relations r
      WHERE r.organisation_id = organisation AND NOT r.hub
        AND r.id IN (SELECT relation_id FROM gone WHERE organisation_id = organisation)
        AND NOT EXISTS (SELECT FROM graph_evidence v WHERE v.organisation_id = r.organisation_id AND v.relation_id = r.id);
  END LOOP;
  RETURN NULL;
END $$;
CREATE TRIGGER forget_relations AFTER DELETE ON graph_evidence REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION forget_relations();
