"""The program itself: how it starts, refuses to start, and ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from .support import DEADLINE, PUBLIC_ID, SECRET, Api, Shop

MAX_RSS = 45 * 1024 * 1024


class Program:
    """Runs the stand-in as a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.data_file = folder / "standin.sqlite3"
        self.running: list[subprocess.Popen[str]] = []

    def spawn(self, *extra: str, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "kamhub.app.demo.cloudpayments", "--public-id", PUBLIC_ID]
        options = {"--data-file": str(self.data_file), "--notify-url": "http://127.0.0.1:9/hooks"}
        options |= dict(zip(extra[::2], extra[1::2], strict=True))
        environment = {"STANDIN_API_SECRET": SECRET, "PATH": os.environ["PATH"]} | (env or {})
        process = subprocess.Popen(
            [*command, *(part for pair in options.items() for part in pair)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.running.append(process)
        return process

    def start(self, *extra: str) -> tuple[subprocess.Popen[str], str]:
        process = self.spawn(*extra)
        assert process.stdout is not None
        word, _, address = process.stdout.readline().strip().partition(" ")
        assert word == "ready"
        return process, address


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    made = Program(tmp_path)
    yield made
    for process in made.running:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_starts_small_and_ends_cleanly(program: Program) -> None:
    process, address = program.start()
    assert address.startswith("http://127.0.0.1:")
    api = Api(address)
    api.pay(api.order())
    api.close()
    assert psutil.Process(process.pid).memory_info().rss < MAX_RSS
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=DEADLINE)
    assert (process.returncode, out, err) == (0, "", "")


def test_ends_quickly_while_the_shop_is_silent(program: Program, shop: Shop) -> None:
    process, address = program.start("--notify-url", shop.url)
    api = Api(address)
    api.pay(api.order(RequireConfirmation=True))
    shop.open_gate.clear()
    api.call("/payments/void", {"TransactionId": api.find()["TransactionId"]})
    api.close()
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=DEADLINE / 2)
    assert (process.returncode, out, err) == (0, "", "")


def test_killed_program_loses_no_notification(program: Program, shop: Shop) -> None:
    process, address = program.start("--notify-url", shop.url)
    api = Api(address)
    shop.answers["pay"].append((500, ""))
    api.pay(api.order())
    api.close()
    process.kill()
    process.wait(DEADLINE)
    _, address = program.start("--notify-url", shop.url)
    api = Api(address)
    pay = api.notifications()[1]
    assert (pay["kind"], pay["state"], api.find()["Status"]) == ("pay", "waiting", "Completed")
    api.close()


@pytest.mark.parametrize(
    ("extra", "env", "sentence"),
    [
        ((), {"KAMHUB_ENV": "production"}, "does not run in production"),
        ((), {"KAMHUB_ENV": " Production "}, "does not run in production"),
        ((), {"STANDIN_API_SECRET": ""}, "STANDIN_API_SECRET"),
        (("--host", "0.0.0.0"), {}, "loopback"),
        (("--host", "192.168.1.5"), {}, "loopback"),
        (("--host", "shop.example"), {}, "loopback"),
        (("--notify-url", "http://shop.example/hooks"), {}, "loopback"),
        (("--notify-url", "https://127.0.0.1/hooks"), {}, "loopback"),
        (("--notify-url", "http://127.0.0.1@shop.example/"), {}, "loopback"),
    ],
)
def test_refuses_to_start(program: Program, extra: tuple[str, ...], env: dict[str, str], sentence: str) -> None:
    process = program.spawn(*extra, env=env)
    out, err = process.communicate(timeout=DEADLINE)
    assert process.returncode == 2
    assert sentence in err
    assert len(err.splitlines()) == 1
    assert out == ""
    assert not program.data_file.exists()


def test_one_data_file_serves_one_program(program: Program) -> None:
    program.start()
    second = program.spawn()
    _, err = second.communicate(timeout=2 * DEADLINE)
    assert second.returncode == 2
    assert "cannot be used" in err


def test_malformed_requests_get_a_demo_page(program: Program) -> None:
    _, address = program.start()
    answer = httpx.request("BREW", address)
    assert answer.status_code == httpx.codes.NOT_IMPLEMENTED
    assert "DEMO" in answer.text
