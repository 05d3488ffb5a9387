"""Following an invitation, as a program and in a browser."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from kamhub.kit.clock import ManualClock
from kamhub.platform.organisation import joining, rules
from kamhub.platform.organisation.types import InvitationOver
from kamhub.platform.person.services import People
from kamhub.platform.person.types import EmailTaken, NewAccount
from kamhub.platform.second_factor import rules as factor_rules
from kamhub.platform.session.types import Credentials, Visit
from tests.asgi import Web
from tests.builders import PASSWORD, World
from tests.platform.organisation.support import lines
from tests.platform.session.support import Browser

INVITATIONS = "/api/organisation/invitations"
JOIN = "/api/auth/invitation"
NEW = "nova@people.example"
STRONG = "лавовый-мост-47"
VISIT = Visit("203.0.113.7", "tests")


async def invited(web: Web, world: World, email: str = NEW, role: str = "dispatcher") -> tuple[str, str]:
    """Invite to the main organisation; returns the id and the token that the mail would have."""
    reply = await web.client.post(INVITATIONS, json={"email": email, "role": role}, headers=web.staff(world.main))
    assert reply.status_code == 201, reply.text
    invitation: str = reply.json()["id"]
    return invitation, rules.token_of(web.keys, world.main.id, UUID(invitation))


def code_of(reply: httpx.Response) -> tuple[int, str]:
    return reply.status_code, reply.json()["code"]


async def me(web: Web, tokens: dict[str, Any]) -> dict[str, Any]:
    reply = await web.client.get("/api/me", headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert reply.status_code == 200
    found: dict[str, Any] = reply.json()
    return found


async def test_without_an_account_one_is_made(web: Web, world: World) -> None:
    _, token = await invited(web, world)
    reply = await web.client.post(JOIN, json={"token": token, "name": "Нова Петрова", "password": STRONG})
    assert reply.status_code == 200, reply.text
    tokens = reply.json()
    assert tokens["user"]["email"] == NEW
    assert tokens["organisation"]["id"] == str(world.main.id)
    known = await me(web, tokens)
    assert (known["role"], known["email_confirmed"]) == ("dispatcher", True)
    person = tokens["user"]["id"]
    assert lines(world, world.main)[-1] == (
        "member.joined",
        person,
        None,
        {"name": "Нова Петрова", "role": "dispatcher"},
    )


async def test_with_an_account_its_password_is_asked_for(web: Web, world: World) -> None:
    email = "driver@other.example"
    _, token = await invited(web, world, email, "manager")
    assert code_of(await web.client.post(JOIN, json={"token": token, "password": "something else"})) == (
        401,
        "invalid_credentials",
    )
    reply = await web.client.post(JOIN, json={"token": token, "password": PASSWORD})
    assert reply.status_code == 200, reply.text
    known = await me(web, reply.json())
    assert known["role"] == "manager"
    assert {place["id"] for place in known["organisations"]} == {str(world.main.id), str(world.other.id)}


async def test_a_name_given_beside_the_password_renames_nobody(web: Web, world: World) -> None:
    _, token = await invited(web, world, "driver@other.example")
    reply = await web.client.post(JOIN, json={"token": token, "name": "Somebody Else", "password": PASSWORD})
    assert reply.json()["user"]["name"] == "Driver"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"password": STRONG}, "name"),
        ({"name": "N", "password": STRONG}, "name"),
        ({"name": "Nova", "password": "short"}, "password"),
        ({"name": "Nova", "password": "пароль1234"}, "password"),
    ],
)
async def test_a_new_account_is_judged_as_at_sign_up(
    web: Web, world: World, fields: dict[str, str], field: str
) -> None:
    _, token = await invited(web, world)
    reply = await web.client.post(JOIN, json={"token": token, **fields})
    assert reply.status_code == 422
    assert [error["field"] for error in reply.json()["errors"]] == [field]
    assert world.rows("SELECT FROM people WHERE email = %s", NEW) == []


async def test_an_invitation_lets_in_once(web: Web, world: World) -> None:
    _, token = await invited(web, world)
    body = {"token": token, "name": "Nova", "password": STRONG}
    assert (await web.client.post(JOIN, json=body)).status_code == 200
    assert code_of(await web.client.post(JOIN, json=body)) == (410, "invitation_over")
    listed = (await web.client.get(INVITATIONS, headers=web.staff(world.main))).json()["items"]
    assert listed[0]["status"] == "accepted"
    deleted = await web.client.delete(f"{INVITATIONS}/{listed[0]['id']}", headers=web.staff(world.main))
    assert code_of(deleted) == (410, "invitation_over")


@pytest.mark.parametrize("how", ["expired", "revoked", "forged", "archived"])
async def test_what_is_over_lets_nobody_in(web: Web, world: World, clock: ManualClock, how: str) -> None:
    invitation, token = await invited(web, world)
    if how == "expired":
        clock.advance(timedelta(days=7))
    elif how == "revoked":
        await web.client.delete(f"{INVITATIONS}/{invitation}", headers=web.staff(world.main))
    elif how == "archived":
        world.execute("UPDATE organisations SET archived_at = now() WHERE id = %s", world.main.id)
    else:
        token = token[:-1] + ("A" if token[-1] != "A" else "Q")
    body = {"token": token, "name": "Nova", "password": STRONG}
    assert code_of(await web.client.post(JOIN, json=body)) == (410, "invitation_over")
    browser = Browser(web)
    page = await browser.get(f"/invitation?token={token}")
    assert page.status_code == 410
    assert "This invitation is over" in page.text
    assert (await browser.send("/invitation", **body)).status_code == 410
    assert world.rows("SELECT FROM people WHERE email = %s", NEW) == []


async def test_two_who_follow_one_link_together_join_once(people: People, web: Web, world: World) -> None:
    _, token = await invited(web, world, "driver@other.example")
    shown = await joining.shown(people, token)
    joiner = Credentials("driver@other.example", PASSWORD)
    results = await asyncio.gather(
        *(joining.accept(people, shown, joiner, VISIT) for _ in range(3)), return_exceptions=True
    )
    assert sum(isinstance(result, InvitationOver) for result in results) == 2


async def test_an_account_made_meanwhile_is_not_taken_over(people: People, web: Web, world: World) -> None:
    _, token = await invited(web, world)
    shown = await joining.shown(people, token)
    assert not shown.has_account
    account = NewAccount(NEW, STRONG, "Nova", "ru")
    results = await asyncio.gather(
        *(joining.accept(people, shown, account, VISIT) for _ in range(2)), return_exceptions=True
    )
    assert sum(isinstance(result, EmailTaken | InvitationOver) for result in results) == 1


async def test_who_became_a_member_another_way_keeps_the_role(web: Web, world: World) -> None:
    _, token = await invited(web, world, "driver@other.example", "viewer")
    world.execute(
        "INSERT INTO memberships (organisation_id, person_id, role) VALUES (%s, %s, 'admin')",
        world.main.id,
        world.other.people["driver"],
    )
    reply = await web.client.post(JOIN, json={"token": token, "password": PASSWORD})
    assert reply.status_code == 200
    assert (await me(web, reply.json()))["role"] == "admin"


async def test_in_a_browser_a_new_colleague_names_themselves(web: Web, world: World) -> None:
    _, token = await invited(web, world)
    browser = Browser(web)
    page = await browser.get(f"/invitation?token={token}")
    assert page.status_code == 200
    assert "You are invited to main" in page.text
    assert "dispatcher" in page.text
    assert (page.headers["referrer-policy"], page.headers["cache-control"]) == ("same-origin", "no-store")
    weak = await browser.send("/invitation", token=token, name="Nova", password="short")
    assert weak.status_code == 422
    assert "At least 10 characters" in weak.text
    assert 'value="Nova"' in weak.text
    joined = await browser.send("/invitation", token=token, name="Nova", password=STRONG)
    assert (joined.status_code, joined.headers["location"]) == (303, "/office?done=joined")
    office = await browser.get(joined.headers["location"])
    assert "Welcome. You work here now." in office.text


async def test_in_a_browser_an_account_shows_its_password(web: Web, world: World) -> None:
    _, token = await invited(web, world, "driver@other.example", "manager")
    browser = Browser(web)
    page = await browser.get(f"/invitation?token={token}")
    assert 'name="name"' not in page.text
    wrong = await browser.send("/invitation", token=token, password="something else")
    assert wrong.status_code == 401
    assert "This is not the password of that account." in wrong.text
    joined = await browser.send("/invitation", token=token, password=PASSWORD)
    assert joined.status_code == 303
    assert "main" in (await browser.get("/office")).text


async def test_who_is_signed_in_already_presses_a_button(web: Web, world: World) -> None:
    _, token = await invited(web, world, "driver@other.example", "manager")
    browser = await Browser(web).signed_in("driver@other.example")
    earlier = browser.session
    page = await browser.get(f"/invitation?token={token}")
    assert 'name="password"' not in page.text
    joined = await browser.send("/invitation", token=token)
    assert joined.status_code == 303, joined.text
    assert browser.session != earlier
    assert "You work here as manager." in (await browser.get("/office")).text


async def test_somebody_else_who_is_signed_in_joins_nothing(web: Web, world: World) -> None:
    _, token = await invited(web, world, "driver@other.example", "owner")
    browser = await Browser(web).signed_in("viewer@other.example")
    page = await browser.get(f"/invitation?token={token}")
    assert 'name="password"' in page.text
    assert (await browser.send("/invitation", token=token)).status_code == 422
    assert world.rows("SELECT FROM memberships WHERE organisation_id = %s AND role = 'owner'", world.main.id) == [()]


async def test_a_form_of_another_site_joins_nothing(web: Web, world: World) -> None:
    _, token = await invited(web, world, "driver@other.example")
    browser = await Browser(web).signed_in("driver@other.example")
    forged = await browser.client.post("/invitation", data={"token": token})
    assert forged.status_code == 403


def second_step(web: Web, world: World, person: UUID) -> str:
    """Switch on the person's second step; returns the code their authenticator shows."""
    secret = factor_rules.new_secret()
    world.execute(
        "UPDATE people SET totp_secret = %s, totp_enabled_at = now() WHERE id = %s", web.keys.encrypt(secret), person
    )
    return factor_rules.code_at(secret, factor_rules.step_at(web.clock.now()))


async def test_the_second_step_is_asked_for_too(web: Web, world: World) -> None:
    code = second_step(web, world, world.other.people["driver"])
    _, token = await invited(web, world, "driver@other.example")
    body = {"token": token, "password": PASSWORD}
    assert code_of(await web.client.post(JOIN, json=body)) == (401, "second_factor_required")
    wrong = await web.client.post(JOIN, json={**body, "code": "000000"})
    assert code_of(wrong) == (401, "second_factor_invalid")
    right = await web.client.post(JOIN, json={**body, "code": code})
    assert right.status_code == 200


async def test_the_second_step_is_asked_for_in_a_browser(web: Web, world: World) -> None:
    code = second_step(web, world, world.other.people["driver"])
    _, token = await invited(web, world, "driver@other.example")
    browser = Browser(web)
    asked = await browser.send("/invitation", token=token, password=PASSWORD)
    assert asked.status_code == 401
    assert 'name="code"' in asked.text
    wrong = await browser.send("/invitation", token=token, password=PASSWORD, code="000000")
    assert "This code is not right or has been used." in wrong.text
    assert (await browser.send("/invitation", token=token, password=PASSWORD, code=code)).status_code == 303
