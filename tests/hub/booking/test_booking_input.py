"""Bad input on every field of every body: the documented code, nothing stored, never a 500."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.asgi import Web
from tests.builders import World

CONTACT = {"name": "Анна Ёлкина", "phone": "+79141234567", "email": "anna@example.org"}
WRONG_TYPES: list[object] = [3.5, True, [], {}, [[]], {"a": 1}, 10**400, -1]
NO_UUID: list[object] = [None, "", " ", "7", "not-an-id", "0" * 37, "\x00", *WRONG_TYPES]
NO_COUNT: list[object] = [0, 51, -1, 10**30, 3.5, 2.0, "3", "", True, False, None, [], {}, [3], "NaN"]
NO_NAME: list[object] = [None, "", " ", "Я", "x" * 101, " \t\n", "\x00\x00", "\u200b\u200b\u200b", *WRONG_TYPES]
NO_PHONE: list[object] = [
    None, "", "0", "12", "phone", "+7 000 000-00-00", "+7914123456", "+791412345678", "8 914 123", "+999 123 456 789",
    "+" * 30, "1" * 41, "\x00", "８", "' OR 1=1 --", *WRONG_TYPES,
]  # fmt: skip
NO_EMAIL: list[object] = [
    None, "", "anna", "anna@", "@example.org", "a b@example.org", "anna@example", "anna@exa mple.org", "anna@-x.org",
    "anna@@example.org", "a@" + "b" * 250 + ".org", "anna@example.org\x00x", "anna@example.org,b@c.ru",
    "<anna@example.org>", *WRONG_TYPES,
]  # fmt: skip
NO_TEXT: list[object] = ["x" * 501, "ё" * 501, *WRONG_TYPES]
LONE = '"\\ud800"'

COUNTED = (
    "bookings", "booking_events", "booking_passengers", "idempotency_keys", "messages", "payment_orders", "procrastinate_jobs",
)  # fmt: skip


def stored(world: World) -> list[tuple[object, ...]]:
    """Everything a request could leave behind."""
    counts = " UNION ALL ".join(f"SELECT '{name}', count(*)::text FROM {name}" for name in COUNTED)
    return world.rows(f"{counts} UNION ALL SELECT id::text, status || contact_name FROM bookings ORDER BY 1, 2")


def problem(reply: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The reply is that refusal, with everything a problem document has."""
    assert reply.status_code == status, reply.text
    document: dict[str, Any] = reply.json()
    assert reply.headers["content-type"] == "application/problem+json"
    assert document["code"] == code, document
    assert document["status"] == status
    assert document["type"] == f"urn:kamhub:problem:{code}"
    assert document["title"]
    assert document["detail"]
    assert reply.headers["x-request-id"]
    return document


async def refuses_each(web: Web, path: str, headers: dict[str, str], bodies: Iterator[tuple[str, object, Any]]) -> None:
    for name, value, body in bodies:
        reply = await web.client.post(
            path, content=json.dumps(body), headers={"content-type": "application/json"} | headers
        )
        assert reply.status_code == 422, (name, value)
        document = problem(reply, 422, "input_invalid")
        assert any(error["field"].startswith(name) for error in document["errors"]), (name, value, document)
        assert all(error["message"] and error["code"] for error in document["errors"])


def varied(good: dict[str, Any], table: dict[str, list[object]]) -> Iterator[tuple[str, object, Any]]:
    """The good body with one field spoilt at a time; dotted names go inside."""
    for name, values in table.items():
        for value in values:
            body = json.loads(json.dumps(good))
            *way, last = name.split(".")
            place = body
            for step in way:
                place = place[int(step)] if step.isdigit() else place[step]
            place[last] = value
            yield name, value, body


async def test_hold(web: Web, world: World) -> None:
    good = {"departure_id": str(world.departure()), "passengers": 1}
    table: dict[str, list[object]] = {
        "departure_id": NO_UUID,
        "passengers": NO_COUNT,
        "from_place_id": NO_UUID[1:],
        "to_place_id": NO_UUID[1:],
        "price": [1],
        "token": [None],
    }
    await refuses_each(web, "/api/transfers/hold", {}, varied(good, table))
    assert world.rows("SELECT count(*) FROM bookings") == [(0,)]


