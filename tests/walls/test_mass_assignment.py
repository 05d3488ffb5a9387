"""A body sets what its form asks for and nothing else: not whose it is, not what it costs, not what one may do.

Generated from the table of routes and the models of their bodies; every object nested in a body is tried as well.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import psycopg
import pytest

from kamhub.kit.ids import new_id
from kamhub.platform.embedded.types import ClusterAddress
from kamhub.platform.web.schemas import Form
from tests.walls import knowledge, network, timetables
from tests.walls.calls import FORM, Insider
from tests.walls.fields import Body, Leaf, fields_of, flat, leaves, put
from tests.walls.house import CONTACT, House, Route, fresh_database, furnished, kill, routes

MARK = "deadbeef-0000-4000-8000-00000000beef"
WORD, NUMBER, MOMENT = "smuggled in", 31_337, "1999-09-09T09:09:09Z"
# What an attacker would like to set. Each value is found again wherever it is stored.
WISHES: dict[str, object] = {
    "id": MARK, "organisation_id": MARK, "person_id": MARK, "owner_id": MARK, "session_id": MARK, "invited_by": MARK,
    "created_by": MARK, "vehicle_id": MARK, "route_id": MARK, "cancellation_policy_id": MARK, "policy_id": MARK,
    "status": WORD, "key_hash": WORD, "password_hash": WORD, "hint": WORD, "permissions": [WORD], "slug": WORD, "actor": WORD,
    "channel": WORD, "currency": WORD, "discount": NUMBER, "price": NUMBER, "price_per_seat": NUMBER, "total": NUMBER,
    "paid": NUMBER, "refunded": NUMBER, "amount": NUMBER, "capacity": NUMBER, "created_at": MOMENT, "expires_at": MOMENT,
    "email_confirmed_at": MOMENT, "accepted_at": MOMENT, "revoked_at": MOMENT, "is_admin": True, "is_owner": True,
    "confirmed": True, "__proto__": {"is_admin": True}, "class": WORD,
}  # fmt: skip
ROUTES = [route for route in routes() if route.changes and route.rule.body_model is not None]
# The provider sends what it likes; what counts is signed and read field by field.
PROVIDER = [route for route in ROUTES if route.rule.csrf == "signature"]
PAGES = [route for route in ROUTES if route.rule.csrf == "form"]
PROGRAMS = [route for route in ROUTES if route not in PAGES and route not in PROVIDER]
# Only narrows what is shown: another's finds nothing.
FILTERS = {"actor_id"}
# Of nobody, or of both: an id made by the sender, a departure that everybody may book or be offered, a place of the catalogue.
OPEN_IDS = {"key", "choice", "departure_id", "from", "to", "from_place_id", "to_place_id"}
NAMING = [(route, leaf) for route in ROUTES for leaf in leaves(route.rule.body_model or Form) if leaf.format == "uuid"]


@dataclass(slots=True)
class Walk:
    """What was answered, and what was stored."""

    refused: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    """By route and place of the object: the fields refused as unknown."""
    statuses: dict[str, set[int]] = field(default_factory=dict)
    plain: dict[str, int] = field(default_factory=dict)
    """By page: the status of the same form without the wishes."""
    of_others: dict[str, int] = field(default_factory=dict)
    stored: list[str] = field(default_factory=list)
    roles: tuple[object, object] = (None, None)


@pytest.fixture(scope="module")
def walk(postgres: ClusterAddress, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    with fresh_database(postgres) as (owner_url, app_url):
        yield asyncio.run(attack(owner_url, app_url, tmp_path_factory.mktemp("mass")))


async def attack(owner_url: str, app_url: str, data_dir: Path) -> Walk:
    """Every body with every wish, at every place where one fits."""
    async with furnished(owner_url, app_url, data_dir) as house:
        insider, found = Insider(house), Walk()
        await insider.prepare()
        roles = "SELECT organisation_id, person_id, role FROM memberships ORDER BY 1, 2"
        before = house.world.rows(roles)
        for route in PROGRAMS:
            await ask_program(found, insider, route)
        for route in PAGES + PROVIDER:
            await ask_page(found, insider, route)
        found.stored = smuggled(house)
        house.heal()
        found.roles = before, house.world.rows(roles)
        for route, leaf in NAMING:
            if leaf.name not in OPEN_IDS | FILTERS:
                found.of_others[f"{route} {leaf}"] = await name_anothers(insider, route, leaf)
        return found


async def ask_program(found: Walk, insider: Insider, route: Route) -> None:
    """The wishes in the body, then in each object inside it."""
    good = insider.good(route)
    for place in objects_in(good):
        body = copy.deepcopy(good)
        known = {leaf.steps[-1] for leaf in fields_of(route) if leaf.steps[:-1] == place}
        wishes = {name: value for name, value in WISHES.items() if name not in known}
        inside(body, place).update(wishes)
        reply = await insider.call(route, body)
        found.statuses.setdefault(str(route), set()).add(reply.status_code)
        told = reply.json().get("errors", []) if reply.status_code == 422 else []
        prefix = "".join(f"{step}." for step in place)
        named = {error["field"].removeprefix(prefix) for error in told if error["code"] == "extra_forbidden"}
        found.refused.setdefault(str(route), {})[prefix] = wishes.keys() - named


async def ask_page(found: Walk, insider: Insider, route: Route) -> None:
    """The same as a form: refused, or answered as if nothing had been wished."""
    house = insider.house
    await fresh_booking(house)
    good = flat(insider.good(route))
    plain = await insider.call(route, sent=(FORM, urlencode(good).encode()))
    found.plain[str(route)] = plain.status_code
    if plain.status_code < 400:
        house.heal()
    known = {name for name, _ in good}
    wishes = [(name, text) for name, text in flat(dict(WISHES)) if name not in known]
    nested = [(f"passenger_list.0.{name}", text) for name, text in wishes]
    await fresh_booking(house)
    again = flat(insider.good(route))
    reply = await insider.call(route, sent=(FORM, urlencode([*wishes, *nested, *again]).encode()))
    found.statuses[str(route)] = {reply.status_code}
    found.stored += smuggled(house) if reply.status_code < 400 else []
    if reply.status_code < 400:
        house.heal()


async def fresh_booking(house: House) -> None:
    """A booking and a dead letter that nothing has happened to."""
    kill(house.world, house.world.main, house.main["job_id"])
    body = {"departure_id": str(house.world.departure()), "passengers": 1, "contact": CONTACT}
    booking = (await house.client.post("/api/transfers/book", json=body)).json()
    house.main["booking_id"], house.booking_token = booking["id"], booking["token"]


async def name_anothers(insider: Insider, route: Route, leaf: Leaf) -> int:
    """The body names the same kind of thing, of the other operator's."""
    house = insider.house
    theirs: dict[str, object] = {
        "organisation_id": house.world.other.id,
        "booking_id": await booking_of_the_other(house),
        "ids": job_of_the_other(house),
        "person_id": house.world.other.people["driver"],
        "place_id": network.place(house.world, house.world.other, new_id()),
        "vehicle_id": house.world.other.vehicle,
        "route_id": house.world.other.route,
        "driver_id": timetables.driver(house.world, house.world.other),
        "tariff_id": house.world.other.tariff,
        **dict.fromkeys(
            ("departure_id", "departure_ids", "departure", "departures", "choice"),
            house.world.departure(operator=house.world.other),
        ),
        **dict.fromkeys(
            ("from_place_id", "to_place_id", "origin", "destination"),
            network.place(house.world, house.world.other, new_id()),
        ),
        **dict.fromkeys(("category_id", "parent_id"), knowledge.category(house.world, house.world.other)),
        "article_id": knowledge.article(house.world, house.world.other),
        "payment_id": house.main["booking_id"],  # no payment at all
    }
    body: Body = insider.good(route)
    if route.rule.body_model is not None and route.rule.body_model.__name__ == "BookForm":
        body = {"contact": CONTACT}  # of a hold
    put(body, leaf.steps, str(theirs[leaf.name]))  # a KeyError: say here what of another's that names
    return (await insider.call(route, body)).status_code


