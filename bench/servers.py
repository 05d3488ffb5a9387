"""Servers to measure: an embedded PostgreSQL in a scratch folder, and web processes on one port."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kamhub.platform.database.migrate import migrate
from kamhub.platform.embedded.cluster import Cluster
from kamhub.platform.embedded.types import ClusterAddress

READY_WITHIN = 30.0


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


@contextmanager
def web(
    folder: Path, address: ClusterAddress, *, processes: int = 1, module: tuple[str, ...] = ("kamhub", "web")
) -> Iterator[int]:
    """That many web processes sharing a port; yields the port once they answer."""
    port = _free_port()
    environment = {
        **os.environ,
        "KAMHUB_DATABASE_URL": address.app_url,
        "KAMHUB_DATA_DIR": str(folder),
        # The limiter counts every request as in production; only its ceilings are out of the way.
        "KAMHUB_RATE_LIMITS": "off",
        "KAMHUB_LOG_LEVEL": "warning",
    }
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
