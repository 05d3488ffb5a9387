"""Accounts and sessions on a real database."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql

from kamhub.kit.clock import ManualClock
from kamhub.kit.text import Names
from kamhub.platform.database.pool import Connection, Database
from kamhub.platform.person import actions, passwords, store
from kamhub.platform.person.rules import slug_of
from kamhub.platform.person.services import People
from kamhub.platform.person.tokens import digest, read_access_token
from kamhub.platform.person.types import (
    Account,
    EmailTaken,
    Identity,
    InvalidCredentials,
    NewAccount,
    RefreshTokenInvalid,
    Session,
)
from kamhub.platform.web.problems import Unauthenticated

DEADLINE = 10.0
Make = Callable[..., NewAccount]


async def one(database: Database, query: str, *values: object) -> tuple[object, ...]:
    async with database.system() as connection:
        row = await (await connection.execute(query.encode(), values)).fetchone()
    assert row is not None
    return row


async def usable_tokens(people: People, person_id: UUID) -> int:
    query = "SELECT count(*) FROM refresh_tokens WHERE person_id = %s AND used_at IS NULL AND revoked_at IS NULL"
    count = (await one(people.database, query, person_id))[0]
    assert isinstance(count, int)
    return count


async def until_somebody_waits_for_a_lock(database: Database) -> None:
    deadline = time.monotonic() + DEADLINE
    while (await one(database, "SELECT count(*) FROM pg_locks WHERE NOT granted"))[0] == 0:
        assert time.monotonic() < deadline, "nobody came to wait"
        await asyncio.sleep(0.01)


def identity_of(people: People, session: Session) -> Identity:
    return read_access_token(people.keys, session.access_token, people.clock.now())


async def test_sign_up_founds_the_organisation(people: People, new_account: Make) -> None:
    name = f"Камчатка {uuid4().hex[:8]}"
    session = await actions.sign_up(people, new_account(organisation_name=name))
    assert session.membership is not None
    organisation = session.membership.organisation
    assert (session.membership.role, organisation.slug) == ("owner", slug_of(name))
    assert organisation.name == Names(name, name)
    assert identity_of(people, session) == Identity(session.person.id, organisation.id, "owner")
    tiers = await one(
        people.database,
        "SELECT array_agg(ARRAY[t.minutes_before, t.refund_percent::int] ORDER BY t.minutes_before DESC) "
        "FROM organisations o JOIN cancellation_tiers t "
        "ON t.organisation_id = o.id AND t.policy_id = o.cancellation_policy_id WHERE o.id = %s",
        organisation.id,
    )
    assert tiers == ([[1440, 100], [720, 75], [120, 50]],)
    stored = await one(people.database, "SELECT password_hash FROM people WHERE id = %s", session.person.id)
    assert str(stored[0]).startswith("$argon2id$")


async def test_sign_up_without_an_organisation(people: People, new_account: Make) -> None:
    session = await actions.sign_up(people, new_account(locale="en"))
    assert session.membership is None
    assert identity_of(people, session) == Identity(session.person.id, None, None)
    assert session.person.locale == "en"


async def test_organisations_of_one_name_get_different_slugs(people: People, new_account: Make) -> None:
    name = f"Тур {uuid4().hex}"
    sessions = await asyncio.gather(*(actions.sign_up(people, new_account(organisation_name=name)) for _ in range(5)))
    slugs = {session.membership.organisation.slug for session in sessions if session.membership}
    assert len(slugs) == 5
    assert {slug_of(name), f"{slug_of(name)}-2", f"{slug_of(name)}-3"} < slugs


async def test_a_taken_email_leaves_nothing_behind(people: People, new_account: Make) -> None:
    first = new_account()
    session = await actions.sign_up(people, first)
    name = f"Тур {uuid4().hex}"
    with pytest.raises(EmailTaken):
        await actions.sign_up(people, new_account(email=first.email, organisation_name=name))
    count = await one(people.database, "SELECT count(*) FROM organisations WHERE slug = %s", slug_of(name))
    assert count == (0,)
    assert await usable_tokens(people, session.person.id) == 1


async def test_two_at_once_with_one_email(people: People, new_account: Make) -> None:
    wanted = new_account()
    done = await asyncio.gather(*(actions.sign_up(people, wanted) for _ in range(4)), return_exceptions=True)
    assert sorted(type(result).__name__ for result in done) == ["EmailTaken"] * 3 + ["Session"]


async def test_sign_in(people: People, new_account: Make) -> None:
    wanted = new_account(organisation_name=f"Тур {uuid4().hex}")
    signed_up = await actions.sign_up(people, wanted)
    session = await actions.sign_in(people, email=wanted.email, password=wanted.password)
    assert (session.person, session.membership) == (signed_up.person, signed_up.membership)
    assert identity_of(people, session) == identity_of(people, signed_up)
    assert session.refresh_token != signed_up.refresh_token


async def test_unknown_and_wrong_are_refused_alike_after_the_same_work(
    people: People, new_account: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = new_account()
    await actions.sign_up(people, wanted)
    work: list[str] = []
    genuine = passwords._matches

    def recorded(stored: str, password: str) -> bool:
        work.append(stored.rsplit("$", 2)[0])
        return genuine(stored, password)

    monkeypatch.setattr(passwords, "_matches", recorded)
    refusals = []
    for email in (wanted.email, "nobody@people.example"):
        with pytest.raises(InvalidCredentials) as refused:
            await actions.sign_in(people, email=email, password="another-47-word")
        refusals.append((refused.value.detail, refused.value.extra, refused.value.headers))
    assert refusals[0] == refusals[1]
    # One verification each, with the same parameters of argon2.
    assert len(work) == 2
    assert work[0] == work[1]


async def test_a_closed_account_is_shut_out(people: People, new_account: Make) -> None:
    wanted = new_account()
    session = await actions.sign_up(people, wanted)
    async with people.database.system() as connection:
        await connection.execute("UPDATE people SET disabled_at = now() WHERE id = %s", (session.person.id,))
    with pytest.raises(InvalidCredentials):
        await actions.sign_in(people, email=wanted.email, password=wanted.password)
    with pytest.raises(RefreshTokenInvalid):
        await actions.refresh(people, session.refresh_token)
    with pytest.raises(Unauthenticated):
        await actions.me(people, identity_of(people, session))


async def test_a_password_changed_during_the_check_does_not_open(
    people: People, new_account: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = new_account()
    session = await actions.sign_up(people, wanted)

    async def verify_and_change(stored: str | None, password: str) -> bool:
        async with people.database.system() as connection:
            await connection.execute("UPDATE people SET password_hash = 'changed' WHERE id = %s", (session.person.id,))
        return await passwords.verify_password(stored, password)

    monkeypatch.setattr(actions, "verify_password", verify_and_change)
    with pytest.raises(InvalidCredentials):
        await actions.sign_in(people, email=wanted.email, password=wanted.password)


async def test_refresh_gives_the_next_pair(people: People, clock: ManualClock, new_account: Make) -> None:
    session = await actions.sign_up(people, new_account(organisation_name=f"Тур {uuid4().hex}"))
    for _ in range(3):
        clock.advance(timedelta(days=29))
        following = await actions.refresh(people, session.refresh_token)
        assert following.refresh_token != session.refresh_token
        assert identity_of(people, following).organisation_id is not None
        assert (following.person, following.membership) == (session.person, session.membership)
        session = following
    assert await usable_tokens(people, session.person.id) == 1


async def test_the_role_is_read_anew_at_a_refresh(people: People, new_account: Make) -> None:
    session = await actions.sign_up(people, new_account(organisation_name=f"Тур {uuid4().hex}"))
    async with people.database.system() as connection:
        await connection.execute("UPDATE memberships SET role = 'viewer' WHERE person_id = %s", (session.person.id,))
    assert identity_of(people, await actions.refresh(people, session.refresh_token)).role == "viewer"


async def test_a_token_is_stored_as_a_digest_only(people: People, new_account: Make) -> None:
    session = await actions.sign_up(people, new_account())
    row = await one(
        people.database,
        "SELECT token_hash, refresh_tokens::text FROM refresh_tokens WHERE person_id = %s",
        session.person.id,
    )
    assert row[0] == digest(session.refresh_token)
    assert session.refresh_token not in str(row[1])


async def test_using_an_old_token_ends_the_family_and_no_other(people: People, new_account: Make) -> None:
    wanted = new_account()
    first = await actions.sign_up(people, wanted)
    elsewhere = await actions.sign_in(people, email=wanted.email, password=wanted.password)
    second = await actions.refresh(people, first.refresh_token)
    third = await actions.refresh(people, second.refresh_token)
    with pytest.raises(RefreshTokenInvalid):
        await actions.refresh(people, first.refresh_token)
    for token in (third.refresh_token, second.refresh_token, first.refresh_token):
        with pytest.raises(RefreshTokenInvalid):
            await actions.refresh(people, token)
    await actions.refresh(people, elsewhere.refresh_token)


async def test_an_expired_or_unknown_token_is_refused(people: People, clock: ManualClock, new_account: Make) -> None:
    session = await actions.sign_up(people, new_account())
    clock.advance(timedelta(days=30))
    for token in (session.refresh_token, "unknown", "ключ"):
        with pytest.raises(RefreshTokenInvalid):
            await actions.refresh(people, token)


async def test_who_left_the_organisation_signs_in_again(people: People, new_account: Make) -> None:
    wanted = new_account(organisation_name=f"Тур {uuid4().hex}")
    session = await actions.sign_up(people, wanted)
    identity = identity_of(people, session)
    async with people.database.system() as connection:
        await connection.execute("DELETE FROM memberships WHERE person_id = %s", (session.person.id,))
    with pytest.raises(RefreshTokenInvalid):
        await actions.refresh(people, session.refresh_token)
    with pytest.raises(Unauthenticated):
        await actions.me(people, identity)
    again = await actions.sign_in(people, email=wanted.email, password=wanted.password)
    assert again.membership is None


async def test_sign_out_ends_the_session(people: People, new_account: Make) -> None:
    session = await actions.sign_up(people, new_account())
    following = await actions.refresh(people, session.refresh_token)
    await actions.sign_out(people, following.refresh_token)
    await actions.sign_out(people, following.refresh_token)
    await actions.sign_out(people, "unknown")
    with pytest.raises(RefreshTokenInvalid):
        await actions.refresh(people, following.refresh_token)


async def test_of_two_parallel_refreshes_the_second_ends_the_family(
    people: People, new_account: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await actions.sign_up(people, new_account())
    mark_used = store.mark_used

    async def mark_when_the_other_waits(connection: Connection, token_hash: bytes, at: object) -> None:
        await until_somebody_waits_for_a_lock(people.database)
        await mark_used(connection, token_hash, at)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "mark_used", mark_when_the_other_waits)
    done = await asyncio.gather(
        *(actions.refresh(people, session.refresh_token) for _ in range(2)), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in done) == ["RefreshTokenInvalid", "Session"]
    assert await usable_tokens(people, session.person.id) == 0


async def test_without_the_lock_both_parallel_refreshes_would_pass(
    people: People, new_account: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the race above is there when nobody waits."""
    session = await actions.sign_up(people, new_account())
    both_have_read = asyncio.Barrier(2)
    account_by_id = store.account_by_id
    membership = store.membership

    async def unlocked(connection: Connection, person_id: UUID) -> Account | None:
        return await account_by_id(connection, person_id)

    async def membership_after_both(connection: Connection, person_id: UUID, organisation_id: UUID | None) -> object:
        async with asyncio.timeout(DEADLINE):
            await both_have_read.wait()
        return await membership(connection, person_id, organisation_id)

    monkeypatch.setattr(store, "lock_account", unlocked)
    monkeypatch.setattr(store, "membership", membership_after_both)
    await asyncio.gather(*(actions.refresh(people, session.refresh_token) for _ in range(2)))
    assert await usable_tokens(people, session.person.id) == 2


