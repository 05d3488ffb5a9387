"""The way of the pages to Sentry: our own project, our own kinds of reports, and nothing of who sends them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from kamhub.app.commands.doctor import doctor
from kamhub.kit.clock import ManualClock
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.monitoring.envelope import MOST_BYTES, Address, EnvelopeRefused, address_of, judge
from kamhub.platform.settings import Settings
from tests.asgi import Web, serve
from tests.hub.payment.support import Provider
from tests.platform.monitoring.support import logging_as_it_was
from tests.sentry import KEY, Sentry, sentry_stand_in

DSN = "https://key@sentry.example/7"
EVENT = (b'{"type":"event"}', b'{"event_id":"1"}')


def envelope(*items: tuple[bytes, bytes], dsn: str = DSN) -> bytes:
    return b"\n".join([json.dumps({"dsn": dsn}).encode(), *(line for item in items for line in item)])


@pytest.fixture
async def pages(
    database_url: str, keys: KeyRing, clock: ManualClock, tmp_path: Path, service: Provider
) -> AsyncIterator[tuple[Web, Sentry]]:
    with sentry_stand_in() as told:
        settings = Settings(sentry_dsn=SecretStr(told.dsn))
        async with serve(database_url, keys, clock, tmp_path, provider=service, settings=settings) as web:
            yield web, told


async def send(web: Web, body: bytes) -> httpx.Response:
    headers = {"Content-Type": "text/plain;charset=UTF-8", "X-Forwarded-For": "10.9.8.7", "Cookie": "session=secret"}
    return await web.client.post("/api/monitoring", content=body, headers=headers)


async def test_an_envelope_is_passed_on_as_it_is_and_limited(pages: tuple[Web, Sentry]) -> None:
    web, told = pages
    body = envelope(EVENT, dsn=told.dsn)
    assert (await send(web, body)).status_code == 204
    [(path, headers, passed)] = told.requests
    assert (path, passed) == ("/api/7/envelope/", body)
    assert f"sentry_key={KEY}" in headers["X-Sentry-Auth"]
    assert "10.9.8.7" not in told.text
    assert "secret" not in told.text
    # Sentry wants to hear less: the page is told so.
    told.answer = (429, {"Retry-After": "60", "X-Sentry-Rate-Limits": "60::organization", "Set-Cookie": "x=1"})
    busy = await send(web, body)
    assert (busy.status_code, busy.headers["retry-after"]) == (429, "60")
    assert busy.headers["x-sentry-rate-limits"] == "60::organization"
    assert "set-cookie" not in busy.headers
    told.answer = (302, {"Location": "http://127.0.0.1:9/"})
    assert (await send(web, body)).status_code == 503
    # Whoever floods it is sent away, before anything is passed on.
    told.answer = (200, {})
    codes = [(await send(web, b"")).status_code for _ in range(30)]
    assert codes[0] == 400
    assert codes[-1] == 429
    assert len(told.requests) == 3


async def test_what_is_not_ours_is_not_passed_on(pages: tuple[Web, Sentry]) -> None:
    web, told = pages
    assert (await send(web, envelope(EVENT, dsn="https://key@elsewhere.example/7"))).status_code == 400
    assert (await send(web, envelope((b'{"type":"attachment"}', b"x"), dsn=told.dsn))).status_code == 400
    assert (await send(web, envelope(EVENT, dsn=told.dsn) + b"\n" * MOST_BYTES)).status_code == 413
    assert told.requests == []


async def test_without_a_project_there_is_no_such_address(web: Web) -> None:
    assert (await send(web, envelope(EVENT))).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[" * 10_000,
        b"[]",
        envelope(),
        envelope((b'{"type":"event","length":9}', b"12345678")),
        envelope((b'{"type":"event","length":-1}', b"1")),
        envelope((b'{"type":"event","length":"1"}', b"1")),
        envelope((b'{"type":"event","length":1}', b"12")),
        envelope((b'{"kind":"event"}', b"1")),
        envelope(*[EVENT] * 21),
        b'{"dsn":"' + b"x" * 20_000 + b'"}',
    ],
)
def test_an_envelope_that_cannot_be_read_is_refused(body: bytes) -> None:
    with pytest.raises(EnvelopeRefused):
        judge(body, DSN)


def test_a_recording_is_passed_over_by_its_length() -> None:
    recording = b'{"segment_id":0}\n\x00\n{"type":"attachment"}'
    header = json.dumps({"type": "replay_recording", "length": len(recording)}).encode()
    judge(envelope((b'{"type":"replay_event"}', b"{}"), (header, recording)), DSN)
    judge(envelope((header, recording), EVENT) + b"\n", DSN)


def test_the_address_of_a_project_below_a_path() -> None:
    assert address_of("http://key:old@host:9000/sub/7") == Address("http://host:9000", "/sub/api/7/envelope/", "key")


@pytest.mark.parametrize(("status", "well"), [(200, True), (403, False)])
def test_the_doctor_tries_whether_a_fault_arrives(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, status: int, *, well: bool
) -> None:
    with sentry_stand_in() as told, logging_as_it_was():
        told.answer = (status, {})
        monkeypatch.setenv("KAMHUB_SENTRY_DSN", told.dsn)
        with pytest.raises(SystemExit):  # there is no database
            doctor(tmp_path, as_json=True, trial=True)
    [finding] = [each for each in json.loads(capsys.readouterr().out)["findings"] if each["name"] == "sentry"]
    [event] = told.items("event")
    assert finding["ok"] is well
    assert finding["detail"].endswith(event["event_id"])
