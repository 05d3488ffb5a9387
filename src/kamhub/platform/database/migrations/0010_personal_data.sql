-- That a traveller was shown which text before leaving their data. Holds no personal data itself: it stays as a proof.
CREATE TABLE consents (
  organisation_id uuid NOT NULL,
  booking_id      uuid NOT NULL,
  text_version    text NOT NULL CONSTRAINT consents_version_shape CHECK (text_version ~ '^[0-9]{4}-[0-9]{2}$'),
  locale          text NOT NULL CONSTRAINT consents_locale_known CHECK (locale IN ('ru', 'en')),
  channel         text NOT NULL,
  given_at        timestamptz NOT NULL,
  PRIMARY KEY (organisation_id, booking_id, text_version),
  FOREIGN KEY (organisation_id, booking_id) REFERENCES bookings (organisation_id, id)
);
CALL protect_tenant_table('consents');
REVOKE UPDATE, DELETE ON consents FROM kamhub_tenant, kamhub_system;

ALTER TABLE bookings ADD COLUMN erased_at timestamptz;
COMMENT ON COLUMN bookings.erased_at IS 'when the traveller was removed from it; the facts for the books stay';
-- Everything of one traveller, and how many unpaid bookings they have. Not led by the organisation: see bookings_by_departure.
CREATE INDEX bookings_by_phone ON bookings (contact_phone, organisation_id) WHERE contact_phone IS NOT NULL;
CREATE INDEX bookings_by_email ON bookings (lower(contact_email), organisation_id) WHERE contact_email IS NOT NULL;
-- Whose contact is to be removed for age; empty of everything that has none.
CREATE INDEX bookings_contact_age ON bookings (created_at) WHERE contact_phone IS NOT NULL;
-- Mails to an address that its booking does not have any more; and whose address is to be removed for age.
CREATE INDEX messages_recipient ON messages (lower(recipient), organisation_id) WHERE recipient <> 'erased';
CREATE INDEX messages_age ON messages (created_at) WHERE recipient <> 'erased';
CREATE INDEX payment_orders_by_booking ON payment_orders (organisation_id, booking_id);

-- Histories are append-only by grant, but the words of a traveller, and of the operator to them, must be able to go.
CREATE FUNCTION erase_booking_reasons(organisation uuid, booking uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
  UPDATE public.booking_events SET reason = NULL
  WHERE organisation_id = organisation AND booking_id = booking AND actor NOT IN ('system', 'payment') AND reason IS NOT NULL
    AND EXISTS (SELECT FROM public.bookings b WHERE b.organisation_id = organisation AND b.id = booking AND b.erased_at IS NOT NULL);
$$;
REVOKE ALL ON FUNCTION erase_booking_reasons(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION erase_booking_reasons(uuid, uuid) TO kamhub_tenant, kamhub_system;
