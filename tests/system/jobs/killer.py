"""What is done to workers, database and network, each at a random moment."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import LiteralString

import psutil
import psycopg

from kamhub.platform.embedded.cluster import Cluster
from tests.system.jobs.fleet import QUICK, Fleet, Slot
from tests.system.jobs.forwarder import Forwarder, can_vanish
from tests.system.product import wait_for

_LONG_ENOUGH = (
    QUICK.stalled_after + 2 * QUICK.sweep_every + 0.5
)  # seconds after which a silent worker's jobs are others'
_GIVE_UP = 90.0
_VANISHED_FOR = 3.0


@dataclass(slots=True)
class Watch:
    """Looks after the workers of a database while it waits for something."""

    owner_url: str
    fleet: Fleet
    _asking: psycopg.Connection | None = field(default=None, kw_only=True)

    def wait(self, condition: Callable[[], bool], seconds: float, what: str) -> float:
        """Wait while workers are looked after."""

        def look() -> bool:
            self.fleet.tend()
            return condition()

        return wait_for(look, seconds, what)

    def workers_well(self) -> bool:
        """Whether as many workers as there should be have said a moment ago that they live."""
        query = "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => %s)"
        return (self._asked(query, QUICK.stalled_after) or 0) >= len(self.fleet.slots)

    def effects_since(self, moment: float) -> int:
        """How many effects there are later than that time of day (seconds since 1970); 0 while the database is away."""
        return self._asked("SELECT count(*) FROM effects WHERE at > to_timestamp(%s)", moment) or 0

    def left(self) -> int | None:
        """How many jobs wait or run; None while the database is away."""
        query = "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing') AND %s > 0"
        return self._asked(query, 1.0)

    def drained(self, seconds: float) -> bool:
        """Wait until nothing waits or runs; False when that does not come true in time."""
        try:
            self.wait(lambda: self.left() == 0, seconds, "everything has ended")
        except AssertionError:
            return False
        return True

    def _asked(self, query: LiteralString, value: float) -> int | None:
        try:
            if self._asking is None or self._asking.closed:
                self._asking = psycopg.connect(self.owner_url, connect_timeout=5, autocommit=True)
            row = self._asking.execute(query, (value,)).fetchone()
        except psycopg.OperationalError:
            self._asking = None
            return None
        return int(row[0]) if row else None


@dataclass(slots=True)
class Field(Watch):
    """What can be hurt. Worker ``n`` reaches the database through way ``n``."""

    cluster: Cluster
    ways: Sequence[Forwarder]

    def someone(self) -> Slot:
        """A worker that lives undisturbed."""
        self.wait(lambda: bool(self.fleet.free_slots()), _GIVE_UP, "a worker lives")
        return random.choice(self.fleet.free_slots())


def kill_worker(place: Field) -> None:
    """kill -9 of one worker."""
    place.fleet.kill(place.someone())


def stop_worker(place: Field) -> None:
    """SIGTERM to one worker."""
    place.fleet.ask(place.someone())


def hurry_worker(place: Field) -> None:
    """SIGTERM, and a second one while it gives its jobs their grace."""
    slot = place.someone()
    process = slot.process
    place.fleet.ask(slot)
    again_at = time.monotonic() + random.uniform(0.02, 0.4)
    place.wait(lambda: time.monotonic() > again_at, _GIVE_UP, "the moment of the second signal")
    # Another may have taken the place of one that was quick.
    if process is not None and process.poll() is None:
        process.send_signal(signal.SIGTERM)


def kill_all_workers(place: Field) -> None:
    """kill -9 of all workers at once."""
    for slot in place.fleet.slots:
        place.fleet.kill(slot)


def freeze_worker(place: Field) -> None:
    """A worker sleeps until others have taken up its jobs, and goes on where it was."""
    place.fleet.freeze(place.someone(), _LONG_ENOUGH)


def restart_database(place: Field) -> None:
    """A fast shutdown, and a start."""
    place.cluster.restart()


def crash_database(place: Field) -> None:
    """An immediate shutdown, without a checkpoint, and a start."""
    place.cluster.kill()
    place.cluster.start()


def kill_database(place: Field) -> None:
    """kill -9 of the postmaster, and a start."""
    pid = place.cluster.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    place.wait(lambda: not place.cluster.is_alive(), _GIVE_UP, "the database is gone")
    place.cluster.start()


def kill_backend(place: Field) -> None:
    """kill -9 of one server process: PostgreSQL throws all others out and recovers."""
    pid = place.cluster.pid
    assert pid is not None
    served = [child for child in psutil.Process(pid).children() if "kamhub_app" in " ".join(child.cmdline())]
    if served:
        random.choice(served).kill()


def cut_connections(place: Field) -> None:
    """The server ends every connection of the workers and their clients."""
    with psycopg.connect(place.owner_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'kamhub_app' AND pid <> pg_backend_pid()"
        )


def reset_connections(place: Field) -> None:
    """The network resets every connection of one worker."""
    place.ways[place.someone().number].cut()


def swallow_packets(place: Field) -> None:
    """Every packet of one worker vanishes for a while; its connections never come back."""
    way = place.ways[place.someone().number]
    way.vanish()
    began = time.monotonic()
    place.wait(lambda: time.monotonic() - began > _VANISHED_FOR, _GIVE_UP, "the network is back")
    way.come_back()


@dataclass(frozen=True, slots=True)
class Blow:
    """One way to hurt, how often it is done at full size, and whether this account may."""

    what: str
    times: int
    strike: Callable[[Field], None]
    is_allowed: Callable[[], bool] = lambda: True


BLOWS: tuple[Blow, ...] = (
    Blow("kill -9 of a worker", 42, kill_worker),
    Blow("SIGTERM to a worker", 28, stop_worker),
    Blow("SIGTERM twice", 14, hurry_worker),
    Blow("kill -9 of all workers at once", 16, kill_all_workers),
    Blow("worker frozen, and awake again after its jobs were taken up", 20, freeze_worker),
    Blow("database restarted", 16, restart_database),
    Blow("database stopped without a checkpoint", 12, crash_database),
    Blow("kill -9 of the postmaster", 12, kill_database),
    Blow("kill -9 of a database backend", 8, kill_backend),
    Blow("all connections ended by the server", 14, cut_connections),
    Blow("connections of a worker reset by the network", 8, reset_connections),
    Blow("packets of a worker swallowed", 10, swallow_packets, can_vanish),
)
