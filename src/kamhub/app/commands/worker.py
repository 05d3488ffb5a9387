"""`kamhub worker`: one worker process. It loads nothing of the web application, so it is soon there when one has died."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from kamhub.app.backups import make_backups
from kamhub.app.commands.target import Target, fail, require_schema, require_target
from kamhub.app.desk import make_desk
from kamhub.app.wiring import key_ring, open_hub
from kamhub.app.work import WorkContext, registry
from kamhub.hub.monitoring.metrics import of_process
from kamhub.platform.database.pool import PoolSizes
from kamhub.platform.job.registry import Registry
from kamhub.platform.job.types import JobRefused, WorkerCannotRecover, WorkerTimings
from kamhub.platform.job.worker import JobWorker
from kamhub.platform.mail.actions import mail_transport
from kamhub.platform.mail.types import MailTransport
from kamhub.platform.monitoring import sentry, traces
from kamhub.platform.monitoring.logs import configure_logging
from kamhub.platform.monitoring.process import process_text
from kamhub.platform.person.services import People
from kamhub.platform.settings import SettingsRefused

WORKER_GRACE_SECONDS = 10.0
_THREADS_WITHIN = 1.5
_THREAD_LOOKS = 15
_THREADS = "job thread"
# Seconds a thread that draws a ticket may keep the interpreter from the loop. With the usual 0.005 every answer of the database
# waits that long, and a job of many short statements ten times as long as its statements take.
_SWITCH_EVERY = 0.0005


def worker(data_dir: Path | None) -> None:
    """Do background jobs until SIGTERM."""
    target = require_target(data_dir)
    configure_logging(target.settings)
    sentry.start(target.settings, "worker")
    traces.start(target.settings, "worker")
    try:
        mail = mail_transport(target.settings, target.data_dir)
    except SettingsRefused as refused:
        fail(str(refused))
    try:
        jobs = registry(target.settings.worker_queues)
    except JobRefused as refused:
        fail(f"A job is not registered as it must be: {refused}")
    require_schema(target.app_url, role="kamhub_system")
    limit_memory(target.settings.worker_memory_mb)
    sys.setswitchinterval(_SWITCH_EVERY)
    try:
        asyncio.run(_work(target, mail, jobs))
    except WorkerCannotRecover as lost:
        fail(str(lost))
    finally:
        sentry.stop()
        traces.stop()


def limit_memory(megabytes: int) -> None:
    """A job that eats memory gets a ``MemoryError`` of its own, instead of having the machine end whatever it likes."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = megabytes * 1024 * 1024
    if hard == resource.RLIM_INFINITY or wanted < hard:
        resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))


async def _work(target: Target, mail: MailTransport, jobs: Registry[WorkContext]) -> None:
    settings = target.settings
    public_url = settings.public_url or "http://127.0.0.1:8000"
    sizes = PoolSizes(public=2, engine=1, tenant=4, system=2)
    keys = key_ring(settings, target.data_dir)
    threads = ThreadPoolExecutor(thread_name_prefix=_THREADS)
    asyncio.get_running_loop().set_default_executor(threads)
    async with open_hub(
        settings, target.app_url, keys, application="kamhub-worker", public_url=public_url, sizes=sizes
    ) as hub:
        people = People(hub.database, hub.clock, keys, public_url=hub.public_url, production=settings.production)
        backups = make_backups(settings, target.app_url, target.data_dir, keys) if settings.backups == "on" else None
        desk = make_desk(settings, hub, target.data_dir)
        context = WorkContext(hub=hub, desk=desk, people=people, mail=mail, settings=settings, backups=backups)
        runner = JobWorker(
            hub.database,
            jobs,
            context,
            health_host=settings.worker_health_host,
            health_port=settings.worker_health_port,
            metrics_token=settings.metrics_token.get_secret_value() if settings.metrics_token else None,
            metrics=lambda: of_process(hub) + process_text("worker"),
            timings=WorkerTimings(grace=WORKER_GRACE_SECONDS),
        )
        lost = await _until_stopped(runner)
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, signal.SIG_IGN)  # it is ending already, and well
    if runner.left_running or not await _end(threads):
        # Their jobs were put back and belong to another worker; waiting for what cannot be ended would be for ever.
        if lost is not None:
            print(lost, file=sys.stderr, flush=True)
        sentry.stop()
        traces.stop()
        logging.shutdown()
        os._exit(0 if lost is None else 1)
    if lost is not None:
        raise lost


async def _until_stopped(runner: JobWorker[WorkContext]) -> WorkerCannotRecover | None:
    """Work; returns why it could not go on, None when it was asked to stop."""
    try:
        await runner.run()
    except WorkerCannotRecover as lost:
        sentry.tell(lost)
        return lost
    return None


async def _end(threads: ThreadPoolExecutor) -> bool:
    """Whether the threads that jobs left behind come to an end. To wait for one may be to wait for ever."""
    threads.shutdown(wait=False, cancel_futures=True)
    for _ in range(_THREAD_LOOKS):
        if not any(thread.name.startswith(_THREADS) for thread in threading.enumerate()):
            return True
        await asyncio.sleep(_THREADS_WITHIN / _THREAD_LOOKS)
    return False
