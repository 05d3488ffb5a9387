"""Worker processes that are started again whenever they end, as a supervisor would."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from kamhub.platform.job.types import WorkerTimings
from tests.system.jobs.program import WHERE_TOLD

QUICK = WorkerTimings(
    heartbeat_every=0.5, stalled_after=2.5, sweep_every=0.5, look_every=0.2, poll_every=0.5, grace=1.0, last_words=0.3,
    recover_within=60.0, stuck_after=30.0,
)  # fmt: skip
# A worker that was asked to stop ends within its grace and what it needs to put jobs back; here other programs want the
# same cores.
_STOPS_WITHIN = QUICK.grace + QUICK.last_words + 12.0
_LAST_LINES = 400
_ROOT = Path(__file__).parents[3]


@dataclasses.dataclass(slots=True)
class Slot:
    """One place in the fleet; times are monotonic. ``frozen_until`` is infinite for a machine that never comes back."""

    number: int
    url: str
    mode: str
    process: subprocess.Popen[bytes] | None = None
    killed: bool = False
    asked_at: float | None = None
    frozen_until: float | None = None

    @property
    def busy(self) -> bool:
        """Whether something is being done to it already."""
        return self.killed or self.asked_at is not None or self.frozen_until is not None


class Fleet:
    """Workers in modes of ``program``, a slot for every address. ``faults`` are ends that should not have been."""

    def __init__(self, folder: Path, urls: Sequence[str], modes: Sequence[str] = ()) -> None:
        self.faults: list[str] = []
        self.ends: Counter[str] = Counter()
        self.log = folder / "workers.log"
        self._folder = folder
        wanted = modes or ["honest"] * len(urls)
        self.slots = [Slot(number, url, wanted[number]) for number, url in enumerate(urls)]

    def __enter__(self) -> Self:
        for slot in self.slots:
            self._start(slot)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for slot in self.slots:
            if slot.process is not None:
                slot.process.kill()
                slot.process.communicate()

    def tend(self) -> None:
        """Start again what has ended, wake what has slept long enough. To be called all the time."""
        now = time.monotonic()
        for slot in self.slots:
            assert slot.process is not None
            if slot.frozen_until is not None and now > slot.frozen_until:
                self.wake(slot)
            code = slot.process.poll()
            if code is not None:
                self._note_end(slot, code)
                self._start(slot)
            elif slot.asked_at is not None and now - slot.asked_at > _STOPS_WITHIN:
                self.faults.append(f"worker {slot.process.pid} did not stop in {_STOPS_WITHIN:.0f} s")
                self.kill(slot)

    def kill(self, slot: Slot) -> None:
        """kill -9."""
        slot.killed = True
        self._signal(slot, signal.SIGKILL)

    def ask(self, slot: Slot) -> None:
        """SIGTERM."""
        slot.asked_at = time.monotonic()
        self._signal(slot, signal.SIGTERM)

    def freeze(self, slot: Slot, seconds: float) -> None:
        """SIGSTOP, for so long."""
        slot.frozen_until = time.monotonic() + seconds
        self._signal(slot, signal.SIGSTOP)

    def wake(self, slot: Slot) -> None:
        """SIGCONT."""
        slot.frozen_until = None
        self._signal(slot, signal.SIGCONT)

    def free_slots(self) -> list[Slot]:
        """Workers that live undisturbed."""
        return [
            slot for slot in self.slots if not slot.busy and slot.process is not None and slot.process.poll() is None
        ]

    def told(self, words: str) -> int:
        """How often the workers' logs say that."""
        return self.log.read_text("utf-8", "replace").count(words)

    def where_they_are(self) -> str:
        """What the workers said last, and where their tasks wait: for whoever reads why one of them does nothing."""
        asked = self.told(WHERE_TOLD)
        for slot in self.slots:
            self._signal(slot, signal.SIGUSR1)
        deadline = time.monotonic() + _STOPS_WITHIN
        while self.told(WHERE_TOLD) < asked + len(self.slots) and time.monotonic() < deadline:
            time.sleep(0.05)
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-_LAST_LINES:])

    def _start(self, slot: Slot) -> None:
        slot.killed, slot.asked_at, slot.frozen_until = False, None, None
        with self.log.open("ab") as log:
            slot.process = subprocess.Popen(
                [sys.executable, "-m", "tests.system.jobs.program", slot.url, json.dumps(dataclasses.asdict(QUICK)), slot.mode],
                stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=_ROOT, env=os.environ | {"NO_COLOR": "1"},
            )  # fmt: skip

    def _note_end(self, slot: Slot, code: int) -> None:
        if slot.killed:
            self.ends["killed"] += 1
        elif slot.asked_at is not None and code == 0:
            self.ends["stopped"] += 1
        elif slot.asked_at is not None and code == -signal.SIGTERM:
            self.ends["ended by the signal before or after its work"] += 1
        elif code == 1:
            self.ends["used up by deaf jobs"] += 1
        else:
            self.faults.append(f"a worker ended with code {code}")

    @staticmethod
    def _signal(slot: Slot, signum: signal.Signals) -> None:
        assert slot.process is not None
        slot.process.send_signal(signum)
