"""Every field of every traveller's call, wrong in every way we could think of: the documented code, and nothing stored."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from kamhub.kit.errors import Refusal
from kamhub.platform.i18n.catalogue import translator
from tests.app.support import (
    BOOK,
    CANCEL,
    CONFIRM,
    CONTACT,
    HOLD,
    PLACES,
    SEARCH,
    bearer_of,
    booked,
    check_problem,
    held,
    stored,
)
from tests.asgi import Web
from tests.builders import World

Fields = dict[str, Any]
LONG = "я" * 101
NO_COUNTS: list[object] = [0, 51, -1, 2**31, 2**63, 10**400, "3", "", 3.5, 3.0, True, None, [], {}, [1]]
NO_IDS: list[object] = [
    "",
    "1",
    "x" * 36,
    7,
    None,
    True,
    {},
    [],
    "00000000-0000-0000-0000-00000000000g",
    "' OR 1=1 --",
    "\x00",
]
NO_NAMES: list[object] = [
    "",
    " ",
    "А",
    " А ",
    "\x00\x00\x00",
    "\u200b\u200b\u200b",
    LONG,
    5,
    None,
    True,
    [],
    {},
    ["Анна"],
]
NO_PHONES: list[object] = [
    "",
    "123",
    "+7 000 000 00 00",
    "1" * 41,
    "Анна",
    "+79141234567890",
    79141234567,
    None,
    True,
    {},
]
NO_EMAILS: list[object] = [
    "",
    "anna",
    "@x.org",
    "a@b",
    "a b@x.org",
    f"{'a' * 250}@x.org",
    "a@x.org,b@x.org",
    1,
    None,
    [],
]
LOCALES: list[object] = ["de", "", "RU", 1, None, []]
NO_TEXTS: list[object] = ["я" * 501, 5, True, [], {}]
NO_LISTS: list[object] = [
    "Анна", 1, {}, ["Анна"], [None], [{}], [{"name": "А"}], [{"name": LONG}], [{"name": "Анна", "kind": "dog"}],
    [{"name": "Анна", "document": ""}], [{"name": "Анна", "document": "1" * 51}], [{"name": "Анна", "age": 5}],
    [{"name": "Анна"}, {"name": "Пётр"}, {"name": "Яна"}], [{"name": "Анна"}] * 51,
]  # fmt: skip


def hold_cases() -> list[tuple[str, object]]:
    return [
        *(("passengers", value) for value in [*NO_COUNTS, ...]),
        *(("departure_id", value) for value in [*NO_IDS, ...]),
        *((field, value) for field in ("from_place_id", "to_place_id") for value in NO_IDS if value is not None),
        ("price", 1),
        ("status", "confirmed"),
        ("organisation_id", str(uuid4())),
    ]


def put(body: Fields, path: str, value: object) -> Fields:
    """A copy of the body with one field set, or left out for ``...``."""
    head, _, rest = path.partition(".")
    if rest:
        return {**body, head: put(body[head], rest, value)}
    return {**{name: kept for name, kept in body.items() if name != head}, **({} if value is ... else {head: value})}


@pytest.fixture
def hold_body(world: World) -> Fields:
    return {"departure_id": str(world.departure()), "passengers": 2}


async def test_holds(client: httpx.AsyncClient, world: World, hold_body: Fields) -> None:
    before = stored(world)
    for field, value in hold_cases():
        told = check_problem(await client.post(HOLD, json=put(hold_body, field, value)), 422, "input_invalid")
        assert [error["field"] for error in told["errors"]] == [field], (field, value)
    assert stored(world) == before


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("contact", [..., None, "Анна", [], {}]),
        ("contact.name", [*NO_NAMES, ...]),
        ("contact.phone", [*NO_PHONES, ...]),
        ("contact.email", [*NO_EMAILS, ...]),
        ("contact.locale", LOCALES),
        ("contact.vip", [True]),
        ("passenger_list", NO_LISTS),
        ("special_requests", NO_TEXTS),
        ("passengers", [*NO_COUNTS, ...]),
        ("booking_id", [each for each in NO_IDS if each is not None]),
        ("departure_id", [*NO_IDS, ...]),
        ("from_place_id", ["airport"]),
        ("token", ["x"]),
    ],
)
async def test_bookings(
    client: httpx.AsyncClient, world: World, hold_body: Fields, field: str, values: list[object]
) -> None:
    body = hold_body | {"contact": CONTACT}
    before = stored(world)
    for value in values:
        told = check_problem(await client.post(BOOK, json=put(body, field, value)), 422, "input_invalid")
        if "." in field:
            assert [error["field"] for error in told["errors"]] == [field], value
    assert stored(world) == before


async def test_bookings_of_a_hold(client: httpx.AsyncClient, world: World) -> None:
    booking = await held(client, world.departure())
    before = stored(world)
    good = {"booking_id": booking["id"], "contact": CONTACT}
    wrong: list[Fields] = [
        {"passenger_list": [{"name": "Анна"}, {"name": "Пётр"}]},
        {"passengers": 2},
        {"from_place_id": str(world.places["town"])},
        {"departure_id": str(uuid4()), "passengers": 1},
        {"contact": {}},
    ]
    for fields in wrong:
        check_problem(await client.post(BOOK, json=good | fields, headers=bearer_of(booking)), 422, "input_invalid")
    assert stored(world) == before


async def test_cancellations_and_decisions(web: Web, client: httpx.AsyncClient, world: World) -> None:
    booking = await booked(client, world.departure())
    before = stored(world)
    calls: list[tuple[str, dict[str, str], Fields, list[tuple[str, list[object]]]]] = [
        (CANCEL, bearer_of(booking), {"booking_id": booking["id"]}, [("booking_id", NO_IDS), ("reason", NO_TEXTS), ("refund", [1])]),
        (
            CONFIRM,
            web.staff(world.main),
            {"booking_id": booking["id"], "action": "reject"},
            [("booking_id", NO_IDS), ("message", NO_TEXTS), ("action", ["", "Confirm", "approve", 1, None, ...]), ("paid", [1])],
        ),
    ]  # fmt: skip
    for path, headers, body, cases in calls:
        for field, values in cases:
            for value in values:
                told = check_problem(
                    await client.post(path, json=put(body, field, value), headers=headers), 422, "input_invalid"
                )
                assert [error["field"] for error in told["errors"]] == [field], value
    assert stored(world) == before


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("from", [..., "", " ", "\x00", "x" * 101]),
        ("to", [..., "", "\t", "x" * 101, "airport"]),
        (
            "date",
            [
                ...,
                "",
                "2026-02-30",
                "2026-13-01",
                "26-11-27",
                "завтра",
                "0001-01-01",
                "9999-12-31",
                "2026-11-27T25:00",
                "\x00",
            ],
        ),
        ("passengers", ["0", "51", "-1", "3.5", "abc", "true", "1" * 400, "1e400", "\x00"]),
        ("vehicle_type", ["rocket", "MINIBUS"]),
        ("max_price", ["-1", "abc", "1" * 30, "NaN", "1.5"]),
        ("features", ["x" * 301]),
    ],
)
async def test_searches(client: httpx.AsyncClient, field: str, values: list[object]) -> None:
    good: Fields = {"from": "airport", "to": "springs", "date": "2026-11-27", "passengers": "2"}
    assert (await client.get(SEARCH, params=good)).status_code == 200
    for value in values:
        check_problem(await client.get(SEARCH, params=put(good, field, value)), 422, "input_invalid")


async def test_one_place_by_two_names_is_one_place(client: httpx.AsyncClient, world: World) -> None:
    airport = str(world.places["airport"])
    for start, end in (("airport", "airport"), ("airport", airport), (airport, "airport"), (airport, airport)):
        asked = {"from": start, "to": end, "date": "2026-11-27"}
        told = check_problem(await client.get(SEARCH, params=asked), 422, "input_invalid")
        assert [(error["field"], error["code"]) for error in told["errors"]] == [("to", "same_place")]
        page = await client.get("/search", params=asked, headers={"Accept-Language": "en"})
        assert (page.status_code, "Choose two different places." in page.text) == (422, True)


async def test_a_refusal_is_in_the_language_that_is_asked_for(client: httpx.AsyncClient, hold_body: Fields) -> None:
    wrong = hold_body | {"passengers": 0}
    english = check_problem(await client.post(HOLD, json=wrong), 422, "input_invalid")
    reply = await client.post(HOLD, json=wrong, headers={"Accept-Language": "ru-RU,ru;q=0.9,en;q=0.8"})
    russian = check_problem(reply, 422, "input_invalid")
    assert reply.headers["content-language"] == "ru"
    assert english["errors"] == [{"field": "passengers", "message": "Not less than 1.", "code": "greater_than_equal"}]
    assert russian["errors"] == [{"field": "passengers", "message": "Не меньше 1.", "code": "greater_than_equal"}]
    assert (english["title"], russian["title"]) == ("Some fields are not right", "Некоторые поля заполнены неверно")


def test_every_refusal_has_a_russian_title() -> None:
    kinds, russian = [Refusal], translator("ru")
    for kind in kinds:
        kinds += kind.__subclasses__()
    ours = {kind.title for kind in kinds[1:] if kind.__module__.startswith("kamhub.")}
    assert len(ours) > 30
    assert not {title for title in ours if russian.gettext(title) == title}


async def test_searches_of_odd_words_find_nothing(client: httpx.AsyncClient) -> None:
    good: Fields = {"from": "airport", "to": "springs", "date": "2026-11-27"}
    for word in (
        "air\x00port",
        "' OR 1=1 --",
        "%",
        "_",
        "\ufffd",
        "\u202etropria",
        "😀",
        "<script>",
        str(uuid4()),
        "../etc",
    ):
        for field in ("from", "to"):
            check_problem(await client.get(SEARCH, params=good | {field: word}), 404, "place_not_found")
        featured = await client.get(SEARCH, params=good | {"features": word})
        assert (featured.status_code, featured.json()["items"]) == (200, [])
        for page in ("/search", "/"):
            for fields in ({"from": word}, {"features": word}, {"vehicle_type": word}):
                assert (await client.get(page, params=good | fields)).status_code in {200, 303, 422}
    raw = await client.get(f"{SEARCH}?from=%ff%fe&to=springs&date=2026-11-27")
    check_problem(raw, 404, "place_not_found")


async def test_places(client: httpx.AsyncClient) -> None:
    for params in ({"q": "x" * 101}, {"limit": "0"}, {"limit": "51"}, {"limit": "x"}, {"limit": "1" * 50}):
        check_problem(await client.get(PLACES, params=params), 422, "input_invalid")
    for word in ("\x00", "%", "_", "%%%", "\\", "'", "😀", "\ud7ff", "\u202e", "x" * 100, " ", "%s", "%(words)s"):
        reply = await client.get(PLACES, params={"q": word})
        assert reply.status_code == 200, (word, reply.text)
    assert (await client.get(f"{PLACES}?q=%ff%00%fe")).status_code == 200


POSTS = [HOLD, BOOK, CANCEL, CONFIRM]
UNREADABLE = [b"", b"{", b"nope", b'{"a":}', b"\xff\xfe", b'{"a": "\xff"}', b'{"a": "\\ud800"}', b"[" * 5000, b"{}{}"]
NOT_OBJECTS = [b"[]", b"null", b"1", b'"text"', b"true"]


@pytest.mark.parametrize("path", POSTS)
async def test_bodies_that_are_no_json(web: Web, client: httpx.AsyncClient, world: World, path: str) -> None:
    booking = await held(client, world.departure())
    before = stored(world)
    headers = {"Content-Type": "application/json"} | (web.staff(world.main) if path == CONFIRM else bearer_of(booking))
    for body in UNREADABLE:
        check_problem(await client.post(path, content=body, headers=headers), 400, "body_unreadable")
    for body in NOT_OBJECTS:
        check_problem(await client.post(path, content=body, headers=headers), 422, "input_invalid")
    nested = b'{"departure_id": ' * 3000 + b"1" + b"}" * 3000
    check_problem(await client.post(path, content=nested, headers=headers), 400, "body_unreadable")
    check_problem(
        await client.post(path, content=b'{"a": ' * 21 + b"1" + b"}" * 21, headers=headers), 400, "body_unreadable"
    )
    for kind in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
    ):
        reply = await client.post(path, content=b"{}", headers=headers | {"Content-Type": kind})
        check_problem(reply, 415, "media_type_unsupported")
    assert stored(world) == before


@pytest.mark.parametrize("path", POSTS)
async def test_bodies_too_large(web: Web, client: httpx.AsyncClient, world: World, path: str) -> None:
    before = stored(world)
    headers = {"Content-Type": "application/json"} | web.staff(world.main)
    if path == CANCEL:
        headers["Authorization"] = bearer_of(await held(client, world.departure()))["Authorization"]
        before = stored(world)
    large = json.dumps({"departure_id": "x" * 2_000_000}).encode()
    check_problem(await client.post(path, content=large, headers=headers), 413, "body_too_large")

    async def in_pieces() -> Any:
        for start in range(0, len(large), 65_536):
            yield large[start : start + 65_536]

    check_problem(await client.post(path, content=in_pieces(), headers=headers), 413, "body_too_large")
    assert stored(world) == before


async def test_ids_of_other_things(client: httpx.AsyncClient, world: World) -> None:
    booking = await held(client, world.departure())
    before = stored(world)
    for other in (uuid4(), world.main.id, world.main.route, world.places["airport"], booking["id"]):
        check_problem(
            await client.post(HOLD, json={"departure_id": str(other), "passengers": 1}), 404, "departure_not_found"
        )
    departure = booking["departure"]["departure_id"]
    stretches = [
        (None, uuid4()),
        (uuid4(), None),
        (world.places["city"], world.places["town"]),
        (world.places["town"],) * 2,
    ]
    for start, end in stretches:
        body = {"departure_id": departure, "passengers": 1, "from_place_id": str(start) if start else None}
        reply = await client.post(HOLD, json=body | {"to_place_id": str(end) if end else None})
        check_problem(reply, 404, "stretch_not_served")
    assert stored(world) == before


async def test_keys_that_cannot_be_kept(client: httpx.AsyncClient, world: World, hold_body: Fields) -> None:
    before = stored(world)
    for key in ("", "k" * 201):
        reply = await client.post(HOLD, json=hold_body, headers={"Idempotency-Key": key})
        check_problem(reply, 422, "input_invalid")
    assert stored(world) == before


async def test_the_last_of_two_equal_names_counts_and_odd_letters_are_kept(
    client: httpx.AsyncClient, world: World
) -> None:
    departure = world.departure()
    text = f'{{"departure_id": "{departure}", "passengers": 9, "passengers": 1}}'
    reply = await client.post(HOLD, content=text, headers={"Content-Type": "application/json"})
    assert (reply.status_code, reply.json()["passengers"]) == (201, 1)
    for name in (
        "😀😀",
        "<b>Анна</b>",
        "'; DROP TABLE bookings; --",
        "\u202eанна",
        "李小龍",
        "A\u0301B",
        "{{ 7 * 7 }}",
        "%s%s",
    ):
        booking = await booked(client, world.departure(), contact=CONTACT | {"name": name})
        page = await client.get(f"/booking/{booking['id']}", params={"token": booking["token"]}, follow_redirects=True)
        assert page.status_code == 200
        assert "<b>Анна" not in page.text
        shown = await client.get(f"/api/transfers/bookings/{booking['id']}", headers=bearer_of(booking))
        assert shown.json()["contact"] == booking["contact"]


@pytest.mark.parametrize(
    "phone",
    ["+79141234567", "89141234567", "8 (914) 123-45-67", "7 914 123 45 67", "914-123-45-67", " +7 914 1234567 "],
)
async def test_phones_as_people_type_them(client: httpx.AsyncClient, world: World, phone: str) -> None:
    booking = await booked(client, world.departure(), contact=CONTACT | {"phone": phone, "name": "  Анна   Ёлкина "})
    assert booking["contact"] == {
        "name": "Анна Ёлкина",
        "phone": "+79141234567",
        "email": "anna@example.org",
        "locale": "ru",
    }
