"""The real thing: `kamhub up` in a folder and on a port of its own, looked at from outside."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import httpx
import psutil
import psycopg

from kamhub.platform.embedded.address import running_address
from kamhub.platform.embedded.cluster import Cluster
from kamhub.platform.embedded.placement import cluster_path
from kamhub.platform.embedded.processes import cluster_processes

Part = Literal["web", "worker", "payments", "postgres"]
PARTS: tuple[Part, ...] = ("web", "worker", "payments", "postgres")

KAMHUB = (sys.executable, "-m", "kamhub")
PASSWORD = "a password of the tests"
COMMAND_WITHIN = 60.0  # seconds
_LOOKS = 10
READY_WITHIN = 90.0  # seconds; a bound for a machine busy with other tests, not a promise
_MARKS: dict[Part, tuple[str, ...]] = {
    "web": ("-m", "kamhub", "web"),
    "worker": ("-m", "kamhub", "worker"),
    "payments": ("-m", "kamhub.app.demo.cloudpayments"),
}


def free_port() -> int:
    """A port of loopback nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(condition: Callable[[], bool], seconds: float, what: str, *, every: float = 0.02) -> float:
    """Wait until the condition holds; returns how long that took. Raises AssertionError after `seconds`.

    `every`: seconds between two looks; a look that is work for the product, too, should not be taken too often.
    """
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            raise AssertionError(f"waited {seconds:.0f} s in vain: {what}")
        time.sleep(every)
    return time.monotonic() - began


def environment(**settings: str) -> dict[str, str]:
    """Our environment with these settings of the product (names without prefix) and no others."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("KAMHUB_")}
    return ours | {f"KAMHUB_{name.upper()}": value for name, value in settings.items()}


def command(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the product to its end."""
    return subprocess.run(
        [*KAMHUB, *arguments],
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=COMMAND_WITHIN,
        check=False,
    )


def said_in_a_sentence(done: subprocess.CompletedProcess[str]) -> str:
    """The single line a refused command leaves on standard error; asserts that there is no more to read."""
    lines = done.stderr.strip().splitlines()
    assert done.returncode not in (0, None), done
    assert "Traceback" not in done.stderr, done.stderr
    assert len(lines) == 1, done.stderr
    return lines[0]


