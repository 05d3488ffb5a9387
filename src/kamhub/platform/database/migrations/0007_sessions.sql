-- What proves a person beside the password, and where they are signed in.
ALTER TABLE people
  ADD COLUMN email_confirmed_at timestamptz,
  ADD COLUMN totp_secret        bytea,
  ADD COLUMN totp_enabled_at    timestamptz,
  ADD COLUMN totp_last_step     bigint,
  ADD CONSTRAINT people_totp_has_secret CHECK (totp_enabled_at IS NULL OR totp_secret IS NOT NULL) NOT VALID;
COMMENT ON COLUMN people.totp_secret IS 'encrypted; set but not enabled while the person is still to type the first code';
COMMENT ON COLUMN people.totp_last_step IS 'time step of the last code taken (RFC 6238): a code counts once';

-- One row a sign-in: of a browser (its cookie) or of a program (a family of refresh tokens).
CREATE TABLE sessions (
  id              uuid PRIMARY KEY,
  person_id       uuid NOT NULL REFERENCES people (id),
  organisation_id uuid REFERENCES organisations (id),
  kind            text NOT NULL CONSTRAINT sessions_kind_known CHECK (kind IN ('browser', 'token')),
  token_hash      bytea CONSTRAINT sessions_token_key UNIQUE,
  created_at      timestamptz NOT NULL,
  last_seen_at    timestamptz NOT NULL,
  expires_at      timestamptz NOT NULL,
  ended_at        timestamptz,
  address         text,
  user_agent      text CONSTRAINT sessions_user_agent_length CHECK (length(user_agent) <= 300),
  CONSTRAINT sessions_browser_has_token CHECK ((kind = 'browser') = (token_hash IS NOT NULL))
);
COMMENT ON COLUMN sessions.organisation_id IS 'where the person works in this session';
CREATE INDEX sessions_person ON sessions (person_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

INSERT INTO sessions (id, person_id, organisation_id, kind, created_at, last_seen_at, expires_at, ended_at)
SELECT family_id, (array_agg(person_id))[1], (array_agg(organisation_id ORDER BY issued_at DESC))[1], 'token', min(issued_at),
       max(issued_at), max(expires_at), max(revoked_at)
FROM refresh_tokens GROUP BY family_id;
ALTER TABLE refresh_tokens ADD CONSTRAINT refresh_tokens_session_fkey
  FOREIGN KEY (family_id) REFERENCES sessions (id) ON DELETE CASCADE NOT VALID;
CREATE INDEX refresh_tokens_expiry ON refresh_tokens (expires_at);

-- What a mailed link is good for. The link carries the id and a signature over it, so it can be written anew from the row.
CREATE TABLE mailed_links (
  id         uuid PRIMARY KEY,
  purpose    text NOT NULL CONSTRAINT mailed_links_purpose_known CHECK (purpose IN ('password_reset', 'email_confirmation')),
  person_id  uuid REFERENCES people (id),
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at    timestamptz
);
COMMENT ON COLUMN mailed_links.person_id IS 'NULL when the address was unknown: asking must cost the same';
CREATE INDEX mailed_links_person ON mailed_links (person_id);
CREATE INDEX mailed_links_expiry ON mailed_links (expires_at);

CREATE TABLE recovery_codes (
  person_id uuid NOT NULL REFERENCES people (id),
  code_hash bytea NOT NULL,
  used_at   timestamptz,
  PRIMARY KEY (person_id, code_hash)
);

ALTER TABLE sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE mailed_links ENABLE ROW LEVEL SECURITY;
ALTER TABLE recovery_codes ENABLE ROW LEVEL SECURITY;
CREATE POLICY system ON sessions TO kamhub_system USING (true) WITH CHECK (true);
CREATE POLICY system ON mailed_links TO kamhub_system USING (true) WITH CHECK (true);
CREATE POLICY system ON recovery_codes TO kamhub_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON sessions, mailed_links, recovery_codes TO kamhub_system;
