"""The first page of the back office and the page of people, in a browser."""

import re

import pytest

from tests.asgi import Web
from tests.builders import PASSWORD, World
from tests.platform.organisation.support import lines, role_of
from tests.platform.session.support import Browser

OFFICE = "/office"
MEMBERS = "/office/members"


async def owner(web: Web) -> Browser:
    return await Browser(web).signed_in("owner@main.example")


async def test_the_overview_counts_what_there_is(web: Web, world: World) -> None:
    browser = await owner(web)
    page = await browser.get(OFFICE)
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert "You work here as owner." in page.text
    assert "6 people work here" in page.text
    assert "No program has a key yet." in page.text
    assert "Signed in" in page.text  # the log's newest line
    await browser.send("/office/invitations", email="nova@people.example", role="viewer")
    page = await browser.get(OFFICE)
    assert "1 invitation is open" in page.text
    assert "Somebody was invited" in page.text


@pytest.mark.parametrize("role", ["manager", "dispatcher", "driver", "viewer"])
async def test_the_overview_shows_others_what_is_open_to_them(web: Web, world: World, role: str) -> None:
    browser = await Browser(web).signed_in(f"{role}@main.example")
    page = await browser.get(OFFICE)
    assert page.status_code == 200
    assert f"You work here as {role}." in page.text
    for closed in ("/office/members", "/office/keys", "/office/audit"):
        assert f'href="{closed}"' not in page.text
        assert (await browser.get(closed)).status_code == 403


async def test_the_overview_is_friendly_to_who_belongs_nowhere(web: Web, world: World) -> None:
    world.execute("DELETE FROM memberships WHERE person_id = %s", world.main.people["viewer"])
    browser = await Browser(web).signed_in("viewer@main.example")
    page = await browser.get(OFFICE)
    assert page.status_code == 200
    assert "You belong to no organisation yet." in page.text
    assert "Leave this organisation" not in page.text


async def test_leaving_signs_out(web: Web, world: World) -> None:
    browser = await Browser(web).signed_in("driver@main.example")
    left = await browser.send("/office/leave")
    assert (left.status_code, left.headers["location"]) == (303, "/signin")
    assert role_of(world, world.main, "driver") is None
    assert (await browser.get(OFFICE)).status_code != 200


async def test_the_last_owner_is_told_why_not(web: Web, world: World) -> None:
    browser = await owner(web)
    refused = await browser.send("/office/leave")
    assert refused.status_code == 409
    assert "An organisation needs an owner; make somebody else one first." in refused.text
    assert role_of(world, world.main, "owner") == "owner"


async def test_people_are_listed_with_what_may_be_done(web: Web, world: World) -> None:
    page = (await (await owner(web)).get(MEMBERS)).text
    for person in world.main.people.values():
        offered = f'action="{MEMBERS}/{person}/remove"' in page
        assert offered == (person != world.main.people["owner"])
    assert "owner@other.example" not in page
    admins = (await (await Browser(web).signed_in("admin@main.example")).get(MEMBERS)).text
    assert f"{MEMBERS}/{world.main.people['owner']}/role" not in admins
    assert 'value="owner"' not in admins
    assert f"{MEMBERS}/{world.main.people['driver']}/role" in admins


async def test_a_role_is_changed_by_a_form(web: Web, world: World) -> None:
    browser = await owner(web)
    address = f"{MEMBERS}/{world.main.people['viewer']}/role"
    done = await browser.send(address, role="manager")
    assert (done.status_code, done.headers["location"]) == (303, f"{MEMBERS}?done=role")
    assert "The new role is in force." in (await browser.get(done.headers["location"])).text
    assert role_of(world, world.main, "viewer") == "manager"
    wrong = await browser.send(address, role="king")
    assert wrong.status_code == 422
    assert "Choose one of the options." in wrong.text


