-- Oldest program: 0020
-- How what an organisation knows is found: the words of its pieces, vectors that an index can walk, and what was asked in vain.
CREATE TABLE lexicon_words (
  organisation_id uuid NOT NULL REFERENCES organisations (id),
  id              integer NOT NULL GENERATED ALWAYS AS IDENTITY,
  stem            text NOT NULL CONSTRAINT lexicon_words_stem_length CHECK (length(stem) BETWEEN 1 AND 64),
  word            text NOT NULL CONSTRAINT lexicon_words_word_length CHECK (length(word) BETWEEN 1 AND 64),
  chunks          integer NOT NULL DEFAULT 0,
  vector          bytea CONSTRAINT lexicon_words_vector_length CHECK (length(vector) <= 1024),
  PRIMARY KEY (organisation_id, id),
  CONSTRAINT lexicon_words_once UNIQUE (organisation_id, stem)
);
COMMENT ON TABLE lexicon_words IS 'the words in what an organisation knows; an id is used by one organisation alone';
COMMENT ON COLUMN lexicon_words.word IS 'the form it was first met in, small letters';
COMMENT ON COLUMN lexicon_words.chunks IS 'how many chunks have it; kept by the trigger of chunk_words';
COMMENT ON COLUMN lexicon_words.vector IS 'its meaning, a signed byte a dimension; NULL for numbers and codes, which have none';
CALL protect_tenant_table('lexicon_words');

CREATE TABLE lexicons (
  organisation_id uuid PRIMARY KEY REFERENCES organisations (id),
  version         bigint NOT NULL,
  chunks          integer NOT NULL
);
COMMENT ON COLUMN lexicons.version IS 'another one after every change; processes that keep the words in memory compare it';
COMMENT ON COLUMN lexicons.chunks IS 'how many chunks have their words written down';
CALL protect_tenant_table('lexicons');

