"""SQL of bookings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from kamhub.hub.booking.rules import may_become
from kamhub.hub.booking.types import (
    BookingEvent,
    BookingStatus,
    CancellationTier,
    Channel,
    Consent,
    Contact,
    NewPrice,
    Passenger,
    PassengerKind,
    RefundState,
    UnpaidBooking,
)
from kamhub.hub.monitoring.counters import BookingStep, count_booking
from kamhub.hub.seats.types import SeatsTaken
from kamhub.kit.money import Money
from kamhub.platform.database.pool import Connection
from kamhub.platform.monitoring.sentry import Step, note

_STEPS: dict[BookingStatus, Step] = {"confirmed": "booking confirmed", "cancelled": "booking cancelled"}
_COUNTED: dict[BookingStatus, BookingStep] = {
    "confirmed": "confirmed",
    "redeemed": "redeemed",
    "expired": "expired",
    "cancelled": "cancelled",
    "rejected": "rejected",
}


@dataclass(frozen=True, slots=True)
class BookingRow:
    """The row itself, as locked and changed by actions."""

    organisation_id: UUID
    id: UUID
    code: str
    departure_id: UUID
    from_position: int
    to_position: int
    passengers: int
    status: BookingStatus
    price_per_seat: int
    total: int
    currency: str
    expires_at: datetime | None
    contact_name: str | None
    contact_phone: str | None
    contact_email: str | None
    contact_locale: str | None
    special_requests: str | None
    cancellation_policy_id: UUID | None
    paid: int | None
    refunded: int | None
    created_at: datetime
    channel: Channel
    discount: int
    price_parts: str | None
    price_lines: str | None

    @property
    def seats(self) -> SeatsTaken:
        return SeatsTaken(self.from_position, self.to_position, self.passengers)

    @property
    def contact(self) -> Contact | None:
        if not (self.contact_name and self.contact_phone and self.contact_email):
            return None
        return Contact(
            self.contact_name, self.contact_phone, self.contact_email, "en" if self.contact_locale == "en" else "ru"
        )

    @property
    def left(self) -> Money | None:
        """What was paid and has not gone back; None when nothing was paid."""
        return None if self.paid is None else Money(self.paid - (self.refunded or 0), self.currency)

    def money(self, amount: int | None) -> Money | None:
        return None if amount is None else Money(amount, self.currency)


_COLUMNS = """organisation_id, id, code, departure_id, from_position, to_position, passengers, status, price_per_seat,
    total, currency, expires_at, contact_name, contact_phone, contact_email, contact_locale, special_requests,
    cancellation_policy_id, paid, refunded, created_at, channel, discount, price_parts, price_lines"""

_BY_ID = f"SELECT {_COLUMNS} FROM bookings WHERE organisation_id = %s AND id = %s"
_BY_CODE = f"SELECT {_COLUMNS} FROM bookings WHERE code = %s AND organisation_id = %s"


async def load(
    connection: Connection, organisation_id: UUID, booking_id: UUID, *, lock: bool = False
) -> BookingRow | None:
    """One booking, locked for the rest of the transaction when asked."""
    query = _BY_ID + (" FOR NO KEY UPDATE" if lock else "")
    row = await (await connection.execute(query.encode(), (organisation_id, booking_id))).fetchone()
    return BookingRow(*row) if row else None


async def lock_many(
    connection: Connection, organisation_id: UUID, booking_ids: Sequence[UUID]
) -> dict[UUID, BookingRow]:
    """These bookings, locked in id order for the rest of the transaction."""
    query = f"SELECT {_COLUMNS} FROM bookings WHERE organisation_id = %s AND id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
    cursor = await connection.execute(query.encode(), (organisation_id, list(booking_ids)))
    return {row.id: row for row in [BookingRow(*found) for found in await cursor.fetchall()]}


async def by_code(connection: Connection, organisation_id: UUID, code: str) -> BookingRow | None:
    """The booking with that code in one organisation."""
    row = await (await connection.execute(_BY_CODE.encode(), (code, organisation_id))).fetchone()
    return BookingRow(*row) if row else None


async def by_code_anywhere(connection: Connection, code: str) -> list[BookingRow]:
    """Bookings with that code in any organisation (system scope): codes are unique in one organisation only."""
    query = f"SELECT {_COLUMNS} FROM bookings WHERE code = %s"
    return [BookingRow(*row) for row in await (await connection.execute(query.encode(), (code,))).fetchall()]


async def set_status(
    connection: Connection, row: BookingRow, to: BookingStatus, at: datetime, actor: str, reason: str | None
) -> None:
    """Change the state and append the event that says so. Raises ``ValueError`` for a step the life cycle has not."""
    if not may_become(row.status, to):
        raise ValueError(f"a booking that is {row.status} cannot become {to}")
    await connection.execute(
        "UPDATE bookings SET status = %s, version = version + 1 WHERE organisation_id = %s AND id = %s",
        (to, row.organisation_id, row.id),
    )
    await connection.execute(
        "INSERT INTO booking_events (organisation_id, booking_id, at, from_status, to_status, actor, reason) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (row.organisation_id, row.id, at, row.status, to, actor, reason),
    )
    if counted := _COUNTED.get(to):
        count_booking(connection, counted)
    if step := _STEPS.get(to):
        note(step, booking=row.id, organisation=row.organisation_id)


async def set_expiry(connection: Connection, row: BookingRow, expires_at: datetime) -> None:
    """Prolong (or set) the moment the booking lapses."""
    await connection.execute(
        "UPDATE bookings SET expires_at = %s WHERE organisation_id = %s AND id = %s",
        (expires_at, row.organisation_id, row.id),
    )


async def set_passengers(
    connection: Connection,
    row: BookingRow,
    contact: Contact,
    special_requests: str | None,
    passengers: Sequence[Passenger],
) -> None:
    """Write who travels, and fix the cancellation terms of this moment."""
    await connection.execute(
        """UPDATE bookings b SET contact_name = %s, contact_phone = %s, contact_email = %s, contact_locale = %s,
               special_requests = %s, cancellation_policy_id = o.cancellation_policy_id, version = b.version + 1
           FROM organisations o WHERE o.id = b.organisation_id AND b.organisation_id = %s AND b.id = %s""",
        (
            contact.name,
            contact.phone,
            contact.email,
            contact.locale,
            special_requests,
            row.organisation_id,
            row.id,
        ),
    )
    await set_passenger_list(connection, row, passengers)
    if row.contact is None:
        count_booking(connection, "named")


async def set_passenger_list(connection: Connection, row: BookingRow, passengers: Sequence[Passenger]) -> None:
    """Write who travels, in the place of whoever was written before."""
    await connection.execute(
        "DELETE FROM booking_passengers WHERE organisation_id = %s AND booking_id = %s", (row.organisation_id, row.id)
    )
    if passengers:
        await connection.execute(
            "INSERT INTO booking_passengers (organisation_id, booking_id, position, name, document, kind) "
            "SELECT %s, %s, u.* FROM unnest(%s::int2[], %s::text[], %s::text[], %s::text[]) AS u",
            (
                row.organisation_id,
                row.id,
                list(range(len(passengers))),
                [person.name for person in passengers],
                [person.document for person in passengers],
                [person.kind for person in passengers],
            ),
        )


async def kinds(connection: Connection, row: BookingRow) -> list[PassengerKind]:
    """The kinds of the passengers who were named."""
    cursor = await connection.execute(
        "SELECT kind FROM booking_passengers WHERE organisation_id = %s AND booking_id = %s ORDER BY position",
        (row.organisation_id, row.id),
    )
    return [one[0] for one in await cursor.fetchall()]


async def add_consent(connection: Connection, row: BookingRow, consent: Consent, at: datetime) -> None:
    """Write which text was shown; the first time counts."""
    await connection.execute(
        "INSERT INTO consents (organisation_id, booking_id, text_version, locale, channel, given_at) "
        "VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (row.organisation_id, row.id, consent.text_version, consent.locale, consent.channel, at),
    )


async def lock_contact(connection: Connection, locks: Sequence[int]) -> None:
    """Let nobody else write a booking of this contact until the transaction ends. Take it before any row."""
    await connection.execute("SELECT pg_advisory_xact_lock(number) FROM unnest(%s::bigint[]) AS number", (list(locks),))


async def unpaid_of_contact(
    connection: Connection, row: BookingRow, contact: Contact, now: datetime
) -> list[UnpaidBooking]:
    """The other bookings with this phone or e-mail that keep seats without money, of the same operator."""
    contact_of = (contact.phone, contact.email.lower())
    cursor = await connection.execute(
        """SELECT passengers, expires_at, contact_phone = %s, lower(contact_email) = %s FROM bookings
           WHERE organisation_id = %s AND id <> %s AND (contact_phone = %s OR lower(contact_email) = %s)
             AND status IN ('on_hold', 'pending') AND expires_at > %s AND paid IS NULL""",
        (*contact_of, row.organisation_id, row.id, *contact_of, now),
    )
    return [UnpaidBooking(*found) for found in await cursor.fetchall()]


async def set_price(connection: Connection, row: BookingRow, price: NewPrice) -> None:
    """Write what the booking costs from now on, and how that came about."""
    await connection.execute(
        "UPDATE bookings SET price_per_seat = %s, total = %s, discount = %s, price_parts = %s, price_lines = %s "
        "WHERE organisation_id = %s AND id = %s",
        (
            price.price_per_seat,
            price.total,
            price.discount,
            price.price_parts,
            price.price_lines,
            row.organisation_id,
            row.id,
        ),
    )


async def set_money(connection: Connection, row: BookingRow, paid: int | None, refunded: int | None) -> None:
    """Write the sums the payments of the booking add up to."""
    await connection.execute(
        "UPDATE bookings SET paid = %s, refunded = %s WHERE organisation_id = %s AND id = %s",
        (paid, refunded, row.organisation_id, row.id),
    )


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is shown beside a booking."""

    history: tuple[BookingEvent, ...]
    passengers: tuple[Passenger, ...]
    refunds: tuple[RefundState, ...]
    payment_url: str | None
    promo: tuple[str, int] | None = None


