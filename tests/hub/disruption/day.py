"""Days with departures and people on them, made fast; and what came of a decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from uuid import UUID

import psycopg

from kamhub.hub.disruption.jobs import JOBS
from kamhub.hub.integrity.store.promises import INVARIANTS
from kamhub.hub.services import Hub
from kamhub.kit.ids import new_code, new_id
from kamhub.platform.job.types import Outcome
from tests.builders import PRICES, Operator, World
from tests.work import work_off


@dataclass(slots=True)
class Day:
    """Rows of one world, written beside the product but as it would write them."""

    world: World
    operator: Operator = field(init=False)
    transactions: int = 9_000

    def __post_init__(self) -> None:
        self.operator = self.world.main

    def book(
        self,
        departure: UUID,
        passengers: int = 1,
        *,
        stretch: tuple[int, int] = (0, 3),
        status: str = "confirmed",
        paid: bool = True,
        contact: bool = True,
        created: timedelta = timedelta(0),
        lives: timedelta = timedelta(hours=1),
    ) -> UUID:
        """A booking with its seats, its history and its payment."""
        booking, owner = new_id(), self.operator
        price = PRICES[stretch]
        at = self.world.now + created
        named = ("Анна Ёлкина", "+79141234567", f"{booking.hex}@example.org", "ru") if contact else (None,) * 4
        with psycopg.connect(self.world.owner_url) as connection:
            run = connection.execute
            run(
                "INSERT INTO bookings (organisation_id, id, code, departure_id, from_position, to_position, passengers, status, "
                "price_per_seat, total, currency, expires_at, channel, contact_name, contact_phone, contact_email, contact_locale, "
                "paid, created_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'RUB', %s, 'api', %s, %s, %s, %s, %s, %s)",
                (owner.id, booking, new_code(), departure, *stretch, passengers, status, price, price * passengers,
                 self.world.now + lives if status in ("on_hold", "pending") else None, *named,
                 price * passengers if paid else None, at),
            )  # fmt: skip
            states = ["on_hold"] if status == "on_hold" else ["on_hold", status]
            for before, after in zip([None, *states], states, strict=False):
                run(
                    "INSERT INTO booking_events (organisation_id, booking_id, at, from_status, to_status, actor) "
                    "VALUES (%s, %s, %s, %s, %s, 'traveller')",
                    (owner.id, booking, at, before, after),
                )
            run(
                "UPDATE departures SET taken = (SELECT array_agg(seats + CASE WHEN leg > %s AND leg <= %s THEN %s ELSE 0 END "
                "ORDER BY leg) FROM unnest(taken) WITH ORDINALITY AS u(seats, leg)) WHERE id = %s",
                (*stretch, passengers, departure),
            )
            if paid:
                self.transactions += 1
                payment, entry = new_id(), new_id()
                run(
                    "INSERT INTO payments (organisation_id, id, booking_id, account_id, transaction_id, amount, currency, status, "
                    "accepted, test, received_at) VALUES (%s, %s, %s, %s, %s, %s, 'RUB', 'completed', true, true, %s)",
                    (owner.id, payment, booking, owner.account, self.transactions, price * passengers, at),
                )
                run(
                    "INSERT INTO ledger_entries (organisation_id, id, at, kind, source, booking_id, payment_id) "
                    "VALUES (%s, %s, %s, 'charge', %s, %s, %s)",
                    (owner.id, entry, at, f"payment:{payment}", booking, payment),
                )
                run(
                    "INSERT INTO ledger_lines (organisation_id, entry_id, account, amount, currency) "
                    "VALUES (%s, %s, 'provider', %s, 'RUB'), (%s, %s, 'travellers', %s, 'RUB')",
                    (owner.id, entry, price * passengers, owner.id, entry, -price * passengers),
                )
        return booking

    def state(self, booking: UUID) -> SimpleNamespace:
        """A booking as it is."""
        row = self.world.rows(
            "SELECT status, departure_id, paid, refunded, total, expires_at, from_position, to_position FROM bookings "
            "WHERE id = %s",
            booking,
        )[0]
        names = ("status", "departure", "paid", "refunded", "total", "expires_at", "start", "end")
        return SimpleNamespace(**dict(zip(names, row, strict=True)))

    def told(self, booking: UUID) -> list[str]:
        """Kinds of the messages to whoever booked."""
        rows = self.world.rows("SELECT kind FROM messages WHERE booking_id = %s ORDER BY created_at, kind", booking)
        return [str(row[0]) for row in rows]

    def outcomes(self) -> dict[UUID, str]:
        """What is written down of every booking a decision met."""
        return {row[0]: row[1] for row in self.world.rows("SELECT booking_id, outcome FROM disrupted_bookings")}  # type: ignore[misc]

    def assert_sound(self) -> None:
        """Every promise holds."""
        broken = [check.name for check in INVARIANTS if self.world.rows(check.query) != [(0,)]]
        assert broken == []


async def carry_out(hub: Hub, *, crash: bool = False) -> Sequence[Outcome]:
    """Run what a decision left to do."""
    return await work_off(hub.database, JOBS, SimpleNamespace(hub=hub), crash=crash)


def later(at: datetime, **by: float) -> datetime:
    """So much after."""
    return at + timedelta(**by)