CREATE TABLE chunk_words (
  organisation_id uuid NOT NULL,
  chunk_id        uuid NOT NULL,
  words           integer[] NOT NULL,
  sentences       bytea NOT NULL,
  PRIMARY KEY (organisation_id, chunk_id),
  FOREIGN KEY (organisation_id, chunk_id) REFERENCES chunks (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON COLUMN chunk_words.words IS 'ids of lexicon_words in the order of context and text, those that carry meaning';
COMMENT ON COLUMN chunk_words.sentences IS 'what each sentence means, one after the other, 512 signed bytes each';
-- Whose a word is decides whose the chunks are, so the index needs no organisation; nothing waits to be sorted in later.
CREATE INDEX chunk_words_by_word ON chunk_words USING gin (words) WITH (fastupdate = off);
CALL protect_tenant_table('chunk_words');

-- Behind row-level security the planner walks an index by operators alone that tell nothing of rows they meet, and of arrays none is
-- marked so. This function is the wall itself: it runs as the owner, and its organisation is the one the policies would use.
CREATE FUNCTION chunks_with_words(wanted integer[]) RETURNS TABLE (chunk_id uuid, words bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
BEGIN ATOMIC
  SELECT w.chunk_id, array_send(w.words) FROM chunk_words w
  WHERE w.organisation_id = current_organisation() AND w.words && wanted;
END;
REVOKE ALL ON FUNCTION chunks_with_words FROM PUBLIC;
GRANT EXECUTE ON FUNCTION chunks_with_words TO kamhub_tenant;

-- The rows are locked in the order of their ids, so two jobs that meet in a word wait for each other and do not stand still.
CREATE FUNCTION count_chunk_words() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  WITH changed AS (
    SELECT organisation_id, word, count(DISTINCT chunk_id) AS times FROM rows_changed, unnest(words) AS word
    GROUP BY organisation_id, word
  ), locked AS (
    SELECT l.organisation_id, l.id, c.times FROM lexicon_words l
    JOIN changed c ON c.organisation_id = l.organisation_id AND c.word = l.id ORDER BY l.id FOR UPDATE OF l
  )
  UPDATE lexicon_words l SET chunks = l.chunks + CASE TG_OP WHEN 'INSERT' THEN k.times ELSE -k.times END
  FROM locked k WHERE l.organisation_id = k.organisation_id AND l.id = k.id;
  INSERT INTO lexicons AS l (organisation_id, version, chunks)
  SELECT organisation_id, 1, count(*) * CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END FROM rows_changed GROUP BY organisation_id
  ON CONFLICT (organisation_id) DO UPDATE SET version = l.version + 1, chunks = l.chunks + excluded.chunks;
  RETURN NULL;
END $$;
CREATE TRIGGER chunk_words_added AFTER INSERT ON chunk_words
  REFERENCING NEW TABLE AS rows_changed FOR EACH STATEMENT EXECUTE FUNCTION count_chunk_words();
CREATE TRIGGER chunk_words_gone AFTER DELETE ON chunk_words
  REFERENCING OLD TABLE AS rows_changed FOR EACH STATEMENT EXECUTE FUNCTION count_chunk_words();

-- Half the bytes and the same order: what a vector loses is far below what two paragraphs differ by. Not pressed, as it cannot be.
-- squawk-ignore changing-column-type
ALTER TABLE chunk_vectors ALTER COLUMN embedding TYPE halfvec USING embedding::halfvec;
ALTER TABLE chunk_vectors ALTER COLUMN embedding SET STORAGE MAIN;
CREATE INDEX chunk_vectors_near_384 ON chunk_vectors USING hnsw ((embedding::halfvec(384)) halfvec_cosine_ops) WHERE dimension = 384;
CREATE INDEX chunk_vectors_near_512 ON chunk_vectors USING hnsw ((embedding::halfvec(512)) halfvec_cosine_ops) WHERE dimension = 512;
CREATE INDEX chunk_vectors_near_768 ON chunk_vectors USING hnsw ((embedding::halfvec(768)) halfvec_cosine_ops) WHERE dimension = 768;
CREATE INDEX chunk_vectors_near_1024 ON chunk_vectors USING hnsw ((embedding::halfvec(1024)) halfvec_cosine_ops) WHERE dimension = 1024;
CREATE INDEX chunk_vectors_near_1536 ON chunk_vectors USING hnsw ((embedding::halfvec(1536)) halfvec_cosine_ops) WHERE dimension = 1536;
CREATE INDEX chunk_vectors_near_3072 ON chunk_vectors USING hnsw ((embedding::halfvec(3072)) halfvec_cosine_ops) WHERE dimension = 3072;
CREATE INDEX chunk_vectors_by_model ON chunk_vectors (organisation_id, model, chunk_id);
-- Language and category of every chunk of an organisation without its text.
CREATE INDEX chunks_in_short ON chunks (organisation_id, id) INCLUDE (language, category_id);

CREATE TABLE knowledge_gaps (
  organisation_id uuid NOT NULL REFERENCES organisations (id),
  id              uuid NOT NULL,
  digest          bytea NOT NULL CONSTRAINT knowledge_gaps_digest_length CHECK (length(digest) = 32),
  question        text NOT NULL CONSTRAINT knowledge_gaps_question_length CHECK (length(question) BETWEEN 1 AND 500),
  language        text NOT NULL CONSTRAINT knowledge_gaps_language_known CHECK (language IN ('ru', 'en', 'other')),
  asked           integer NOT NULL DEFAULT 1,
  asked_in        text NOT NULL CONSTRAINT knowledge_gaps_asked_in_length CHECK (length(asked_in) BETWEEN 1 AND 40),
  first_asked_at  timestamptz NOT NULL,
  last_asked_at   timestamptz NOT NULL,
  dismissed_at    timestamptz,
  PRIMARY KEY (organisation_id, id),
  CONSTRAINT knowledge_gaps_once UNIQUE (organisation_id, digest)
);
COMMENT ON TABLE knowledge_gaps IS 'questions that what the organisation knows has no answer to; personal data is masked before';
COMMENT ON COLUMN knowledge_gaps.digest IS 'SHA-256 of the question as it is compared: without case, punctuation and forms of words';
COMMENT ON COLUMN knowledge_gaps.asked_in IS 'where it was last asked, such as search or chat';
COMMENT ON COLUMN knowledge_gaps.dismissed_at IS 'somebody does not want to see it again; it is not counted any further';
CREATE INDEX knowledge_gaps_as_shown ON knowledge_gaps (organisation_id, asked DESC, last_asked_at DESC, id) WHERE dismissed_at IS NULL;
CREATE INDEX knowledge_gaps_by_age ON knowledge_gaps (last_asked_at);
CALL protect_tenant_table('knowledge_gaps');
