"""Timetables as JSON of the HTTP contract, and as rows of a file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from kamhub.hub.price.types import PriceRule, Tariff
from kamhub.hub.timetable.actions.reading import Details
from kamhub.hub.timetable.types import (
    Conflict,
    DayException,
    KeptSold,
    NewDeparture,
    Outcome,
    OutsideHours,
    Plan,
    RouteLine,
    TimetableView,
)

# More are nobody's to read in one reply; the counts tell how many there are.
MOST_LISTED = 200
COLUMNS = (
    "id", "route", "weekdays", "times", "valid_from", "valid_to", "vehicle", "driver", "departures", "last_departure",
    "version", "archived_at",
)  # fmt: skip


def timetable_json(view: TimetableView) -> dict[str, object]:
    """A timetable as it stands."""
    timetable, pattern = view.timetable, view.timetable.pattern
    return {
        "id": timetable.id,
        "route_id": timetable.route_id,
        "route_name": view.route.name,
        "stops": [
            {"place_id": stop.place_id, "name": stop.name.as_json(), "offset_minutes": stop.offset_minutes}
            for stop in view.route.stops
        ],
        "vehicle_id": timetable.vehicle_id,
        "vehicle_plate": view.vehicle.plate,
        "driver_id": timetable.driver_id,
        "driver_name": view.driver_name,
        "weekdays": pattern.weekdays,
        "times": [f"{at:%H:%M}" for at in pattern.times],
        "valid_from": pattern.valid_from,
        "valid_to": pattern.valid_to,
        "time_zone": view.route.zone.key,
        "sales_cutoff_minutes": timetable.sales_cutoff_minutes,
        "tariff_id": timetable.tariff_id,
        "prices": prices_json(view.tariff, view.route),
        "rules": [rule_json(rule) for rule in view.tariff.rules],
        "exceptions": [exception_json(one) for one in timetable.exceptions],
        "departures": {"count": view.upcoming, "last": _local(view.last_departure, view.route.zone)},
        "version": timetable.version,
        "created_at": timetable.created_at,
        "archived_at": timetable.archived_at,
    }


def prices_json(tariff: Tariff, route: RouteLine) -> list[dict[str, object]]:
    """The prices of a tariff, by places."""

    def money(amount: int | None) -> dict[str, object] | None:
        return None if amount is None else {"amount": amount, "currency": tariff.currency}

    return [
        {
            "from_place_id": route.stops[one.from_position].place_id,
            "to_place_id": route.stops[one.to_position].place_id,
            "price": money(one.amount),
            "child_price": money(one.child_amount),
            "infant_price": money(one.infant_amount),
        }
        for one in tariff.prices
    ]


def rule_json(rule: PriceRule) -> dict[str, object]:
    """A rule of a tariff."""
    return {"kind": rule.kind, "threshold": rule.threshold, "percent": rule.percent}


def exception_json(exception: DayException) -> dict[str, object]:
    """The exception of a date."""
    return {
        "date": exception.on_date,
        "times": [f"{at:%H:%M}" for at in exception.times],
        "note": exception.note,
    }


def detail_json(details: Details) -> dict[str, object]:
    """A timetable with what is not as it should be."""
    zone = details.view.route.zone
    return timetable_json(details.view) | {
        "missing": generated_json(details.missing.created, zone),
        "conflicts": _conflicts_json(details.missing.conflicts, zone),
        "kept_sold": _kept_json(details.misfits, zone),
        "outside_hours": _outside_json(details.outside_hours),
    }


def outcome_json(outcome: Outcome) -> dict[str, object]:
    """What an action has done; without the timetable for a preview."""
    planned = plan_json(outcome.plan, outcome.zone) | {"outside_hours": _outside_json(outcome.outside_hours)}
    return planned if outcome.view is None else timetable_json(outcome.view) | planned


def plan_json(plan: Plan, zone: ZoneInfo) -> dict[str, object]:
    """What becomes of departures."""
    return {
        "generated": generated_json(plan.created, zone),
        "changed": len(plan.changed),
        "moved": [
            {
                "departure_id": one.before.id,
                "from_departs_at": _local(one.before.departs_at, zone),
                "departs_at": _local(one.departs_at, zone),
            }
            for one in plan.moved[:MOST_LISTED]
        ],
        "removed": [
            {"departure_id": one.id, "departs_at": _local(one.departs_at, zone)} for one in plan.removed[:MOST_LISTED]
        ],
        "kept_sold": _kept_json(plan.kept_sold, zone),
        "conflicts": _conflicts_json(plan.conflicts, zone),
        "counts": counts(plan),
    }


def counts(plan: Plan) -> dict[str, int]:
    """How many departures meet which fate."""
    return {
        "created": len(plan.created),
        "changed": len(plan.changed),
        "moved": len(plan.moved),
        "removed": len(plan.removed),
        "kept_sold": len(plan.kept_sold),
        "conflicts": len(plan.conflicts),
    }


def generated_json(made: Sequence[NewDeparture], zone: ZoneInfo) -> dict[str, object]:
    """How many, and when the first and the last of them leave."""
    first, last = (made[0].departs_at, made[-1].departs_at) if made else (None, None)
    return {"count": len(made), "first": _local(first, zone), "last": _local(last, zone)}


def csv_row(view: TimetableView) -> tuple[object, ...]:
    """A timetable under ``COLUMNS``."""
    timetable, pattern = view.timetable, view.timetable.pattern
    last = _local(view.last_departure, view.route.zone)
    return (
        timetable.id, view.route.name, " ".join(map(str, pattern.weekdays)), " ".join(f"{at:%H:%M}" for at in pattern.times),
        pattern.valid_from, pattern.valid_to, view.vehicle.plate, view.driver_name, view.upcoming,
        last.isoformat() if last else None, timetable.version,
        timetable.archived_at.isoformat() if timetable.archived_at else None,
    )  # fmt: skip


def _conflicts_json(conflicts: Sequence[Conflict], zone: ZoneInfo) -> list[dict[str, object]]:
    return [
        {"departs_at": _local(one.departs_at, zone), "reason": one.reason, "departure_id": one.departure_id}
        for one in conflicts[:MOST_LISTED]
    ]


def _outside_json(outside: OutsideHours | None) -> dict[str, object] | None:
    if outside is None:
        return None
    return {
        "works_from": f"{outside.works_from:%H:%M}",
        "works_to": f"{outside.works_to:%H:%M}",
        "times": [f"{at:%H:%M}" for at in outside.times],
    }


def _kept_json(kept: Sequence[KeptSold], zone: ZoneInfo) -> list[dict[str, object]]:
    return [
        {
            "departure_id": one.departure_id,
            "departs_at": _local(one.departs_at, zone),
            "bookings": one.bookings,
            "differs": one.differs,
        }
        for one in kept
    ]


def _local(at: datetime | None, zone: ZoneInfo) -> datetime | None:
    return None if at is None else at.astimezone(zone)
