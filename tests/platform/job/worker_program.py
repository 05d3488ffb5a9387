"""A worker in a process of its own: ``worker_program.py URL JSON-of-timings``.

Prints its health port when it works.
"""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import timedelta

from kamhub.platform.job.types import Job, WorkerTimings
from kamhub.platform.job.worker import JobWorker
from tests.platform.job.support import Marks, is_well


async def slow(marks: Marks, *, word: str, seconds: int) -> None:
    await marks.add(f"begin {word}")
    await asyncio.sleep(seconds)
    await marks.add(f"end {word}")


JOBS: list[Job[Marks]] = [Job("slow", "test", slow, timedelta(seconds=60))]


async def main(url: str, timings: WorkerTimings) -> None:
    worker = JobWorker(url, JOBS, [], Marks(url), timings=timings)
    running = asyncio.create_task(worker.run())
    while not await is_well(worker):
        await asyncio.sleep(0.02)
    print(f"port {worker.health_port}", flush=True)
    await running


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], WorkerTimings(**json.loads(sys.argv[2]))))
