"""SQL that puts together everything held of a traveller, ready for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from kamhub.hub.privacy.types import Document
from kamhub.platform.database.pool import Connection

_LISTS: tuple[tuple[LiteralString, LiteralString], ...] = (
    (
        "passenger_list",
        """SELECT jsonb_agg(jsonb_build_object('name', p.name, 'document', p.document, 'kind', p.kind) ORDER BY p.position)
           FROM booking_passengers p WHERE p.organisation_id = b.organisation_id AND p.booking_id = b.id""",
    ),
    (
        "promo_codes",
        """SELECT jsonb_agg(jsonb_build_object('code', c.code, 'discount', u.amount, 'used_at', u.used_at))
           FROM promo_code_uses u JOIN promo_codes c ON c.organisation_id = u.organisation_id AND c.id = u.promo_code_id
           WHERE u.organisation_id = b.organisation_id AND u.booking_id = b.id""",
    ),
    (
        "consents",
        """SELECT jsonb_agg(jsonb_build_object('text_version', c.text_version, 'locale', c.locale, 'channel', c.channel,
             'given_at', c.given_at) ORDER BY c.given_at)
           FROM consents c WHERE c.organisation_id = b.organisation_id AND c.booking_id = b.id""",
    ),
    (
        "payments",
        """SELECT jsonb_agg(jsonb_build_object('amount', jsonb_build_object('amount', p.amount, 'currency', p.currency),
             'status', p.status, 'method', p.method, 'card_last_four', p.card_last_four,
             'decline_reason', p.decline_reason, 'received_at', p.received_at) ORDER BY p.received_at)
           FROM payments p WHERE p.organisation_id = b.organisation_id AND p.booking_id = b.id""",
    ),
    (
        "refunds",
        """SELECT jsonb_agg(jsonb_build_object('amount', jsonb_build_object('amount', r.amount, 'currency', r.currency),
             'status', r.status, 'requested_at', r.requested_at, 'settled_at', r.settled_at) ORDER BY r.requested_at)
           FROM refunds r WHERE r.organisation_id = b.organisation_id AND r.booking_id = b.id""",
    ),
    (
        "messages",
        """SELECT jsonb_agg(jsonb_build_object('kind', m.kind, 'channel', m.channel, 'recipient', m.recipient,
             'locale', m.locale, 'created_at', m.created_at, 'sent_at', m.sent_at, 'subject', m.subject, 'text', m.body)
             ORDER BY m.created_at)
           FROM messages m WHERE m.organisation_id = b.organisation_id AND m.booking_id = b.id""",
    ),
    (
        "telegram_chats",
        """SELECT jsonb_agg(jsonb_build_object('chat_id', t.chat_id, 'linked_at', t.linked_at))
           FROM telegram_chats t WHERE t.organisation_id = b.organisation_id AND t.booking_id = b.id""",
    ),
    (
        "reviews",
        """SELECT jsonb_agg(jsonb_build_object('rating', v.rating, 'comment', v.comment, 'author', v.author,
             'created_at', v.created_at, 'reply', v.reply))
           FROM reviews v WHERE v.organisation_id = b.organisation_id AND v.booking_id = b.id""",
    ),
    (
        "notes",
        """SELECT jsonb_agg(jsonb_build_object('at', n.at, 'text', n.text) ORDER BY n.at, n.id)
           FROM booking_notes n WHERE n.organisation_id = b.organisation_id AND n.booking_id = b.id""",
    ),
    (
        "history",
        """SELECT jsonb_agg(jsonb_build_object('at', e.at, 'from', e.from_status, 'to', e.to_status, 'by', e.actor,
             'reason', e.reason) ORDER BY e.id)
           FROM booking_events e WHERE e.organisation_id = b.organisation_id AND e.booking_id = b.id""",
    ),
)

_BOOKINGS = f"""
SELECT jsonb_build_object(
  'id', b.id, 'code', b.code, 'created_at', b.created_at, 'channel', b.channel, 'erased_at', b.erased_at,
  'status', CASE WHEN b.status IN ('on_hold', 'pending') AND b.expires_at <= %s THEN 'expired' ELSE b.status END,
  'operator', jsonb_build_object('ru', o.name_ru, 'en', o.name_en), 'departs_at', d.departs_at,
  'departs_on', (d.departs_at AT TIME ZONE fp.time_zone)::date,
  'from', jsonb_build_object('ru', fp.name_ru, 'en', fp.name_en), 'to', jsonb_build_object('ru', tp.name_ru, 'en', tp.name_en),
  'passengers', b.passengers, 'total', jsonb_build_object('amount', b.total, 'currency', b.currency),
  'contact', CASE WHEN b.contact_phone IS NOT NULL THEN jsonb_build_object('name', b.contact_name,
    'phone', b.contact_phone, 'email', b.contact_email, 'locale', b.contact_locale) END,
  'special_requests', b.special_requests
) || jsonb_build_object({", ".join(f"'{name}', coalesce(({query}), '[]')" for name, query in _LISTS)})
FROM bookings b
JOIN organisations o ON o.id = b.organisation_id
JOIN departures d ON d.organisation_id = b.organisation_id AND d.id = b.departure_id
JOIN route_stops fs ON fs.organisation_id = d.organisation_id AND fs.route_id = d.route_id AND fs.position = b.from_position
JOIN places fp ON fp.organisation_id = fs.place_organisation_id AND fp.id = fs.place_id
JOIN route_stops ts ON ts.organisation_id = d.organisation_id AND ts.route_id = d.route_id AND ts.position = b.to_position
JOIN places tp ON tp.organisation_id = ts.place_organisation_id AND tp.id = ts.place_id
WHERE b.organisation_id = %s AND b.id = ANY (%s) ORDER BY b.created_at DESC, b.id"""

_MESSAGES = """
SELECT jsonb_build_object('kind', kind, 'recipient', recipient, 'locale', locale, 'created_at', created_at, 'sent_at', sent_at)
FROM messages WHERE organisation_id = %s AND lower(recipient) = %s AND recipient <> 'erased' AND booking_id <> ALL (%s)
ORDER BY created_at"""


_WAITING = """
SELECT jsonb_build_object('status', w.status, 'passengers', w.passengers, 'departs_at', d.departs_at, 'name', w.name,
  'phone', w.phone, 'email', w.email, 'locale', w.locale, 'created_at', w.created_at, 'offered_at', w.offered_at)