async def test_a_member_is_removed_after_a_question(web: Web, world: World) -> None:
    browser = await owner(web)
    key = {"name": "Till of the driver", "scopes": ["octo"]}
    world.execute("UPDATE memberships SET role = 'admin' WHERE person_id = %s", world.main.people["driver"])
    await web.client.post("/api/organisation/api-keys", json=key, headers=web.staff(world.main, "driver"))
    page = (await browser.get(MEMBERS)).text
    assert "Keys they made stop working at once:" in page
    assert "Till of the driver" in page
    done = await browser.send(f"{MEMBERS}/{world.main.people['driver']}/remove")
    assert (done.status_code, done.headers["location"]) == (303, f"{MEMBERS}?done=removed")
    assert role_of(world, world.main, "driver") is None
    listed = (await browser.get("/office/keys")).text
    assert "made by somebody who has left" in listed
    assert "revoked" in listed


async def test_what_is_refused_is_said_beside_the_member(web: Web, world: World) -> None:
    browser = await Browser(web).signed_in("admin@main.example")
    refused = await browser.send(f"{MEMBERS}/{world.main.people['owner']}/remove")
    assert refused.status_code == 403
    assert "Only an owner can make, change or remove an owner." in refused.text
    assert (await browser.send(f"{MEMBERS}/{world.other.people['driver']}/remove")).status_code == 404
    assert role_of(world, world.other, "driver") == "driver"


async def test_an_invitation_is_sent_resent_and_withdrawn(web: Web, world: World) -> None:
    browser = await owner(web)
    assert "Nobody is waiting for an answer." in (await browser.get(MEMBERS)).text
    sent = await browser.send("/office/invitations", email="nova@people.example", role="driver", locale="en")
    assert (sent.status_code, sent.headers["location"]) == (303, f"{MEMBERS}?done=invited")
    page = (await browser.get(sent.headers["location"])).text
    assert "The invitation is on its way." in page
    assert "good until 1 Dec, 12:00 (UTC+12)" in page
    resend, revoke = (
        re.search(rf'action="(/office/invitations/[\w-]+/{verb})"', page) for verb in ("resend", "revoke")
    )
    assert resend
    assert revoke
    assert (await browser.send(resend[1])).headers["location"] == f"{MEMBERS}?done=resent"
    assert (await browser.send(revoke[1])).headers["location"] == f"{MEMBERS}?done=withdrawn"
    over = await browser.send(resend[1])
    assert over.status_code == 410
    assert [line[0] for line in lines(world, world.main)] == [
        "invitation.created",
        "invitation.resent",
        "invitation.revoked",
    ]


async def test_a_wrong_invitation_is_said_at_its_field(web: Web, world: World) -> None:
    browser = await owner(web)
    wrong = await browser.send("/office/invitations", email="<b>nova</b>", role="driver")
    assert wrong.status_code == 422
    assert "This does not look like an e-mail address." in wrong.text
    assert "&lt;b&gt;nova&lt;/b&gt;" in wrong.text
    assert 'aria-invalid="true"' in wrong.text
    member = await browser.send("/office/invitations", email="driver@main.example", role="driver")
    assert member.status_code == 409
    assert "This person works here already." in member.text


@pytest.mark.parametrize(
    "path",
    [
        "/office/leave",
        "/office/invitations",
        f"{MEMBERS}/{{person}}/role",
        f"{MEMBERS}/{{person}}/remove",
    ],
)
async def test_a_form_without_its_token_changes_nothing(web: Web, world: World, path: str) -> None:
    browser = await owner(web)
    person = world.main.people["viewer"]
    fields = {"email": "nova@people.example", "role": "admin"}
    assert (await browser.client.post(path.format(person=person), data=fields)).status_code == 403
    assert lines(world, world.main) == []


async def test_names_are_shown_as_text(web: Web, world: World) -> None:
    world.execute("UPDATE people SET name = '<script>alert(1)</script>' WHERE id = %s", world.main.people["driver"])
    browser = await owner(web)
    driver = await Browser(web).sign_in("driver@main.example", PASSWORD)
    assert driver.status_code == 303
    for address in (MEMBERS, OFFICE, "/office/audit"):
        page = (await browser.get(address)).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page
