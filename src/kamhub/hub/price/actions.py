"""Keeping promo codes, and telling what something costs."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import psycopg

from kamhub.hub.departure.types import DepartureNotFound, RouteUnknown
from kamhub.hub.price import rules, store
from kamhub.hub.price.types import (
    PromoCode,
    PromoCodeNotFound,
    PromoCodeRefused,
    PromoCodeTaken,
    PromoTerms,
    PromoUse,
    Quote,
    QuoteAsked,
    RouteTariff,
    SeatPrice,
    TariffPrice,
)
from kamhub.hub.search import actions as search
from kamhub.hub.services import Hub
from kamhub.kit.ids import new_id
from kamhub.kit.text import mark
from kamhub.platform.audit import actions as audit
from kamhub.platform.database.pool import Connection
from kamhub.platform.person.types import Staff
from kamhub.platform.web.problems import FieldError, InputInvalid
from kamhub.platform.web.versions import AskedVersion, require_version

_NO_SUCH_ROUTE = mark("There is no such route.")


async def codes(
    hub: Hub, staff: Staff, *, archived: bool = False, offset: int = 0, limit: int = 200
) -> tuple[list[PromoCode], int]:
    """A page of the promo codes with their uses, and how many there are."""
    now = hub.clock.now()
    async with hub.database.tenant(staff.organisation_id) as connection:
        return await store.codes(connection, staff.organisation_id, now, archived=archived, offset=offset, limit=limit)


async def code(hub: Hub, staff: Staff, promo_code_id: UUID) -> PromoCode:
    """One of them. Raises ``PromoCodeNotFound``."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        return await _find(connection, staff.organisation_id, promo_code_id, hub.clock.now())


async def _find(connection: Connection, organisation_id: UUID, promo_code_id: UUID, now: datetime) -> PromoCode:
    found = await store.find_code(connection, organisation_id, promo_code_id, now)
    if found is None:
        raise PromoCodeNotFound
    return found


async def uses(
    hub: Hub, staff: Staff, promo_code_id: UUID, *, offset: int = 0, limit: int = 200
) -> tuple[list[PromoUse], int]:
    """A page of the bookings that used a code, the latest first. Raises ``PromoCodeNotFound``."""
    organisation, now = staff.organisation_id, hub.clock.now()
    async with hub.database.tenant(organisation) as connection:
        await _find(connection, organisation, promo_code_id, now)
        return await store.uses_of_code(connection, organisation, promo_code_id, now, offset=offset, limit=limit)


