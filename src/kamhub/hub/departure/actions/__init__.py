"""What staff do with departures."""

from kamhub.hub.departure.actions.assign import assign, choices
from kamhub.hub.departure.actions.extra import add, offered, route_stops
from kamhub.hub.departure.actions.read import (
    calendar,
    find,
    history,
    list_departures,
    outside_hours,
    reach_of,
    require,
    sold,
    warnings,
    warnings_of,
    zone,
)
from kamhub.hub.departure.actions.sales import close, reopen

__all__ = [
    "add",
    "assign",
    "calendar",
    "choices",
    "close",
    "find",
    "history",
    "list_departures",
    "offered",
    "outside_hours",
    "reach_of",
    "reopen",
    "require",
    "route_stops",
    "sold",
    "warnings",
    "warnings_of",
    "zone",
]