async def test_reuse_during_a_refresh_of_the_family_leaves_no_token_alive(
    people: People, new_account: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await actions.sign_up(people, new_account())
    second = await actions.refresh(people, first.refresh_token)
    insert = store.insert_refresh_token

    async def insert_when_the_thief_waits(connection: Connection, token_hash: bytes, token: object, at: object) -> None:
        await insert(connection, token_hash, token, at)  # type: ignore[arg-type]
        inserted.set()
        await until_somebody_waits_for_a_lock(people.database)

    async def reuse() -> None:
        await inserted.wait()
        with pytest.raises(RefreshTokenInvalid):
            await actions.refresh(people, first.refresh_token)

    inserted = asyncio.Event()
    monkeypatch.setattr(store, "insert_refresh_token", insert_when_the_thief_waits)
    third, _ = await asyncio.gather(actions.refresh(people, second.refresh_token), reuse())
    assert await usable_tokens(people, first.person.id) == 0
    monkeypatch.undo()
    with pytest.raises(RefreshTokenInvalid):
        await actions.refresh(people, third.refresh_token)


async def test_me_tells_the_present_name(people: People, new_account: Make) -> None:
    session = await actions.sign_up(people, new_account(organisation_name=f"Тур {uuid4().hex}"))
    async with people.database.system() as connection:
        await connection.execute("UPDATE people SET name = 'Вера' WHERE id = %s", (session.person.id,))
    person, organisation = await actions.me(people, identity_of(people, session))
    assert person == replace(session.person, name="Вера")
    assert session.membership is not None
    assert organisation == session.membership.organisation


async def test_other_scopes_read_neither_people_nor_tokens(people: People, new_account: Make) -> None:
    session = await actions.sign_up(people, new_account(organisation_name=f"Тур {uuid4().hex}"))
    assert session.membership is not None
    for table in ("people", "refresh_tokens"):
        for scope in (
            people.database.public(),
            people.database.engine(),
            people.database.tenant(session.membership.organisation.id),
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                async with scope as connection:
                    await connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table)))
