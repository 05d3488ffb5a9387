"""A simulation of holds in a fleet: where the limit is met when web processes, cores of the database or the network change.

Every request waits for its web process (one core), then for a lane of that process's engine; a lane takes all that waits, up to
128, for departures nobody else has locked, spends its round trips, waits for a core of the database and the flush of the log, and
answers all. Costs are those measured in docs/performance.md. Nothing here touches a server.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

WEB = 110e-6  # seconds of a web process's core a hold: 85 of the web layer, 25 of the engine
ROW = 40e-6  # seconds of a core of the database a hold
ROUND_TRIPS = 5
FLUSH = 0.5e-3  # seconds until a commit is on disk
MOST = 128  # holds in a round
LANES = 2
GOOD = 0.200  # seconds: the 99th percentile that is called good
_WARM = 0.2  # share of the first requests that do not count


@dataclass(frozen=True, slots=True)
class Fleet:
    """``trip`` is a round trip to the database in seconds; ``departures`` is over how many the buyers spread."""

    webs: int
    cores: int
    departures: int
    trip: float = 0.15e-3
    flush: float = FLUSH


@dataclass(frozen=True, slots=True)
class Outcome:
    """At ``rate`` holds a second: percentiles in seconds, and how busy webs, cores and the busiest departure's lock were, 0 to 1."""

    rate: float
    p50: float
    p99: float
    web: float
    core: float
    lock: float

    @property
    def limit(self) -> str:
        """What is busiest."""
        return max(
            (self.web, "web processes"), (self.core, "cores of the database"), (self.lock, "lock of a departure")
        )[1]


@dataclass(slots=True)
class _State:
    fleet: Fleet
    now: float = 0.0
    events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    order: itertools.count[int] = field(default_factory=itertools.count)
    web_free: list[float] = field(default_factory=list)
    waiting: list[deque[tuple[float, int]]] = field(default_factory=list)
    lanes: list[int] = field(default_factory=list)
    locked: set[int] = field(default_factory=set)
    core_free: list[float] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    web_busy: float = 0.0
    core_busy: float = 0.0
    lock_busy: dict[int, float] = field(default_factory=dict)

    def at(self, when: float, what: Callable[[], None]) -> None:
        heapq.heappush(self.events, (when, next(self.order), what))


def simulate(fleet: Fleet, rate: float, holds: int = 20_000, seed: int = 1) -> Outcome:
    """So many holds that come at random at ``rate`` a second."""
    chance = random.Random(seed)
    state = _State(
        fleet, web_free=[0.0] * fleet.webs, waiting=[deque() for _ in range(fleet.webs)], lanes=[LANES] * fleet.webs,
        core_free=[0.0] * fleet.cores,
    )  # fmt: skip
    when = 0.0
    for number in range(holds):
        when += chance.expovariate(rate)
        web, departure = number % fleet.webs, chance.randrange(fleet.departures)
        begun = max(when, state.web_free[web])
        state.web_free[web] = begun + WEB
        state.web_busy += WEB
        state.at(begun + WEB, _joins(state, web, when, departure))
    while state.events:
        state.now, _, happens = heapq.heappop(state.events)
        happens()
    times = sorted(state.took[int(holds * _WARM) :])
    return Outcome(
        rate, times[len(times) // 2], times[len(times) * 99 // 100], state.web_busy / fleet.webs / state.now,
        state.core_busy / fleet.cores / state.now, max(state.lock_busy.values()) / state.now,
    )  # fmt: skip


def _joins(state: _State, web: int, came: float, departure: int) -> Callable[[], None]:
    def join() -> None:
        state.waiting[web].append((came, departure))
        _serve(state, web)

    return join


def _serve(state: _State, web: int) -> None:
    """Let a free lane of this process take what may be taken now."""
    while state.lanes[web]:
        taken: list[tuple[float, int]] = []
        left: deque[tuple[float, int]] = deque()
        for one in state.waiting[web]:
            (taken if one[1] not in state.locked and len(taken) < MOST else left).append(one)
        if not taken:
            return
        state.waiting[web] = left
        _round(state, web, taken)


def _round(state: _State, web: int, taken: list[tuple[float, int]]) -> None:
    departures = {departure for _, departure in taken}
    state.locked |= departures
    state.lanes[web] -= 1
    free = heapq.heappop(state.core_free)
    work = ROW * len(taken)
    begun = max(free, state.now)
    heapq.heappush(state.core_free, begun + work)
    state.core_busy += work
    ends = begun + work + state.fleet.trip * ROUND_TRIPS + state.fleet.flush
    for departure in departures:
        state.lock_busy[departure] = state.lock_busy.get(departure, 0.0) + ends - state.now

    def end() -> None:
        state.locked.difference_update(departures)
        state.lanes[web] += 1
        state.took.extend(state.now - came for came, _ in taken)
        # Whoever was passed over three times waits for the lock itself, and the server deals locks out in the order they were asked for.
        for other in sorted(
            range(state.fleet.webs), key=lambda web: state.waiting[web][0][0] if state.waiting[web] else 0
        ):
            _serve(state, other)

    state.at(ends, end)


def limit(fleet: Fleet, holds: int = 20_000) -> Outcome:
    """The highest rate, within two per cent, at which the 99th percentile is still good."""
    # Above this a queue only grows; a simulation that ends would not see it.
    locked = fleet.trip * ROUND_TRIPS + fleet.flush + MOST * ROW
    low, high = 100.0, min(fleet.webs / WEB, fleet.cores / ROW, fleet.departures * MOST / locked)
    while high / low > 1.02:
        middle = (low * high) ** 0.5
        if simulate(fleet, middle, holds).p99 <= GOOD:
            low = middle
        else:
            high = middle
    return simulate(fleet, low, holds)
