"""Personal data over HTTP: the text and its consent, the API of owners, the page of the back office, one's own data."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
import pytest

from kamhub.hub.privacy import texts
from kamhub.kit.clock import ManualClock
from kamhub.kit.text import LOCALES
from kamhub.platform.access.permissions import ROLE_PERMISSIONS
from kamhub.platform.person.types import ROLES
from tests.app.support import BOOK, CONTACT, bearer_of, booked, check_problem, held
from tests.asgi import Web
from tests.builders import Operator, World
from tests.hub.privacy.support import CANARY, Scene, book
from tests.platform.session.support import Browser

API = "/api/personal-data"
OFFICE = "/office/personal-data"
WHOM = {"email": CANARY.email}


@pytest.fixture
def scene(web: Web, world: World, clock: ManualClock) -> Scene:
    return Scene(web.hub, world, clock)


async def ask(web: Web, what: str, operator: Operator, **body: object) -> httpx.Response:
    return await web.client.post(f"{API}/{what}", json=body, headers=web.staff(operator))


def logged(world: World) -> list[tuple[object, ...]]:
    return world.rows(
        "SELECT action, organisation_id FROM audit_events WHERE starts_with(action, 'personal_data') ORDER BY id"
    )


# The text, and the consent to it.


@pytest.mark.parametrize("version", texts.VERSIONS)
async def test_every_version_of_the_text_is_there_in_both_languages(web: Web, version: str) -> None:
    pages = {}
    for locale in LOCALES:
        reply = await web.client.get(f"/privacy?version={version}", headers={"Accept-Language": locale})
        assert (reply.status_code, reply.headers["content-language"]) == (200, locale)
        pages[locale] = reply.text
    assert "Роскомнадзор" in pages["ru"]
    assert "Roskomnadzor" in pages["en"]
    assert all(version in page for page in pages.values())


async def test_the_current_text_needs_no_version_and_an_unknown_one_is_not_there(web: Web) -> None:
    assert texts.CURRENT in (await web.client.get("/privacy")).text
    for version in ("2020-01", "../../base", "2026-11.ru"):
        assert (await web.client.get("/privacy", params={"version": version})).status_code == 404


async def test_whoever_fills_in_the_page_was_shown_the_text(web: Web, world: World) -> None:
    booking = await held(web.client, world.departure())
    browser = Browser(web)
    await browser.get(f"/booking/{booking['id']}?token={booking['token']}")
    page = (await browser.get(f"/booking/{booking['id']}")).text
    assert f'name="consent" value="{texts.CURRENT}"' in page
    assert f'href="/privacy?version={texts.CURRENT}"' in page
    for _ in range(2):
        reply = await browser.send(f"/booking/{booking['id']}/passengers", **CONTACT, consent=texts.CURRENT)
        assert reply.status_code == 303, reply.text
    assert world.rows("SELECT booking_id, text_version, locale, channel FROM consents") == [
        (UUID(booking["id"]), texts.CURRENT, "en", "page")
    ]


async def test_a_program_may_say_which_text_it_showed(web: Web, world: World) -> None:
    silent = await booked(web.client, world.departure())
    named = await booked(web.client, world.departure(), consent=texts.CURRENT)
    for booking in (silent, named):  # without a word the current one is meant
        written = "SELECT text_version, channel, locale FROM consents WHERE booking_id = %s"
        assert world.rows(written, UUID(booking["id"])) == [(texts.CURRENT, "api", "ru")]
    body = {"departure_id": str(world.departure()), "passengers": 1, "contact": CONTACT, "consent": "1999-01"}
    told = check_problem(await web.client.post(BOOK, json=body), 422, "input_invalid")
    assert [error["field"] for error in told["errors"]] == ["consent"]


# The API.


async def test_owners_and_administrators_alone(web: Web, world: World) -> None:
    bodies: dict[str, dict[str, Any]] = {"search": WHOM, "export": WHOM, "erase": {**WHOM, "reason": "request"}}
    for what, body in bodies.items():
        check_problem(await web.client.post(f"{API}/{what}", json=body), 401, "unauthenticated")
        for role in ROLES:
            reply = await web.client.post(f"{API}/{what}", json=body, headers=web.staff(world.main, role))
            allowed = "personal_data.manage" in ROLE_PERMISSIONS[role]
            assert reply.status_code == (200 if allowed else 403), (what, role)


async def test_what_is_held_is_counted_and_handed_out_and_each_look_is_written_down(web: Web, scene: Scene) -> None:
    held_booking, main = await book(scene), scene.world.main
    found = (await ask(web, "search", main, **WHOM)).json()
    assert found["counts"] == {"bookings": 1, "passengers": 2, "messages": 1, "consents": 1, "payments": 0}
    assert [one["code"] for one in found["bookings"]] == [held_booking.booking.code]
    reply = await ask(web, "export", main, phone="8 914 555-09-11")
    document = reply.json()
    assert "attachment" in reply.headers["content-disposition"]
    assert reply.headers["cache-control"] == "no-store"
    (booking,) = document["bookings"]
    assert booking["contact"] == {
        "name": CANARY.name, "phone": CANARY.phone, "email": CANARY.email, "locale": "ru",
    }  # fmt: skip
    assert [one["name"] for one in booking["passenger_list"]] == ["Кенарь Жёлтый", "Птенец Кенарев"]
    assert booking["passenger_list"][0]["document"] == "7701 998877"
    assert (booking["special_requests"], booking["status"]) == ("Кенарь любит окно", "on_hold")
    assert [one["recipient"] for one in booking["messages"]] == [CANARY.email]
    assert [one["text_version"] for one in booking["consents"]] == [texts.CURRENT]
    assert booking["history"][0]["to"] == "on_hold"
    mine = scene.world.main.id
    assert logged(scene.world) == [("personal_data.searched", mine), ("personal_data.exported", mine)]


async def test_another_operator_finds_and_removes_nothing(web: Web, scene: Scene) -> None:
    await book(scene)
    other = scene.world.other
    assert (await ask(web, "search", other, **WHOM)).json()["counts"]["bookings"] == 0
    assert (await ask(web, "export", other, **WHOM)).json()["bookings"] == []
    assert (await ask(web, "erase", other, **WHOM, reason="request")).json()["bookings"] == []
    assert (await ask(web, "search", scene.world.main, **WHOM)).json()["counts"]["bookings"] == 1


async def test_removing_before_the_trip_is_refused_with_the_codes_and_done_after(web: Web, scene: Scene) -> None:
    made = await book(scene)
    told = check_problem(await ask(web, "erase", scene.world.main, **WHOM, reason="request"), 409, "booking_upcoming")
    assert told["bookings"] == [made.booking.code]
    scene.world.execute("UPDATE bookings SET expires_at = expires_at - interval '1 day'")
    reply = await ask(web, "erase", scene.world.main, **WHOM, reason="request")
    assert reply.json() == {
        "counts": {"bookings": 1, "passengers": 2, "messages": 1},
        "bookings": [str(made.booking.id)],
    }
    assert (await ask(web, "search", scene.world.main, **WHOM)).json()["counts"]["bookings"] == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ({"email": "nobody"}, "email"),
        ({"phone": "12"}, "phone"),
        ({**WHOM, "organisation_id": str(UUID(int=1))}, "organisation_id"),
    ],
)
async def test_bad_input_is_named(web: Web, world: World, body: dict[str, object], field: str) -> None:
    told = check_problem(await ask(web, "search", world.main, **body), 422, "input_invalid")
    assert [error["field"] for error in told["errors"]] == [field]
    told = check_problem(await ask(web, "erase", world.main, **WHOM, reason="Кенарь так хочет"), 422, "input_invalid")
    assert [error["field"] for error in told["errors"]] == ["reason"]


async def test_a_decision_is_written_into_the_log(web: Web, scene: Scene) -> None:
    made = await book(scene)
    body = {"booking_id": str(made.booking.id), "action": "confirm"}
    reply = await web.client.post(
        "/api/transfers/confirm", json=body, headers=web.staff(scene.world.main, "dispatcher")
    )
    assert reply.status_code == 200
    rows = scene.world.rows("SELECT action, object_kind, object_id, before, after, actor_id FROM audit_events")
    who = scene.world.main.people["dispatcher"]
    states = ({"status": "on_hold"}, {"status": "confirmed"})
    assert rows == [("booking.decided", "booking", str(made.booking.id), *states, who)]


# One's own data.


async def test_a_traveller_takes_the_data_of_their_own_booking(web: Web, world: World) -> None:
    booking, other = await booked(web.client, world.departure()), await booked(web.client, world.departure())
    browser = Browser(web)
    assert (await browser.get(f"/booking/{booking['id']}/data")).status_code == 401
    await browser.get(f"/booking/{booking['id']}?token={booking['token']}")
    page = (await browser.get(f"/booking/{booking['id']}")).text
    assert f'href="/booking/{booking["id"]}/data"' in page
    reply = await browser.get(f"/booking/{booking['id']}/data")
    assert (reply.status_code, reply.headers["cache-control"]) == (200, "no-store")
    assert json.loads(reply.text)["contact"]["email"] == "anna@example.org"
    assert (await browser.get(f"/booking/{other['id']}/data")).status_code == 401


# The page of the back office.


async def test_the_office_finds_hands_out_and_removes(web: Web, scene: Scene) -> None:
    made = await book(scene)
    browser = await Browser(web).signed_in("owner@main.example")
    assert (await browser.get(OFFICE)).status_code == 200
    page = await browser.send(f"{OFFICE}/search", email=CANARY.email, phone="")
    assert page.status_code == 200
    assert made.booking.code in page.text
    assert CANARY.email not in str(page.url)
    file = await browser.send(f"{OFFICE}/export", email=CANARY.email, phone="")
    assert file.json()["bookings"][0]["code"] == made.booking.code
    erase = {"email": CANARY.email, "phone": "", "reason": "request"}
    unsure = await browser.send(f"{OFFICE}/erase", **erase)
    assert unsure.status_code == 422
    early = await browser.send(f"{OFFICE}/erase", **erase, sure="yes")
    assert early.status_code == 409
    assert made.booking.code in early.text
    scene.world.execute("UPDATE bookings SET expires_at = expires_at - interval '1 day'")
    done = await browser.send(f"{OFFICE}/erase", **erase, sure="yes")
    assert (done.status_code, done.headers["location"]) == (303, f"{OFFICE}?done=erased")
    assert 'role="status"' in (await browser.get(done.headers["location"])).text
    nothing = await browser.send(f"{OFFICE}/search", email=CANARY.email, phone="")
    assert made.booking.code not in nothing.text


async def test_the_office_says_what_is_wrong_beside_the_field(web: Web, world: World) -> None:
    browser = await Browser(web).signed_in("owner@main.example")
    for what in ("search", "export"):
        wrong = await browser.send(f"{OFFICE}/{what}", email="nobody", phone="")
        assert wrong.status_code == 422
        assert 'aria-describedby="f-email-error' in wrong.text
    nobody = await browser.send(f"{OFFICE}/search", email="", phone="")
    assert (nobody.status_code, 'role="alert"' in nobody.text) == (422, True)
    assert logged(world) == []


async def test_the_office_is_closed_to_the_others(web: Web, world: World) -> None:
    browser = await Browser(web).signed_in("dispatcher@main.example")
    assert (await browser.get(OFFICE)).status_code == 403
    assert (await browser.send(f"{OFFICE}/erase", email=CANARY.email, reason="request", sure="yes")).status_code == 403


# The cap, as it is told.


async def test_too_many_unpaid_bookings_are_refused_and_the_last_hold_is_given_back(web: Web, world: World) -> None:
    web.app.state.hub = replace(web.hub, caps=True)
    for _ in range(5):
        await booked(web.client, world.departure())
    departure = world.departure()
    body = {"departure_id": str(departure), "passengers": 2, "contact": CONTACT}
    reply = await web.client.post(BOOK, json=body)
    check_problem(reply, 429, "too_many_holds")
    assert 1 <= int(reply.headers["retry-after"]) <= 900
    assert world.taken(departure) == [0, 0, 0]
    booking = await held(web.client, departure)
    browser = Browser(web)
    await browser.get(f"/booking/{booking['id']}?token={booking['token']}")
    page = await browser.send(f"/booking/{booking['id']}/passengers", **CONTACT)
    assert (page.status_code, f'href="/booking/{booking["id"]}"' in page.text) == (429, True)
    same = {"booking_id": booking["id"], "contact": CONTACT}
    check_problem(await web.client.post(BOOK, json=same, headers=bearer_of(booking)), 429, "too_many_holds")
    assert world.taken(departure) == [1, 1, 1], "a hold made before is still its owner's"