async def test_book(web: Web, world: World) -> None:
    departure = str(world.departure())
    held = (await web.client.post("/api/transfers/hold", json={"departure_id": departure, "passengers": 2})).json()
    good = {"booking_id": held["id"], "contact": CONTACT, "passenger_list": [{"name": "Иван Щукин", "kind": "adult"}]}
    table: dict[str, list[object]] = {
        "booking_id": NO_UUID[1:],
        "contact": [None, "Anna", [], 1],
        "contact.name": NO_NAME,
        "contact.phone": NO_PHONE,
        "contact.email": NO_EMAIL,
        "contact.locale": [None, "de", "RU", "", 1],
        "contact.telegram": ["@anna"],
        "passenger_list": [None, "Anna", {}, [None], [[]], [{}] * 51],
        "passenger_list.0.name": NO_NAME,
        "passenger_list.0.kind": [None, "senior", "Adult", 1],
        "passenger_list.0.document": ["", " ", "x" * 51, *WRONG_TYPES],
        "passenger_list.0.age": [7],
        "special_requests": NO_TEXT,
        "status": ["confirmed"],
        "paid": [{"amount": 1, "currency": "RUB"}],
    }
    headers = {"Authorization": f"Booking {held['token']}"}
    before = stored(world)
    await refuses_each(web, "/api/transfers/book", headers, varied(good, table))
    for body in (
        good | {"departure_id": departure},
        good | {"passengers": 2},
        good | {"from_place_id": str(uuid4())},
        good | {"passenger_list": good["passenger_list"] * 3},  # type: ignore[operator]
        {"contact": CONTACT},
        {"contact": CONTACT, "departure_id": departure},
        {"contact": CONTACT, "passengers": 1},
        {"contact": CONTACT, "departure_id": departure, "passengers": 1, "passenger_list": good["passenger_list"] * 2},  # type: ignore[operator]
    ):
        problem(await web.client.post("/api/transfers/book", json=body, headers=headers), 422, "input_invalid")
    assert stored(world) == before


async def test_cancel_and_confirm(web: Web, world: World) -> None:
    departure = str(world.departure())
    held = (await web.client.post("/api/transfers/hold", json={"departure_id": departure, "passengers": 2})).json()
    before = stored(world)
    token = {"Authorization": f"Booking {held['token']}"}
    cancel = varied({"booking_id": held["id"]}, {"booking_id": NO_UUID, "reason": NO_TEXT, "refund": [1]})
    await refuses_each(web, "/api/transfers/cancel", token, cancel)
    good = {"booking_id": held["id"], "action": "confirm"}
    table = {
        "booking_id": NO_UUID,
        "action": [None, "", "cancel", "Confirm", 1, []],
        "message": NO_TEXT,
        "role": ["owner"],
    }
    await refuses_each(web, "/api/transfers/confirm", web.staff(world.main), varied(good, table))
    assert stored(world) == before


async def test_bodies_that_are_not_what_they_should_be(web: Web, world: World) -> None:
    held = (
        await web.client.post("/api/transfers/hold", json={"departure_id": str(world.departure()), "passengers": 1})
    ).json()
    headers = {
        "/api/transfers/hold": {},
        "/api/transfers/book": {},
        "/api/transfers/cancel": {"Authorization": f"Booking {held['token']}"},
        "/api/transfers/confirm": web.staff(world.main),
        "/api/auth/signup": {},
        "/api/auth/signin": {},
        "/api/auth/refresh": {},
    }
    before = stored(world)
    unreadable = [
        b"", b" ", b"{", b"nonsense", b"{'a': 1}", b'{"a": 1,}', b"\xff\xfe", b'{"name": "\xff"}', b'{"a": ' * 5000,
        b"[" * 100_000, f'{{"name": {LONE}}}'.encode(), b'{"a":1}{"b":2}', '{"имя": 1}'.encode("cp1251"),
    ]  # fmt: skip
    for path, right in headers.items():
        for body in unreadable:
            reply = await web.client.post(path, content=body, headers=right | {"content-type": "application/json"})
            problem(reply, 400, "body_unreadable")
        for body in (b"null", b"[]", b"1", b'"text"', b"true"):
            reply = await web.client.post(path, content=body, headers=right | {"content-type": "application/json"})
            problem(reply, 422, "input_invalid")
        for media_type in (
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "text/html",
            "x",
        ):
            reply = await web.client.post(path, content=b"{}", headers=right | {"content-type": media_type})
            problem(reply, 415, "media_type_unsupported")
        large = b'{"name": "' + b"x" * 2_000_000 + b'"}'
        reply = await web.client.post(path, content=large, headers=right | {"content-type": "application/json"})
        problem(reply, 413, "body_too_large")
    assert stored(world) == before


