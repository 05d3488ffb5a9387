-- Oldest program: 0020
-- The third storey: what an organisation's agents know, and where they know it from.
CREATE TABLE agents (
  organisation_id uuid NOT NULL REFERENCES organisations (id),
  id              uuid NOT NULL,
  name            text NOT NULL CONSTRAINT agents_name_length CHECK (length(name) BETWEEN 1 AND 100),
  all_categories  boolean NOT NULL DEFAULT true,
  created_at      timestamptz NOT NULL,
  PRIMARY KEY (organisation_id, id)
);
COMMENT ON COLUMN agents.all_categories IS 'knows everything the organisation knows; else the categories of agent_categories alone';
CALL protect_tenant_table('agents');

CREATE TABLE knowledge_categories (
  organisation_id uuid NOT NULL REFERENCES organisations (id),
  id              uuid NOT NULL,
  parent_id       uuid,
  name            text NOT NULL CONSTRAINT knowledge_categories_name_length CHECK (length(name) BETWEEN 1 AND 100),
  description     text CONSTRAINT knowledge_categories_description_length CHECK (length(description) <= 500),
  sort_order      integer NOT NULL DEFAULT 0,
  version         integer NOT NULL DEFAULT 1,
  created_at      timestamptz NOT NULL,
  PRIMARY KEY (organisation_id, id),
  CONSTRAINT knowledge_categories_name_once UNIQUE NULLS NOT DISTINCT (organisation_id, parent_id, name),
  CONSTRAINT knowledge_categories_not_own_parent CHECK (parent_id <> id),
  FOREIGN KEY (organisation_id, parent_id) REFERENCES knowledge_categories (organisation_id, id)
);
CALL protect_tenant_table('knowledge_categories');

CREATE TABLE agent_categories (
  organisation_id uuid NOT NULL,
  agent_id        uuid NOT NULL,
  category_id     uuid NOT NULL,
  PRIMARY KEY (organisation_id, agent_id, category_id),
  FOREIGN KEY (organisation_id, agent_id) REFERENCES agents (organisation_id, id) ON DELETE CASCADE,
  FOREIGN KEY (organisation_id, category_id) REFERENCES knowledge_categories (organisation_id, id) ON DELETE CASCADE
);
CREATE INDEX agent_categories_of_category ON agent_categories (organisation_id, category_id);
COMMENT ON TABLE agent_categories IS 'a category stands for everything below it in the tree';
CALL protect_tenant_table('agent_categories');

CREATE TABLE assets (
  organisation_id uuid NOT NULL REFERENCES organisations (id),
  id              uuid NOT NULL,
  kind            text NOT NULL CONSTRAINT assets_kind_known CHECK (kind IN ('file', 'url')),
  name            text NOT NULL CONSTRAINT assets_name_length CHECK (length(name) BETWEEN 1 AND 300),
  url             text CONSTRAINT assets_url_length CHECK (length(url) <= 2000),
  category_id     uuid,
  media_type      text,
  size            bigint,
  digest          bytea CONSTRAINT assets_digest_length CHECK (length(digest) = 32),
  text_digest     bytea CONSTRAINT assets_text_digest_length CHECK (length(text_digest) = 32),
  status          text NOT NULL CONSTRAINT assets_status_known CHECK (status IN ('pending', 'processing', 'completed', 'failed')),
  stage           text CONSTRAINT assets_stage_known CHECK (stage IN ('fetch', 'read', 'cut', 'embed', 'link')),
  progress        smallint NOT NULL DEFAULT 0 CONSTRAINT assets_progress_range CHECK (progress BETWEEN 0 AND 100),
  error           text CONSTRAINT assets_error_length CHECK (length(error) <= 100),
  error_facts     jsonb NOT NULL DEFAULT '{}',
  run             integer NOT NULL DEFAULT 1,
  language        text,
  pages           integer,
  chunk_count     integer NOT NULL DEFAULT 0,
  reread_hours    integer CONSTRAINT assets_reread_range CHECK (reread_hours BETWEEN 1 AND 8760),
  reread_at       timestamptz,
  read_at         timestamptz,
  etag            text,
  created_at      timestamptz NOT NULL,
  created_by      text NOT NULL,
  changed_at      timestamptz NOT NULL,
  PRIMARY KEY (organisation_id, id),
  FOREIGN KEY (organisation_id, category_id) REFERENCES knowledge_categories (organisation_id, id) ON DELETE SET NULL (category_id),
  CONSTRAINT assets_origin CHECK ((kind = 'url') = (url IS NOT NULL) AND (kind = 'url' OR digest IS NOT NULL)),
  CONSTRAINT assets_failure_told CHECK ((status = 'failed') = (error IS NOT NULL)),
  CONSTRAINT assets_done_whole CHECK (status <> 'completed' OR (progress = 100 AND stage IS NULL AND digest IS NOT NULL))
);
COMMENT ON COLUMN assets.digest IS 'SHA-256 of the stored file; the file store knows it by that';
COMMENT ON COLUMN assets.text_digest IS 'SHA-256 of the stored text with its places, as it was read from the file';
COMMENT ON COLUMN assets.error IS 'code of the sentence that helps';
COMMENT ON COLUMN assets.run IS 'goes up with every retry and re-reading; the job of an older run changes nothing';
-- The same file twice is one, and so is the same address.
CREATE UNIQUE INDEX assets_file_once ON assets (organisation_id, digest) WHERE kind = 'file';
CREATE UNIQUE INDEX assets_url_once ON assets (organisation_id, md5(url)) WHERE kind = 'url';
CREATE INDEX assets_by_time ON assets (organisation_id, created_at DESC, id DESC);
CREATE INDEX assets_of_category ON assets (organisation_id, category_id) WHERE category_id IS NOT NULL;
CREATE INDEX assets_to_reread ON assets (reread_at) WHERE reread_at IS NOT NULL;
CALL protect_tenant_table('assets');

