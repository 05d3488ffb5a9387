"""The limits over the wire: two web processes on one real store, and callers who try to be somebody else."""

from __future__ import annotations

import asyncio
import http.client
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from tests.platform.limit.conftest import Valkey

PROGRAM = Path(__file__).with_name("limited_program.py")
THINGS = "/api/things"
SIGN_IN = "/api/signin"

Start = Callable[..., str]


class Processes:
    """Web processes of a test."""

    def __init__(self, redis_url: str) -> None:
        self._redis_url = redis_url
        self._running: list[subprocess.Popen[str]] = []

    def start(self, presets: str, trusted: str = "") -> str:
        """One more process; its address."""
        argv = [sys.executable, str(PROGRAM), self._redis_url, presets, trusted]
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        self._running.append(process)
        assert process.stdout is not None
        return f"http://127.0.0.1:{int(process.stdout.readline())}"

    def stop(self) -> None:
        """All that run."""
        while self._running:
            process = self._running.pop()
            process.terminate()
            process.communicate(timeout=20)


@pytest.fixture
def processes(valkey: Valkey) -> Iterator[Processes]:
    started = Processes(valkey.url)
    yield started
    started.stop()


async def statuses(addresses: list[str], each: int) -> list[int]:
    """As many calls to every address, all at once."""
    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=50), timeout=30) as client:
        calls = [client.get(f"{address}{THINGS}") for address in addresses for _ in range(each)]
        return [reply.status_code for reply in await asyncio.gather(*calls)]


async def test_of_many_at_once_at_two_processes_exactly_as_many_pass_as_are_allowed(processes: Processes) -> None:
    both = [processes.start("public=40/minute") for _ in range(2)]
    codes = await statuses(both, 60)
    assert (codes.count(200), codes.count(429)) == (40, 80)


async def test_a_restart_of_the_web_process_does_not_reset_the_count(processes: Processes) -> None:
    assert (await statuses([processes.start("public=10/minute")], 7)).count(200) == 7
    processes.stop()
    assert (await statuses([processes.start("public=10/minute")], 7)).count(200) == 3


def raw_get(address: str, target: str) -> int:
    """A request with that target exactly as written, which clients that know better would tidy first."""
    host = address.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=20)
    try:
        connection.putrequest("GET", target, skip_host=True)
        connection.putheader("Host", "hub.example")
        connection.endheaders()
        return connection.getresponse().status
    finally:
        connection.close()


def test_no_spelling_of_the_address_is_counted_apart(processes: Processes) -> None:
    address = processes.start("public=2/minute")
    for _ in range(2):
        assert httpx.get(f"{address}{THINGS}").status_code == 200
    assert httpx.get(f"{address}{THINGS}").status_code == 429
    assert httpx.head(f"{address}{THINGS}").status_code == 429
    same = [
        f"{THINGS}?",
        f"{THINGS}?page=2",
        f"{THINGS}/",
        f"{THINGS}//",
        f"/{THINGS}",
        "/api//things",
        "/api/th%69ngs",
        "/api%2Fthings",
        "/api/./things",
        "/api/x/../things",
        "/API/Things",
        "/api/things;v=1",
        "/api/things%20",
        "/api/things%00",
        f"{address}{THINGS}",
    ]
    answers = {target: raw_get(address, target) for target in same}
    # Counted with the rest, or no address of ours at all; never served.
    assert set(answers.values()) <= {400, 404, 429}, answers
    assert [answers[target] for target in (f"{THINGS}?page=2", f"{THINGS}/", "/api/th%69ngs")] == [429] * 3


def test_what_the_address_names_is_not_counted_apart_either(processes: Processes) -> None:
    address = processes.start("public=3/minute")
    codes = [httpx.get(f"{address}{THINGS}/{name}").status_code for name in ("a", "b", "B", "%62", "c")]
    assert codes == [200, 200, 200, 429, 429]


@pytest.mark.parametrize(
    "forged",
    [
        {"X-Forwarded-For": "203.0.113.9"},
        {"X-Forwarded-For": "203.0.113.9, 127.0.0.1"},
        {"Forwarded": "for=203.0.113.9"},
        {"X-Real-IP": "203.0.113.9"},
        {"True-Client-IP": "203.0.113.9", "CF-Connecting-IP": "203.0.113.9", "X-Client-IP": "203.0.113.9"},
        {"X-Forwarded-Host": "other.example", "Host": "other.example"},
        {"X-HTTP-Method-Override": "PUT", "X-Original-URL": "/api/elsewhere", "X-Rewrite-URL": "/api/elsewhere"},
        {"Authorization": "Bearer x.y.z", "Cookie": "session=somebody"},
        {"User-Agent": "another", "X-Org-Id": "another", "X-Request-ID": "another-request"},
    ],
)
def test_no_header_makes_somebody_else_of_a_caller(processes: Processes, forged: dict[str, str]) -> None:
    address = processes.start("public=1/minute")
    assert httpx.get(f"{address}{THINGS}").status_code == 200
    assert httpx.get(f"{address}{THINGS}", headers=forged).status_code == 429


def test_behind_a_trusted_proxy_its_callers_are_told_apart_by_its_own_word_only(processes: Processes) -> None:
    address = processes.start("public=1/minute", "127.0.0.1")

    def from_proxy(forwarded: str) -> int:
        return httpx.get(f"{address}{THINGS}", headers={"X-Forwarded-For": forwarded}).status_code

    assert [from_proxy(caller) for caller in ("198.51.100.1", "198.51.100.2")] == [200, 200]
    assert from_proxy("203.0.113.9, 198.51.100.1") == 429
    assert from_proxy("2001:db8:0:1::1") == 200
    assert from_proxy("2001:db8:0:1::2") == 429


def test_when_the_store_dies_sign_in_closes_and_the_rest_stays_open(processes: Processes, valkey: Valkey) -> None:
    address = processes.start("public=1/minute")
    assert httpx.post(f"{address}{SIGN_IN}").status_code == 200
    valkey.stop()
    closed = httpx.post(f"{address}{SIGN_IN}")
    assert (closed.status_code, closed.json()["code"]) == (503, "limiter_unavailable")
    assert closed.headers["retry-after"] == "10"
    assert [httpx.get(f"{address}{THINGS}").status_code for _ in range(3)] == [200] * 3
    valkey.start()
    assert httpx.post(f"{address}{SIGN_IN}").status_code == 200
    assert [httpx.get(f"{address}{THINGS}").status_code for _ in range(2)] == [200, 429]