async def routes(hub: Hub, staff: Staff) -> dict[UUID, str]:
    """The names of the routes a code may be bound to, by id."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        return await store.live_routes(connection, staff.organisation_id)


async def add(hub: Hub, staff: Staff, terms: PromoTerms) -> PromoCode:
    """Make a code. Raises ``PromoCodeTaken``, and ``InputInvalid`` for a route that is not there."""
    organisation, now = staff.organisation_id, hub.clock.now()
    made = PromoCode(organisation, new_id(), terms, 1, now, None)
    try:
        async with hub.database.tenant(organisation) as connection:
            await _require_route(connection, organisation, terms)
            await store.insert_code(connection, made)
            await audit.record(
                connection,
                organisation,
                staff.trail,
                "promo_code.created",
                "promo_code",
                made.id,
                now,
                after=facts(terms),
            )
    except psycopg.errors.UniqueViolation as error:
        raise PromoCodeTaken from error
    return made


async def change(
    hub: Hub,
    staff: Staff,
    promo_code_id: UUID,
    terms: PromoTerms,
    asked: AskedVersion,
    *,
    archived: bool | None = None,
) -> PromoCode:
    """Give a code other terms, put it away or bring it back; bookings keep what it took off.

    Raises ``PromoCodeNotFound``, ``VersionStale``, ``PromoCodeTaken``, ``InputInvalid``.
    """
    organisation, now = staff.organisation_id, hub.clock.now()
    try:
        async with hub.database.tenant(organisation) as connection:
            present = await _lock(connection, organisation, promo_code_id, asked)
            archived_at = present.archived_at
            if archived is not None and archived is (archived_at is None):
                archived_at = now if archived else None
            if (terms, archived_at) != (present.terms, present.archived_at):
                if terms.route_id != present.terms.route_id:
                    await _require_route(connection, organisation, terms)
                await store.update_code(connection, organisation, promo_code_id, terms, archived_at)
                await audit.record(
                    connection,
                    organisation,
                    staff.trail,
                    "promo_code.changed",
                    "promo_code",
                    promo_code_id,
                    now,
                    before=facts(present.terms) | {"archived": present.archived_at is not None},
                    after=facts(terms) | {"archived": archived_at is not None},
                )
            return await _find(connection, organisation, promo_code_id, now)
    except psycopg.errors.UniqueViolation as error:
        raise PromoCodeTaken from error


async def archive(hub: Hub, staff: Staff, promo_code_id: UUID, asked: AskedVersion) -> None:
    """Nobody may use the code any more; it may be said twice. Raises ``PromoCodeNotFound``, ``VersionStale``."""
    organisation, now = staff.organisation_id, hub.clock.now()
    async with hub.database.tenant(organisation) as connection:
        present = await _lock(connection, organisation, promo_code_id, asked)
        if present.archived_at is not None:
            return
        await store.update_code(connection, organisation, promo_code_id, present.terms, now)
        await audit.record(
            connection,
            organisation,
            staff.trail,
            "promo_code.archived",
            "promo_code",
            promo_code_id,
            now,
            before=facts(present.terms),
        )


async def _lock(connection: Connection, organisation_id: UUID, promo_code_id: UUID, asked: AskedVersion) -> PromoCode:
    present = await store.lock_code(connection, organisation_id, promo_code_id)
    if present is None:
        raise PromoCodeNotFound
    require_version(asked, present.version)
    return present


async def _require_route(connection: Connection, organisation_id: UUID, terms: PromoTerms) -> None:
    if terms.route_id is not None and terms.route_id not in await store.live_routes(connection, organisation_id):
        raise InputInvalid([FieldError("route_id", _NO_SUCH_ROUTE, "unknown")])


def facts(terms: PromoTerms) -> dict[str, object]:
    """The terms as the log keeps them."""
    return {
        "code": terms.code,
        "kind": terms.kind,
        "value": terms.value,
        "route_id": str(terms.route_id) if terms.route_id else None,
        "valid_from": terms.valid_from.isoformat() if terms.valid_from else None,
        "valid_to": terms.valid_to.isoformat() if terms.valid_to else None,
        "most_uses": terms.most_uses,
        "most_per_contact": terms.most_per_contact,
    }


async def tariffs_of_route(hub: Hub, staff: Staff, route_id: UUID) -> list[RouteTariff]:
    """The tariffs that a route's timetables and the departures to come go by, the newest first. Raises ``RouteUnknown``."""
    organisation = staff.organisation_id
    async with hub.database.tenant(organisation) as connection:
        ids = await store.tariffs_of_route(connection, organisation, route_id, hub.clock.now())
        if ids is None:
            raise RouteUnknown
        tariffs = await store.load_tariffs(connection, organisation, ids)
        places = tuple(await store.stops_of_route(connection, organisation, route_id))
    newest_first = sorted(tariffs.values(), key=lambda tariff: (tariff.created_at, tariff.id), reverse=True)
    return [RouteTariff(tariff, places) for tariff in newest_first]


async def quote(hub: Hub, staff: Staff, asked: QuoteAsked) -> Quote:
    """What a party would pay this moment; nothing is held.

    Raises ``DepartureNotFound``, ``StretchNotServed``, and ``PromoCodeRefused`` for a code that nobody could use now (what
    one contact may use is known only when they book).
    """
    details = await search.departure_details(
        hub,
        asked.departure_id,
        str(asked.from_place_id) if asked.from_place_id else None,
        str(asked.to_place_id) if asked.to_place_id else None,
        asked.passengers,
    )
    offer = details.offer
    organisation = staff.organisation_id
    if offer.stretch.organisation_id != organisation:
        raise DepartureNotFound
    start, end = offer.stretch.origin.position, offer.stretch.destination.position
    base = offer.price_per_seat.amount
    async with hub.database.tenant(organisation) as connection:
        route_id, fare = await store.fare_of(connection, organisation, asked.departure_id, start, end)
        promo = await _code_for_anybody(connection, staff, asked.promo_code, route_id, hub.clock.now())
    kinds = rules.kinds_of_party(asked.named, asked.passengers)
    party = rules.party_total(fare or TariffPrice(start, end, base), SeatPrice(base), kinds)
    off = rules.promo_discount(promo.terms, party.total) if promo else 0
    if promo is not None and off == 0:
        raise PromoCodeRefused("not_for_this")
    return Quote(
        departure_id=asked.departure_id,
        passengers=asked.passengers,
        seats_available=offer.seats_available,
        currency=offer.price_per_seat.currency,
        price_per_seat=base,
        total=party.total - off,
        seat_parts=offer.price_parts,
        lines=party.lines,
        promo_code=promo.terms.code if promo else None,
        promo_amount=off,
    )


async def _code_for_anybody(
    connection: Connection, staff: Staff, typed: str | None, route_id: UUID, now: datetime
) -> PromoCode | None:
    if typed is None:
        return None
    found = await store.live_code_named(connection, staff.organisation_id, rules.tidy_code(typed), now)
    if found is None:
        raise PromoCodeRefused("unknown")
    fault = rules.promo_fault(found.terms, route_id=route_id, now=now, uses=found.uses, uses_of_contact=0)
    if fault is not None:
        raise PromoCodeRefused(fault)
    return found
