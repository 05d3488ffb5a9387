"""SQL of tariffs, their prices and their rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from kamhub.hub.price.types import PriceRule, Tariff, TariffPrice
from kamhub.kit.ids import new_id
from kamhub.platform.database.pool import Connection


async def insert_tariff(
    connection: Connection,
    organisation_id: UUID,
    route_id: UUID,
    currency: str,
    prices: Sequence[TariffPrice],
    rules: Sequence[PriceRule],
) -> UUID:
    """Write a tariff with its prices and rules, in the caller's transaction; returns its id."""
    tariff_id = new_id()
    async with connection.pipeline():
        await connection.execute(
            "INSERT INTO tariffs (organisation_id, id, route_id, currency) VALUES (%s, %s, %s, %s)",
            (organisation_id, tariff_id, route_id, currency),
        )
        await connection.execute(
            """INSERT INTO tariff_prices (organisation_id, tariff_id, route_id, from_position, to_position, amount,
                 child_amount, infant_amount)
               SELECT %s, %s, %s, u.* FROM unnest(%s::int2[], %s::int2[], %s::int8[], %s::int8[], %s::int8[]) AS u""",
            (
                organisation_id,
                tariff_id,
                route_id,
                [price.from_position for price in prices],
                [price.to_position for price in prices],
                [price.amount for price in prices],
                [price.child_amount for price in prices],
                [price.infant_amount for price in prices],
            ),
        )
        await connection.execute(
            """INSERT INTO tariff_rules (organisation_id, tariff_id, position, kind, threshold, percent)
               SELECT %s, %s, u.* FROM unnest(%s::int2[], %s::text[], %s::int4[], %s::int2[]) AS u""",
            (
                organisation_id,
                tariff_id,
                list(range(len(rules))),
                [rule.kind for rule in rules],
                [rule.threshold for rule in rules],
                [rule.percent for rule in rules],
            ),
        )
    return tariff_id


async def load_tariffs(connection: Connection, organisation_id: UUID, tariff_ids: Iterable[UUID]) -> dict[UUID, Tariff]:
    """These tariffs of the organisation, whole, by id. One round trip."""
    wanted = (organisation_id, list(tariff_ids))
    async with connection.pipeline():
        heads = await connection.execute(
            "SELECT id, route_id, currency, created_at FROM tariffs WHERE organisation_id = %s AND id = ANY(%s)", wanted
        )
        priced = await connection.execute(
            "SELECT tariff_id, from_position, to_position, amount, child_amount, infant_amount FROM tariff_prices "
            "WHERE organisation_id = %s AND tariff_id = ANY(%s) ORDER BY tariff_id, from_position, to_position",
            wanted,
        )
        ruled = await connection.execute(
            "SELECT tariff_id, kind, threshold, percent FROM tariff_rules "
            "WHERE organisation_id = %s AND tariff_id = ANY(%s) ORDER BY tariff_id, position",
            wanted,
        )
        prices: dict[UUID, list[TariffPrice]] = {}
        for tariff_id, *price in await priced.fetchall():
            prices.setdefault(tariff_id, []).append(TariffPrice(*price))
        rules: dict[UUID, list[PriceRule]] = {}
        for tariff_id, *rule in await ruled.fetchall():
            rules.setdefault(tariff_id, []).append(PriceRule(*rule))
        return {
            tariff_id: Tariff(
                organisation_id,
                tariff_id,
                route_id,
                currency,
                tuple(prices.get(tariff_id, ())),
                tuple(rules.get(tariff_id, ())),
                created_at,
            )
            for tariff_id, route_id, currency, created_at in await heads.fetchall()
        }


async def load_tariff(connection: Connection, organisation_id: UUID, tariff_id: UUID) -> Tariff | None:
    """One tariff, whole; None when the organisation has no such one."""
    return (await load_tariffs(connection, organisation_id, (tariff_id,))).get(tariff_id)


async def load_rules(connection: Connection, tariffs: Iterable[tuple[UUID, UUID]]) -> dict[UUID, tuple[PriceRule, ...]]:
    """The rules of these tariffs (organisation, id), by id of the tariff; empty for one without any."""
    wanted = list(tariffs)
    found: dict[UUID, list[PriceRule]] = {tariff_id: [] for _, tariff_id in wanted}
    cursor = await connection.execute(
        """SELECT r.tariff_id, r.kind, r.threshold, r.percent
           FROM unnest(%s::uuid[], %s::uuid[]) AS u(organisation_id, tariff_id)
           JOIN tariff_rules r USING (organisation_id, tariff_id) ORDER BY r.tariff_id, r.position""",
        ([organisation_id for organisation_id, _ in wanted], [tariff_id for _, tariff_id in wanted]),
    )
    for tariff_id, *rule in await cursor.fetchall():
        found[tariff_id].append(PriceRule(*rule))
    return {tariff_id: tuple(rules) for tariff_id, rules in found.items()}


async def fare_of(
    connection: Connection, organisation_id: UUID, departure_id: UUID, from_position: int, to_position: int
) -> tuple[UUID, TariffPrice | None]:
    """The route of a departure, and what its tariff says of a stretch: None when that is not sold any more."""
    cursor = await connection.execute(
        """SELECT d.route_id, p.from_position, p.to_position, p.amount, p.child_amount, p.infant_amount
           FROM departures d LEFT JOIN tariff_prices p ON p.organisation_id = d.organisation_id AND p.tariff_id = d.tariff_id
             AND p.from_position = %s AND p.to_position = %s
           WHERE d.organisation_id = %s AND d.id = %s""",
        (from_position, to_position, organisation_id, departure_id),
    )
    row = await cursor.fetchone()
    if row is None:
        raise LookupError(f"no departure {departure_id}")
    return row[0], TariffPrice(*row[1:]) if row[1] is not None else None


async def tariffs_of_route(
    connection: Connection, organisation_id: UUID, route_id: UUID, now: datetime
) -> list[UUID] | None:
    """The tariffs that a live timetable of the route or a departure still to come goes by; None for an unknown route."""
    cursor = await connection.execute(
        """SELECT array(SELECT l.tariff_id FROM timetables l WHERE l.organisation_id = r.organisation_id
                          AND l.route_id = r.id AND l.archived_at IS NULL
                        UNION SELECT d.tariff_id FROM departures d WHERE d.organisation_id = r.organisation_id
                          AND d.route_id = r.id AND d.departs_at > %s AND d.status = 'open')
           FROM routes r WHERE r.organisation_id = %s AND r.id = %s""",
        (now, organisation_id, route_id),
    )
    row = await cursor.fetchone()
    return list(row[0]) if row else None


async def stops_of_route(connection: Connection, organisation_id: UUID, route_id: UUID) -> list[UUID]:
    """The places of a route in order."""
    cursor = await connection.execute(
        "SELECT place_id FROM route_stops WHERE organisation_id = %s AND route_id = %s ORDER BY position",
        (organisation_id, route_id),
    )
    return [row[0] for row in await cursor.fetchall()]


async def live_routes(connection: Connection, organisation_id: UUID) -> dict[UUID, str]:
    """The names of the routes that are not archived, by id, in the order of their names."""
    cursor = await connection.execute(
        "SELECT id, name FROM routes WHERE organisation_id = %s AND archived_at IS NULL ORDER BY name, id",
        (organisation_id,),
    )
    return {row[0]: row[1] for row in await cursor.fetchall()}
