"""What the engine of a process counts, and how Prometheus is told of it. Counting a hold costs about half a microsecond."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from prometheus_client.core import Metric

from kamhub.hub.seats.types import EngineBusy, HoldAnswer, NewHold, SoldOut
from kamhub.kit.errors import Refusal
from kamhub.platform.monitoring.meters import Buckets, counter, gauge, histogram

_CALLERS = (1, 2, 4, 8, 16, 32, 64, 128)
_ROUND_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1)
_WAIT_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3)


@dataclass(slots=True)
class EngineCounters:
    """What the engine has done since it started. ``skipped`` counts departures that somebody else had locked."""

    rounds: int = 0
    granted: int = 0
    seats: int = 0
    repeated: int = 0
    skipped: int = 0
    busy: int = 0
    refusals: Counter[str] = field(default_factory=lambda: Counter({SoldOut.code: 0}))
    callers: Buckets = field(default_factory=lambda: Buckets(_CALLERS))
    seconds: Buckets = field(default_factory=lambda: Buckets(_ROUND_SECONDS))
    waited: Buckets = field(default_factory=lambda: Buckets(_WAIT_SECONDS))

    @property
    def refused(self) -> int:
        """Callers that were told why they get no seats."""
        return self.refusals.total()

    def count_round(
        self, answers: Collection[tuple[float, HoldAnswer | Refusal]], seconds: float, skipped: int
    ) -> None:
        """One round that lasted so many seconds; each answer with how long its caller had waited for it."""
        self.rounds += 1
        self.skipped += skipped
        self.callers.observe(len(answers))
        self.seconds.observe(seconds)
        observe = self.waited.observe
        for waited, answer in answers:
            observe(waited)
            if isinstance(answer, NewHold):
                self.granted += 1
                self.seats += answer.grant.seats.passengers
            elif isinstance(answer, Refusal):
                self.refusals[answer.code] += 1
            else:
                self.repeated += 1

    def count_busy(self, waited: float) -> None:
        """A caller that waited for nothing."""
        self.busy += 1
        self.waited.observe(waited)


def engine_families(counters: EngineCounters, waiting: int) -> list[Metric]:
    """``waiting`` are the callers in the line at this moment."""
    holds = {("granted",): counters.granted, ("repeated",): counters.repeated, (EngineBusy.code,): counters.busy}
    holds |= {(code,): number for code, number in counters.refusals.items()}
    everyone: tuple[str, ...] = ()
    return [
        counter("kamhub_seat_holds", "Callers that asked for seats, by what they were told.", ("outcome",), holds),
        counter("kamhub_seats_held", "Seats that were held.", (), {everyone: counters.seats}),
        counter("kamhub_seat_rounds", "Transactions that served callers together.", (), {everyone: counters.rounds}),
        counter(
            "kamhub_seat_skipped_departures",
            "Departures left for the next round, because somebody else had them locked.",
            (),
            {everyone: counters.skipped},
        ),
        histogram("kamhub_seat_round_callers", "Callers that a round answered.", (), {everyone: counters.callers}),
        histogram("kamhub_seat_round_duration_seconds", "How long rounds took.", (), {everyone: counters.seconds}),
        histogram(
            "kamhub_seat_wait_seconds",
            "How long callers waited for their answer, from joining the line.",
            (),
            {everyone: counters.waited},
        ),
        gauge("kamhub_seat_waiting", "Callers in the line at this moment.", (), {everyone: waiting}),
    ]
