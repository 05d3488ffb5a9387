"""The line in memory: who is taken together, who waits, what closing does. No database."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from kamhub.hub.seats.queue import Batch, SeatQueue, Waiting
from kamhub.hub.seats.types import EngineBusy, HoldAsk
from tests.hub.seats.support import until

A, B, C = UUID(int=1), UUID(int=2), UUID(int=3)


def caller(departure: UUID) -> Waiting:
    loop = asyncio.get_running_loop()
    return Waiting(HoldAsk(departure, 1, "api"), loop.create_future(), loop.time() + 60)


def queue_of(*departures: UUID, max_batch: int = 100, max_waiting: int = 100) -> tuple[SeatQueue, list[Waiting]]:
    queue = SeatQueue(max_batch=max_batch, max_waiting=max_waiting)
    callers = [caller(departure) for departure in departures]
    for one in callers:
        queue.put(one)
    return queue, callers


async def taken(queue: SeatQueue) -> Batch:
    batch = await asyncio.wait_for(queue.take(), 5)
    assert batch is not None
    return batch


async def test_all_that_wait_are_taken_together_by_departure_in_order() -> None:
    queue, (one, two, three) = queue_of(A, B, A)
    batch = await taken(queue)
    assert batch.lines == {A: [one, three], B: [two]}
    assert list(batch.callers()) == [one, three, two]
    assert not batch.patient
    assert len(queue) == 0


async def test_take_sleeps_until_somebody_comes() -> None:
    queue, _ = queue_of()
    lane = asyncio.create_task(taken(queue))
    await asyncio.sleep(0)
    assert not lane.done()
    queue.put(one := caller(A))
    assert (await lane).lines == {A: [one]}


async def test_a_batch_is_no_larger_than_its_limit_and_the_rest_follows() -> None:
    queue, callers = queue_of(A, A, A, B, max_batch=2)
    first = await taken(queue)
    assert first.lines == {A: callers[:2]}
    assert len(queue) == 2
    second = await taken(queue)
    assert second.lines == {B: [callers[3]]}
    queue.finish(first, {})
    assert (await taken(queue)).lines == {A: [callers[2]]}


async def test_a_departure_is_in_the_hands_of_one_lane_at_a_time() -> None:
    queue, _ = queue_of(A)
    first = await taken(queue)
    queue.put(late := caller(A))
    other = asyncio.create_task(taken(queue))
    await asyncio.sleep(0)
    assert not other.done()
    queue.finish(first, {})
    assert (await other).lines == {A: [late]}


async def test_who_is_put_back_stands_before_who_came_later() -> None:
    queue, (one, two) = queue_of(A, A)
    batch = await taken(queue)
    queue.put(late := caller(A))
    queue.finish(batch, {A: [one, two]})
    assert len(queue) == 3
    assert (await taken(queue)).lines == {A: [one, two, late]}
    assert len(queue) == 0


async def skipped_rounds(queue: SeatQueue, times: int) -> None:
    for _ in range(times):
        batch = await taken(queue)
        assert not batch.patient
        queue.finish(batch, {departure: list(callers) for departure, callers in batch.lines.items()})


async def test_after_three_skipped_rounds_a_departure_is_served_alone_and_patiently() -> None:
    queue, (one,) = queue_of(A)
    await skipped_rounds(queue, SeatQueue.PATIENCE)
    patient = await taken(queue)
    assert patient == Batch({A: [one]}, patient=True)
    queue.finish(patient, {})
    queue.put(again := caller(A))
    assert await taken(queue) == Batch({A: [again]}, patient=False)


async def test_a_patient_round_takes_nobody_else_along() -> None:
    queue, (one,) = queue_of(A)
    await skipped_rounds(queue, SeatQueue.PATIENCE)
    queue.put(other := caller(B))
    batches = [await taken(queue), await taken(queue)]
    assert Batch({A: [one]}, patient=True) in batches
    assert Batch({B: [other]}, patient=False) in batches


async def test_an_impatient_batch_ends_before_a_patient_departure() -> None:
    queue, (one,) = queue_of(A)
    await skipped_rounds(queue, SeatQueue.PATIENCE - 1)
    batch = await taken(queue)
    queue.put(second := caller(B))
    busy = await taken(queue)
    queue.put(third := caller(C))
    queue.finish(batch, {A: [one]})
    await until(lambda: len(queue._ready) == 2)
    first = await taken(queue)
    assert first == Batch({C: [third]}, patient=False)
    assert await taken(queue) == Batch({A: [one]}, patient=True)
    assert busy.lines == {B: [second]}


async def test_too_many_waiting_are_told_so_at_the_door() -> None:
    queue, _ = queue_of(A, B, max_waiting=2)
    with pytest.raises(EngineBusy):
        queue.put(caller(A))
    assert len(queue) == 2


async def test_closing_gives_back_who_was_not_taken_and_ends_the_lanes() -> None:
    queue, (one,) = queue_of(A)
    batch = await taken(queue)
    queue.put(two := caller(A))
    queue.put(three := caller(B))
    assert queue.close() == [two, three]
    assert len(queue) == 0
    assert await queue.take() is None
    with pytest.raises(EngineBusy):
        queue.put(caller(A))
    queue.finish(batch, {A: [one]})
    with pytest.raises(EngineBusy):
        one.answer.result()


async def test_closing_wakes_a_sleeping_lane() -> None:
    queue, _ = queue_of()
    lane = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    queue.close()
    assert await asyncio.wait_for(lane, 5) is None


async def test_after_closing_an_answer_given_meanwhile_is_left_alone() -> None:
    queue, (one,) = queue_of(A)
    batch = await taken(queue)
    queue.close()
    one.answer.cancel()
    queue.finish(batch, {A: [one]})
    assert one.answer.cancelled()
