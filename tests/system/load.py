"""Buyers who never stop: holds of all kinds, and a record of what was promised to them.

What counts is what a client saw. A hold is acknowledged when its 201 arrived whole; when the connection broke or the
reply was 503, nobody knows what became of it until the same key is sent again.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from uuid import uuid4

import httpx

from tests.system.product import Product

CLIENTS = 6
_PAUSE = 0.015  # seconds between the requests of one client: a steady load, not a race for the machine
_TIMEOUT = 20.0
_BIG = 100_000


@dataclass(frozen=True, slots=True)
class Ask:
    """One wish for seats, as sent."""

    departure_id: str
    passengers: int
    from_place_id: str
    to_place_id: str
    key: str | None

    def body(self) -> dict[str, object]:
        """As JSON."""
        return {
            "departure_id": self.departure_id,
            "passengers": self.passengers,
            "from_place_id": self.from_place_id,
            "to_place_id": self.to_place_id,
        }

    def headers(self) -> dict[str, str]:
        """With the key, if it has one."""
        return {"Idempotency-Key": self.key} if self.key else {}


@dataclass(slots=True)
class Held:
    """An acknowledged hold. ``cancelled`` is None when the reply to its cancellation was lost."""

    ask: Ask
    id: str
    token: str
    cancelled: bool | None = False

    def headers(self) -> dict[str, str]:
        """The right to see it."""
        return {"Authorization": f"Booking {self.token}"}


@dataclass(slots=True)
class Ledger:
    """What all clients saw."""

    started_at: float = field(default_factory=time.time)
    held: list[Held] = field(default_factory=list)
    unknown: list[Ask] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    granted_after: float = 0.0  # monotonic time at which the last granted request was sent

    def granted_since(self, moment: float) -> bool:
        """Whether a hold sent after that monotonic time was granted."""
        return self.granted_after > moment


@dataclass(frozen=True, slots=True)
class Market:
    """What is for sale: departures of three legs, few of them large and many small, and the stops in order."""

    large: Sequence[str]
    small: Sequence[str]
    stops: Sequence[str]


def open_market(product: Product, *, large: int = 4, small: int = 24) -> Market:
    """Departures of the airport line from the third day on; the large ones are made here."""
    route = product.rows(
        "SELECT route_id FROM departures WHERE capacity = 4 GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"
    )[0][0]
    stops = product.rows(
        "SELECT place_id FROM route_stops WHERE route_id = %(route)s ORDER BY position", {"route": route}
    )
    found = product.rows(
        "SELECT id FROM departures WHERE route_id = %(route)s AND departs_at > now() + interval '3 days' "
        "AND capacity < 100 AND taken = '{0,0,0}' ORDER BY departs_at LIMIT %(count)s",
        {"route": route, "count": small},
    )
    made = [str(uuid4()) for _ in range(large)]
    for number, departure_id in enumerate(made):
        product.execute(
            "INSERT INTO departures (organisation_id, id, route_id, tariff_id, vehicle_id, departs_at, sales_close_at, capacity, "
            "taken) SELECT organisation_id, %(id)s, route_id, tariff_id, vehicle_id, departs_at, sales_close_at, %(seats)s, taken "
            "FROM departures WHERE id = %(like)s",
            {"id": departure_id, "seats": _BIG, "like": found[number][0]},
        )
    return Market(made, [str(row[0]) for row in found], [str(row[0]) for row in stops])


class HoldLoad:
    """Clients in threads for the time of the block, all writing into one ledger."""

    def __init__(self, product: Product, market: Market, *, clients: int = CLIENTS) -> None:
        self.ledger = Ledger()
        self._product = product
        self._market = market
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, name=f"buyer-{n}", daemon=True) for n in range(clients)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Let every client finish its request; may be called twice."""
        self._stop.set()
        for thread in self._threads:
            thread.join(_TIMEOUT + 10)

    @property
    def granted(self) -> int:
        """Holds acknowledged so far."""
        return len(self.ledger.held)

    def _run(self) -> None:
        mine: list[Held] = []
        dice = random.Random()
        while not self._stop.is_set():
            with httpx.Client(base_url=self._product.url, timeout=_TIMEOUT) as client:
                try:
                    while not self._stop.wait(_PAUSE):
                        self._one_thing(client, dice, mine)
                except httpx.TransportError:
                    self._stop.wait(0.05)  # a new connection, as any client would

    def _one_thing(self, client: httpx.Client, dice: random.Random, mine: list[Held]) -> None:
        chosen = dice.random()
        if chosen < 0.75:
            self._hold(client, dice, mine)
        elif chosen < 0.80 and mine:
            self._cancel(client, mine.pop(dice.randrange(len(mine))))
        elif chosen < 0.90 and mine:
            held = dice.choice(mine)
            self._judge(client.get(f"/api/transfers/bookings/{held.id}", headers=held.headers()), {200})
        else:
            self._judge(client.get(dice.choice(("/", "/api/places", "/api/places?q=петро"))), {200})

    def _hold(self, client: httpx.Client, dice: random.Random, mine: list[Held]) -> None:
        market = self._market
        start = dice.randrange(len(market.stops) - 1)
        ask = Ask(
            departure_id=dice.choice(market.large if dice.random() < 0.7 else market.small),
            passengers=dice.randint(1, 4),
            from_place_id=market.stops[start],
            to_place_id=market.stops[dice.randrange(start + 1, len(market.stops))],
            key=str(uuid4()) if dice.random() < 0.6 else None,
        )
        sent_at = time.monotonic()
        try:
            reply = client.post("/api/transfers/hold", json=ask.body(), headers=ask.headers())
        except httpx.ConnectError:
            raise  # it never left
        except httpx.TransportError:
            self._note_unknown(ask)
            raise
        if reply.status_code == 503:
            self._note_unknown(ask)
        self._judge(reply, {201, 409})
        if reply.status_code == 201:
            content = reply.json()
            held = Held(ask, content["id"], content["token"])
            mine.append(held)
            with self._lock:
                self.ledger.held.append(held)
                self.ledger.granted_after = max(self.ledger.granted_after, sent_at)

    def _note_unknown(self, ask: Ask) -> None:
        with self._lock:
            self.ledger.unknown.append(ask)

    def _cancel(self, client: httpx.Client, held: Held) -> None:
        held.cancelled = None
        reply = client.post("/api/transfers/cancel", json={"booking_id": held.id}, headers=held.headers())
        self._judge(reply, {200})
        if reply.status_code == 200:
            held.cancelled = True

    def _judge(self, reply: httpx.Response, good: set[int]) -> None:
        """A refusal because the database is away is well, if it says when to come again; nothing else is."""
        status = reply.status_code
        waits = status == 503 or (status == 409 and reply.json().get("code") == "busy")
        with self._lock:
            self.ledger.statuses[status] += 1
            if (status not in good and status != 503) or (waits and "retry-after" not in reply.headers):
                self.ledger.faults.append(
                    f"{reply.request.method} {reply.request.url.path}: {status} {reply.text[:200]}"
                )
