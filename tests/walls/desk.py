"""The states in which the routes of the booking office and the waiting list succeed."""

from __future__ import annotations

from datetime import timedelta

from tests.builders import World
from tests.walls.fields import Body
from tests.walls.house import NOW, House

_LATER = NOW + timedelta(days=3)
_OPEN = frozenset(
    {"booking.cancelled", "booking.changed", "booking.decided", "booking.noted", "booking.payment_link_sent"}
)


def prepared(house: House, action: str, body: Body) -> Body | None:
    """The body in that state; None for what belongs to others."""
    world = house.world
    if action in _OPEN:
        _reopen(world, house.main["booking_id"])
    elif action == "booking.collected":
        _reopen(world, house.main["booking_id"])
        world.execute(
            "UPDATE bookings SET status = 'confirmed', collected = 0, pay_by = 'on_board' WHERE id = %s",
            house.main["booking_id"],
        )
    elif action == "booking.made":
        _taken(house, 0)
    elif action == "waiting_party.joined":
        _taken(house, 40)
    elif action == "waiting_party.left":
        world.execute("UPDATE waiting_parties SET status = 'waiting' WHERE id = %s", house.main["waiting_party_id"])
    else:
        return None
    return body | ({"version": 1} if "version" in body else {})


def _taken(house: House, seats: int) -> None:
    house.world.execute(
        "UPDATE departures SET taken = %s, status = 'open', capacity = 40, departs_at = %s, sales_close_at = %s WHERE id = %s",
        [seats] * 3,
        _LATER,
        _LATER,
        house.main["departure_id"],
    )


def _reopen(world: World, booking: object) -> None:
    """The booking waits for its money, whatever has become of it since, and has its seats."""
    world.execute("DELETE FROM booking_events WHERE booking_id = %s AND to_status = 'confirmed'", booking)
    world.execute(
        "UPDATE departures SET taken = '{9,9,9}', status = 'open', departs_at = %s, sales_close_at = %s "
        "WHERE id = (SELECT departure_id FROM bookings WHERE id = %s)",
        _LATER,
        _LATER,
        booking,
    )
    world.execute(
        "UPDATE bookings SET status = 'on_hold', expires_at = %s, version = 1, paid = NULL, refunded = NULL WHERE id = %s",
        NOW.replace(year=2099),
        booking,
    )
