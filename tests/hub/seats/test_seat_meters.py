"""What the engine says of itself is what it did."""

from __future__ import annotations

import asyncio

import pytest
from prometheus_client.parser import text_string_to_metric_families

from kamhub.hub.seats.engine import SeatEngine
from kamhub.hub.seats.meters import engine_families
from kamhub.hub.seats.types import EngineBusy, HoldAsk
from kamhub.kit.ids import new_id
from kamhub.platform.monitoring.meters import text_of
from tests.builders import World
from tests.hub.seats.support import MakeEngine, locked, until


def told(engine: SeatEngine) -> dict[str, float]:
    """Samples by name, with the outcome or the bucket after it."""
    text = text_of(engine_families(engine.counters, engine.waiting)).decode()
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_every_answer_is_counted_by_what_was_told(world: World, make_engine: MakeEngine) -> None:
    engine = await make_engine()
    departure = world.departure(capacity=4)
    assert told(engine)["kamhub_seat_holds_total sold_out"] == 0, "the first must be seen as one more"
    keyed = HoldAsk(departure, 2, "api", key_hash=b"k" * 32, request_hash=b"r" * 32)
    asks = [keyed, keyed, HoldAsk(departure, 1, "api"), HoldAsk(departure, 4, "api"), HoldAsk(new_id(), 1, "api")]
    await asyncio.gather(*(engine.hold(ask) for ask in asks), return_exceptions=True)
    found = told(engine)
    assert found["kamhub_seat_holds_total granted"] == 2
    assert found["kamhub_seat_holds_total repeated"] == 1
    assert found["kamhub_seat_holds_total sold_out"] == 1
    assert found["kamhub_seat_holds_total departure_not_found"] == 1
    assert found["kamhub_seat_holds_total busy"] == 0
    assert found["kamhub_seats_held_total"] == 3
    assert found["kamhub_seat_wait_seconds_count"] == 5
    assert found["kamhub_seat_round_callers_sum"] == 5
    assert found["kamhub_seat_round_callers_count"] == found["kamhub_seat_rounds_total"] == engine.counters.rounds
    assert 0 < found["kamhub_seat_round_duration_seconds_sum"] <= found["kamhub_seat_wait_seconds_sum"] + 1
    assert found["kamhub_seat_waiting"] == 0


async def test_who_waits_in_vain_is_counted_with_the_wait(world: World, make_engine: MakeEngine) -> None:
    engine = await make_engine(patience_seconds=0.2, max_waiting=1)
    departure = world.departure()
    async with locked(world.owner_url, departure):
        waiting = asyncio.create_task(engine.hold(HoldAsk(departure, 1, "api")))
        await until(lambda: engine.counters.skipped > 0)
        with pytest.raises(EngineBusy):
            await waiting
    assert told(engine)["kamhub_seat_holds_total busy"] == 1
    assert told(engine)["kamhub_seat_wait_seconds_sum"] >= 0.2
    assert told(engine)["kamhub_seat_skipped_departures_total"] >= 1


async def test_who_finds_the_line_full_is_counted_too(world: World, make_engine: MakeEngine) -> None:
    engine = await make_engine(max_waiting=0)
    with pytest.raises(EngineBusy):
        await engine.hold(HoldAsk(world.departure(), 1, "api"))
    assert told(engine)["kamhub_seat_holds_total busy"] == 1
