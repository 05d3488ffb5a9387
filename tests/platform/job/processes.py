"""``worker_program.py`` started, watched and cleared away."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

from tests.platform.job.support import QUICK

_PROGRAM = Path(__file__).with_name("worker_program.py")
_ROOT = Path(__file__).parents[3]


class WorkerProcesses:
    """Workers on one database, each a process."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._running: list[subprocess.Popen[str]] = []

    def start(self, **timings: float) -> subprocess.Popen[str]:
        """Start one, with the quick timings except for those given."""
        wanted = dataclasses.asdict(QUICK) | timings
        process = subprocess.Popen(
            [sys.executable, _PROGRAM, self._url, json.dumps(wanted)], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, env=os.environ | {"PYTHONPATH": str(_ROOT)},
        )  # fmt: skip
        self._running.append(process)
        return process

    def health_port(self, process: subprocess.Popen[str]) -> int:
        """Wait until it works and read where it answers."""
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("port "):
                return int(line.split()[1])
        raise AssertionError("the worker ended before it worked")

    def output(self, process: subprocess.Popen[str]) -> str:
        """What an ended worker printed."""
        assert process.stdout is not None
        return process.stdout.read()

    def stop(self) -> None:
        """Kill what still runs."""
        for process in self._running:
            process.kill()
            process.communicate()


def health(port: int) -> tuple[int, dict[str, object]]:
    """Status and body of ``GET /health``."""
    return get(port, "/health")


def get(port: int, path: str) -> tuple[int, dict[str, object]]:
    """Status and JSON body of a path."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