async def booking_of_the_other(house: House) -> str:
    """A booking at the other operator's."""
    departure = house.world.departure(operator=house.world.other)
    body = {"departure_id": str(departure), "passengers": 1, "contact": CONTACT}
    return str((await house.client.post("/api/transfers/book", json=body)).json()["id"])


def job_of_the_other(house: House) -> UUID:
    """A dead letter of the other operator's."""
    job_id = new_id()
    kill(house.world, house.world.other, job_id)
    return job_id


def objects_in(body: Body, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where in a body there are objects, itself first."""
    yield place
    for name, value in body.items():
        if isinstance(value, dict):
            yield from objects_in(value, (*place, name))
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            yield from objects_in(value[0], (*place, name, 0))


def inside(body: Body, place: tuple[str | int, ...]) -> Body:
    """The object at that place."""
    found: Any = body
    for step in place:
        found = found[step]
    object_there: Body = found
    return object_there


def smuggled(house: House) -> list[str]:
    """Rows of any table in which something wished for is found."""
    with psycopg.connect(house.world.owner_url) as connection:
        names = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        ).fetchall()
        found = []
        for (name,) in names:
            rows = connection.execute(
                f"SELECT t::text FROM {name} t WHERE t::text ~ %s".encode(),
                (rf"{MARK}|{WORD}|\m{NUMBER}\M|1999-09-09",),
            ).fetchall()
            found += [f"{name}: {row[0][:200]}" for row in rows]
        return found


@pytest.mark.parametrize("route", PROGRAMS, ids=str)
def test_a_program_is_told_of_every_field_too_many(walk: Walk, route: Route) -> None:
    assert walk.statuses[str(route)] == {422}
    assert {place: names for place, names in walk.refused[str(route)].items() if names} == {}


def test_objects_inside_a_body_are_tried(walk: Walk) -> None:
    assert set(walk.refused["POST /api/transfers/book"]) == {"", "contact.", "passenger_list.0."}


@pytest.mark.parametrize("route", PAGES + PROVIDER, ids=str)
def test_a_page_takes_no_more_than_its_form(walk: Walk, route: Route) -> None:
    # A second time much cannot be done any more: refused is as good.
    assert walk.statuses[str(route)] <= {walk.plain[str(route)], 303, 404, 409, 412, 422}


def test_nothing_was_smuggled_in(walk: Walk) -> None:
    assert walk.stored == []
    assert walk.roles[0] == walk.roles[1]


def test_nothing_of_anothers_can_be_named(walk: Walk) -> None:
    assert len(walk.of_others) >= 5
    # Not there, said of the field that named it, or not to be done any more anyway.
    assert {call: status for call, status in walk.of_others.items() if not 400 <= status < 500} == {}


@pytest.mark.parametrize("route", PROGRAMS, ids=str)
def test_every_form_forbids_what_it_does_not_know(route: Route) -> None:
    """The cause of the above, said by the models themselves, so that a nested one without it is seen too."""
    schema = (route.rule.body_model or Form).model_json_schema()
    for model in (schema, *schema.get("$defs", {}).values()):
        assert model.get("type") != "object" or model["additionalProperties"] is False, model["title"]


async def test_the_search_sees_what_is_stored(postgres: ClusterAddress, tmp_path: Path) -> None:
    """The control: a column that took the wish is found."""
    with fresh_database(postgres) as urls:
        async with furnished(*urls, tmp_path) as house:
            assert smuggled(house) == []
            house.world.execute("UPDATE people SET name = %s WHERE email = %s", WORD, house.world.main.owner_email)
            house.world.execute(
                "UPDATE bookings SET total = %(n)s, price_per_seat = %(n)s".replace("%(n)s", str(NUMBER))
            )
            assert {line.partition(":")[0] for line in smuggled(house)} >= {"people", "bookings"}
