"""Every line of the process goes through the masks: ours, the libraries', and the traces of errors."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import warnings
from collections.abc import Iterator
from typing import Literal

import pytest
import stamina
import structlog

from kamhub.platform.monitoring.logs import configure_logging
from kamhub.platform.settings import Settings
from tests.platform.monitoring.support import logging_as_it_was

EMAIL = "anna.elkina@example.org"
BOOKING = "01997f2a-1234-7890-8123-456789012345"
Env = Literal["development", "production"]


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    with logging_as_it_was():
        yield


@pytest.mark.parametrize("env", ["development", "production"])
@pytest.mark.parametrize(
    "name", ["uvicorn.error", "uvicorn.access", "procrastinate.worker", "psycopg.pool", "asyncio", "x"]
)
def test_lines_of_the_libraries_are_masked(env: Env, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(Settings(env=env))
    logging.getLogger(name).error("booking %s of %s, %s", BOOKING, EMAIL, {"token": "hunter22"})
    try:
        raise ValueError(f"Key (email)=({EMAIL}) already exists")
    except ValueError:
        logging.getLogger(name).exception("it failed", stack_info=True)
    shown = capsys.readouterr().err
    assert BOOKING in shown
    assert "already exists" in shown
    assert EMAIL not in shown
    assert "hunter22" not in shown


@pytest.mark.parametrize("env", ["development", "production"])
def test_our_own_lines_and_traces_are_masked(env: Env, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(Settings(env=env))
    log = structlog.get_logger("kamhub.test").bind(contact={"email": EMAIL, "ids": [BOOKING]})
    a_local_variable = "hunter22"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            raise ValueError(f"password={a_local_variable} of {EMAIL}") from RuntimeError(EMAIL)
        except ValueError as error:
            log.exception("round_failed")
            log.error("round_failed", exc_info=error, reason=error)
    shown = capsys.readouterr().err
    assert shown.count("ValueError") >= 2
    assert BOOKING in shown
    assert EMAIL not in shown
    assert "hunter22" not in shown


def test_a_retry_is_told_without_what_was_called_with(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(Settings(env="production"))

    @stamina.retry(on=ConnectionError, attempts=2, wait_initial=0, wait_jitter=0)
    def ask(_of: str) -> None:
        raise ConnectionError("somewhere")

    with pytest.raises(ConnectionError):
        ask("hunter22")
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["number"], line["error"]) == ("retry", 1, "ConnectionError")
    assert "hunter22" not in str(line)


def test_a_line_stays_one_object_with_its_own_fields(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(Settings(env="production"))
    structlog.get_logger("kamhub.test").warning("request", status=503, seconds=1.2, request_id=BOOKING.replace("-", ""))
    line = json.loads(capsys.readouterr().err)
    assert line.pop("timestamp").startswith("20")
    assert line == {
        "event": "request",
        "status": 503,
        "seconds": 1.2,
        "request_id": BOOKING.replace("-", ""),
        "level": "warning",
        "logger": "kamhub.test",
    }


def test_what_the_server_itself_says_of_a_fault_is_masked() -> None:
    # The server catches what the application lets through and writes the trace by a logger of its own.
    program = f"""
import asyncio, uvicorn
from kamhub.platform.monitoring.logs import configure_logging
from kamhub.platform.settings import Settings

async def app(scope, receive, send):
    raise RuntimeError("of {EMAIL}")

async def main():
    configure_logging(Settings(env="production"))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /?token=hunter22 HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n")
    print((await reader.read()).split(b"\\r\\n")[0].decode())
    server.should_exit = True
    await serving

asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert "500" in done.stdout
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert any(line.get("exception", "").endswith("RuntimeError: of •••") for line in lines)
    assert EMAIL not in done.stderr
    assert "hunter22" not in done.stderr
