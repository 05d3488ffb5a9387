"""Every route against everybody who may knock: only the documented ones get in, and what is another's is not there.

Generated from the table of routes, so that no route can be forgotten.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from kamhub.platform.embedded.types import ClusterAddress
from tests.walls import network
from tests.walls.callers import ALONE, Caller, callers
from tests.walls.fields import good
from tests.walls.house import House, Route, fresh_database, furnished, routes, snapshot

ROUTES = routes()
GUARDED = [route for route in ROUTES if route.rule.access in {"staff", "key"}]
OPEN = [route for route in ROUTES if route.rule.access in {"public", "page"}]
PATIENCE = 20.0  # seconds, for a single call
# What a body has to name of another organisation's, by route: an id in a body is as good as one in the path.
NAMED_IN_BODY = {
    "POST /api/transfers/confirm": lambda house: {"booking_id": house.main["booking_id"], "action": "confirm"},
    "POST /office/members/{person_id}/role": lambda _: {"role": "viewer"},
    "POST /api/jobs/dead/retry": lambda house: {"ids": [str(house.main["job_id"])]},
    "POST /api/jobs/dead/discard": lambda house: {"ids": [str(house.main["job_id"])], "reason": "done by hand"},
    "POST /office/jobs/dead/retry": lambda house: {"ids": [str(house.main["job_id"])]},
    "POST /office/jobs/dead/discard": lambda house: {"ids": [str(house.main["job_id"])], "reason": "done by hand"},
    **dict.fromkeys(
        (
            "POST /api/drivers",
            "POST /office/drivers",
            "PATCH /api/drivers/{driver_id}",
            "POST /office/drivers/{driver_id}",
        ),
        lambda house: network.body(house.world, "DriverForm"),
    ),
    "POST /api/departures": lambda house: _departure(house) | {"departs_at": "2026-11-27T08:00:00+12:00"},
    "POST /office/departures/new": lambda house: _departure(house) | {"date": "2026-11-27", "time": "08:00"},
    "PATCH /api/departures/{departure_id}": lambda house: {"vehicle_id": str(house.world.main.vehicle)},
    "POST /office/departures/{departure_id}/assignment": lambda house: {
        "vehicle_id": str(house.world.main.vehicle),
        "version": 1,
    },
    "POST /api/auth/switch": lambda house: {"organisation_id": str(house.world.main.id)},
    "POST /account/organisation": lambda house: {"organisation_id": str(house.world.main.id)},
}
# The same of what a traveller names.
OF_A_BOOKING = {"POST /api/transfers/cancel": lambda house: {"booking_id": house.main["booking_id"]}}
# What ends the session leads to the form to sign in, as the wall does; it leaves a line in the log.
LEAD_OUT = {"POST /office/leave", "POST /office/members/{person_id}/remove"}


def _departure(house: House) -> dict[str, str]:
    """What a departure of the main operator's would be made of."""
    return {"route_id": str(house.world.main.route), "vehicle_id": str(house.world.main.vehicle)}


def names_ids(model: type[BaseModel] | None) -> bool:
    """Whether a body of that kind names things by their ids."""
    return model is not None and any("UUID" in str(info.annotation) for info in model.model_fields.values())


def takes_ids(route: Route) -> bool:
    return bool(route.parameters) or str(route) in NAMED_IN_BODY


# What speaks of things by their ids in its body alone. Where one narrows a list, another's finds nothing: that is shown by the
# tests of the list.
NAMING = [route for route in GUARDED if route.changes and names_ids(route.rule.body_model) and not takes_ids(route)]


def _naming(house: House, route: Route) -> dict[str, Any]:
    """A good body over the main operator's things; what it could leave out is named as well."""
    optional = {"category_id": house.main["category_id"], "parent_id": house.main["category_id"]}
    if "promo-codes" in route.template:
        optional["route_id"] = house.world.main.route
    taken = route.rule.body_model.model_fields if route.rule.body_model else {}
    return good(house, route) | {name: str(optional[name]) for name in optional.keys() & taken.keys()}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a caller was told."""

    status: int
    code: str
    led_to_sign_in: bool = False

    @property
    def verdict(self) -> str:
        """``401`` and ``403`` are the walls' own answers; a page leads nobody to the form to sign in."""
        if self.led_to_sign_in:
            return "401"
        walls = {"permission_missing", "csrf_failed", ""}
        if self.status == 403 and self.code not in walls:
            return "in"  # refused by the action itself, to somebody who may call it
        return str(self.status) if self.status in {401, 403} else "in"


@dataclass(slots=True)
class Matrix:
    """Everything that was asked, once for all tests."""

    callers: list[Caller] = field(default_factory=list)
    answers: dict[tuple[str, str], Answer] = field(default_factory=dict)
    of_others: dict[str, Answer] = field(default_factory=dict)
    named: dict[str, Answer] = field(default_factory=dict)
    before: dict[str, object] = field(default_factory=dict)
    after: dict[str, object] = field(default_factory=dict)


