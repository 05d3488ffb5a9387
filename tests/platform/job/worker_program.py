"""A worker in a process of its own: ``worker_program.py URL JSON-of-timings``.

Prints its health port when it works.
"""

from __future__ import annotations

import asyncio
import json
import sys

from kamhub.platform.database.pool import Database
from kamhub.platform.job.registry import Registry
from kamhub.platform.job.types import WorkerTimings
from kamhub.platform.job.worker import JobWorker
from tests.platform.job.support import MARK, SLOW, Marks, is_well


async def main(url: str, timings: WorkerTimings) -> None:
    async with Database(url, application="worker-program") as database:
        worker = JobWorker(database, Registry([MARK, SLOW]), Marks(url), timings=timings)
        running = asyncio.create_task(worker.run())
        while not await is_well(worker):
            await asyncio.sleep(0.02)
        print(f"port {worker.health_port}", flush=True)
        await running


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], WorkerTimings(**json.loads(sys.argv[2]))))
