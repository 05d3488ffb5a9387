"""Who may board when, and how a manifest reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from kamhub.hub.departure.types import DepartureCancelled, StaffStop
from kamhub.hub.manifest.types import (
    AlreadyBoarded,
    BoardingTooEarly,
    BookingHasNoSeats,
    ManifestParty,
    ManifestRow,
    NotMissedYet,
    Party,
    PassengerNamed,
)

QR_PREFIX = "KAMHUB:"


def require_boarding(party: Party, now: datetime) -> None:
    """Raise ``BookingHasNoSeats``, ``DepartureCancelled`` or ``BoardingTooEarly`` unless a party that has not boarded may.

    It may from the day before on, by the calendar of the place where it gets on: ``boards_at`` is in its zone.
    """
    if party.status != "confirmed":
        raise BookingHasNoSeats(party.status)
    if party.departure_status == "cancelled":
        raise DepartureCancelled
    opens_on = party.boards_at.date() - timedelta(days=1)
    if now.astimezone(party.boards_at.tzinfo).date() < opens_on:
        raise BoardingTooEarly(opens_on)


def require_missing(party: Party, now: datetime) -> None:
    """Raise ``AlreadyBoarded``, ``BookingHasNoSeats`` or ``NotMissedYet`` unless the party can be noted as missing."""
    if party.status == "redeemed":
        raise AlreadyBoarded
    if party.status != "confirmed":
        raise BookingHasNoSeats(party.status)
    if now < party.boards_at:
        raise NotMissedYet


def amount_due(total: int, paid: int | None, collected: int, pay_by: str) -> int:
    """What is still to be taken from a party on board, minor units; nothing from those who get an invoice.

    A refund asks for nothing: what was given back out of kindness is not taken again at the door.
    """
    return 0 if pay_by == "invoice" else max(0, total - (paid or 0) - collected)


def rows_of(parties: Iterable[ManifestParty], stops: Sequence[StaffStop]) -> tuple[ManifestRow, ...]:
    """One row a seat, by where people get on, then by booking; a seat without a name has that of the contact and a number."""
    rows: list[ManifestRow] = []
    for party in sorted(parties, key=lambda one: (one.from_position, one.contact_name.casefold(), one.code)):
        for seat in range(party.passengers):
            person = _named(party, seat)
            origin, destination = stops[party.from_position], stops[party.to_position]
            rows.append(ManifestRow(party, person.name, person.kind, origin, destination, seat == 0))
    return tuple(rows)


def _named(party: ManifestParty, seat: int) -> PassengerNamed:
    if seat < len(party.named):
        return party.named[seat]
    alone = party.passengers == 1
    return PassengerNamed(party.contact_name if alone else f"{party.contact_name} {seat + 1}", "adult")


def code_of(scanned: str) -> str:
    """The code in what was scanned or typed."""
    text = scanned.strip()
    return text[len(QR_PREFIX) :] if text.upper().startswith(QR_PREFIX) else text