FROM waiting_parties w JOIN departures d ON d.organisation_id = w.organisation_id AND d.id = w.departure_id
WHERE w.organisation_id = %s AND (w.phone = %s OR lower(w.email) = %s) ORDER BY w.created_at"""


async def of_bookings(
    connection: Connection, organisation_id: UUID, bookings: Sequence[UUID], now: datetime
) -> tuple[Document, ...]:
    """Each booking with all that belongs to it, the newest first."""
    rows = await (await connection.execute(_BOOKINGS.encode(), (now, organisation_id, list(bookings)))).fetchall()
    return tuple(row[0] for row in rows)


async def messages_to(
    connection: Connection, organisation_id: UUID, email: str, but: Sequence[UUID]
) -> tuple[Document, ...]:
    """Messages to that address of other bookings than these."""
    rows = await (await connection.execute(_MESSAGES, (organisation_id, email, list(but)))).fetchall()
    return tuple(row[0] for row in rows)


async def waiting(
    connection: Connection, organisation_id: UUID, phone: str | None, email: str | None
) -> tuple[Document, ...]:
    """Where somebody with that phone or e-mail waits for a seat, or waited."""
    rows = await (await connection.execute(_WAITING, (organisation_id, phone, email))).fetchall()
    return tuple(row[0] for row in rows)
