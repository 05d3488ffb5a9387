"""The loop that keeps services running until someone asks it to end."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from kamhub.platform.process.child import ChildProcess
from kamhub.platform.process.rules import Backoff, stop_allowance
from kamhub.platform.process.types import ChildSpec, Service
from kamhub.platform.process.wakeup import Wakeup

_NEVER = float("inf")
_CONDITION_EVERY = 0.1  # seconds
_RECHECK = 0.25  # seconds; while stopping, in case an end brings no signal


@dataclass(slots=True)
class _Watched:
    service: Service
    started_at: float
    delay: float = 0.0
    due: float | None = None  # when to start again; None while it runs


class Supervisor:
    """Starts services in order, restarts what dies, stops all in reverse order.

    A context manager, for the main thread only.
    SIGTERM, SIGINT or SIGHUP ends `run` and `run_task`; a second one shortens every grace to a second.
    Leaving the `with` block stops whatever still runs, within `total_grace` seconds in all.
    With `reap_orphans` (by default as process 1 of a container) it also reaps processes not started here.
    """

    def __init__(
        self,
        log: Callable[[str], None],
        *,
        total_grace: float = 25.0,
        backoff: Backoff = Backoff(),  # noqa: B008 - frozen
        tick_every: float = 60.0,
        reap_orphans: bool | None = None,
    ) -> None:
        self._log = log
        self._total_grace = total_grace
        self._backoff = backoff
        self._tick_every = tick_every
        self._reap_orphans = os.getpid() == 1 if reap_orphans is None else reap_orphans
        self._next_tick = _NEVER
        self._watched: list[_Watched] = []
        self._task: ChildProcess | None = None
        self._stop_by: float | None = None
        self._wakeup = Wakeup()

    def __enter__(self) -> Self:
        self._wakeup.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.stop()
        finally:
            self._wakeup.close()

    @property
    def stop_requested(self) -> bool:
        """True once a stop signal has come."""
        self._wakeup.wait(0)
        return self._wakeup.stops > 0

    def start(self, service: Service) -> None:
        """Start a service and look after it from now on. What its first start raises is passed on."""
        service.start()
        self._watched.append(_Watched(service, time.monotonic()))

    def run_task(self, spec: ChildSpec) -> int | None:
        """Run a program to its end, looking after the services meanwhile.

        Returns its exit code, or None when a stop signal came first; the program is then stopped.
        """
        self._task = task = ChildProcess(spec)
        task.start()
        # The pipe is emptied first and the processes are looked at afterwards, so no end goes unseen.
        while not self.stop_requested and task.is_alive():
            self._look_after()
            self._wakeup.wait(self._seconds_to_next())
        if task.is_alive():
            self._stop_one(task)
            return None
        return task.exit_code

    def run_until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Look after the services until the condition holds; False after that time or when a stop signal came."""
        give_up = time.monotonic() + seconds
        while not self.stop_requested and time.monotonic() < give_up:
            self._look_after()
            if condition():
                return True
            self._wakeup.wait(_CONDITION_EVERY)
        return False

    def run(self) -> None:
        """Look after the services until a stop signal comes, then stop them all."""
        self._next_tick = time.monotonic() + self._tick_every
        while not self.stop_requested:
            self._look_after()
            self._wakeup.wait(self._seconds_to_next())
        self.stop()

    def stop(self) -> None:
        """Stop all services in reverse order of their start."""
        while self._watched:
            self._stop_one(self._watched.pop().service)

    def _stop_one(self, service: Service) -> None:
        if not service.is_alive():
            return
        asked = time.monotonic()
        self._stop_by = self._stop_by or asked + self._total_grace
        waiting = [entry.service.grace for entry in self._watched]
        service.request_stop()
        while service.is_alive():
            hurried = self._wakeup.stops > 1
            allowed = stop_allowance(service.grace, waiting, self._stop_by - asked, hurried=hurried)
            left = asked + allowed - time.monotonic()
            if left <= 0:
                self._log(f"{service.name} does not stop and is killed")
                service.kill()
                return
            self._wakeup.wait(min(left, _RECHECK))
        self._log(f"{service.name} stopped")

    def _seconds_to_next(self) -> float:
        moments = [entry.due for entry in self._watched if entry.due is not None]
        return min([self._next_tick, *moments, time.monotonic() + self._tick_every]) - time.monotonic()

    def _look_after(self) -> None:
        for entry in self._watched:
            if entry.due is None and not entry.service.is_alive():
                self._schedule(entry, f"{entry.service.name} ended ({entry.service.exit_note})")
            elif entry.due is not None and entry.due <= time.monotonic():
                self._start_again(entry)
        if time.monotonic() >= self._next_tick:
            self._next_tick = time.monotonic() + self._tick_every
            for entry in self._watched:
                if entry.due is None:
                    entry.service.tick()
        if self._reap_orphans:
            self._reap_strangers()

    def _reap_strangers(self) -> None:
        # Our own children come first: whoever reaps a process takes its exit code.
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) is not None:
                for service in [entry.service for entry in self._watched]:
                    service.is_alive()
                if self._task is not None:
                    self._task.is_alive()
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(ended.si_pid, os.WNOHANG)

    def _schedule(self, entry: _Watched, what: str) -> None:
        now = time.monotonic()
        entry.delay = self._backoff.next_delay(entry.delay, now - entry.started_at)
        entry.due = now + entry.delay
        self._log(f"{what}; starting it again in {entry.delay:.1f} s")

    def _start_again(self, entry: _Watched) -> None:
        entry.started_at = time.monotonic()
        try:
            entry.service.start()
        except Exception as error:  # noqa: BLE001 - one service that cannot start must not take the others down
            self._schedule(entry, f"{entry.service.name} cannot be started: {error}")
        else:
            entry.due = None
            self._log(f"{entry.service.name} is running again")