async def surroundings(connection: Connection, row: BookingRow) -> Surroundings:
    """History, passengers, refunds, the open payment link of a booking, its promo code (and what that took off). One round
    trip."""
    key = (row.organisation_id, row.id)
    async with connection.pipeline():
        events = await connection.execute(
            "SELECT at, from_status, to_status, actor, reason FROM booking_events "
            "WHERE organisation_id = %s AND booking_id = %s ORDER BY id",
            key,
        )
        people = await connection.execute(
            "SELECT name, document, kind FROM booking_passengers "
            "WHERE organisation_id = %s AND booking_id = %s ORDER BY position",
            key,
        )
        refunds = await connection.execute(
            "SELECT amount, currency, status FROM refunds WHERE organisation_id = %s AND booking_id = %s ORDER BY requested_at",
            key,
        )
        order = await connection.execute(
            "SELECT url FROM payment_orders WHERE organisation_id = %s AND booking_id = %s AND status = 'open'", key
        )
        promo = await connection.execute(
            "SELECT c.code, u.amount FROM promo_code_uses u "
            "JOIN promo_codes c ON c.organisation_id = u.organisation_id AND c.id = u.promo_code_id "
            "WHERE u.organisation_id = %s AND u.booking_id = %s",
            key,
        )
        link = await order.fetchone()
        used = await promo.fetchone()
        return Surroundings(
            history=tuple(BookingEvent(*event) for event in await events.fetchall()),
            passengers=tuple(Passenger(*person) for person in await people.fetchall()),
            refunds=tuple(_refund(refund) for refund in await refunds.fetchall()),
            payment_url=link[0] if link else None,
            promo=(used[0], used[1]) if used else None,
        )


