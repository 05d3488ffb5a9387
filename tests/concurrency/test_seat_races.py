"""Several processes sell the same seats at once; and the control, in which they do so without the lock."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

import pytest

from kamhub.hub.integrity.store.promises import INVARIANTS
from kamhub.hub.seats.engine import SeatEngine
from kamhub.hub.seats.types import HoldAsk, NewHold
from kamhub.kit.clock import ManualClock
from kamhub.platform.database.pool import Database
from tests.builders import STOPS, World
from tests.concurrency.plan import LEGS, Ask, Outcome, crowd, riders

ROOT = Path(__file__).parents[2]
PROCESSES = 3
PARTIES = 240
CAPACITIES = (3, 5, 8, 13, 30, 60)


class Race:
    """Departures of every size, and the outcomes of all processes."""

    def __init__(self, world: World, capacities: tuple[int, ...]) -> None:
        self.world = world
        self.capacity = {world.departure(capacity=seats): seats for seats in capacities}
        self.outcomes: list[list[Outcome]] = []

    def run(self, url: str, *, naive: bool = False) -> None:
        """Let all processes start at one moment."""
        with ExitStack() as stack:
            sellers = []
            for seed in range(1, PROCESSES + 1):
                seller = stack.enter_context(
                    subprocess.Popen(
                        [sys.executable, "-m", "tests.concurrency.sellers"],
                        cwd=ROOT,
                        stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE,
                        text=True,
                    )
                )
                stack.callback(seller.kill)
                sellers.append((seller, json.dumps(self._order(url, seed, naive=naive))))
            for seller, order in sellers:
                _tell(seller, order)
            for seller, _ in sellers:
                assert seller.stdout is not None
                assert seller.stdout.readline() == "ready\n"
            for seller, _ in sellers:
                _tell(seller, "go")
            self.outcomes = [_told(seller.communicate(timeout=90)[0]) for seller, _ in sellers]

    def _order(self, url: str, seed: int, *, naive: bool) -> dict[str, object]:
        return {
            "url": url,
            "now": self.world.now.isoformat(),
            "departures": [str(departure) for departure in self.capacity],
            "places": [str(self.world.places[slug]) for slug, _ in STOPS],
            "seed": seed,
            "size": PARTIES,
            "naive": naive,
            "organisation": str(self.world.main.id),
        }

    def all(self, *kinds: str) -> list[Outcome]:
        return [outcome for told in self.outcomes for outcome in told if outcome.kind in kinds]

    def sold(self) -> dict[UUID, list[int]]:
        """Seats by leg, as the bookings that were acknowledged add up."""
        return riders(outcome.ask for outcome in self.all("held"))

    def oversold(self) -> int:
        """Seats sold that do not exist."""
        return sum(
            max(0, count - self.capacity[departure]) for departure, legs in self.sold().items() for count in legs
        )


def _tell(seller: subprocess.Popen[str], line: str) -> None:
    assert seller.stdin is not None
    seller.stdin.write(line + "\n")
    seller.stdin.flush()


def _told(output: str) -> list[Outcome]:
    return [
        Outcome(
            Ask(UUID(row["ask"].pop("departure")), **row["ask"]),
            row["kind"],
            row["booking"],
            row["free"],
        )
        for row in json.loads(output)
    ]


@pytest.fixture
def race(world: World) -> Race:
    return Race(world, CAPACITIES)


def test_processes_racing_sell_every_seat_once_and_refuse_nobody_while_seats_are_free(
    race: Race, database_url: str
) -> None:
    race.run(database_url)
    world = race.world
    assert [len(told) for told in race.outcomes] == [PARTIES] * PROCESSES
    assert race.all("busy") == []
    assert race.oversold() == 0

    # All or nothing: the rows are exactly the parties that were acknowledged, and the counters exactly those rows.
    rows = {
        str(row[0]): row[1:]
        for row in world.rows("SELECT id, departure_id, from_position, to_position, passengers FROM bookings")
    }
    acknowledged = {outcome.booking: outcome.ask for outcome in race.all("held")}
    assert rows == {
        booking: (ask.departure, ask.start, ask.end, ask.passengers) for booking, ask in acknowledged.items()
    }
    for departure, legs in race.sold().items():
        assert world.taken(departure) == legs

    # Seats only went: whoever was refused would not find room at the end either.
    for refused in race.all("sold_out"):
        ask = refused.ask
        taken = world.taken(ask.departure)
        left = race.capacity[ask.departure] - max(taken[leg] for leg in ask.legs())
        assert left < ask.passengers
        assert refused.free is not None
        assert left <= refused.free < ask.passengers

    # A request that every process sent is one booking.
    keys = {outcome.ask.key for outcome in race.all("held", "repeated") if outcome.ask.key}
    for key in keys:
        same = [outcome for outcome in race.all("held", "repeated") if outcome.ask.key == key]
        assert len({outcome.booking for outcome in same}) == 1
        assert [outcome.kind for outcome in same].count("held") == 1

    assert all(sum(outcome.kind == "held" for outcome in told) > 0 for told in race.outcomes)
    assert [check.name for check in INVARIANTS if world.rows(check.query) != [(0,)]] == []


def test_control_without_the_lock_the_same_race_oversells(race: Race, database_owner_url: str) -> None:
    race.world.execute("ALTER TABLE departures DROP CONSTRAINT departures_not_oversold")
    race.run(database_owner_url, naive=True)
    assert race.oversold() > 0
    breached = [check.name for check in INVARIANTS if race.world.rows(check.query) != [(0,)]]
    assert "counters_equal_rows" in breached


def test_control_with_the_constraint_in_place_the_counter_itself_stays_in_bounds(
    race: Race, database_owner_url: str
) -> None:
    """What the CHECK alone is worth: no counter beyond the capacity, and yet seats sold twice. Hence the lock."""
    race.run(database_owner_url, naive=True)
    for departure, capacity in race.capacity.items():
        assert all(0 <= count <= capacity for count in race.world.taken(departure))
    assert race.oversold() > 0


def test_crowds_are_the_same_for_the_same_seed_and_share_their_keyed_parties() -> None:
    departures = [UUID(int=n) for n in range(1, 4)]
    one, again, other = crowd(1, departures, 80), crowd(1, departures, 80), crowd(2, departures, 80)
    assert one == again != other
    assert {ask for ask in one if ask.key} == {ask for ask in other if ask.key}
    assert {ask.passengers for ask in one} == {1, 2, 3}
    assert {(ask.start, ask.end) for ask in one} == {(i, j) for i in range(LEGS) for j in range(i + 1, LEGS + 1)}


async def test_two_engines_on_one_hot_departure_both_go_on(world: World, database_url: str, clock: ManualClock) -> None:
    """Neither is starved by the other: while both have buyers, each gets its share of the seats."""
    seats = 600
    departure = world.departure(capacity=seats)
    sold = [0, 0]

    async def seller(number: int, engine: SeatEngine) -> None:
        while sum(sold) < seats - 40:
            held = await engine.hold(HoldAsk(departure, 1, "api"))
            assert isinstance(held, NewHold)
            sold[number] += 1

    async with Database(database_url, application="one") as first, Database(database_url, application="two") as second:
        engines = [SeatEngine(database, clock, patience_seconds=30.0) for database in (first, second)]
        for engine in engines:
            await engine.start()
        await asyncio.gather(*(seller(n, engine) for n, engine in enumerate(engines) for _ in range(15)))
        for engine in engines:
            await engine.stop()
    assert world.taken(departure) == [sum(sold)] * LEGS
    assert min(sold) >= seats // 10, f"one engine starved: {sold}"
    assert all(engine.counters.skipped > 0 for engine in engines), "they never met: the test proves nothing"
    assert all(engine.counters.busy == 0 for engine in engines)
