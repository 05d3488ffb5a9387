"""The state in which the routes of departures, manifests and boarding succeed, for the walk over whatever is written down."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from kamhub.kit.ids import new_id
from tests.walls.fields import Body
from tests.walls.house import NOW, House

_LOCAL = {"date": "2026-11-27", "time": "08:00"}
_INSTANT = {"departs_at": "2026-11-27T08:00:00+12:00"}
_AT_THE_DOOR = frozenset({"booking.boarded", "booking.missed", "booking.not_missed"})


def prepared(house: House, action: str, body: Body) -> Body | None:
    """The body for a route of that action, with the state it needs; None for an action that is not of the day."""
    if action in {"departure.assigned", "departure.created"}:
        # A vehicle that is free; what does not go with the rest is left out.
        fits = {name: text for name, text in body.items() if name not in {"driver_id", "tariff_id", "prices"}}
        fits["vehicle_id"] = str(_vehicle(house))
        if action == "departure.created":
            return fits | (_INSTANT if "departs_at" in body else _LOCAL)
        return fits | _version(house, body)
    if action in {"departure.closed", "departure.reopened"}:
        state, leaves = "open" if action == "departure.closed" else "closed", NOW + timedelta(days=3)
        house.world.execute(
            "UPDATE departures SET status = %s, sales_close_at = %s, departs_at = %s WHERE id = %s",
            state, leaves, leaves, house.main["departure_id"],
        )  # fmt: skip
        return body | _version(house, body)
    return _at_the_door(house, action, body) if action in _AT_THE_DOOR else None


def _at_the_door(house: House, action: str, body: Body) -> Body:
    """Confirmed, at a bus that leaves soon or has just left."""
    world, booking = house.world, house.main["booking_id"]
    leaves = NOW + timedelta(hours=-1 if action == "booking.missed" else 1)
    world.execute(
        "UPDATE departures SET sales_close_at = %s, departs_at = %s, status = 'open' WHERE timetable_id IS NULL",
        leaves,
        leaves,
    )
    noted = NOW if action == "booking.not_missed" else None
    world.execute("UPDATE bookings SET status = 'confirmed', no_show_at = %s WHERE id = %s", noted, booking)
    [[code, departure]] = world.rows("SELECT code, departure_id FROM bookings WHERE id = %s", booking)
    house.main["departure_id"] = departure  # wherever it has been moved to
    known = {"code": code, "missing": "yes"}
    return {name: known.get(name, value) for name, value in body.items()}


def _version(house: House, body: Body) -> Body:
    """The version the page was made from, where the form carries it."""
    [[version]] = house.world.rows("SELECT version FROM departures WHERE id = %s", house.main["departure_id"])
    return {"version": version} if "version" in body else {}


def _vehicle(house: House) -> UUID:
    number = new_id()
    house.world.execute(
        "INSERT INTO vehicles (organisation_id, id, type, model, capacity, plate) VALUES (%s, %s, 'bus', 'x', 90, %s)",
        house.world.main.id, number, number.hex[-8:],
    )  # fmt: skip
    return number
