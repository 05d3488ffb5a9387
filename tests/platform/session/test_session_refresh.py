"""Refresh tokens: each good once, and two at a time are one too many."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from kamhub.kit.clock import ManualClock
from kamhub.platform.database.pool import Connection
from kamhub.platform.person import actions as accounts
from kamhub.platform.person import store as person_store
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Account
from kamhub.platform.session import actions, store
from kamhub.platform.session.sign_in import sign_in
from kamhub.platform.session.tokens import digest
from kamhub.platform.session.types import Credentials, RefreshTokenInvalid, SignedIn
from tests.platform.person.support import (
    DEADLINE,
    VISIT,
    identity_of,
    new_account,
    new_founder,
    one,
    run,
    until_somebody_waits_for_a_lock,
    usable_tokens,
)


async def refreshed(people: People, signed_in: SignedIn) -> SignedIn:
    return await actions.refresh(people, signed_in.tokens.refresh_token)


async def is_over(people: People, person_id: UUID) -> bool:
    query = "SELECT bool_and(ended_at IS NOT NULL) FROM sessions WHERE person_id = %s"
    return bool((await one(people.database, query, person_id))[0])


async def test_refresh_gives_the_next_pair_of_the_same_session(people: People, clock: ManualClock) -> None:
    signed_in = await accounts.sign_up(people, new_founder(), VISIT)
    for _ in range(3):
        clock.advance(timedelta(days=29))
        following = await refreshed(people, signed_in)
        assert following.tokens.refresh_token != signed_in.tokens.refresh_token
        identity = identity_of(people, following)
        assert identity.organisation_id is not None
        assert (following.person, following.membership) == (signed_in.person, signed_in.membership)
        assert await one(people.database, "SELECT id, expires_at FROM sessions") == (
            identity.session_id,
            clock.now() + timedelta(days=30),
        )
        signed_in = following
    assert await usable_tokens(people, signed_in.person.id) == 1


async def test_the_role_is_read_anew_at_a_refresh(people: People) -> None:
    signed_in = await accounts.sign_up(people, new_founder(), VISIT)
    await run(people.database, "UPDATE memberships SET role = 'viewer' WHERE person_id = %s", signed_in.person.id)
    assert identity_of(people, await refreshed(people, signed_in)).role == "viewer"


async def test_a_token_is_stored_as_a_digest_only(people: People) -> None:
    signed_in = await accounts.sign_up(people, new_account(), VISIT)
    row = await one(
        people.database,
        "SELECT token_hash, refresh_tokens::text FROM refresh_tokens WHERE person_id = %s",
        signed_in.person.id,
    )
    assert row[0] == digest(signed_in.tokens.refresh_token)
    assert signed_in.tokens.refresh_token not in str(row[1])


async def test_using_an_old_token_ends_its_session_and_no_other(people: People) -> None:
    wanted = new_account()
    first = await accounts.sign_up(people, wanted, VISIT)
    elsewhere = await sign_in(people, Credentials(wanted.email, wanted.password), VISIT)
    second = await refreshed(people, first)
    third = await refreshed(people, second)
    for spent in (first, third, second, first):
        with pytest.raises(RefreshTokenInvalid):
            await refreshed(people, spent)
    ended = "SELECT ended_at IS NOT NULL FROM sessions WHERE id = %s"
    assert await one(people.database, ended, identity_of(people, first).session_id) == (True,)
    assert await one(people.database, ended, identity_of(people, elsewhere).session_id) == (False,)
    await refreshed(people, elsewhere)


async def test_an_expired_or_unknown_token_is_refused(people: People, clock: ManualClock) -> None:
    signed_in = await accounts.sign_up(people, new_account(), VISIT)
    clock.advance(timedelta(days=30))
    for token in (signed_in.tokens.refresh_token, "unknown", "ключ", "\x00"):
        with pytest.raises(RefreshTokenInvalid):
            await actions.refresh(people, token)


@pytest.mark.parametrize("how", ["left", "archived"])
async def test_who_left_the_organisation_signs_in_again(people: People, how: str) -> None:
    wanted = new_founder()
    signed_in = await accounts.sign_up(people, wanted, VISIT)
    assert signed_in.membership is not None
    organisation = signed_in.membership.organisation.id
    if how == "left":
        await run(people.database, "DELETE FROM memberships WHERE person_id = %s", signed_in.person.id)
    else:
        await run(people.database, "UPDATE organisations SET archived_at = now() WHERE id = %s", organisation)
    with pytest.raises(RefreshTokenInvalid):
        await refreshed(people, signed_in)
    assert await is_over(people, signed_in.person.id)
    again = await sign_in(people, Credentials(wanted.email, wanted.password), VISIT)
    assert again.membership is None


async def test_a_session_without_an_organisation_stays_without(people: People) -> None:
    """Joining one does not move what is running there: it would write into books nobody chose."""
    signed_in = await accounts.sign_up(people, new_account(), VISIT)
    founder = await accounts.sign_up(people, new_founder(), VISIT)
    assert founder.membership is not None
    await run(
        people.database,
        "INSERT INTO memberships (organisation_id, person_id, role) VALUES (%s, %s, 'viewer')",
        founder.membership.organisation.id,
        signed_in.person.id,
    )
    following = await refreshed(people, signed_in)
    assert (following.membership, identity_of(people, following).organisation_id) == (None, None)


async def test_sign_out_ends_the_session(people: People) -> None:
    signed_in = await accounts.sign_up(people, new_account(), VISIT)
    following = await refreshed(people, signed_in)
    for token in (following.tokens.refresh_token, following.tokens.refresh_token, "unknown"):
        await actions.sign_out(people, token)
    with pytest.raises(RefreshTokenInvalid):
        await refreshed(people, following)
    assert await is_over(people, signed_in.person.id)


async def test_a_replaced_secret_ends_no_session(people: People) -> None:
    signed_in = await accounts.sign_up(people, new_founder(), VISIT)
    replaced = People(people.database, people.clock, type(people.keys)("a new secret of the tests, as long"))
    await refreshed(replaced, signed_in)


async def test_of_two_parallel_refreshes_the_second_ends_the_session(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_in = await accounts.sign_up(people, new_account(), VISIT)
    mark_used = store.mark_used

    async def mark_when_the_other_waits(connection: Connection, token_hash: bytes, at: object) -> None:
        await until_somebody_waits_for_a_lock(people.database)
        await mark_used(connection, token_hash, at)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "mark_used", mark_when_the_other_waits)
    done = await asyncio.gather(*(refreshed(people, signed_in) for _ in range(2)), return_exceptions=True)
    assert sorted(type(result).__name__ for result in done) == ["RefreshTokenInvalid", "SignedIn"]
    assert await usable_tokens(people, signed_in.person.id) == 0
    assert await is_over(people, signed_in.person.id)


async def test_without_the_lock_both_parallel_refreshes_would_pass(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the race above is there when nobody waits."""
    signed_in = await accounts.sign_up(people, new_account(), VISIT)
    both_have_read = asyncio.Barrier(2)
    account_by_id = person_store.account_by_id
    membership = person_store.membership

    async def unlocked(connection: Connection, person_id: UUID) -> Account | None:
        return await account_by_id(connection, person_id)

    async def membership_after_both(connection: Connection, person_id: UUID, organisation_id: UUID | None) -> object:
        async with asyncio.timeout(DEADLINE):
            await both_have_read.wait()
        return await membership(connection, person_id, organisation_id)

    monkeypatch.setattr(person_store, "lock_account", unlocked)
    monkeypatch.setattr(person_store, "membership", membership_after_both)
    await asyncio.gather(*(refreshed(people, signed_in) for _ in range(2)))
    assert await usable_tokens(people, signed_in.person.id) == 2


async def test_reuse_during_a_refresh_of_the_session_leaves_no_token_alive(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await accounts.sign_up(people, new_account(), VISIT)
    second = await refreshed(people, first)
    insert = store.insert_refresh_token

    async def insert_when_the_thief_waits(connection: Connection, token_hash: bytes, token: object, at: object) -> None:
        await insert(connection, token_hash, token, at)  # type: ignore[arg-type]
        inserted.set()
        await until_somebody_waits_for_a_lock(people.database)

    async def reuse() -> None:
        await inserted.wait()
        with pytest.raises(RefreshTokenInvalid):
            await refreshed(people, first)

    inserted = asyncio.Event()
    monkeypatch.setattr(store, "insert_refresh_token", insert_when_the_thief_waits)
    third, _ = await asyncio.gather(refreshed(people, second), reuse())
    assert await usable_tokens(people, first.person.id) == 0
    monkeypatch.undo()
    with pytest.raises(RefreshTokenInvalid):
        await refreshed(people, third)