class Product:
    """One `kamhub up`. A context manager: leaves no process and no database behind."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.log = folder.with_name(folder.name + ".log")
        self.cold_start = 0.0  # seconds from an empty folder to the first page
        self.cold_start_cpu = 0.0  # and the processor time that took
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.cold_start = self.start()
        self.cold_start_cpu = self.cpu_seconds()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(35)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(5)
        Cluster(self.folder).destroy()

    @property
    def url(self) -> str:
        """Address of the first page."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Process id of `kamhub up`."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> float:
        """Start and wait until it says that it is ready; returns the seconds until the first page was there."""
        began = time.monotonic()
        settings = environment(rate_limits="off", log_level="warning", demo_password=PASSWORD)
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [*KAMHUB, "up", "--port", str(self.port), "--data-dir", str(self.folder)],
                env=settings, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        wait_for(self._announced, READY_WITHIN, "kamhub up gets ready")
        assert httpx.get(self.url, timeout=10).status_code == 200
        return time.monotonic() - began

    def _announced(self) -> bool:
        text = self.log.read_text("utf-8", "replace")
        assert self._process is not None
        assert self._process.poll() is None, text
        return "Kamchatour Hub is ready" in text

    def wait_well(self) -> None:
        """Wait until it is ready many times in a row.

        A session that PostgreSQL ended while it lay idle in a pool is noticed when it is next used, and that request is told
        to come again; afterwards there is none left for whoever comes next.
        """
        wait_for(lambda: all(self.is_ready() for _ in range(_LOOKS)), READY_WITHIN, "the product is well")

    def is_ready(self) -> bool:
        """Whether the web process can serve at this moment."""
        try:
            return httpx.get(f"{self.url}/health/ready", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def part(self, name: Part) -> psutil.Process | None:
        """A child of `up`, by what it was started as; None while there is none."""
        try:
            children = psutil.Process(self.pid).children()
        except psutil.NoSuchProcess:
            return None
        for child in children:
            try:
                words = child.cmdline()
                if child.status() != psutil.STATUS_ZOMBIE and _is_part(words, name):
                    return child
            except psutil.NoSuchProcess:
                continue
        return None

    def kill(self, name: Part) -> psutil.Process:
        """kill -9 a child of `up`; returns what was killed."""
        victim = self.part(name)
        assert victim is not None, f"there is no {name} to kill"
        victim.kill()
        return victim

    def wait_replaced(self, name: Part, killed: psutil.Process, seconds: float) -> None:
        """Wait until `up` has started that child anew."""

        def replaced() -> bool:
            found = self.part(name)
            return found is not None and found.pid != killed.pid

        wait_for(replaced, seconds, f"{name} is started again")

    def signal(self, signum: signal.Signals) -> None:
        """Signal `kamhub up` itself."""
        assert self._process is not None
        self._process.send_signal(signum)

    def ends(self, seconds: float) -> int:
        """Wait for the end of `kamhub up`; its exit code."""
        assert self._process is not None
        return self._process.wait(seconds)

    def left_behind(self) -> list[str]:
        """Command lines of all live processes that work on this folder."""
        found = [f"postgres {pid}" for pid in cluster_processes(cluster_path(self.folder))]
        for process in psutil.process_iter():
            try:
                words = process.cmdline()
                ours = str(self.folder) in words or process.environ().get("KAMHUB_DATA_DIR") == str(self.folder)
                if ours and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(" ".join(words))
            except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
                continue
        return found

    def cpu_seconds(self) -> float:
        """Processor time used so far by `up` and everything it started, ended or not."""
        top = psutil.Process(self.pid)
        times = [process.cpu_times() for process in (top, *top.children(recursive=True))]
        return sum(each.user + each.system + each.children_user + each.children_system for each in times)

    def memory(self) -> int:
        """Bytes of memory of `up` and everything below it, shared pages counted once (PSS)."""
        top = psutil.Process(self.pid)
        return sum(_pss(process) for process in (top, *top.children(recursive=True)))

    def backends(self) -> list[psutil.Process]:
        """Server processes that work for a client of ours."""
        postmaster = self.part("postgres")
        found = postmaster.children() if postmaster else []
        return [backend for backend in found if "kamhub_app" in " ".join(backend.cmdline())]

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command of the product on this folder."""
        return command(*arguments, "--data-dir", str(self.folder))

    def rows(self, query: str, parameters: Mapping[str, object] | None = None) -> list[tuple[object, ...]]:
        """Rows of a query, as the owner of the schema."""
        with self._owner() as connection:
            return connection.execute(query.encode(), parameters).fetchall()

    def execute(self, statement: str, parameters: Mapping[str, object] | None = None) -> None:
        """Carry out a statement as the owner of the schema."""
        with self._owner() as connection:
            connection.execute(statement.encode(), parameters)

    def provider_refunds(self, code: str) -> list[int]:
        """Amounts, in minor units, of the refunds of a booking as the provider has them."""
        note = self._note()
        reply = httpx.post(
            f"{self._provider_url()}/payments/list",
            json={"Date": f"{datetime.now(UTC):%Y-%m-%d}", "TimeZone": "UTC"},
            auth=(note["public_id"], note["api_secret"]),
            timeout=10,
        )
        rows = reply.json()["Model"]
        return [
            round(row["Amount"] * 100) for row in rows if row["InvoiceId"] == code and row["OperationType"] == "Refund"
        ]

    def provider_notices(self, code: str) -> list[dict[str, Any]]:
        """What the provider told us of a booking, with our answers."""
        note = self._note()
        reply = httpx.get(
            f"{self._provider_url()}/demo/notifications",
            params={"invoice_id": code},
            auth=(note["public_id"], note["api_secret"]),
            timeout=10,
        )
        items: list[dict[str, Any]] = reply.json()["items"]
        return items

    def _provider_url(self) -> str:
        return f"http://127.0.0.1:{(self.folder / 'payments-demo.port').read_text()}"

    def _note(self) -> dict[str, str]:
        note: dict[str, str] = json.loads((self.folder / "demo.json").read_text())
        return note

    def _owner(self) -> psycopg.Connection:
        address = running_address(self.folder)
        assert address is not None, "the database does not run"
        return psycopg.connect(address.owner_url, connect_timeout=10)


def _is_part(words: list[str], name: Part) -> bool:
    if name == "postgres":
        return "-D" in words and Path(words[0]).name == "postgres"
    mark = _MARKS[name]
    return any(tuple(words[at : at + len(mark)]) == mark for at in range(len(words)))


def _pss(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except (psutil.NoSuchProcess, AttributeError):
        return 0
