"""Guessing at one account wears out the guessers' tries, from however many addresses; its owner still gets in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from kamhub.kit.clock import ManualClock
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.mailed_link import actions as mailed_links
from kamhub.platform.mailed_link.rules import token_of
from kamhub.platform.person import actions as accounts
from kamhub.platform.person.services import People
from kamhub.platform.session.proofs import issue_device, knows_device
from kamhub.platform.settings import Settings
from tests.asgi import Web, serve
from tests.builders import PASSWORD, World
from tests.hub.payment.support import Provider
from tests.platform.person.support import VISIT, new_account
from tests.platform.session.support import Browser

OWNER = "owner@main.example"
UNKNOWN = "nobody@main.example"
TRIES = 20  # the preset ``account``; coming in from a new address is one of them


@pytest.fixture
async def limited(
    database_url: str, keys: KeyRing, clock: ManualClock, data_dir: Path, service: Provider, world: World
) -> AsyncIterator[Web]:
    """The application with its limits on, and the usual world."""
    assert world
    settings = Settings(env="development", rate_limits="on")
    async with serve(database_url, keys, clock, data_dir, provider=service, settings=settings) as running:
        yield running


async def guess(web: Web, email: str, address: str, password: str = "not the password") -> tuple[int, str]:
    """One try of a program at that address; status and code."""
    caller = Browser(web, address).client
    reply = await caller.post("/api/auth/signin", json={"email": email, "password": password})
    return reply.status_code, reply.json().get("code", "")


async def besiege(web: Web, email: str, tries: int = TRIES) -> None:
    """A botnet uses up the tries, each member its own few."""
    for number in range(tries):
        assert await guess(web, email, f"198.51.100.{number}") == (401, "invalid_credentials")


async def test_known_and_unknown_accounts_close_alike(limited: Web) -> None:
    for email in (OWNER, UNKNOWN):
        await besiege(limited, email)
        # Also with the right password: it may have been guessed.
        for spelling in (email, email.upper(), f" {email} "):
            address = f"192.0.2.{len(spelling)}{int(spelling.isupper())}"
            assert await guess(limited, spelling, address, PASSWORD) == (429, "rate_limited")
        page = await Browser(limited, "192.0.2.200").sign_in(email)
        assert page.status_code == 429
        assert int(page.headers["retry-after"]) > 0
    # Another account is not concerned.
    assert (await guess(limited, "viewer@main.example", "198.51.100.77", PASSWORD))[0] == 200


async def test_the_owner_gets_in_from_where_they_were_before(limited: Web) -> None:
    await Browser(limited, "203.0.113.50").signed_in(OWNER)
    await besiege(limited, OWNER, TRIES - 1)
    assert await guess(limited, OWNER, "203.0.113.50", PASSWORD) == (200, "")
    await Browser(limited, "203.0.113.50").signed_in(OWNER)
    assert (await guess(limited, OWNER, "203.0.113.51", PASSWORD))[0] == 429


async def test_the_owner_gets_in_with_their_browser_from_anywhere(limited: Web) -> None:
    browser = await Browser(limited, "203.0.113.50").signed_in(OWNER)
    await browser.send("/signout")
    device = browser.client.cookies["device"]
    await besiege(limited, OWNER, TRIES - 1)

    async def elsewhere(email: str, address: str) -> int:
        moved = Browser(limited, address)
        moved.client.cookies.set("device", device, domain="hub.test", path="/signin")
        return (await moved.sign_in(email)).status_code

    assert await elsewhere(OWNER, "192.0.2.1") == 303
    # It vouches for its own person only.
    await besiege(limited, "viewer@main.example")
    assert await elsewhere("viewer@main.example", "192.0.2.2") == 429


async def test_an_address_known_long_ago_is_not_known(limited: Web, clock: ManualClock, world: World) -> None:
    await Browser(limited, "203.0.113.50").signed_in(OWNER)
    world.execute("UPDATE sessions SET last_seen_at = last_seen_at - interval '91 days' WHERE kind = 'browser'")
    await besiege(limited, OWNER, TRIES - 1)
    assert (await guess(limited, OWNER, "203.0.113.50", PASSWORD))[0] == 429


async def test_guesses_from_a_known_address_are_few_as_from_any(limited: Web) -> None:
    await Browser(limited, "203.0.113.50").signed_in(OWNER)
    codes = [(await guess(limited, OWNER, "203.0.113.50"))[0] for _ in range(6)]
    assert codes == [401] * 5 + [429]


async def test_switched_off_nothing_is_counted(web: Web, world: World) -> None:
    assert world
    await besiege(web, OWNER)
    assert (await guess(web, OWNER, "192.0.2.1", PASSWORD))[0] == 200


async def test_a_device_is_known_by_our_word_only(people: People) -> None:
    owner = await accounts.sign_up(people, new_account(), VISIT)
    other = await accounts.sign_up(people, new_account(), VISIT)
    device = issue_device(people.keys, owner.person.id)
    assert knows_device(people.keys, device, owner.person.id)
    assert not knows_device(people.keys, device, other.person.id)
    middle = len(device) // 2
    changed = device[:middle] + ("A" if device[middle] != "A" else "B") + device[middle + 1 :]
    foreign = issue_device(KeyRing("a secret of somebody else, long enough to be one"), owner.person.id)
    for made_up in (None, "", "x", changed, device + "AAAA", foreign, "é" * 54, "\x00"):
        assert not knows_device(people.keys, made_up, owner.person.id)
    rotated = KeyRing("a new secret of the tests, long enough", ("a secret of the tests, long enough to be one",))
    assert knows_device(rotated, device, owner.person.id)


async def test_a_new_password_by_mail_frees_the_account(limited: Web, world: World) -> None:
    await besiege(limited, OWNER)
    assert (await guess(limited, OWNER, "198.51.100.200", PASSWORD))[0] == 429
    people: People = limited.app.state.people
    await mailed_links.ask_for_password_reset(people, OWNER)
    [(link_id,)] = world.rows("SELECT id FROM mailed_links WHERE purpose = 'password_reset'")
    assert isinstance(link_id, UUID)
    token = token_of(people.keys, "password_reset", link_id)
    await mailed_links.set_new_password(people, token, "другой-мост-48", VISIT)
    assert (await guess(limited, OWNER, "198.51.100.201", "другой-мост-48"))[0] == 200
