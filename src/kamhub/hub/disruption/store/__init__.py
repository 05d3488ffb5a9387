"""SQL of disruptions: decisions as they are taken and carried out here, what people are shown of them in ``overview``."""

from kamhub.hub.disruption.store.decisions import (
    Settlement,
    add_bookings,
    call_off,
    finish,
    insert,
    of_departure,
    open_question,
    require_asked,
    running,
    settle,
    settle_leftovers,
)
from kamhub.hub.disruption.store.overview import (
    affected,
    affected_of_day,
    bookings,
    disruption,
    disruptions,
    next_departure,
    parties,
    parties_on,
)

__all__ = [
    "Settlement",
    "add_bookings",
    "affected",
    "affected_of_day",
    "bookings",
    "call_off",
    "disruption",
    "disruptions",
    "finish",
    "insert",
    "next_departure",
    "of_departure",
    "open_question",
    "parties",
    "parties_on",
    "require_asked",
    "running",
    "settle",
    "settle_leftovers",
]
