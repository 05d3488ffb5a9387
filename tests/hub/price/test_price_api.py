"""Prices and promo codes over HTTP: for staff, and the promo code of a traveller who books."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from kamhub.kit.clock import ManualClock
from tests.app.support import BOOK, CONTACT, bearer_of, check_problem, held
from tests.asgi import Web
from tests.builders import World
from tests.hub.price.support import EARLY, RULES, goes_by, promo

CODES = "/api/promo-codes"
SUMMER = {"code": "summer-26", "kind": "percent", "value": 10}


async def made(web: Web, world: World, **fields: object) -> dict[str, Any]:
    reply = await web.client.post(CODES, json={**SUMMER, **fields}, headers=web.staff(world.main, "manager"))
    assert reply.status_code == 201, reply.text
    content: dict[str, Any] = reply.json()
    return content


def faults(reply: httpx.Response) -> dict[str, str]:
    assert reply.status_code == 422, reply.text
    return {error["field"]: error["code"] for error in reply.json()["errors"]}


async def test_a_code_is_made_shown_changed_and_put_away(web: Web, world: World) -> None:
    manager = web.staff(world.main, "manager")
    code = await made(web, world, most_uses=5, valid_to="2026-12-31T00:00:00+12:00")
    assert (code["code"], code["uses"], code["given"]) == ("SUMMER-26", 0, {"amount": 0, "currency": "RUB"})
    address = f"{CODES}/{code['id']}"
    shown = await web.client.get(address, headers=web.staff(world.main, "viewer"))
    assert (shown.json()["id"], shown.headers["ETag"]) == (code["id"], '"1"')
    stale = await web.client.patch(address, json={"value": 20}, headers=manager | {"If-Match": '"7"'})
    check_problem(stale, 412, "version_stale")
    changed = await web.client.patch(
        address, json={"value": 20, "most_uses": None}, headers=manager | {"If-Match": '"1"'}
    )
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    assert {name: changed.json()[name] for name in ("code", "value", "most_uses", "valid_to")} == {
        "code": "SUMMER-26",
        "value": 20,
        "most_uses": None,
        "valid_to": code["valid_to"],
    }
    same = await web.client.patch(address, json={"value": 20}, headers=manager)
    assert same.headers["ETag"] == '"2"', "nothing was changed"
    stale = await web.client.delete(address, headers=manager | {"If-Match": '"1"'})
    check_problem(stale, 412, "version_stale")
    for _ in range(2):
        assert (await web.client.delete(address, headers=manager)).status_code == 204
    assert (await web.client.get(CODES, headers=manager)).json()["total"] == 0
    archived = (await web.client.get(f"{CODES}?archived=true", headers=manager)).json()
    assert [item["id"] for item in archived["items"]] == [code["id"]]
    back = await web.client.patch(address, json={"archived": False}, headers=manager)
    assert back.json()["archived_at"] is None
    actions = world.rows("SELECT action FROM audit_events WHERE object_kind = 'promo_code' ORDER BY id")
    assert [row[0] for row in actions] == [
        "promo_code.created",
        "promo_code.changed",
        "promo_code.archived",
        "promo_code.changed",
    ]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"value": 91}, "body"),
        ({"value": 0}, "value"),
        ({"code": "AB"}, "code"),
        ({"code": "with.dot"}, "code"),
        ({"kind": "gift"}, "kind"),
        ({"most_uses": 0}, "most_uses"),
        ({"valid_from": "2026-12-31T00:00:00"}, "valid_from"),
        ({"valid_from": "1826-12-31T00:00:00Z"}, "valid_from"),
        ({"valid_from": "2026-12-31T00:00:00Z", "valid_to": "2026-12-31T00:00:00Z"}, "body"),
        ({"route_id": str(uuid4())}, "route_id"),
        ({"uses": 3}, "uses"),
    ],
)
async def test_what_is_wrong_with_a_code_is_said_by_field(
    web: Web, world: World, body: dict[str, object], field: str
) -> None:
    manager = web.staff(world.main, "manager")
    assert list(faults(await web.client.post(CODES, json={**SUMMER, **body}, headers=manager))) == [field]


async def test_a_change_is_held_against_the_whole(web: Web, world: World) -> None:
    manager = web.staff(world.main, "manager")
    address = f"{CODES}/{(await made(web, world, kind='amount', value=50_000))['id']}"
    assert list(faults(await web.client.patch(address, json={"kind": "percent"}, headers=manager))) == ["body"]
    assert list(faults(await web.client.patch(address, json={"route_id": str(uuid4())}, headers=manager))) == [
        "route_id"
    ]
    bound = await web.client.patch(address, json={"route_id": str(world.main.route)}, headers=manager)
    assert bound.json()["route_id"] == str(world.main.route)


async def test_a_live_code_is_one_of_its_name(web: Web, world: World) -> None:
    manager = web.staff(world.main, "manager")
    first, second = await made(web, world), await made(web, world, code="OTHER")
    check_problem(await web.client.post(CODES, json=SUMMER, headers=manager), 409, "promo_code_taken")
    renamed = await web.client.patch(f"{CODES}/{second['id']}", json={"code": "SUMMER-26"}, headers=manager)
    check_problem(renamed, 409, "promo_code_taken")
    await web.client.delete(f"{CODES}/{first['id']}", headers=manager)
    await made(web, world)
    theirs = await web.client.post(CODES, json=SUMMER, headers=web.staff(world.other))
    assert theirs.status_code == 201, "another operator's codes are their own"


async def test_another_operators_code_is_not_there(web: Web, world: World) -> None:
    theirs = (await web.client.post(CODES, json=SUMMER, headers=web.staff(world.other))).json()
    own = web.staff(world.main)
    for call in (
        web.client.get(f"{CODES}/{theirs['id']}", headers=own),
        web.client.get(f"{CODES}/{theirs['id']}/uses", headers=own),
        web.client.patch(f"{CODES}/{theirs['id']}", json={"value": 0}, headers=own),
        web.client.delete(f"{CODES}/{theirs['id']}", headers=own),
    ):
        check_problem(await call, 404, "promo_code_not_found")


async def test_only_who_writes_prices_makes_codes(web: Web, world: World) -> None:
    for role, status in (("dispatcher", 403), ("viewer", 403), ("driver", 403), ("admin", 201)):
        reply = await web.client.post(CODES, json=SUMMER, headers=web.staff(world.main, role))  # type: ignore[arg-type]
        assert reply.status_code == status, role


async def test_the_codes_as_a_file(web: Web, world: World) -> None:
    await made(web, world)
    reply = await web.client.get(CODES, headers=web.staff(world.main) | {"Accept": "text/csv"})
    (row,) = csv.DictReader(io.StringIO(reply.text.removeprefix("\ufeff")))
    assert (row["code"], row["kind"], row["value"], row["uses"]) == ("SUMMER-26", "percent", "10", "0")


async def test_a_traveller_books_with_a_code_and_staff_see_its_use(web: Web, world: World) -> None:
    code = await made(web, world, most_uses=1)
    booking = await held(web.client, world.departure(), 2)
    body = {
        "booking_id": booking["id"],
        "contact": CONTACT,
        "passenger_list": [{"name": "Анна Ёлкина"}, {"name": "Ждан", "kind": "child"}],
        "promo_code": "summer-26",
    }
    told = (await web.client.post(BOOK, json=body, headers=bearer_of(booking))).json()
    assert told["total"] == {"amount": 450_000, "currency": "RUB"}
    assert told["price"] == {
        "seat_parts": [{"kind": "base", "amount": {"amount": 250_000, "currency": "RUB"}}],
        "lines": [
            {
                "kind": kind,
                "count": 1,
                "each": {"amount": 250_000, "currency": "RUB"},
                "amount": {"amount": 250_000, "currency": "RUB"},
            }
            for kind in ("adult", "child")
        ],
        "discount": {"amount": 50_000, "currency": "RUB"},
        "promo_code": "SUMMER-26",
    }
    uses = (await web.client.get(f"{CODES}/{code['id']}/uses", headers=web.staff(world.main))).json()
    assert uses["total"] == 1
    assert uses["items"][0] | {"used_at": None} == {
        "booking_id": booking["id"],
        "booking_code": booking["code"],
        "status": "on_hold",
        "amount": {"amount": 50_000, "currency": "RUB"},
        "used_at": None,
        "counts": True,
    }
    counted = (await web.client.get(f"{CODES}/{code['id']}", headers=web.staff(world.main))).json()
    assert (counted["uses"], counted["given"]["amount"]) == (1, 50_000)


async def test_a_refused_code_gives_back_seats_that_nobody_could_reach(web: Web, world: World) -> None:
    departure = world.departure()
    body = {"departure_id": str(departure), "passengers": 2, "contact": CONTACT, "promo_code": "NOTHING"}
    assert faults(await web.client.post(BOOK, json=body)) == {"promo_code": "unknown"}
    assert world.taken(departure) == [0, 0, 0]
    kept = await held(web.client, departure, 2)
    body = {"booking_id": kept["id"], "contact": CONTACT, "promo_code": "NOTHING"}
    assert faults(await web.client.post(BOOK, json=body, headers=bearer_of(kept))) == {"promo_code": "unknown"}
    assert world.taken(departure) == [2, 2, 2], "a hold of one's own is kept"


async def test_a_quote_for_whoever_calls(web: Web, world: World, clock: ManualClock) -> None:
    departure = world.departure()
    await goes_by(web.hub, world, departure, [EARLY])
    await promo(web.hub, world.main, "TEN", kind="amount", value=10_000)
    asked = {"departure_id": str(departure), "passengers": "3", "kinds": "adult,child", "promo_code": "ten"}
    dispatcher = web.staff(world.main, "dispatcher")
    quote = (await web.client.get("/api/price-quotes", params=asked, headers=dispatcher)).json()
    assert quote["price_per_seat"]["amount"] == 225_000
    assert [(line["kind"], line["count"], line["amount"]["amount"]) for line in quote["lines"]] == [
        ("adult", 2, 450_000),
        ("child", 1, 112_500),
    ]
    assert (quote["discount"]["amount"], quote["total"]["amount"]) == (10_000, 552_500)
    assert quote["seat_parts"][1] == {"kind": "early", "amount": {"amount": -25_000, "currency": "RUB"}}
    assert world.taken(departure) == [0, 0, 0]
    part = {"departure_id": str(departure), "from_place_id": str(world.places["city"])}
    assert (await web.client.get("/api/price-quotes", params=part, headers=dispatcher)).json()["total"][
        "amount"
    ] == 117_000


async def test_what_a_quote_is_refused_for(web: Web, world: World, clock: ManualClock) -> None:
    departure, theirs = world.departure(), world.departure(operator=world.other)
    await promo(web.hub, world.main, "OVER", valid_to=clock.now() - timedelta(days=1))
    await promo(web.hub, world.main, "TINY", value=1)
    own = web.staff(world.main)

    async def refused(**asked: object) -> httpx.Response:
        params = {"departure_id": departure, **asked}
        return await web.client.get("/api/price-quotes", params={k: str(v) for k, v in params.items()}, headers=own)

    check_problem(await refused(departure_id=theirs), 404, "departure_not_found")
    check_problem(await refused(departure_id=uuid4()), 404, "departure_not_found")
    backwards = {"from_place_id": world.places["city"], "to_place_id": world.places["town"]}
    check_problem(await refused(**backwards), 404, "stretch_not_served")
    assert faults(await refused(promo_code="NOTHING")) == {"promo_code": "unknown"}
    assert faults(await refused(promo_code="OVER")) == {"promo_code": "expired"}
    world.execute("UPDATE tariff_prices SET amount = 100")
    assert faults(await refused(promo_code="TINY")) == {"promo_code": "not_for_this"}
    assert list(faults(await refused(kinds="adult,child"))) == ["body"], "more kinds than passengers"
    assert list(faults(await refused(kinds="pets"))) == ["kinds"]


async def test_the_prices_of_a_route(web: Web, world: World) -> None:
    newer = await goes_by(web.hub, world, world.departure(), RULES)
    world.departure()
    await goes_by(web.hub, world, world.departure(departs_in=timedelta(days=-1)))
    viewer = web.staff(world.main, "viewer")
    told = (await web.client.get(f"/api/routes/{world.main.route}/prices", headers=viewer)).json()
    assert told["total"] == 2, "that of the departure that left is history"
    tariff = next(item for item in told["items"] if item["id"] == str(newer))
    assert tariff["prices"][2] == {
        "from_place_id": str(world.places["airport"]),
        "to_place_id": str(world.places["springs"]),
        "price": {"amount": 250_000, "currency": "RUB"},
        "child_price": {"amount": 125_000, "currency": "RUB"},
        "infant_price": {"amount": 25_000, "currency": "RUB"},
    }
    assert tariff["rules"][0] == {"kind": "early", "threshold": 2880, "percent": -10}
    plain = next(item for item in told["items"] if item["id"] != str(newer))
    assert (plain["prices"][0]["child_price"], plain["rules"]) == (None, [])
    unknown = await web.client.get(f"/api/routes/{UUID(int=1)}/prices", headers=viewer)
    check_problem(unknown, 404, "route_not_found")
    check_problem(
        await web.client.get(f"/api/routes/{world.other.route}/prices", headers=viewer), 404, "route_not_found"
    )