@pytest.fixture(scope="module")
def matrix(postgres: ClusterAddress, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    data_dir = tmp_path_factory.mktemp("walls")
    with fresh_database(postgres) as (owner_url, app_url):
        yield asyncio.run(walk(owner_url, app_url, data_dir))


async def walk(owner_url: str, app_url: str, data_dir: Path) -> Matrix:
    """Ask everything: first whoever is to be kept out, who must leave no trace; then whoever may come in."""
    async with furnished(owner_url, app_url, data_dir) as house:
        found = Matrix(callers(house))
        house.keep()
        found.before = snapshot(house.world)
        pairs = [(route, caller, caller.verdict(route.rule)) for route in ROUTES for caller in found.callers]
        for route, caller in [(route, caller) for route, caller, verdict in pairs if verdict != "in"]:
            found.answers[str(route), caller.name] = await ask(house, route, caller)
        found.after = snapshot(house.world)
        [other] = [caller for caller in found.callers if caller.name == "other organisation's owner"]
        for route in NAMING:
            found.named[str(route)] = await ask(house, route, other, lambda of, named=route: _naming(of, named))
            house.heal()
        for route in GUARDED:
            if takes_ids(route):
                found.of_others[str(route)] = await ask(house, route, other, NAMED_IN_BODY.get(str(route)))
                if route.changes:
                    house.heal()
        for route, caller in [(route, caller) for route, caller, verdict in pairs if verdict == "in"]:
            found.answers[str(route), caller.name] = await ask(house, route, caller)
            if route.changes and found.answers[str(route), caller.name].status < 400:
                house.heal()
        return found


async def ask(house: House, route: Route, caller: Caller, body: Any = None) -> Answer:
    """Call the route over the main operator's things, with a form's token where it wants one.

    Without ``body`` what is sent is empty: the walls are judged before it, and whoever is let in does little harm.
    """
    body = body or OF_A_BOOKING.get(str(route))
    cookies, headers = dict(caller.cookies), dict(caller.headers)
    sent: dict[str, Any] = {}
    session = cookies.get("session")
    if route.changes and (route.rule.csrf == "form" or session):
        cookies["csrf_token"] = headers["X-CSRF-Token"] = house.csrf(session)
    if route.changes and route.rule.body_model is not None:
        content = body(house) if body else {}
        sent = {"data": content} if route.rule.csrf == "form" else {"json": content}
    if cookies:
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
    try:
        path = house.path(route)
    except KeyError as missing:
        pytest.fail(f"{route}: say in tests/walls/house.py what of the main operator's {missing} names")
    told = house.world.rows("SELECT count(*) FROM audit_events") if str(route) in LEAD_OUT else []
    async with asyncio.timeout(PATIENCE):
        reply = await house.client.request(route.method, path, headers=headers, **sent)
    house.client.cookies.clear()
    assert reply.status_code < 500, f"{caller.name}: {route} -> {reply.status_code} {reply.text[:300]}"
    led_to_sign_in = reply.headers.get("location", "").partition("?")[0] == "/signin"
    if led_to_sign_in and str(route) in LEAD_OUT:
        led_to_sign_in = told == house.world.rows("SELECT count(*) FROM audit_events")
    return Answer(reply.status_code, code_of(reply), led_to_sign_in)


def code_of(reply: httpx.Response) -> str:
    """The code of a refusal as a document."""
    problem = reply.headers.get("content-type", "").startswith("application/problem+json")
    return str(reply.json()["code"]) if problem else ""


@pytest.mark.parametrize("route", [route for route in ROUTES if route not in OPEN], ids=str)
def test_only_the_documented_ones_get_in(matrix: Matrix, route: Route) -> None:
    wrong = []
    for caller in matrix.callers:
        answer = matrix.answers[str(route), caller.name]
        expected = caller.verdict(route.rule)
        if expected == "in" and route.for_an_organisation and caller.name == ALONE:
            expected = "403"
        good = answer.verdict == expected or (expected == "404" and answer.status == 404)
        if not good:
            wrong.append(f"{caller.name}: documented {expected}, got {answer}")
    assert wrong == []


@pytest.mark.parametrize("route", OPEN, ids=str)
def test_what_is_open_is_open_to_everybody_alike(matrix: Matrix, route: Route) -> None:
    """No credential makes a difference to it, good or bad. The pages of a booking are for whoever holds its cookie."""
    answers = {caller.name: matrix.answers[str(route), caller.name] for caller in matrix.callers}
    if "booking_id" in route.parameters:
        # Nobody here has it: their rights are other rights.
        assert {answer.status for answer in answers.values()} <= {401, 403, 404}, answers
        return
    refused = {name: answer for name, answer in answers.items() if answer.verdict in {"401", "403"}}
    if str(route) in {"POST /signin", "POST /signin/code", "POST /signout", "POST /booking"}:
        return  # where one is refused for what one types, or led to the form
    assert refused == {}


def test_whoever_is_kept_out_leaves_no_trace(matrix: Matrix) -> None:
    changed = {name for name, rows in matrix.before.items() if matrix.after[name] != rows}
    assert changed == set()


@pytest.mark.parametrize("route", [route for route in GUARDED if takes_ids(route)], ids=str)
def test_another_organisations_things_are_not_there(matrix: Matrix, route: Route) -> None:
    """By the right of an owner, elsewhere. The object is judged before the rest of what is sent."""
    assert matrix.of_others[str(route)].status == 404


@pytest.mark.parametrize("route", NAMING, ids=str)
def test_another_organisations_things_cannot_be_named(matrix: Matrix, route: Route) -> None:
    """A body that is good but speaks of another's things is refused as if they were not there."""
    assert matrix.named[str(route)].status in {404, 422}, matrix.named[str(route)]


def test_the_matrix_sees_a_hole(matrix: Matrix) -> None:
    """The control: an answer that lets somebody in is told from one that does not."""
    assert Answer(200, "").verdict == Answer(404, "booking_not_found").verdict == "in"
    assert Answer(401, "unauthenticated").verdict == Answer(303, "", True).verdict == "401"
    assert Answer(403, "permission_missing").verdict == "403"
    seen = {answer.verdict for answer in matrix.answers.values()}
    assert seen == {"in", "401", "403"}
    assert len(matrix.callers) >= 20
    assert {caller.verdict(route.rule) for caller in matrix.callers for route in ROUTES} == {"in", "401", "403", "404"}
