"""A weather day of the whole product: departures full of people are called off, and the worker is killed on the way.

Half of the departures have others to go to, half have none. On each one booking was paid through the provider: its money goes
back, or with it to where it is moved.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx

from kamhub.hub.integrity.store.promises import INVARIANTS
from tests.system.journey import PAYS, Traveller
from tests.system.product import PASSWORD, Product, wait_for
from tests.system.scenarios import Result

SETTLED_WITHIN = 30.0  # seconds, whatever is killed
_GIVE_UP = 240.0
_LOOK_EVERY = 0.2  # seconds; a look is work for the product, too
_LATER = (timedelta(hours=6), timedelta(days=300))  # one of these days has other departures, the other has none
_PEOPLE = """
WITH seat AS (
  SELECT d.organisation_id, d.id AS departure_id, u.n, gen_random_uuid() AS id, cardinality(d.taken) AS stops,
         upper(substr(md5(d.id::text || u.n::text), 1, 8)) AS code, 1 + u.n %% 2 AS passengers
  FROM departures d, generate_series(1, %(each)s::int) AS u(n) WHERE d.id::text = ANY(%(departures)s)
), booked AS (
  INSERT INTO bookings (organisation_id, id, code, departure_id, from_position, to_position, passengers, status, price_per_seat,
    total, currency, channel, contact_name, contact_phone, contact_email, contact_locale, pay_by, created_at)
  SELECT organisation_id, id, code, departure_id, 0, stops, passengers, 'confirmed', 100000, 100000 * passengers, 'RUB', 'staff',
         'Путник ' || n, '+79140000000', lower(code) || '@weather.example', 'ru', 'on_board', now() - n * interval '1 minute'
  FROM seat RETURNING organisation_id, id
), begun AS (
  INSERT INTO booking_events (organisation_id, booking_id, at, from_status, to_status, actor)
  SELECT organisation_id, id, now(), s.before, s.after, 'system' FROM booked,
    (VALUES (1, NULL, 'on_hold'), (2, 'on_hold', 'confirmed')) AS s(step, before, after) ORDER BY step
)
UPDATE departures d SET taken = array_fill(sums.seats::int, ARRAY[cardinality(d.taken)])
FROM (SELECT departure_id, sum(passengers) AS seats FROM seat GROUP BY 1) sums WHERE d.id = sums.departure_id"""


def call_off(product: Product, *, departures: int, each: int, kills: int) -> Result:
    """Call departures with so many bookings each off; everybody is moved or ended once, and told once."""
    gone = _fill(product, departures, each - 1)
    paid = _pay(product, gone)
    result = Result(
        f"weather day, {departures * each} bookings, kill -9 worker",
        kills,
        allowed=SETTLED_WITHIN,
        acknowledged=departures * each,
    )
    began = time.monotonic()
    with closing(_office(product)) as office:
        reply = office.post(
            "/api/disruptions", json={"departure_ids": gone, "rebook": "nearest", "weather": True}, timeout=30
        )
        assert reply.status_code == 202, reply.text
        address = f"/api/disruptions/{reply.json()['id']}"

        def waiting() -> int:
            return int(office.get(address).json()["progress"]["waiting"])

        for number in range(kills):
            left = departures * each * (kills - number) // (kills + 1)
            wait_for(lambda left=left: waiting() <= left, _GIVE_UP, "it goes on", every=_LOOK_EVERY)  # type: ignore[misc]
            victim = product.kill("worker")
            product.wait_replaced("worker", victim, _GIVE_UP)
        wait_for(lambda: waiting() == 0, _GIVE_UP, "everybody is settled", every=_LOOK_EVERY)
    wait_for(lambda: not _owed(product, gone), _GIVE_UP, "all money is on its way back", every=_LOOK_EVERY)
    result.recoveries.append(time.monotonic() - began)
    wait_for(lambda: not _untold(product, gone), _GIVE_UP, "everybody is told", every=_LOOK_EVERY)
    print(
        f"\nsettled after {result.recoveries[0]:.1f} s, the last mail went out after {time.monotonic() - began:.1f} s"
    )
    _judge(product, gone, result)
    _judge_money(product, paid, result)
    return result


def _office(product: Product) -> httpx.Client:
    """A dispatcher's program."""
    client = httpx.Client(base_url=product.url, timeout=30)
    who = {"email": "dispatcher@kamchatka-transfer.example", "password": PASSWORD}
    token = client.post("/api/auth/signin", json=who).json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"
    return client


