"""Accounts on a real database: signing up, and what people change about themselves."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from kamhub.kit.text import Names
from kamhub.platform.limit.limiter import Limiter
from kamhub.platform.limit.types import RateLimited
from kamhub.platform.person import actions
from kamhub.platform.person.rules import slug_of
from kamhub.platform.person.services import People
from kamhub.platform.person.types import EmailTaken, InvalidCredentials, PasswordWrong
from kamhub.platform.session import actions as sessions
from kamhub.platform.session.sign_in import sign_in
from kamhub.platform.session.types import Credentials, RefreshTokenInvalid
from kamhub.platform.web.problems import Unauthenticated
from tests.platform.person.support import (
    PASSWORD,
    VISIT,
    identity_of,
    new_account,
    new_founder,
    one,
    run,
    usable_tokens,
)


async def test_sign_up_founds_the_organisation(people: People) -> None:
    name = f"Камчатка {uuid4().hex[:8]}"
    signed_up = await actions.sign_up(people, new_account(organisation_name=name), VISIT)
    assert signed_up.membership is not None
    organisation = signed_up.membership.organisation
    assert (signed_up.membership.role, organisation.slug) == ("owner", slug_of(name))
    assert organisation.name == Names(name, name)
    identity = identity_of(people, signed_up)
    assert (identity.person_id, identity.organisation_id) == (signed_up.person.id, organisation.id)
    assert identity.role == "owner"
    tiers = await one(
        people.database,
        "SELECT array_agg(ARRAY[t.minutes_before, t.refund_percent::int] ORDER BY t.minutes_before DESC) "
        "FROM organisations o JOIN cancellation_tiers t "
        "ON t.organisation_id = o.id AND t.policy_id = o.cancellation_policy_id WHERE o.id = %s",
        organisation.id,
    )
    assert tiers == ([[1440, 100], [720, 75], [120, 50]],)
    stored = await one(people.database, "SELECT password_hash FROM people WHERE id = %s", signed_up.person.id)
    assert str(stored[0]).startswith("$argon2id$")
    told = await one(people.database, "SELECT action, actor_id, address FROM audit_events")
    assert told == ("organisation.founded", signed_up.person.id, VISIT.address)


async def test_sign_up_without_an_organisation(people: People) -> None:
    signed_up = await actions.sign_up(people, new_account(locale="en"), VISIT)
    assert signed_up.membership is None
    identity = identity_of(people, signed_up)
    assert (identity.person_id, identity.organisation_id, identity.role) == (signed_up.person.id, None, None)
    assert signed_up.person.locale == "en"


async def test_organisations_of_one_name_get_different_slugs(people: People) -> None:
    name = f"Тур {uuid4().hex}"
    made = await asyncio.gather(
        *(actions.sign_up(people, new_account(organisation_name=name), VISIT) for _ in range(5))
    )
    slugs = {each.membership.organisation.slug for each in made if each.membership}
    assert len(slugs) == 5
    assert {slug_of(name), f"{slug_of(name)}-2", f"{slug_of(name)}-3"} < slugs


async def test_a_taken_email_leaves_nothing_behind(people: People) -> None:
    first = new_account()
    signed_up = await actions.sign_up(people, first, VISIT)
    name = f"Тур {uuid4().hex}"
    with pytest.raises(EmailTaken):
        await actions.sign_up(people, new_account(email=first.email, organisation_name=name), VISIT)
    assert await one(people.database, "SELECT count(*) FROM organisations WHERE slug = %s", slug_of(name)) == (0,)
    assert await one(people.database, "SELECT count(*) FROM mailed_links") == (1,)
    assert await usable_tokens(people, signed_up.person.id) == 1


async def test_two_at_once_with_one_email(people: People) -> None:
    wanted = new_account()
    done = await asyncio.gather(*(actions.sign_up(people, wanted, VISIT) for _ in range(4)), return_exceptions=True)
    assert sorted(type(result).__name__ for result in done) == ["EmailTaken"] * 3 + ["SignedIn"]


async def test_me_tells_the_present_name_and_places(people: People) -> None:
    signed_up = await actions.sign_up(people, new_founder(), VISIT)
    await run(people.database, "UPDATE people SET name = 'Вера' WHERE id = %s", signed_up.person.id)
    account, places = await actions.me(people, identity_of(people, signed_up))
    assert (account.person.id, account.person.name) == (signed_up.person.id, "Вера")
    assert (account.second_factor, account.email_confirmed_at) == (False, None)
    assert places == [signed_up.membership]


async def test_a_closed_account_is_nobody(people: People) -> None:
    signed_up = await actions.sign_up(people, new_account(), VISIT)
    await run(people.database, "UPDATE people SET disabled_at = now() WHERE id = %s", signed_up.person.id)
    with pytest.raises(Unauthenticated):
        await actions.me(people, identity_of(people, signed_up))


async def test_a_new_password_ends_every_other_session(people: People) -> None:
    wanted = new_founder()
    here = await actions.sign_up(people, wanted, VISIT)
    elsewhere = await sign_in(people, Credentials(wanted.email, PASSWORD), VISIT)
    await actions.change_password(people, identity_of(people, here), PASSWORD, "тихий-фумарол-58", VISIT)
    await sessions.refresh(people, here.tokens.refresh_token)
    with pytest.raises(RefreshTokenInvalid):
        await sessions.refresh(people, elsewhere.tokens.refresh_token)
    with pytest.raises(InvalidCredentials):
        await sign_in(people, Credentials(wanted.email, PASSWORD), VISIT)
    await sign_in(people, Credentials(wanted.email, "тихий-фумарол-58"), VISIT)


async def test_the_password_is_asked_for_and_tries_are_counted_by_person(people: People) -> None:
    limited = People(people.database, people.clock, people.keys, Limiter(None, {"account": "3/hour"}))
    owner = await actions.sign_up(limited, new_account(), VISIT)
    other = await actions.sign_up(limited, new_account(), VISIT)
    for _ in range(3):
        with pytest.raises(PasswordWrong):
            await actions.change_password(limited, identity_of(limited, owner), "x", "тихий-фумарол-58", VISIT)
    with pytest.raises(RateLimited):
        await actions.change_password(limited, identity_of(limited, owner), PASSWORD, "тихий-фумарол-58", VISIT)
    await actions.change_password(limited, identity_of(limited, other), PASSWORD, "тихий-фумарол-58", VISIT)


async def test_other_scopes_read_neither_people_nor_tokens(people: People) -> None:
    signed_up = await actions.sign_up(people, new_founder(), VISIT)
    assert signed_up.membership is not None
    organisation = signed_up.membership.organisation.id
    for table in ("people", "refresh_tokens", "sessions", "mailed_links", "recovery_codes"):
        for scope in (people.database.public(), people.database.engine(), people.database.tenant(organisation)):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                async with scope as connection:
                    await connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table)))


async def test_an_organisation_reads_its_members_and_of_them_no_secret(people: People) -> None:
    ours = await actions.sign_up(people, new_founder(), VISIT)
    await actions.sign_up(people, new_founder(), VISIT)
    assert ours.membership is not None
    organisation = ours.membership.organisation.id
    async with people.database.tenant(organisation) as connection:
        rows = await (await connection.execute("SELECT id, email, name FROM people")).fetchall()
    assert rows == [(ours.person.id, ours.person.email, ours.person.name)]
    for secret in ("password_hash", "totp_secret", "totp_last_step"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with people.database.tenant(organisation) as connection:
                await connection.execute(sql.SQL("SELECT {} FROM people").format(sql.Identifier(secret)))
