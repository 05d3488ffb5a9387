"""What a worker answers to whoever watches it: numbers for Prometheus, and how it is."""

from __future__ import annotations

import asyncio
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from kamhub.platform.database.pool import Database
from kamhub.platform.job import metrics
from kamhub.platform.job.health import HealthServer, WorkerHealth
from kamhub.platform.job.run import Run
from kamhub.platform.job.types import DONE, GiveUp, Outcome, QueueState, TryAgain
from kamhub.platform.job.types import Queue as QueueName
from tests.platform.job.support import MARK, SOON, Eventually, Marks, Queue, Working, job_of, worker_of

CRM = QueueState("crm", waiting=2, scheduled=1, running=3, dead=4, oldest_waiting=61.5)


def _read(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Samples by name and labels; raises when the text is not as it must be."""
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    assert len({_key(sample) for sample in samples}) == len(samples), "a sample is there twice"
    return {_key(sample): sample.value for sample in samples}


def _key(sample: Sample) -> tuple[str, tuple[tuple[str, str], ...]]:
    return sample.name, tuple(sorted(sample.labels.items()))


def _of(name: str, **labels: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    return name, tuple(sorted(labels.items()))


def test_every_queue_has_its_numbers_the_empty_ones_too() -> None:
    read = _read(metrics.gauges([CRM]).decode())
    assert read[_of("kamhub_jobs_waiting", queue="crm")] == 2
    assert read[_of("kamhub_jobs_scheduled", queue="crm")] == 1
    assert read[_of("kamhub_jobs_running", queue="crm")] == 3
    assert read[_of("kamhub_jobs_dead", queue="crm")] == 4
    assert read[_of("kamhub_jobs_oldest_waiting_seconds", queue="crm")] == 61.5
    assert {key: value for key, value in read.items() if ("queue", "crm") not in key[1]} == {
        _of(f"kamhub_jobs_{what}", queue=queue.value): 0
        for what in ("waiting", "scheduled", "running", "dead", "oldest_waiting_seconds")
        for queue in QueueName
        if queue is not QueueName.CRM
    }


def test_every_number_says_what_it_is_and_is_named_as_prometheus_wants() -> None:
    text = metrics.gauges([CRM]).decode() + generate_latest(metrics.REGISTRY).decode()
    families = list(text_string_to_metric_families(text))
    assert len(families) >= 7
    for family in families:
        assert family.name.startswith("kamhub_job")
        assert family.documentation.endswith(".")
        assert family.type in ("gauge", "counter", "histogram")


async def test_runs_are_counted_by_how_they_ended(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    async def vary(run: Run[Marks], *, word: str) -> Outcome:
        match word, run.attempt:
            case "fail", 1:
                raise ValueError
            case "again", 1:
                return TryAgain(datetime.now(UTC), "not yet")
            case "give up", _:
                return GiveUp("never")
        return DONE

    it = job_of("counted here", vary, SOON)
    worker = worker_of(database, marks, it)
    async with working(worker):
        for word, end in (("fail", "done"), ("again", "done"), ("give up", "dead"), ("well", "done")):
            job = await queue.put(it, word=word)
            await eventually(lambda job=job, end=end: queue.is_(job, end))  # type: ignore[misc]
        await eventually(lambda: _counted(worker.health_port, "done", 3))
        read = _read(await asyncio.to_thread(_metrics, worker.health_port))
    outcomes = {
        dict(labels)["outcome"]: value
        for (name, labels), value in read.items()
        if name == "kamhub_job_runs_total" and ("kind", "counted here") in labels
    }
    assert outcomes == {"done": 3, "retried": 1, "again": 1, "dead": 1}
    assert read[_of("kamhub_jobs_dead", queue="maintenance")] == 1
    assert read[_of("kamhub_job_duration_seconds_count", queue="maintenance")] >= 6


async def _counted(port: int, outcome: str, count: int) -> bool:
    read = _read(await asyncio.to_thread(_metrics, port))
    return read.get(_of("kamhub_job_runs_total", kind="counted here", queue="maintenance", outcome=outcome)) == count


def _metrics(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as reply:
        assert reply.headers["Content-Type"].startswith("text/plain; version=")
        text: str = reply.read().decode()
    return text


# How it is.


def _health(status: str = "ok", *, database: bool = True) -> WorkerHealth:
    beat = datetime.now(UTC) if database else None
    return WorkerHealth(status, beat, database, 1, 0, [CRM] if database else None)  # type: ignore[arg-type]


async def _ask(health: WorkerHealth, request: bytes) -> bytes:
    async def look() -> WorkerHealth:
        return health

    server = HealthServer(look)
    await server.start("127.0.0.1", 0)
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(request)
        writer.write_eof()
        reply = await asyncio.wait_for(reader.read(), 5)
        writer.close()
    finally:
        await server.stop()
    return reply


@pytest.mark.parametrize(
    ("health", "status"),
    [
        pytest.param(_health(), b"200 OK", id="well"),
        pytest.param(_health("stopping"), b"503 Service Unavailable", id="stopping"),
        pytest.param(_health("recovering", database=False), b"503 Service Unavailable", id="recovering"),
        pytest.param(_health(database=False), b"503 Service Unavailable", id="database away"),
    ],
)
async def test_a_probe_is_told_whether_all_is_well(health: WorkerHealth, status: bytes) -> None:
    reply = await _ask(health, b"GET /health?verbose HTTP/1.1\r\nHost: x\r\n\r\n")
    assert reply.startswith(b"HTTP/1.1 " + status + b"\r\n")
    assert b"Cache-Control: no-store" in reply


@pytest.mark.parametrize(
    ("request_line", "answer"),
    [
        (b"POST /health HTTP/1.1\r\n\r\n", b"HTTP/1.1 405 "),
        (b"GET /other HTTP/1.1\r\n\r\n", b"HTTP/1.1 404 "),
        (b"GET /healthy HTTP/1.1\r\n\r\n", b"HTTP/1.1 404 "),
        (b"\xff\xfe\r\n\r\n", b"HTTP/1.1 404 "),
        (b"GET /health", b""),
        (b"", b""),
        (b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n", b""),
    ],
)
async def test_nonsense_gets_no_answer_or_a_short_one(request_line: bytes, answer: bytes) -> None:
    reply = await _ask(_health(), request_line)
    assert reply.startswith(answer)
    assert bool(reply) is bool(answer)


async def test_while_the_database_is_away_nothing_is_said_of_the_queues() -> None:
    reply = (await _ask(_health(database=False), b"GET /metrics HTTP/1.1\r\n\r\n")).decode()
    assert reply.startswith("HTTP/1.1 200 OK\r\n")
    assert "kamhub_jobs_dead" not in reply, "none would end the alert about those there are"
    assert "kamhub_jobs_dead" in (await _ask(_health(), b"GET /metrics HTTP/1.1\r\n\r\n")).decode()


async def test_what_else_the_process_has_to_tell_comes_with_it() -> None:
    async def look() -> WorkerHealth:
        return _health()

    server = HealthServer(look, more=lambda: b"kamhub_process_open_fds 7.0\n")
    status, _, told = await server._answer(["GET /metrics HTTP/1.1", "", ""], local=True)
    assert (status, told.splitlines()[-1]) == (200, b"kamhub_process_open_fds 7.0")
    assert b"kamhub_jobs_dead" in told


async def test_a_stopping_worker_says_so_until_it_ends(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    worker = worker_of(database, marks, MARK)
    async with working(worker):

        async def well() -> bool:
            return (await worker.health()).well

        await eventually(well)
        worker.stop()
        assert (await worker.health()).status == "stopping"
        assert not (await worker.health()).well
    assert (await worker.health()).last_heartbeat is None


async def test_a_job_waiting_since_long_is_seen_in_health_and_metrics(
    database: Database, queue: Queue, marks: Marks, working: Working, eventually: Eventually
) -> None:
    async def unknown() -> Outcome:
        return DONE

    other = job_of("of another worker", lambda run: unknown(), queue=QueueName.CHAT)
    await queue.put(other, run_at=datetime.now(UTC) - timedelta(hours=1))
    worker = worker_of(database, marks, MARK)
    async with working(worker):

        async def told() -> bool:
            return bool((await worker.health()).queues)

        await eventually(told)
        [state] = (await worker.health()).queues or ()
        read = _read(await asyncio.to_thread(_metrics, worker.health_port))
    assert (state.queue, state.waiting) == ("chat", 1)
    assert state.oldest_waiting >= 3600
    assert read[_of("kamhub_jobs_oldest_waiting_seconds", queue="chat")] >= 3600


@pytest.mark.parametrize(
    ("token", "shown", "status"),
    [(None, "Bearer x", 404), ("secret", None, 401), ("secret", "Bearer other", 401), ("secret", "Bearer secret", 200)],
)
async def test_another_machine_needs_the_token_for_the_metrics(
    token: str | None, shown: str | None, status: int
) -> None:
    async def look() -> WorkerHealth:
        return _health()

    server = HealthServer(look, token)
    headers = [] if shown is None else [f"Authorization: {shown}"]
    assert (await server._answer(["GET /metrics HTTP/1.1", "Host: x", *headers, "", ""], local=False))[0] == status
    told = await server._answer(["GET /health HTTP/1.1", "", ""], local=False)
    assert (told[0], told[2]) == (200, b'{"status": "ok"}')