async def test_a_body_in_pieces_is_bounded_too(web: Web, world: World) -> None:
    async def pieces() -> Any:
        yield b'{"departure_id": "'
        for _ in range(40):
            yield b"x" * 50_000
        yield b'"}'

    for path in ("/api/transfers/hold", "/api/transfers/book", "/api/auth/signin"):
        reply = await web.client.post(path, content=pieces(), headers={"content-type": "application/json"})
        problem(reply, 413, "body_too_large")


async def test_of_a_key_given_twice_the_last_counts(web: Web, world: World) -> None:
    body = f'{{"departure_id": "{world.departure()}", "passengers": 50, "passengers": 1}}'
    reply = await web.client.post("/api/transfers/hold", content=body)
    assert (reply.status_code, reply.json()["passengers"]) == (201, 1)


@pytest.mark.parametrize(
    "phone",
    [
        "+79141234567", "+7 914 123-45-67", "8 (914) 123-45-67", "8-914-123-45-67", "89141234567", "7 914 123 45 67", "9141234567",
        " +7 (914)1234567 ", "tel:+7-914-123-45-67", "+7\u00a0914\u00a0123\u00a045\u00a067", "＋７９１４１２３４５６７",
    ],
)  # fmt: skip
async def test_phones_as_people_type_them(web: Web, world: World, phone: str) -> None:
    body = {"departure_id": str(world.departure()), "passengers": 1, "contact": CONTACT | {"phone": phone}}
    reply = await web.client.post("/api/transfers/book", json=body)
    assert reply.status_code == 201, reply.text
    assert reply.json()["contact"]["phone"] == "+79141234567"


async def test_names_of_all_kinds_are_kept_as_they_are(web: Web, world: World) -> None:
    names = {
        "  Анна   Ёлкина ": "Анна Ёлкина",
        "Ян": "Ян",
        "x" * 100: "x" * 100,
        " " * 50 + "x" * 100: "x" * 100,
        "O'Connor-Smith Jr.": "O'Connor-Smith Jr.",
        "<script>alert(1)</script>": "<script>alert(1)</script>",
        "'; DROP TABLE bookings; --": "'; DROP TABLE bookings; --",
        "👩‍👩‍👧 Семья": None,
        "محمد علي": "محمد علي",
        "Иван\x00Щукин": "Иван Щукин",
        "Иван\r\nBcc: all@example.org": "Иван Bcc: all@example.org",
        "\u202eнавИ": "навИ",
        "И\u0306горь": "Йгорь",
        "李 小龙": "李 小龙",
        "%s {0} {{7*7}} $(id)": "%s {0} {{7*7}} $(id)",
    }
    for typed, kept in names.items():
        passenger = [{"name": typed, "document": typed[:40].strip() or None}]
        body = {"departure_id": str(world.departure()), "passengers": 1, "contact": CONTACT | {"name": typed}}
        reply = await web.client.post(
            "/api/transfers/book", json=body | {"passenger_list": passenger, "special_requests": typed}
        )
        assert reply.status_code == 201, (typed, reply.text)
        if kept is not None:
            assert reply.json()["contact"]["name"] == kept
            assert reply.json()["passenger_list"][0]["name"] == kept


async def test_ids_and_headers_of_other_kinds(web: Web, world: World) -> None:
    hold = {"departure_id": str(world.main.vehicle), "passengers": 1}
    problem(await web.client.post("/api/transfers/hold", json=hold), 404, "departure_not_found")
    stretch = {"departure_id": str(world.departure()), "passengers": 1, "from_place_id": str(world.main.route)}
    problem(await web.client.post("/api/transfers/hold", json=stretch), 404, "stretch_not_served")
    back = stretch | {"from_place_id": str(world.places["city"]), "to_place_id": str(world.places["town"])}
    problem(await web.client.post("/api/transfers/hold", json=back), 404, "stretch_not_served")
    good = {"departure_id": str(world.departure()), "passengers": 1}
    for key in ("", "x" * 201):
        reply = await web.client.post("/api/transfers/hold", json=good, headers={"Idempotency-Key": key})
        assert problem(reply, 422, "input_invalid")["errors"][0]["field"] == "Idempotency-Key"
    for key in ("x", "x" * 200, "ключ 🔑"):
        reply = await web.client.post("/api/transfers/hold", json=good, headers={b"Idempotency-Key": key.encode()})
        assert reply.status_code == 201
