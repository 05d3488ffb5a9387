"""Spans of web and worker arrive at a stand-in of an OpenTelemetry collector, with one trace and no personal data."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from kamhub.hub.notice.actions import SEND
from kamhub.platform.job.queue import described
from kamhub.platform.job.registry import Registry
from kamhub.platform.job.run import Run
from kamhub.platform.job.types import DONE, Job, Outcome, Retry, WorkerTimings
from kamhub.platform.job.worker import JobWorker
from kamhub.platform.monitoring import traces
from kamhub.platform.settings import Settings
from kamhub.platform.web.edge import Edge
from tests.asgi import ORIGIN, Web
from tests.builders import World

CANARIES = ("kanareika@people.example", "Канарейкина", "79147654321", "q7TokenKanareika")
CONTACT = {"name": CANARIES[1], "phone": "+" + CANARIES[2], "email": CANARIES[0]}


@dataclass
class Collector:
    """What it was sent, as it came and as spans."""

    url: str = ""
    bodies: list[bytes] = field(default_factory=list)

    def spans(self) -> dict[str, Any]:
        found = {}
        for body in self.bodies:
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                for scope in resource.scope_spans:
                    found.update({span.name: span for span in scope.spans})
        return found


@contextmanager
def collector() -> Iterator[Collector]:
    told = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            told.bodies.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with collector() as found:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
        assert traces.start(Settings(otlp_endpoint=found.url), "web")
        yield found
        traces.stop()


def value(span: Any, name: str) -> Any:
    """An attribute of a span."""
    [found] = [one.value for one in span.attributes if one.key == name]
    return found.int_value or found.string_value


async def test_a_request_its_call_out_and_its_job_are_one_trace(web: Web, world: World, told: Collector) -> None:
    ran = asyncio.Event()

    async def send(run: Run[object], *, message_id: str) -> Outcome:
        ran.set()
        return DONE

    edge = traces.Traced(Edge(web.app, production=False))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(edge), base_url=ORIGIN) as client:  # type: ignore[arg-type]
        asked = {"departure_id": str(world.departure()), "passengers": 1, "contact": CONTACT}
        booked = await client.post(f"/api/transfers/book?secret={CANARIES[3]}", json=asked)
    assert booked.status_code == 201, booked.text
    job: Job[object] = Job(SEND, send, timedelta(seconds=5), Retry(attempts=1), kept=timedelta(days=1))
    worker = JobWorker(web.hub.database, Registry([job]), object(), timings=WorkerTimings(grace=1.0))
    working = asyncio.create_task(worker.run())
    await asyncio.wait_for(ran.wait(), 20)
    worker.stop()
    await asyncio.wait_for(working, 20)
    traces.stop()

    spans = told.spans()
    request, call, job_span = (
        spans["POST /api/transfers/book"], spans["POST /orders/create"], spans["notice.send"],
    )  # fmt: skip
    assert call.trace_id == job_span.trace_id == request.trace_id
    assert call.parent_span_id == request.span_id
    number = booked.headers["x-request-id"]
    assert [value(span, "kamhub.request_id") for span in (request, call, job_span)] == [number] * 3
    assert value(request, "http.response.status_code") == 201
    assert value(call, "server.address") == "provider.test"
    for canary in CANARIES:
        assert not any(canary.encode() in body for body in told.bodies), canary


async def test_a_step_that_fails_is_told_by_the_type_of_its_error(told: Collector) -> None:
    with pytest.raises(KeyError), traces.span("step", "client"):
        raise KeyError(CANARIES[0])
    with traces.span("call", "client") as span:
        traces.answered(span, 503)
    traces.stop()
    spans = told.spans()
    assert (value(spans["step"], "error.type"), value(spans["call"], "error.type")) == ("KeyError", "503")
    assert {spans[name].status.code for name in ("step", "call")} == {2}
    assert not any(CANARIES[0].encode() in body for body in told.bodies)


def test_without_an_address_nothing_is_sent_loaded_or_kept(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    assert not traces.start(Settings(), "worker")
    assert not traces.running()
    assert traces.here() is None
    with traces.span("step", "server") as span:
        assert span is None
        traces.answered(span, 500)
    assert "trace" not in described(world.main.id, None, None, world.now, {})


def test_the_extra_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    assert not traces.start(Settings(otlp_endpoint="http://127.0.0.1:9"), "web")
