-- Bounds are checked on the rows there are, under a short lock: no installation has millions of them yet.
-- squawk-ignore-file constraint-missing-not-valid, ban-drop-constraint, disallowed-unique-constraint, adding-foreign-key-constraint
-- The outbox grows: more occasions, more ways, a time before which nothing goes out, and what became of each try.
ALTER TABLE messages ADD COLUMN channel text NOT NULL DEFAULT 'email', ADD COLUMN occasion text NOT NULL DEFAULT '',
  ADD COLUMN send_after timestamptz, ADD COLUMN facts jsonb NOT NULL DEFAULT '{}', ADD COLUMN failed_at timestamptz,
  ADD COLUMN subject text, ADD COLUMN body text;
COMMENT ON COLUMN messages.body IS 'what was sent, without the token in its links; goes with the recipient';
COMMENT ON COLUMN messages.occasion IS 'tells two messages of one kind apart, such as the id of a move; empty when there is one at most';
ALTER TABLE messages
  DROP CONSTRAINT messages_kind_known,
  ADD CONSTRAINT messages_kind_known CHECK (kind IN ('held', 'paid', 'confirmed', 'reminder_day', 'reminder_soon', 'changed',
    'cancelled', 'rejected', 'money_returned', 'disrupted', 'moved', 'seats_offered', 'payment_link', 'review_request')),
  ADD CONSTRAINT messages_channel_known CHECK (channel IN ('email', 'telegram', 'sms')),
  DROP CONSTRAINT messages_once,
  ADD CONSTRAINT messages_once UNIQUE (organisation_id, booking_id, kind, channel, occasion);
-- The log by kind, and what has not gone out. Not led by the organisation: see bookings_by_departure.
CREATE INDEX messages_by_kind ON messages (kind, organisation_id, id);
CREATE INDEX messages_unsent ON messages (organisation_id, id) WHERE sent_at IS NULL;

CREATE TABLE message_attempts (
  organisation_id uuid NOT NULL,
  message_id      uuid NOT NULL,
  id              bigint GENERATED ALWAYS AS IDENTITY,
  at              timestamptz NOT NULL,
  outcome         text NOT NULL CONSTRAINT message_attempts_outcome_known
                  CHECK (outcome IN ('started', 'sent', 'postponed', 'failed', 'refused', 'unknown')),
  error           text CONSTRAINT message_attempts_error_length CHECK (length(error) <= 500),
  PRIMARY KEY (organisation_id, message_id, id),
  FOREIGN KEY (organisation_id, message_id) REFERENCES messages (organisation_id, id) ON DELETE CASCADE
);
COMMENT ON COLUMN message_attempts.outcome IS 'started: the call to a messenger is out; if that stays, nobody knows whether it arrived';
CALL protect_tenant_table('message_attempts');

-- An organisation's own words for a kind of message; without a row the product's are used.
CREATE TABLE message_templates (
  organisation_id uuid NOT NULL REFERENCES organisations (id),
  kind            text NOT NULL,
  channel         text NOT NULL CONSTRAINT message_templates_channel_known CHECK (channel IN ('email', 'telegram', 'sms')),
  locale          text NOT NULL CONSTRAINT message_templates_locale_known CHECK (locale IN ('ru', 'en')),
  subject         text NOT NULL CONSTRAINT message_templates_subject_length CHECK (length(subject) <= 150),
  body            text NOT NULL CONSTRAINT message_templates_body_length CHECK (length(body) BETWEEN 1 AND 4000),
  version         integer NOT NULL DEFAULT 1,
  PRIMARY KEY (organisation_id, kind, channel, locale)
);
CALL protect_tenant_table('message_templates');

CREATE TABLE notice_settings (
  organisation_id uuid PRIMARY KEY REFERENCES organisations (id),
  sender_name     text CONSTRAINT notice_settings_sender_length CHECK (length(sender_name) <= 100),
  reply_to        text,
  quiet_from      time,
  quiet_to        time,
  telegram_token  bytea,
  telegram_bot    text,
  telegram_error  text CONSTRAINT notice_settings_telegram_error_length CHECK (length(telegram_error) <= 300),
  telegram_channel_id uuid CONSTRAINT notice_settings_telegram_channel_key UNIQUE,
  telegram_webhook_secret bytea,
  sms_provider    text CONSTRAINT notice_settings_sms_known CHECK (sms_provider IN ('sms_ru')),
  sms_key         bytea,
  sms_sender      text CONSTRAINT notice_settings_sms_sender_length CHECK (length(sms_sender) <= 11),
  reviews         boolean NOT NULL DEFAULT true,
  version         integer NOT NULL DEFAULT 1,
  CONSTRAINT notice_settings_quiet_whole CHECK (num_nulls(quiet_from, quiet_to) IN (0, 2))
);
COMMENT ON COLUMN notice_settings.telegram_token IS 'encrypted with the keys of the installation, like sms_key and telegram_webhook_secret';
COMMENT ON COLUMN notice_settings.telegram_bot IS 'name of the bot, once it has been asked for; without it nobody can be sent to the bot';
COMMENT ON COLUMN notice_settings.telegram_channel_id IS 'in the address that the bot calls us at; says nothing of the organisation';
CALL protect_tenant_table('notice_settings');

-- A traveller who pressed Start in the operator's bot from the page of a booking.
CREATE TABLE telegram_chats (
  organisation_id uuid NOT NULL,
  booking_id      uuid NOT NULL,
  chat_id         bigint NOT NULL,
  linked_at       timestamptz NOT NULL,
  PRIMARY KEY (organisation_id, booking_id),
  FOREIGN KEY (organisation_id, booking_id) REFERENCES bookings (organisation_id, id)
);
CREATE INDEX telegram_chats_of_chat ON telegram_chats (chat_id, organisation_id);
CALL protect_tenant_table('telegram_chats');

CREATE TABLE reviews (
  organisation_id uuid NOT NULL,
  id              uuid NOT NULL,
  booking_id      uuid NOT NULL,
  rating          smallint NOT NULL CONSTRAINT reviews_rating_range CHECK (rating BETWEEN 1 AND 5),
  comment         text CONSTRAINT reviews_comment_length CHECK (length(comment) <= 2000),
  author          text NOT NULL,
  created_at      timestamptz NOT NULL,
  reply           text CONSTRAINT reviews_reply_length CHECK (length(reply) <= 2000),
  replied_at      timestamptz,
  replied_by      text,
  version         integer NOT NULL DEFAULT 1,
  PRIMARY KEY (organisation_id, id),
  CONSTRAINT reviews_booking_once UNIQUE (organisation_id, booking_id),
  FOREIGN KEY (organisation_id, booking_id) REFERENCES bookings (organisation_id, id)
);
CREATE INDEX reviews_by_time ON reviews (organisation_id, created_at DESC);
CALL protect_tenant_table('reviews');
CREATE POLICY catalogue ON reviews FOR SELECT TO kamhub_public USING (true);
GRANT SELECT (organisation_id, id, rating, comment, author, created_at, reply, replied_at) ON reviews TO kamhub_public;
ALTER TABLE organisations ADD COLUMN review_count integer NOT NULL DEFAULT 0;
