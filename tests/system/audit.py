"""Was every promise kept? Asked over HTTP with what the clients have, and of the tables by their owner."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import httpx

from kamhub.hub.integrity.store.promises import INVARIANTS
from tests.system.load import Ask, Held, Ledger
from tests.system.product import Product

_THREADS = 4
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found: all lists are empty when all is well. ``breaches`` counts rows that break an invariant."""

    lost: Sequence[str]
    doubled: Sequence[str]
    breaches: int
    check_exit: int

    def assert_clean(self) -> None:
        """All is well."""
        assert not self.lost, self.lost[:5]
        assert not self.doubled, self.doubled[:5]
        assert (self.breaches, self.check_exit) == (0, 0)


def audit(product: Product, ledger: Ledger) -> Audit:
    """Hold the ledger against the product. Repeats every key, so it is for the end of a load."""
    doubled = [
        f"{id_} was acknowledged to {n} buyers" for id_, n in Counter(h.id for h in ledger.held).items() if n > 1
    ]
    doubled += _too_many(product, ledger)
    with httpx.Client(base_url=product.url, timeout=30) as client:
        lost = _each(ledger.held, lambda held: _look(client, held))
        doubled += _each((held for held in ledger.held if held.ask.key), lambda held: _repeat(client, held))
        doubled += _each((ask for ask in ledger.unknown if ask.key), lambda ask: _settle(product, client, ask))
    check = product.command("check")
    breaches = sum(int(str(product.rows(invariant.query)[0][0])) for invariant in INVARIANTS)
    return Audit(lost, doubled, breaches, check.returncode)


def _each(items: Iterable[Item], look: Callable[[Item], str | None]) -> list[str]:
    with ThreadPoolExecutor(_THREADS) as pool:
        return [found for found in pool.map(look, items) if found]


def _look(client: httpx.Client, held: Held) -> str | None:
    """None when the booking is there with its seats."""
    reply = client.get(f"/api/transfers/bookings/{held.id}", headers=held.headers())
    if reply.status_code != 200:
        return f"{held.id}: {reply.status_code}"
    content = reply.json()
    departure = content["departure"]
    seen = (
        departure["departure_id"], content["passengers"], departure["from"]["place_id"], departure["to"]["place_id"]
    )  # fmt: skip
    wanted = {False: {"on_hold", "expired"}, True: {"cancelled"}, None: {"on_hold", "expired", "cancelled"}}
    if seen != tuple(held.ask.body().values()) or content["status"] not in wanted[held.cancelled]:
        return f"{held.id}: {seen} is {content['status']}, asked was {held.ask}"
    return None


def _repeat(client: httpx.Client, held: Held) -> str | None:
    """None when the same key gives the same booking."""
    reply = client.post("/api/transfers/hold", json=held.ask.body(), headers=held.ask.headers())
    if reply.status_code in (200, 201) and reply.json()["id"] == held.id:
        return None
    return f"key of {held.id}: {reply.status_code} {reply.text[:100]}"


def _settle(product: Product, client: httpx.Client, ask: Ask) -> str | None:
    """None when a key whose reply was lost gives the booking it made, or makes it now, once."""
    assert ask.key is not None
    rows = product.rows(
        "SELECT booking_id FROM idempotency_keys WHERE key_hash = %(hash)s",
        {"hash": hashlib.sha256(ask.key.encode()).digest()},
    )
    replies = [client.post("/api/transfers/hold", json=ask.body(), headers=ask.headers()) for _ in range(2)]
    sold_out = {reply.status_code for reply in replies} == {409}
    if not rows and sold_out and replies[0].json()["code"] == "sold_out":
        return None  # it never happened, and others took the seats
    ids = {reply.json().get("id") for reply in replies} | {str(row[0]) for row in rows}
    if all(reply.status_code in (200, 201) for reply in replies) and len(ids) == 1:
        return None
    return f"lost key {ask.key}: {[reply.status_code for reply in replies]} {ids}"


def _too_many(product: Product, ledger: Ledger) -> list[str]:
    """More bookings than there were acknowledged and unanswered requests would be somebody's second one."""
    rows = product.rows(
        "SELECT id FROM bookings WHERE channel = 'api' AND created_at >= to_timestamp(%(since)s)",
        {"since": ledger.started_at},
    )
    surplus = len({str(row[0]) for row in rows} - {held.id for held in ledger.held}) - len(ledger.unknown)
    return [f"{surplus} bookings nobody asked for"] if surplus > 0 else []