CREATE TABLE articles (
  organisation_id uuid NOT NULL REFERENCES organisations (id),
  id              uuid NOT NULL,
  category_id     uuid,
  title           text NOT NULL CONSTRAINT articles_title_length CHECK (length(title) BETWEEN 1 AND 200),
  body            text NOT NULL CONSTRAINT articles_body_length CHECK (length(body) BETWEEN 1 AND 200000),
  status          text NOT NULL CONSTRAINT articles_status_known CHECK (status IN ('draft', 'published')),
  version         integer NOT NULL DEFAULT 1,
  indexed_version integer,
  created_at      timestamptz NOT NULL,
  changed_at      timestamptz NOT NULL,
  changed_by      text NOT NULL,
  PRIMARY KEY (organisation_id, id),
  FOREIGN KEY (organisation_id, category_id) REFERENCES knowledge_categories (organisation_id, id) ON DELETE SET NULL (category_id)
);
COMMENT ON COLUMN articles.body IS 'Markdown';
COMMENT ON COLUMN articles.indexed_version IS 'the version that can be found; NULL while none can';
CREATE INDEX articles_by_time ON articles (organisation_id, changed_at DESC, id DESC);
CREATE INDEX articles_of_category ON articles (organisation_id, category_id) WHERE category_id IS NOT NULL;
CALL protect_tenant_table('articles');

CREATE TABLE article_versions (
  organisation_id uuid NOT NULL,
  article_id      uuid NOT NULL,
  version         integer NOT NULL,
  title           text NOT NULL,
  body            text NOT NULL,
  status          text NOT NULL,
  at              timestamptz NOT NULL,
  by_name         text NOT NULL,
  PRIMARY KEY (organisation_id, article_id, version),
  FOREIGN KEY (organisation_id, article_id) REFERENCES articles (organisation_id, id) ON DELETE CASCADE
);
CALL protect_tenant_table('article_versions');

CREATE TABLE chunks (
  organisation_id uuid NOT NULL REFERENCES organisations (id),
  id              uuid NOT NULL,
  asset_id        uuid,
  article_id      uuid,
  category_id     uuid,
  ordinal         integer NOT NULL,
  digest          bytea NOT NULL CONSTRAINT chunks_digest_length CHECK (length(digest) = 32),
  title           text NOT NULL,
  context         text NOT NULL,
  text            text NOT NULL CONSTRAINT chunks_text_length CHECK (length(text) BETWEEN 1 AND 2000),
  language        text NOT NULL CONSTRAINT chunks_language_known CHECK (language IN ('ru', 'en', 'other')),
  position        jsonb NOT NULL,
  PRIMARY KEY (organisation_id, id),
  CONSTRAINT chunks_of_one CHECK (num_nonnulls(asset_id, article_id) = 1),
  FOREIGN KEY (organisation_id, asset_id) REFERENCES assets (organisation_id, id) ON DELETE CASCADE,
  FOREIGN KEY (organisation_id, article_id) REFERENCES articles (organisation_id, id) ON DELETE CASCADE,
  FOREIGN KEY (organisation_id, category_id) REFERENCES knowledge_categories (organisation_id, id) ON DELETE SET NULL (category_id)
);
COMMENT ON COLUMN chunks.title IS 'name of the asset or title of the article';
COMMENT ON COLUMN chunks.context IS 'headings above it and, of a table, its header: is searched and embedded with the text';
COMMENT ON COLUMN chunks.digest IS 'SHA-256 of context and text: what has not changed is not embedded again';
COMMENT ON COLUMN chunks.category_id IS 'that of the asset or article, so that a search reads one table';
CREATE UNIQUE INDEX chunks_once_in_asset ON chunks (organisation_id, asset_id, ordinal) WHERE asset_id IS NOT NULL;
CREATE UNIQUE INDEX chunks_once_in_article ON chunks (organisation_id, article_id, ordinal) WHERE article_id IS NOT NULL;
CREATE INDEX chunks_of_category ON chunks (organisation_id, category_id) WHERE category_id IS NOT NULL;
CALL protect_tenant_table('chunks');

CREATE TABLE chunk_vectors (
  organisation_id uuid NOT NULL,
  chunk_id        uuid NOT NULL,
  model           text NOT NULL,
  dimension       smallint NOT NULL,
  embedding       vector NOT NULL,
  PRIMARY KEY (organisation_id, chunk_id, model),
  FOREIGN KEY (organisation_id, chunk_id) REFERENCES chunks (organisation_id, id) ON DELETE CASCADE,
  CONSTRAINT chunk_vectors_dimension CHECK (vector_dims(embedding) = dimension)
);
COMMENT ON COLUMN chunk_vectors.model IS 'name of the embedder; a question is compared with vectors of the same one alone';
CALL protect_tenant_table('chunk_vectors');
