"""Inviting by mail."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from kamhub.kit.clock import ManualClock
from kamhub.kit.ids import new_id
from kamhub.kit.text import Locale
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.job.types import GiveUp
from kamhub.platform.mail.types import MailMessage, MailRefused
from kamhub.platform.organisation import actions, rules
from kamhub.platform.organisation.jobs import JOBS
from kamhub.platform.organisation.types import Wanted
from kamhub.platform.person.services import People
from tests.asgi import Web
from tests.builders import World
from tests.platform.organisation.support import Post, lines, staff_of, token_in

INVITATIONS = "/api/organisation/invitations"
BODY = {"email": "Nova@people.example", "role": "dispatcher"}


async def test_inviting_answers_what_was_made(web: Web, world: World, clock: ManualClock) -> None:
    reply = await web.client.post(INVITATIONS, json=BODY, headers=web.staff(world.main))
    assert reply.status_code == 201
    body = reply.json()
    assert (body["email"], body["role"], body["status"]) == ("nova@people.example", "dispatcher", "open")
    assert body["expires_at"].startswith((clock.now() + timedelta(days=7)).strftime("%Y-%m-%dT%H:%M"))
    assert "token" not in reply.text
    listed = (await web.client.get(INVITATIONS, headers=web.staff(world.main, "admin"))).json()
    assert listed["items"] == [body]
    assert lines(world, world.main) == [
        ("invitation.created", body["id"], None, {"email": "nova@people.example", "role": "dispatcher"})
    ]


async def test_the_job_holds_ids_alone(web: Web, world: World) -> None:
    await web.client.post(INVITATIONS, json=BODY, headers=web.staff(world.main))
    ((arguments,),) = world.rows("SELECT args FROM procrastinate_jobs WHERE task_name = 'organisation.invite'")
    assert isinstance(arguments, dict)
    assert set(arguments) == {"id", "organisation", "request", "at", "with"}
    assert set(arguments["with"]) == {"invitation_id", "message_id"}
    assert [job.kind.name for job in JOBS] == ["organisation.invite"]


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_the_mail_speaks_the_language_chosen(web: Web, people: People, world: World, language: Locale) -> None:
    await web.client.post(INVITATIONS, json={**BODY, "locale": language}, headers=web.staff(world.main))
    (mail,) = await Post(people).deliver(world)
    _ = translator(language).gettext
    assert mail.recipient == "nova@people.example"
    assert mail.subject == _("Work with %(organisation)s in Kamchatour Hub") % {"organisation": "main"}
    assert f"{_('Your role')}: {_('dispatcher')}" in mail.text
    assert "12:00 (UTC+12)" in mail.text  # the organisation's clock
    assert mail.html is not None
    assert token_in(mail) in mail.html
    assert f'lang="{language}"' in mail.html
    assert rules.read_token(people.keys, token_in(mail)) is not None


async def test_a_mail_of_what_is_over_is_not_sent(web: Web, people: People, world: World, clock: ManualClock) -> None:
    headers = web.staff(world.main)
    made = (await web.client.post(INVITATIONS, json=BODY, headers=headers)).json()
    await web.client.delete(f"{INVITATIONS}/{made['id']}", headers=headers)
    assert await Post(people).deliver(world) == []
    await web.client.post(INVITATIONS, json={**BODY, "email": "late@people.example"}, headers=headers)
    clock.advance(timedelta(days=8))
    assert await Post(people).deliver(world) == []


async def test_a_mail_that_can_never_arrive_is_given_up(web: Web, people: People, world: World) -> None:
    class Closed(Post):
        async def send(self, message: MailMessage) -> None:
            raise MailRefused("no such mailbox")

    await web.client.post(INVITATIONS, json=BODY, headers=web.staff(world.main))
    await (post := Closed(people)).deliver(world)
    assert [(type(end), getattr(end, "because", None)) for end in post.ends] == [(GiveUp, "no such mailbox")]


async def test_a_second_invitation_takes_the_place_of_the_first(web: Web, world: World) -> None:
    headers = web.staff(world.main)
    first = (await web.client.post(INVITATIONS, json=BODY, headers=headers)).json()
    second = (await web.client.post(INVITATIONS, json={**BODY, "role": "viewer"}, headers=headers)).json()
    listed = (await web.client.get(INVITATIONS, headers=headers)).json()["items"]
    assert {(item["id"], item["status"]) for item in listed} == {(first["id"], "revoked"), (second["id"], "open")}
    assert [line[0] for line in lines(world, world.main)] == [
        "invitation.created",
        "invitation.revoked",
        "invitation.created",
    ]


async def test_invitations_of_one_moment_leave_one_open(people: People, world: World) -> None:
    staff = staff_of(world.main, "owner")
    wanted = [Wanted("nova@people.example", role, "en") for role in ("viewer", "driver", "manager", "dispatcher")]
    await asyncio.gather(*(actions.invite(people, staff, each) for each in wanted))
    rows = world.rows("SELECT count(*) FROM invitations WHERE revoked_at IS NULL")
    assert rows == [(1,)]


async def test_a_member_is_not_invited(web: Web, world: World) -> None:
    reply = await web.client.post(
        INVITATIONS, json={"email": "DRIVER@main.example", "role": "viewer"}, headers=web.staff(world.main)
    )
    assert (reply.status_code, reply.json()["code"]) == (409, "already_member")


async def test_only_an_owner_invites_owners(web: Web, people: People, world: World) -> None:
    body = {**BODY, "role": "owner"}
    admin = web.staff(world.main, "admin")
    refused = await web.client.post(INVITATIONS, json=body, headers=admin)
    assert (refused.status_code, refused.json()["code"]) == (403, "owner_only")
    made = await web.client.post(INVITATIONS, json=body, headers=web.staff(world.main))
    assert made.status_code == 201
    again = await web.client.post(f"{INVITATIONS}/{made.json()['id']}/resend", headers=admin)
    assert (again.status_code, again.json()["code"]) == (403, "owner_only")


async def test_sending_again_gives_the_whole_time(web: Web, people: People, world: World, clock: ManualClock) -> None:
    made = (await web.client.post(INVITATIONS, json=BODY, headers=web.staff(world.main))).json()
    clock.advance(timedelta(days=10))
    listed = (await web.client.get(INVITATIONS, headers=web.staff(world.main))).json()["items"]
    assert listed[0]["status"] == "expired"
    again = await web.client.post(f"{INVITATIONS}/{made['id']}/resend", headers=web.staff(world.main))
    assert (again.status_code, again.json()["status"]) == (200, "open")
    assert again.json()["expires_at"].startswith((clock.now() + timedelta(days=7)).strftime("%Y-%m-%d"))
    first, second = await Post(people).deliver(world)
    assert token_in(first) == token_in(second)
    assert first.message_id != second.message_id  # a mail of its own, not a repeat of the first
    assert lines(world, world.main)[-1][0] == "invitation.resent"


async def test_what_is_withdrawn_is_over(web: Web, world: World) -> None:
    headers = web.staff(world.main)
    made = (await web.client.post(INVITATIONS, json=BODY, headers=headers)).json()
    address = f"{INVITATIONS}/{made['id']}"
    assert (await web.client.delete(address, headers=headers)).status_code == 204
    assert (await web.client.delete(address, headers=headers)).status_code == 204
    again = await web.client.post(f"{address}/resend", headers=headers)
    assert (again.status_code, again.json()["code"]) == (410, "invitation_over")
    assert [line[0] for line in lines(world, world.main)] == ["invitation.created", "invitation.revoked"]


async def test_those_of_another_organisation_are_not_there(web: Web, world: World) -> None:
    made = (await web.client.post(INVITATIONS, json=BODY, headers=web.staff(world.main))).json()
    for invitation in (made["id"], uuid4()):
        address = f"{INVITATIONS}/{invitation}"
        assert (await web.client.delete(address, headers=web.staff(world.other))).status_code == 404
        assert (await web.client.post(f"{address}/resend", headers=web.staff(world.other))).status_code == 404
    assert (await web.client.get(INVITATIONS, headers=web.staff(world.other))).json()["total"] == 0


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": "no address", "role": "viewer"},
        {"email": "a@b.example", "role": "king"},
        {"email": "a@b.example", "role": "viewer", "locale": "de"},
        {"email": "a@b.example", "role": "viewer", "organisation_id": "x"},
    ],
)
async def test_what_is_not_right_is_refused(web: Web, world: World, body: dict[str, str]) -> None:
    assert (await web.client.post(INVITATIONS, json=body, headers=web.staff(world.main))).status_code == 422


def test_a_token_is_good_for_its_own_invitation_alone() -> None:
    keys = KeyRing("a secret of the tests, long enough to be one")
    organisation, invitation = new_id(), new_id()
    token = rules.token_of(keys, organisation, invitation)
    assert rules.read_token(keys, token) == (organisation, invitation)
    assert rules.read_token(KeyRing("another secret, also long enough to be one"), token) is None
    for broken in ("", "x", token[:-2], token[1:], token + "AAAA", "ü" * 75, "A" * len(token), token.swapcase()):
        assert rules.read_token(keys, broken) is None


@pytest.mark.parametrize(("role", "joins"), [("owner", True), ("manager", False), (None, False)])
async def test_an_invitation_ends_with_the_right_to_make_it(
    web: Web, world: World, role: str | None, joins: bool
) -> None:
    admin = world.main.people["admin"]
    made = await web.client.post(
        "/api/organisation/invitations",
        json={"email": "friend@people.example", "role": "admin"},
        headers=web.staff(world.main, "admin"),
    )
    assert made.status_code == 201
    member, owner = f"/api/organisation/members/{admin}", web.staff(world.main)
    if role is None:
        assert (await web.client.delete(member, headers=owner)).status_code == 204
    else:
        assert (await web.client.patch(member, json={"role": role}, headers=owner)).status_code == 200
    people: People = web.app.state.people
    token = rules.token_of(people.keys, world.main.id, UUID(made.json()["id"]))
    body = {"token": token, "name": "Friend", "password": "лавовый-мост-47"}
    joined = await web.client.post("/api/auth/invitation", json=body)
    assert joined.status_code == (200 if joins else 410)