def _refund(row: Sequence[Any]) -> RefundState:
    return RefundState(Money(row[0], row[1]), row[2])


async def tiers(connection: Connection, organisation_id: UUID, policy_id: UUID | None) -> tuple[CancellationTier, ...]:
    """Tiers of a policy; of the organisation's current one when the booking has none yet."""
    rows = await (
        await connection.execute(
            """SELECT t.minutes_before, t.refund_percent FROM organisations o
               JOIN cancellation_tiers t ON t.organisation_id = o.id AND t.policy_id = coalesce(%s, o.cancellation_policy_id)
               WHERE o.id = %s ORDER BY t.minutes_before DESC""",
            (policy_id, organisation_id),
        )
    ).fetchall()
    return tuple(CancellationTier(*row) for row in rows)


async def sales_close_at(connection: Connection, row: BookingRow) -> datetime:
    """When sales of the booking's departure close."""
    result = await (
        await connection.execute(
            "SELECT sales_close_at FROM departures WHERE organisation_id = %s AND id = %s",
            (row.organisation_id, row.departure_id),
        )
    ).fetchone()
    if result is None:
        raise LookupError("a booking without a departure cannot be stored")
    closes: datetime = result[0]
    return closes


async def lapsed_departures(connection: Connection, now: datetime, limit: int) -> list[tuple[UUID, UUID]]:
    """Departures (organisation, id) that hold seats whose time is over."""
    rows = await (
        await connection.execute(
            "SELECT DISTINCT organisation_id, departure_id FROM bookings "
            "WHERE status IN ('on_hold', 'pending') AND expires_at <= %s LIMIT %s",
            (now, limit),
        )
    ).fetchall()
    return [(row[0], row[1]) for row in rows]
