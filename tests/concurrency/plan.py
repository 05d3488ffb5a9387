"""What the sellers of a race are told, and what they tell afterwards."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

LEGS = 3
Kind = Literal["held", "repeated", "sold_out", "busy"]


@dataclass(frozen=True, slots=True)
class Ask:
    """One party. Asks with the same ``key`` are one request, whichever process sends it."""

    departure: UUID
    start: int
    end: int
    passengers: int
    key: str | None = None

    def legs(self) -> range:
        return range(self.start, self.end)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it: the booking, or how many seats were said to be free."""

    ask: Ask
    kind: Kind
    booking: str | None = None
    free: int | None = None


def crowd(seed: int, departures: list[UUID], size: int) -> list[Ask]:
    """Parties of 1 to 3 on any stretch of any departure; every eighth is one that all processes send."""
    own, shared = random.Random(seed), random.Random(0)
    asks = []
    for number in range(size):
        key = None if number % 8 else f"shared-{number}"
        chance = shared if key else own
        start = chance.randrange(LEGS)
        asks.append(
            Ask(
                chance.choice(departures),
                start,
                chance.randint(start + 1, LEGS),
                chance.randint(1, 3),
                key,
            )
        )
    own.shuffle(asks)
    return asks


def riders(asks: Iterable[Ask]) -> dict[UUID, list[int]]:
    """Seats sold leg by leg, as those who bought them count."""
    count: Counter[tuple[UUID, int]] = Counter()
    departures = set()
    for ask in asks:
        departures.add(ask.departure)
        for leg in ask.legs():
            count[ask.departure, leg] += ask.passengers
    return {departure: [count[departure, leg] for leg in range(LEGS)] for departure in departures}
