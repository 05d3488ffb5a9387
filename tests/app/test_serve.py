"""How a web process leaves."""

from __future__ import annotations

import signal
from threading import Event

import pytest
import uvicorn
from litestar.types import Receive, Scope, Send

from kamhub.app.commands.serve import _Server


async def nothing(_scope: Scope, _receive: Receive, _send: Send) -> None:
    """An application that is never asked."""


@pytest.fixture
def leaving() -> Event:
    return Event()


def server(leaving: Event, drain: float) -> _Server:
    made = _Server(uvicorn.Config(nothing), leaving, drain)
    made.started = True
    return made


async def test_it_says_so_and_goes_on_until_it_has_drained(leaving: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("kamhub.app.commands.serve.time.monotonic", lambda: now)
    leaves = server(leaving, 5)
    leaves.handle_exit(signal.SIGTERM, None)
    assert leaving.is_set()
    assert leaves.config.encoded_headers == [(b"connection", b"close")]
    now += 4.9
    assert not await leaves.on_tick(1)
    now += 0.2
    assert await leaves.on_tick(2)


async def test_a_second_signal_does_not_wait(leaving: Event) -> None:
    leaves = server(leaving, 60)
    leaves.handle_exit(signal.SIGTERM, None)
    assert not leaves.should_exit
    leaves.handle_exit(signal.SIGTERM, None)
    assert await leaves.on_tick(1)


@pytest.mark.parametrize(("drain", "started"), [(0.0, True), (5.0, False)])
async def test_without_draining_or_before_it_serves_it_ends_at_once(
    leaving: Event, drain: float, started: bool
) -> None:
    leaves = server(leaving, drain)
    leaves.started = started
    leaves.handle_exit(signal.SIGTERM, None)
    assert leaves.should_exit
    assert not leaving.is_set()
