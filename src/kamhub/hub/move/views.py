"""Moves as JSON of the HTTP contract."""

from __future__ import annotations

from kamhub.hub.move.types import MoveOption


def option_json(option: MoveOption, passengers: int) -> dict[str, object]:
    """Where a party of that size could go."""
    candidate = option.candidate
    return {
        "departure_id": str(candidate.departure_id),
        "departs_at": candidate.leaves_at.isoformat(),
        "arrives_at": candidate.arrives_at.isoformat(),
        "seats_available": candidate.free,
        "fits": candidate.free >= passengers,
        "price_per_seat": option.price_per_seat.as_json(),
        "total": option.total.as_json(),
        "difference": option.difference.as_json(),
    }
