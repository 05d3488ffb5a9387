"""Sending notifications and sending them again until they are taken."""

from __future__ import annotations

import http.client
import sqlite3
import sys
import threading
from collections.abc import Callable
from urllib.parse import urlsplit

from .faults import OF_NOTICES, Faults
from .rules import answer_code, check_reason, retry_wait
from .settings import Settings
from .signature import signature_headers
from .store import Store
from .types import FaultKind, Notice, NoticeState, Reason, Reply

_MAX_REPLY_BYTES = 64 * 1024
_MAX_AT_ONCE = 32
_PAUSE_AFTER_ERROR = 1.0


def post_form(url: str, body: bytes, headers: dict[str, str], timeout: float) -> Reply:
    """POST a form without following redirects; no answer is a Reply without status, never an exception."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=timeout)
    kind = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "CloudPayments-demo-stand-in"}
    try:
        connection.request("POST", parts.path or "/", body, kind | headers)
        response = connection.getresponse()
        return Reply(response.status, response.read(_MAX_REPLY_BYTES).decode("utf-8", "replace"))
    except (OSError, http.client.HTTPException) as error:
        return Reply(None, f"{type(error).__name__}: {error}")
    finally:
        connection.close()


class Deliverer:
    """Sends what the store says is due, each notification in a thread of its own.

    A notification that is being sent is claimed in memory only: after a crash it is sent again, as the real
    service may do, and never lost.
    """

    def __init__(self, store: Store, settings: Settings, clock: Callable[[], float], faults: Faults) -> None:
        self._store = store
        self._settings = settings
        self._faults = faults
        self._clock = clock
        self._changed = threading.Condition()
        self._in_flight: set[int] = set()
        self._stopped = False
        self._scheduler = threading.Thread(target=self._run, name="scheduler", daemon=True)

    def start(self) -> None:
        """Begin sending, first of all what an earlier run left."""
        self._scheduler.start()

    def stop(self) -> None:
        """Begin nothing new; what is on its way is sent again by the next run."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self._scheduler.join()

    def wake(self) -> None:
        """Look for due notifications now; call it after the transaction that made one."""
        with self._changed:
            self._changed.notify_all()

    def wait_for_first_attempt(self, notice_id: int, seconds: float) -> None:
        """Send what is due and wait until the first attempt of this notification ended or a fault kept it back, but not
        longer."""

        def is_over() -> bool:
            notice = self._store.notice(notice_id)
            return self._stopped or notice.attempts > 0 or notice.next_at is None

        with self._changed:
            self._changed.notify_all()
            self._changed.wait_for(is_over, timeout=seconds)

    def ask(self, notice_id: int) -> Reason | None:
        """Send a Check and read the answer: the reason to decline, None when the payment may go on.

        A Check that is lost is one without an answer: it is never sent again. Held back it cannot be: the payer waits.
        """
        notice = self._store.notice(notice_id)
        fault = self._faults.take(notice.kind, (FaultKind.LOSE, FaultKind.REPEAT))
        if fault is not None and fault.what is FaultKind.REPEAT:
            self._post(notice)
        lost = fault is not None and fault.what is FaultKind.LOSE
        reply = Reply(None, "lost on the way, as ordered") if lost else self._post(notice)
        reason = check_reason(reply)
        with self._store.transaction():
            state = NoticeState.DELIVERED if answer_code(reply) is not None else NoticeState.FAILED
            self._store.add_attempt(notice, reply, state, None, self._clock())
        return reason

    def _post(self, notice: Notice) -> Reply:
        body = notice.body.encode("ascii")
        headers = signature_headers(self._settings.api_secret, body)
        url = f"{self._settings.notify_url}/{notice.kind}"
        return post_form(url, body, headers, self._settings.reply_timeout)

    def _run(self) -> None:
        with self._changed:
            while not self._stopped:
                try:
                    pause = self._send_due()
                except sqlite3.Error as error:
                    print(f"cannot read the notifications: {error}", file=sys.stderr)
                    pause = _PAUSE_AFTER_ERROR
                self._changed.wait(pause)

    def _send_due(self) -> float | None:
        """Start a thread for each due notification; give the seconds until the next one is due."""
        now = self._clock()
        pause: float | None = None
        for notice in self._store.waiting_notices(_MAX_AT_ONCE + len(self._in_flight)):
            if notice.id in self._in_flight or notice.next_at is None:
                continue
            if notice.next_at > now:
                pause = min(notice.next_at - now, pause if pause is not None else notice.next_at - now)
            elif len(self._in_flight) < _MAX_AT_ONCE:
                self._in_flight.add(notice.id)
                threading.Thread(target=self._send, args=(notice,), daemon=True).start()
        return pause

    def let_go(self) -> int:
        """Send what was held back, the last one first, each after the answer to the one before; how many."""
        held = self._faults.let_go()
        for notice_id in held:
            self._send(self._store.notice(notice_id), first=False)
        return len(held)

    def _kept_back(self, notice: Notice) -> bool:
        """Whether a fault keeps a notification from being sent now; a repeated one is sent once more here."""
        fault = self._faults.take(notice.kind, OF_NOTICES) if notice.attempts == 0 else None
        if fault is None:
            return False
        if fault.what is FaultKind.REPEAT:
            self._post(notice)
            return False
        lost = fault.what is FaultKind.LOSE
        with self._store.transaction():
            self._store.postpone_notice(notice.id, None, NoticeState.FAILED if lost else NoticeState.WAITING)
        if not lost:
            self._faults.hold(notice.id)
        return True

    def _send(self, notice: Notice, *, first: bool = True) -> None:
        if first and self._kept_back(notice):
            with self._changed:
                self._in_flight.discard(notice.id)
                self._changed.notify_all()
            return
        reply = self._post(notice)
        now = self._clock()
        wait = retry_wait(notice.attempts + 1, self._settings.retry_scale)
        state, next_at = NoticeState.DELIVERED, None
        if answer_code(reply) != 0:
            state = NoticeState.FAILED if wait is None else NoticeState.WAITING
            next_at = None if wait is None else now + wait
        try:
            with self._store.transaction():
                self._store.add_attempt(notice, reply, state, next_at, now)
        except sqlite3.Error as error:
            # It stays claimed, so that a full disk does not cause a flood of repeats; the next run sends it.
            if not self._stopped:
                print(f"cannot save the answer to notification {notice.id}: {error}", file=sys.stderr)
            return
        with self._changed:
            self._in_flight.discard(notice.id)
            self._changed.notify_all()