def _fill(product: Product, departures: int, each: int) -> list[str]:
    """Departures of the airport line made for this, full of people who pay on board, with a seat left for another."""
    like = product.rows(
        "SELECT d.id FROM departures d JOIN organisations o ON o.id = d.organisation_id WHERE o.slug = 'kamchatka-transfer' "
        "AND d.departs_at > now() + interval '2 days' ORDER BY d.capacity, d.departs_at, d.id LIMIT 1"
    )[0][0]
    made = [str(uuid4()) for _ in range(departures)]
    for number, departure in enumerate(made):
        at = datetime.now(UTC) + _LATER[number % 2] + timedelta(hours=random.random(), minutes=number)
        product.execute(
            "INSERT INTO departures (organisation_id, id, route_id, tariff_id, vehicle_id, departs_at, sales_close_at, capacity, "
            "taken) SELECT organisation_id, %(id)s, route_id, tariff_id, vehicle_id, %(at)s, %(at)s, %(seats)s, "
            "array_fill(0, ARRAY[cardinality(taken)]) FROM departures WHERE id = %(like)s",
            {"id": departure, "at": at, "seats": 2 * each + 1, "like": like},
        )
    product.execute(_PEOPLE, {"departures": made, "each": each})
    return made


def _pay(product: Product, departures: Sequence[str]) -> list[Traveller]:
    """One more booking on each, paid through the provider."""

    def go(number: int, departure: str) -> Traveller:
        traveller = Traveller(product, email=f"paid{number}.{random.getrandbits(40):x}@weather.example")
        traveller.hold(departure, 1)
        traveller.pay(traveller.book(), PAYS)
        return traveller

    with ThreadPoolExecutor(3) as pool:
        travellers = list(pool.map(go, range(len(departures)), departures))
    for traveller in travellers:
        traveller.wait_status("confirmed")
    return travellers


def _owed(product: Product, gone: Sequence[str]) -> int:
    """Refunds that are not done."""
    query = "SELECT count(*) FROM refunds r JOIN disrupted_bookings x USING (organisation_id, booking_id) WHERE r.status <> 'completed'"
    return int(str(product.rows(f"{query} AND x.departure_id::text = ANY(%(gone)s)", {"gone": list(gone)})[0][0]))


def _untold(product: Product, gone: Sequence[str]) -> int:
    """Messages that have not gone out."""
    query = "SELECT count(*) FROM messages m JOIN disrupted_bookings x USING (organisation_id, booking_id) WHERE m.sent_at IS NULL"
    return int(str(product.rows(f"{query} AND x.departure_id::text = ANY(%(gone)s)", {"gone": list(gone)})[0][0]))


def _judge_money(product: Product, paid: Sequence[Traveller], result: Result) -> None:
    """Whoever is not moved has the money back, once, here and at the provider; whoever is has it in the new booking."""
    returned = 0
    for traveller in paid:
        code, ended = traveller.booking["code"], traveller.look()["status"] == "cancelled"
        amounts = product.provider_refunds(code)
        if amounts != [traveller.booking["paid"]["amount"]] * ended:
            (result.doubled if len(amounts) > 1 else result.lost).append(f"refund of {code}: {amounts}")
        returned += ended
    if not returned:
        result.lost.append("no money had to go back: nothing was shown")


def _judge(product: Product, gone: Sequence[str], result: Result) -> None:
    """Hold what is written against what was promised."""
    rows = product.rows(
        """SELECT b.id, b.status, b.departure_id = x.departure_id, x.outcome,
                  (SELECT count(*) FROM messages m WHERE m.booking_id = b.id AND m.kind IN ('moved', 'cancelled')),
                  (SELECT count(*) FROM booking_moves m WHERE m.booking_id = b.id),
                  (SELECT count(*) FROM booking_events e WHERE e.booking_id = b.id AND e.to_status = 'cancelled')
           FROM disrupted_bookings x JOIN bookings b ON b.id = x.booking_id
           WHERE x.departure_id::text = ANY(%(gone)s)""",
        {"gone": list(gone)},
    )
    right = {
        ("confirmed", False, "moved", 1, 1, 0),
        ("cancelled", True, "cancelled", 1, 0, 1),
        ("cancelled", True, "refunded", 1, 0, 1),
    }
    for booking, *found in rows:
        if tuple(found) not in right:
            (result.doubled if max(int(str(n)) for n in found[3:]) > 1 else result.lost).append(f"{booking}: {found}")
    outcomes = Counter(str(row[3]) for row in rows)
    print(f"\n{dict(outcomes)}")
    if len(rows) != result.acknowledged:
        result.lost.append(f"{result.acknowledged - len(rows)} bookings were not met")
    result.breaches = sum(int(str(product.rows(invariant.query)[0][0])) for invariant in INVARIANTS)
    result.check_exit = product.command("check").returncode
