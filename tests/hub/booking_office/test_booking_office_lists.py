"""The list of bookings: filters, text, order, pages, files."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from uuid import uuid4

import pytest

from kamhub.hub.booking_office import rules
from kamhub.hub.booking_office.actions import lists
from kamhub.kit.clock import ManualClock
from tests.app.support import CONTACT, booked, check_problem, held
from tests.asgi import Web
from tests.builders import World
from tests.hub.booking.support import pay
from tests.hub.booking_office.support import BOOKINGS, codes, listed, made

OLGA = {"name": "Ольга Ермакова", "phone": "+7 962 555-11-22", "email": "olga.e@mail.example"}
JOHN = {"name": "John O'Neil", "phone": "+44 7911 123456", "email": "john_o@example.org"}


async def test_the_newest_first_with_what_the_office_asks_about(web: Web, world: World) -> None:
    departure = world.departure()
    first = await made(web, world, departure, pay_by="on_board", passenger_list=[{"name": "Щукин Ждан"}])
    second = await made(web, world, departure)
    found = await listed(web, world)
    assert (found["total"], found["page"], found["page_size"]) == (2, 1, 50)
    assert [item["code"] for item in found["items"]] == [second["code"], first["code"]]
    item = found["items"][1]
    whole = (await web.client.get(f"{BOOKINGS}/{first['id']}", headers=web.staff(world.main))).json()
    assert {name: whole[name] for name in item} == item
    assert "token" not in item
    assert (item["departure"]["departure_id"], item["route"]["name"]) == (str(departure), "line")
    assert (item["passenger_list"][0]["name"], item["contact"]["name"]) == ("Щукин Ждан", "Анна Ёлкина")


async def test_every_status_as_people_are_told(web: Web, world: World, clock: ManualClock) -> None:
    lapsed = await held(web.client, world.departure())
    clock.advance(timedelta(hours=1))
    web_held = await held(web.client, world.departure())
    confirmed = await made(web, world, world.departure(), pay_by="invoice")
    cancelled = await made(web, world, world.departure(), pay_by="invoice")
    await web.client.post(f"{BOOKINGS}/{cancelled['id']}/cancel", json={}, headers=web.staff(world.main))
    assert await codes(web, world, "status=expired") == [lapsed["code"]]
    assert await codes(web, world, "status=on_hold") == [web_held["code"]]
    assert await codes(web, world, "status=confirmed") == [confirmed["code"]]
    assert await codes(web, world, "status=cancelled") == [cancelled["code"]]
    for status in ("pending", "rejected", "redeemed"):
        assert (await listed(web, world, f"status={status}"))["total"] == 0
    world.execute("UPDATE bookings SET status = 'expired' WHERE id = %s", lapsed["id"])
    assert await codes(web, world, "status=expired") == [lapsed["code"]]
    assert (await listed(web, world))["total"] == 4
    assert (await listed(web, world, "named=true"))["total"] == 2


async def test_expired_ones_of_both_kinds_are_in_order_and_on_pages(web: Web, world: World, clock: ManualClock) -> None:
    departure = world.departure(capacity=10)
    every = [await held(web.client, departure) for _ in range(5)]
    clock.advance(timedelta(hours=1))
    for one in every[::2]:
        world.execute("UPDATE bookings SET status = 'expired' WHERE id = %s", one["id"])
    newest = [one["code"] for one in reversed(every)]
    assert await codes(web, world, "status=expired") == newest
    pages = [await listed(web, world, f"status=expired&page_size=2&page={page}") for page in (1, 2, 3, 4)]
    assert [item["code"] for page in pages for item in page["items"]] == newest
    assert {page["total"] for page in pages} == {5}


async def test_days_are_those_of_the_departure_and_come_in_order_of_travel(web: Web, world: World) -> None:
    # Now is noon of the 24th in Kamchatka.
    late, early, other = (world.departure(departs_in=timedelta(hours=hours)) for hours in (30, 20, 60))
    bookings = {name: await made(web, world, departure, pay_by="on_board") for name, departure in
              (("late", late), ("other", other), ("early", early))}  # fmt: skip
    assert await codes(web, world, "date=2026-11-25") == [bookings["early"]["code"], bookings["late"]["code"]]
    assert await codes(web, world, "from=2026-11-25&to=2026-11-26") == [
        bookings["early"]["code"], bookings["late"]["code"],
    ]  # fmt: skip
    assert await codes(web, world, "from=2026-11-26") == [bookings["other"]["code"]]
    assert await codes(web, world, "to=2026-11-25") == [bookings["late"]["code"], bookings["early"]["code"]]
    assert await codes(web, world, f"departure_id={other}") == [bookings["other"]["code"]]
    assert await codes(web, world, "date=2026-12-25") == []
    reply = await web.client.get(f"{BOOKINGS}?from=2026-11-26&to=2026-11-25", headers=web.staff(world.main))
    check_problem(reply, 422, "input_invalid")


async def test_routes_by_id_and_by_name_and_the_channel(web: Web, world: World) -> None:
    booking = await made(web, world, world.departure(), pay_by="on_board")
    online = await booked(web.client, world.departure())
    route = world.main.route
    for query in (f"route_id={route}", f"route={route}", "route=LINE"):
        assert len(await codes(web, world, query)) == 2
    for query in (f"route_id={uuid4()}", "route=elsewhere"):
        assert await codes(web, world, query) == []
    assert await codes(web, world, "channel=staff") == [booking["code"]]
    assert await codes(web, world, "channel=api&text=&status=&date=&route_id=") == [online["code"]]
    assert await codes(web, world, f"channel=octo&departure_id={world.departure()}") == []


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("ольга", "olga"),
        ("ЕРМАК", "olga"),
        ("ермакова ольга", "olga"),
        ("olga.e@", "olga"),
        ("962 555", "olga"),
        ("8 (962) 555-11-22", "olga"),
        ("89625551122", "olga"),
        ("51122", "olga"),
        ("елкина", "anna"),
        ("Ёлкина Анна", "anna"),
        ("щукин", "anna"),  # who travels, not who booked
        ("ан", "anna"),  # two letters begin a word
        ("o'neil", "john"),
        ("john_o", "john"),
        ("447911", "john"),
        ("nobody", None),
        ("%", None),
        ("ольга анна", None),
        ("...", None),
        (".*", None),
    ],
)
async def test_text(web: Web, world: World, text: str, who: str | None) -> None:
    departure = world.departure()
    people = [{"name": "Щукин Ждан"}]
    bookings = {
        "anna": await made(web, world, departure, pay_by="on_board", passenger_list=people),
        "olga": await made(web, world, departure, pay_by="on_board", contact=OLGA),
        "john": await made(web, world, departure, pay_by="on_board", contact=JOHN),
    }
    await held(web.client, departure)
    expected = [bookings[who]["code"]] if who else []
    reply = await web.client.get(BOOKINGS, params={"text": text}, headers=web.staff(world.main))
    assert [item["code"] for item in reply.json()["items"]] == expected
    # With a day all bookings of the day are looked at, one by one: the same is found.
    reply = await web.client.get(BOOKINGS, params={"text": text, "date": "2026-11-27"}, headers=web.staff(world.main))
    assert [item["code"] for item in reply.json()["items"]] == expected
    wide = {"text": text, "from": "2026-01-01", "to": "2026-12-31"}
    reply = await web.client.get(BOOKINGS, params=wide, headers=web.staff(world.main))
    assert [item["code"] for item in reply.json()["items"]] == expected


async def test_a_code_finds_its_booking_even_without_a_name(web: Web, world: World) -> None:
    booking = await held(web.client, world.departure())
    code = booking["code"]
    for typed in (code, code.lower(), f"{code[:4]}-{code[4:]}", f" {code[:4]} {code[4:]} "):
        reply = await web.client.get(BOOKINGS, params={"text": typed}, headers=web.staff(world.main))
        assert [item["code"] for item in reply.json()["items"]] == [code], typed


async def test_what_many_share_is_found_among_the_newest(
    web: Web, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MOST_BY_TEXT", 3)
    departure = world.departure(capacity=10)
    every = [await made(web, world, departure, pay_by="on_board") for _ in range(5)]
    found = await listed(web, world, "text=анна")
    assert [item["code"] for item in found["items"]] == [one["code"] for one in reversed(every[2:])]
    assert found["total"] == 3


async def test_nothing_is_counted_or_read_beyond_the_bound(
    web: Web, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MOST_COUNTED", 3)
    departure = world.departure(capacity=10)
    for _ in range(5):
        await made(web, world, departure, pay_by="on_board")
    assert (await listed(web, world, "page_size=2"))["total"] == 3
    assert (await listed(web, world, "page_size=3&page=2"))["items"] == []


async def test_the_file_holds_all_of_them(web: Web, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "_AT_A_TIME", 2)
    early, late = world.departure(departs_in=timedelta(days=2)), world.departure(departs_in=timedelta(days=4))
    every = [await made(web, world, departure, pay_by="on_board") for departure in (late, early, late, early, late)]
    await pay(web.hub, world.main, every[0]["code"], 1, 77)
    for query, wanted in (
        ("", [one["code"] for one in reversed(every)]),
        ("from=2026-11-20", [every[n]["code"] for n in (1, 3, 0, 2, 4)]),
        (f"route_id={world.main.route}", [every[n]["code"] for n in (4, 2, 0, 3, 1)]),
    ):
        headers = web.staff(world.main) | {"Accept": "text/csv"}
        reply = await web.client.get(f"{BOOKINGS}?{query}", headers=headers)
        assert reply.headers["content-type"] == "text/csv; charset=utf-8"
        assert "bookings-2026-11-24.csv" in reply.headers["content-disposition"]
        rows = list(csv.DictReader(io.StringIO(reply.text.removeprefix("\ufeff"))))
        assert [row["code"] for row in rows] == wanted
    assert rows[0] | {"id": "", "code": ""} == {
        "code": "", "status": "confirmed", "created_at": "2026-11-24 12:00", "departs_at": "2026-11-28 12:00",
        "route": "line", "from": "airport", "to": "springs", "passengers": "1", "names": "", "name": "Анна Ёлкина",
        "phone": "+79141234567", "email": "anna@example.org", "total": "2500.00", "paid": "", "refunded": "",
        "collected": "0.00", "due": "2500.00", "currency": "RUB", "pay_by": "on_board", "channel": "staff",
        "special_requests": "", "id": "",
    }  # fmt: skip


async def test_another_operators_bookings_are_nowhere(web: Web, world: World) -> None:
    mine = await made(web, world, world.departure(), pay_by="on_board")
    body = {"departure_id": str(world.departure(operator=world.other)), "passengers": 1, "contact": CONTACT}
    made_there = await web.client.post(
        BOOKINGS, json=body | {"pay_by": "invoice"}, headers=web.staff(world.other, "dispatcher")
    )
    theirs = made_there.json()
    for query in ("", "text=анна", f"text={theirs['code']}", "date=2026-11-27", f"departure_id={body['departure_id']}"):
        found = await codes(web, world, query)
        assert theirs["code"] not in found
        assert (mine["code"] in found) is (
            query not in {f"text={theirs['code']}", f"departure_id={body['departure_id']}"}
        )
    for part in ("", "/notes", "/timeline", "/cancellation"):
        reply = await web.client.get(f"{BOOKINGS}/{theirs['id']}{part}", headers=web.staff(world.main))
        check_problem(reply, 404, "booking_not_found")


async def test_the_function_that_looks_for_words_names_the_organisation_itself(web: Web, world: World) -> None:
    """It runs as the owner of the schema, whom no policy stops."""
    await made(web, world, world.departure(), pay_by="on_board")
    query = "SELECT count(*) FROM bookings_with_words('{анна}', 10)"
    for operator, expected in ((world.main, 1), (world.other, 0)):
        async with web.hub.database.tenant(operator.id) as connection:
            assert await (await connection.execute(query)).fetchone() == (expected,)
    async with web.hub.database.connection("tenant") as connection:
        assert await (await connection.execute(query)).fetchone() == (0,)
