"""A session ends where it is ended: at the very next request, whatever its tokens say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from kamhub.kit.clock import ManualClock
from kamhub.platform.session.rules import SEEN_EVERY
from tests.asgi import Web
from tests.builders import World
from tests.platform.session.support import AGENT, Browser, bearer, tokens_of

OWNER = "owner@main.example"
Change = Callable[[World], None]


def remove_member(world: World) -> None:
    world.execute("DELETE FROM memberships WHERE person_id = %s", world.main.people["owner"])


def disable_person(world: World) -> None:
    world.execute("UPDATE people SET disabled_at = now() WHERE id = %s", world.main.people["owner"])


def archive_organisation(world: World) -> None:
    world.execute("UPDATE organisations SET archived_at = now() WHERE id = %s", world.main.id)


def end_every_session(world: World) -> None:
    world.execute("UPDATE sessions SET ended_at = now() WHERE person_id = %s", world.main.people["owner"])


@pytest.mark.parametrize("change", [remove_member, disable_person, archive_organisation, end_every_session])
async def test_at_the_very_next_request(web: Web, world: World, change: Change) -> None:
    browser = await Browser(web).signed_in(OWNER)
    program = bearer((await tokens_of(web, OWNER))["access_token"])
    calls = ("/api/me", "/api/payment-accounts", "/api/me/sessions")
    for path in calls:
        assert (await web.client.get(path, headers=program)).status_code == 200
        assert (await browser.get(path)).status_code == 200
    change(world)
    for path in calls:
        assert (await web.client.get(path, headers=program)).status_code == 401
        assert (await browser.get(path)).status_code == 401
    page = await browser.get("/account")
    assert (page.status_code, page.headers["location"]) == (303, "/signin?next=%2Faccount")


async def test_another_role_counts_at_once(web: Web, world: World) -> None:
    browser = await Browser(web).signed_in(OWNER)
    program = bearer((await tokens_of(web, OWNER))["access_token"])
    world.execute("UPDATE memberships SET role = 'driver' WHERE person_id = %s", world.main.people["owner"])
    assert (await web.client.get("/api/payment-accounts", headers=program)).status_code == 403
    assert (await browser.get("/api/payment-accounts")).status_code == 403
    assert (await web.client.get("/api/me", headers=program)).json()["role"] == "driver"


async def test_signing_out_ends_the_access_token_too(web: Web, world: World) -> None:
    assert world
    signed_in = await tokens_of(web, OWNER)
    header = bearer(signed_in["access_token"])
    assert (await web.client.get("/api/me", headers=header)).status_code == 200
    out = await web.client.post("/api/auth/signout", json={"refresh_token": signed_in["refresh_token"]})
    assert out.status_code == 204
    assert (await web.client.get("/api/me", headers=header)).status_code == 401


async def test_reuse_of_a_refresh_token_ends_the_access_tokens_of_its_session(web: Web, world: World) -> None:
    assert world
    first = await tokens_of(web, OWNER)
    second = (await web.client.post("/api/auth/refresh", json={"refresh_token": first["refresh_token"]})).json()
    assert (await web.client.get("/api/me", headers=bearer(second["access_token"]))).status_code == 200
    reused = await web.client.post("/api/auth/refresh", json={"refresh_token": first["refresh_token"]})
    assert reused.status_code == 401
    for pair in (first, second):
        assert (await web.client.get("/api/me", headers=bearer(pair["access_token"]))).status_code == 401


async def listed(web: Web, header: dict[str, str]) -> list[dict[str, Any]]:
    reply = await web.client.get("/api/me/sessions", headers=header)
    assert (reply.status_code, reply.headers["cache-control"]) == (200, "no-store")
    items: list[dict[str, Any]] = reply.json()["items"]
    assert reply.json()["total"] == len(items)
    return items


async def test_one_lists_and_ends_ones_own(web: Web, world: World) -> None:
    browser = await Browser(web, "198.51.100.9").signed_in(OWNER)
    await Browser(web).signed_in("owner@other.example")
    program = bearer((await tokens_of(web, OWNER))["access_token"])
    items = await listed(web, program)
    # The world itself has one of a program for everybody.
    assert sorted(item["kind"] for item in items) == ["browser", "token", "token"]
    assert [item["current"] for item in items].count(True) == 1
    [at_browser] = [item for item in items if item["kind"] == "browser"]
    assert (at_browser["address"], at_browser["user_agent"]) == ("198.51.100.9", AGENT)
    page = await browser.get("/account")
    assert all(text in page.text for text in ("198.51.100.9", AGENT))

    ended = await web.client.delete(f"/api/me/sessions/{at_browser['id']}", headers=program)
    assert (ended.status_code, ended.content) == (204, b"")
    assert (await browser.get("/account")).status_code == 303
    assert len(await listed(web, program)) == 2
    again = await web.client.delete(f"/api/me/sessions/{at_browser['id']}", headers=program)
    assert (again.status_code, again.json()["code"]) == (404, "session_not_found")
    lines = world.rows("SELECT actor_id FROM audit_events WHERE action = 'session.ended'")
    assert lines == [(world.main.people["owner"],)]


async def test_nobody_ends_a_session_of_somebody_else(web: Web, world: World) -> None:
    browser = await Browser(web).signed_in(OWNER)
    strangers = [world.main.sessions["viewer"], world.other.sessions["owner"], uuid4()]
    for session in strangers:
        by_program = await web.client.delete(f"/api/me/sessions/{session}", headers=web.staff(world.main))
        assert (by_program.status_code, by_program.json()["code"]) == (404, "session_not_found")
        by_browser = await browser.send(f"/account/sessions/{session}/end")
        assert by_browser.status_code == 404
    assert world.rows("SELECT count(*) FROM sessions WHERE ended_at IS NOT NULL") == [(0,)]
    assert world.rows("SELECT count(*) FROM audit_events WHERE action = 'session.ended'") == [(0,)]
    mine = await browser.send(f"/account/sessions/{world.main.sessions['owner']}/end")
    assert (mine.status_code, mine.headers["location"]) == (303, "/account?done=session_ended")
    assert (await web.client.get("/api/me", headers=web.staff(world.main))).status_code == 401


async def test_a_browser_is_signed_out_after_a_week_without_use(web: Web, world: World, clock: ManualClock) -> None:
    assert world
    browser = await Browser(web).signed_in(OWNER)
    for _ in range(3):
        clock.advance(timedelta(days=6, hours=23))
        assert (await browser.get("/api/me")).status_code == 200
    clock.advance(timedelta(days=7))
    assert (await browser.get("/api/me")).status_code == 401


async def test_and_after_a_month_of_use(web: Web, world: World, clock: ManualClock) -> None:
    assert world
    browser = await Browser(web).signed_in(OWNER)
    for _ in range(29):
        clock.advance(timedelta(days=1))
        assert (await browser.get("/api/me")).status_code == 200
    clock.advance(timedelta(hours=23, minutes=59))
    assert (await browser.get("/api/me")).status_code == 200
    clock.advance(timedelta(minutes=1))
    assert (await browser.get("/api/me")).status_code == 401


async def test_being_seen_is_written_at_most_every_five_minutes(web: Web, world: World, clock: ManualClock) -> None:
    browser = await Browser(web).signed_in(OWNER)
    query = "SELECT xmin::text, last_seen_at, expires_at - last_seen_at FROM sessions WHERE kind = 'browser'"
    [(version, *_)] = world.rows(query)
    for _ in range(5):
        clock.advance(SEEN_EVERY / 5 - timedelta(seconds=1))
        assert (await browser.get("/api/me")).status_code == 200
    assert world.rows(query)[0][0] == version
    clock.advance(timedelta(seconds=5))
    assert (await browser.get("/api/me")).status_code == 200
    [(written, seen, left)] = world.rows(query)
    assert (written != version, seen, left) == (True, clock.now(), timedelta(days=7))


async def test_a_programs_session_is_seen_and_not_prolonged_by_use(web: Web, world: World, clock: ManualClock) -> None:
    header = bearer((await tokens_of(web, OWNER))["access_token"])
    clock.advance(timedelta(minutes=10))
    assert (await web.client.get("/api/me", headers=header)).status_code == 200
    seen = world.rows(
        "SELECT last_seen_at - created_at, expires_at - created_at FROM sessions WHERE id <> ALL (%s)",
        [*world.main.sessions.values(), *world.other.sessions.values()],
    )
    assert seen == [(timedelta(minutes=10), timedelta(days=30))]
