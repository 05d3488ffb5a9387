"""What becomes of a long job at a stop, of a job that fails, and of one that no worker knows."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass

from bench.contest.arena import Arena, ended, until
from bench.contest.types import Ask

LONG, FAILING, UNKNOWN = 1, 2, 3
_JUDGED_WITHIN = 10.0


@dataclass(frozen=True, slots=True)
class Stop:
    """Exit code (None: did not end) and seconds after SIGTERM, and what became of the job that was running."""

    code: int | None
    seconds: float
    job: str


async def stop(arena: Arena, job_seconds: float) -> Stop:
    """SIGTERM for a worker that has just begun a job of so many seconds."""
    worker = (await arena.start_ready())[0]
    await arena.enqueue([Ask("long", LONG, seconds=job_seconds)])

    async def begun() -> bool:
        return await arena.number("SELECT count(*) FROM starts") > 0

    await until(begun, 10.0)
    worker.send_signal(signal.SIGTERM)
    asked = time.monotonic()
    await ended(worker, job_seconds + 10.0)
    seconds = time.monotonic() - asked
    return Stop(worker.poll(), seconds, await _fate(arena, LONG))


async def failing(arena: Arena) -> tuple[str, str]:
    """What is left after at most ten seconds of a job that fails, and of one whose name no worker knows."""
    await arena.start_ready()
    await arena.enqueue([Ask("fail", FAILING)])
    await arena.enqueue([Ask("nobody", UNKNOWN)])

    async def judged() -> bool:
        left = await arena.contestant.left(arena.watch)
        return all(number not in left or left[number].state == "failed" for number in (FAILING, UNKNOWN))

    await until(judged, _JUDGED_WITHIN)
    return await _fate(arena, FAILING), await _fate(arena, UNKNOWN)


async def _fate(arena: Arena, number: int) -> str:
    if await arena.number(f"SELECT count(*) FROM effects WHERE number = {number}"):
        return "done"
    left = (await arena.contestant.left(arena.watch)).get(number)
    if left is None:
        return "gone"
    if left.state != "failed":
        return {"waiting": "waiting", "running": "still marked as running", "aborted": "aborted"}[left.state]
    return "failed, with its error" if left.error else "failed, no error text"
