"""What is killed, how often, and what is asked afterwards; one body of code for the tests and for the soak."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from functools import partial
from pathlib import Path

import psutil

from tests.system.audit import Audit, audit
from tests.system.journey import PAYS, Traveller
from tests.system.load import HoldLoad, Ledger, Market
from tests.system.product import Part, Product, wait_for

ANSWERS_WITHIN = 10.0  # seconds from a kill to the next granted hold
_GIVE_UP = 120.0
_LEAVES_WITHIN = 5.0
_ENDS_WITHIN = 30.0
# A killed worker's jobs are taken up when it was silent for 20 s, at a look every 10 s; then they run.
_MAILS_WITHIN = 90.0


@dataclass(slots=True)
class Result:
    """A line of the report. Times are in seconds."""

    what: str
    kills: int
    allowed: float = ANSWERS_WITHIN
    acknowledged: int = 0
    unanswered: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    breaches: int = 0
    check_exit: int = 0
    faults: list[str] = field(default_factory=list)
    refused_503: int = 0
    recoveries: list[float] = field(default_factory=list)

    @property
    def longest(self) -> float:
        """The longest time until it answered again."""
        return max(self.recoveries, default=0.0)

    def assert_clean(self, *, answers_within: float) -> None:
        """Nothing lost, doubled, breached or answered with a fault, and back in time."""
        print(f"\n{self.line()}")
        assert not self.faults, self.faults[:5]
        assert not self.lost, self.lost[:5]
        assert not self.doubled, self.doubled[:5]
        assert (self.breaches, self.check_exit) == (0, 0)
        assert self.longest <= answers_within, self.recoveries
        assert self.acknowledged > 0

    def line(self) -> str:
        """For people to read."""
        return (
            f"{self.what} x {self.kills}: {self.acknowledged} acknowledged, {self.unanswered} unanswered, {self.refused_503} times "
            f"503, {len(self.lost)} lost, {len(self.doubled)} doubled, {self.breaches} breaches, again after {self.longest:.1f} s"
        )

    def add(self, found: Audit) -> None:
        """Take over what an audit found."""
        self.lost += found.lost
        self.doubled += found.doubled
        self.breaches, self.check_exit = found.breaches, found.check_exit


def kill_part_under_load(product: Product, market: Market, part: Part, times: int, *, between: int = 40) -> Result:
    """kill -9 web or postmaster under holds, each time after some holds more were granted."""

    def kill() -> None:
        victim = product.kill(part)
        product.wait_replaced(part, victim, _GIVE_UP)

    return _under_load(product, market, f"kill -9 {_NAMES[part]}", times, between, kill)


def kill_backend_under_load(product: Product, market: Market, times: int, *, between: int = 40) -> Result:
    """kill -9 one server process of a client connection: PostgreSQL then throws all others out and recovers."""

    def kill() -> None:
        victim = random.choice(product.backends())
        victim.kill()
        wait_for(lambda: not _lives(victim), _GIVE_UP, "the backend is gone")

    return _under_load(product, market, "kill -9 one database backend", times, between, kill)


_NAMES: dict[Part, str] = {"web": "web process", "postgres": "database (postmaster)", "worker": "worker"}


def _under_load(
    product: Product, market: Market, what: str, times: int, between: int, kill: Callable[[], None]
) -> Result:
    result = Result(what, times)
    with HoldLoad(product, market) as load:
        for _ in range(times):
            _grant_more(load, random.randint(between // 2, between * 2))
            killed_at = time.monotonic()
            kill()
            gone_at = time.monotonic()
            wait_for(partial(load.ledger.granted_since, gone_at), _GIVE_UP, f"a hold is granted after {what}")
            result.recoveries.append(time.monotonic() - killed_at)
        _grant_more(load, between)
    product.wait_well()
    _close(product, load, result)
    return result


def _grant_more(load: HoldLoad, count: int) -> None:
    wanted = load.granted + count
    wait_for(lambda: load.granted >= wanted, _GIVE_UP, f"{count} more holds are granted")


def _close(product: Product, load: HoldLoad, result: Result) -> None:
    """Let the load end and hold its ledger against the product."""
    load.stop()
    ledger = load.ledger
    result.acknowledged = len(ledger.held)
    result.unanswered = len(ledger.unknown)
    result.faults += ledger.faults
    result.refused_503 += ledger.statuses[503]
    result.add(audit(product, ledger))


def kill_up_under_load(product: Product, market: Market, times: int, *, between: int = 40) -> Result:
    """kill -9 of `kamhub up` itself: nothing lives on, and a new one on the same folder has all data."""
    result = Result("kill -9 `kamhub up`", times, _ENDS_WITHIN)
    for _ in range(times):
        with HoldLoad(product, market) as load:
            _grant_more(load, between)
            _kill_up(product, result)
        began = time.monotonic()
        product.start()
        result.recoveries.append(time.monotonic() - began)
        step = Result("", 1)
        _close(product, load, step)
        result.acknowledged += step.acknowledged
        result.unanswered += step.unanswered
        result.refused_503 += step.refused_503
        for name in ("lost", "doubled", "faults"):
            getattr(result, name).extend(getattr(step, name))
        result.breaches += step.breaches
        result.check_exit = max(result.check_exit, step.check_exit)
    return result


def _kill_up(product: Product, result: Result) -> None:
    product.signal(signal.SIGKILL)
    product.ends(5)
    try:
        wait_for(lambda: not product.left_behind(), _LEAVES_WITHIN, "no process is left behind")
    except AssertionError:
        result.faults.append(f"left behind by kill -9 of up: {product.left_behind()}")


def stop_up_under_load(product: Product, market: Market, *, between: int = 40) -> Result:
    """SIGTERM under load: exit 0 in time, nothing left; then up again for the audit."""
    result = Result("SIGTERM to `kamhub up`", 1, _ENDS_WITHIN)
    with HoldLoad(product, market) as load:
        _grant_more(load, between)
        began = time.monotonic()
        product.signal(signal.SIGTERM)
        code = product.ends(_ENDS_WITHIN + 10)
        took = time.monotonic() - began
        if code != 0 or took > _ENDS_WITHIN:
            result.faults.append(f"SIGTERM: exit {code} after {took:.1f} s")
        if left := product.left_behind():
            result.faults.append(f"left behind by SIGTERM: {left}")
    result.recoveries.append(took)
    product.start()
    _close(product, load, result)
    return result


def kill_worker_under_mail(product: Product, travellers: int, times: int) -> Result:
    """kill -9 of the worker while travellers book, pay and cancel: every mail and every refund once, none missing."""
    result = Result("kill -9 worker", times)
    departures = [item["departure_id"] for day in range(8, 40) for item in Traveller(product).search(days_ahead=day)]
    crowd = [
        Traveller(product, email=f"crowd{n}.{random.getrandbits(40):x}@traveller.example") for n in range(travellers)
    ]
    with ThreadPoolExecutor(3) as pool:
        trips = [
            pool.submit(_trip, each, departures[n % len(departures)], back=n % 2 == 1) for n, each in enumerate(crowd)
        ]
        for number in range(times):
            enough = (number + 1) * travellers // (times + 1)
            wait_for(partial(_done, trips, enough), 120, "travellers go on")
            killed_at = time.monotonic()
            product.wait_replaced("worker", product.kill("worker"), _GIVE_UP)
            result.recoveries.append(time.monotonic() - killed_at)
        for trip in trips:
            trip.result()
    result.acknowledged = travellers
    wait_for(lambda: not _unfinished(product, crowd), _MAILS_WITHIN, "all mails are sent and all refunds done")
    for number, traveller in enumerate(crowd):
        _audit_mails(product, traveller, result, back=number % 2 == 1)
    result.add(audit(product, Ledger()))
    return result


def _done(trips: list[Future[None]], enough: int) -> bool:
    return sum(trip.done() for trip in trips) >= enough


def _trip(traveller: Traveller, departure_id: str, *, back: bool) -> None:
    """Book and pay; and cancel, if ``back``."""
    traveller.hold(departure_id, 1)
    paid = traveller.pay(traveller.book(), PAYS)
    assert paid.is_redirect, paid.text
    traveller.wait_status("confirmed")
    if back:
        traveller.cancel()


def _unfinished(product: Product, crowd: list[Traveller]) -> int:
    ids = [traveller.booking["id"] for traveller in crowd]
    count = product.rows(
        "SELECT (SELECT count(*) FROM messages WHERE booking_id = ANY(%(ids)s::uuid[]) AND sent_at IS NULL) "
        "+ (SELECT count(*) FROM refunds WHERE booking_id = ANY(%(ids)s::uuid[]) AND status <> 'completed')",
        {"ids": ids},
    )[0][0]
    return int(str(count))


def _audit_mails(product: Product, traveller: Traveller, result: Result, *, back: bool) -> None:
    """One file a message, no message twice, the one that matters among them; one refund, here and at the provider.

    A message that is not true any more when its turn comes (of a booking cancelled meanwhile) is left out on purpose.
    """
    number, code = traveller.booking["id"], traveller.booking["code"]
    kinds = {
        str(row[0]): str(row[1])
        for row in product.rows("SELECT id, kind FROM messages WHERE booking_id = %(id)s", {"id": number})
    }
    mails = [(path, _read(path)) for path in (product.folder / "mail").glob("*.eml")]
    mine = [(path, mail) for path, mail in mails if traveller.email in str(mail["To"])]
    for message_id, kind in kinds.items():
        if sum(message_id in path.name for path, _ in mine) != 1:
            result.lost.append(f"mail {kind} of {code}")
    if ("cancelled" if back else "confirmed") not in kinds.values():
        result.lost.append(f"mail of the end of {code}: only {kinds}")
    subjects = Counter(str(mail["Subject"]) for _, mail in mine)
    result.doubled += [f"mail of {code}: {subject}" for subject, count in subjects.items() if count > 1]
    refunds = [row[0] for row in product.rows("SELECT status FROM refunds WHERE booking_id = %(id)s", {"id": number})]
    at_provider = product.provider_refunds(code)
    if refunds != ["completed"] * back or len(at_provider) != back:
        (result.doubled if len(at_provider) > 1 else result.lost).append(f"refund of {code}: {refunds}, {at_provider}")


def _read(path: Path) -> EmailMessage:
    return BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(path.read_bytes())


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
