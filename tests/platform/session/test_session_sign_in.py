"""Signing in, as an action on a real database."""

from __future__ import annotations

import pytest

from kamhub.platform.person import actions as accounts
from kamhub.platform.person import passwords
from kamhub.platform.person.services import People
from kamhub.platform.person.types import InvalidCredentials
from kamhub.platform.session import actions, sign_in
from kamhub.platform.session.types import Credentials, RefreshTokenInvalid
from tests.platform.person.support import VISIT, identity_of, new_account, new_founder, one, run


async def test_sign_in(people: People) -> None:
    wanted = new_founder()
    signed_up = await accounts.sign_up(people, wanted, VISIT)
    signed_in = await sign_in.sign_in(people, Credentials(wanted.email, wanted.password), VISIT)
    assert (signed_in.person, signed_in.membership) == (signed_up.person, signed_up.membership)
    first, second = identity_of(people, signed_up), identity_of(people, signed_in)
    assert (first.person_id, first.organisation_id, first.role) == (
        second.person_id,
        second.organisation_id,
        second.role,
    )
    assert first.session_id != second.session_id
    assert signed_in.tokens.refresh_token != signed_up.tokens.refresh_token
    told = await one(
        people.database, "SELECT actor_id, address, user_agent FROM audit_events WHERE action = 'session.began'"
    )
    assert told == (signed_up.person.id, VISIT.address, VISIT.user_agent)


async def test_unknown_and_wrong_are_refused_alike_after_the_same_work(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = new_account()
    closed = new_account()
    await accounts.sign_up(people, wanted, VISIT)
    await accounts.sign_up(people, closed, VISIT)
    await run(people.database, "UPDATE people SET disabled_at = now() WHERE email = %s", closed.email)
    work: list[str] = []
    genuine = passwords.matches

    def recorded(stored: str, password: str) -> bool:
        work.append(stored.rsplit("$", 2)[0])
        return genuine(stored, password)

    monkeypatch.setattr(passwords, "matches", recorded)
    refusals = []
    for email, password in (
        (wanted.email, "another-47-word"),
        ("nobody@people.example", "another-47-word"),
        (closed.email, closed.password),
    ):
        with pytest.raises(InvalidCredentials) as refused:
            await sign_in.sign_in(people, Credentials(email, password), VISIT)
        refusals.append((refused.value.detail, refused.value.extra, refused.value.headers))
    assert refusals[0] == refusals[1] == refusals[2]
    # One verification each, with the same parameters of argon2.
    assert len(work) == 3
    assert len(set(work)) == 1


async def test_a_closed_account_is_shut_out(people: People) -> None:
    wanted = new_account()
    signed_up = await accounts.sign_up(people, wanted, VISIT)
    await run(people.database, "UPDATE people SET disabled_at = now() WHERE id = %s", signed_up.person.id)
    with pytest.raises(InvalidCredentials):
        await sign_in.sign_in(people, Credentials(wanted.email, wanted.password), VISIT)
    with pytest.raises(RefreshTokenInvalid):
        await actions.refresh(people, signed_up.tokens.refresh_token)


@pytest.mark.parametrize("change", ["password_hash = 'changed'", "disabled_at = now()"])
async def test_what_changes_during_the_check_counts(
    people: People, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    wanted = new_account()
    signed_up = await accounts.sign_up(people, wanted, VISIT)

    looked: list[str | None] = []

    async def verify_and_change(stored: str | None, password: str) -> bool:
        looked.append(stored)
        if len(looked) == 1:
            await run(people.database, f"UPDATE people SET {change} WHERE id = %s", signed_up.person.id)
        return await passwords.verify_password(stored, password)

    monkeypatch.setattr(sign_in, "verify_password", verify_and_change)
    with pytest.raises(InvalidCredentials):
        await sign_in.sign_in(people, Credentials(wanted.email, wanted.password), VISIT)
    with pytest.raises(InvalidCredentials):
        await sign_in.sign_in_browser(people, Credentials(wanted.email, wanted.password), VISIT)


async def test_the_first_organisation_joined_that_is_not_archived(people: People) -> None:
    wanted = new_founder()
    signed_up = await accounts.sign_up(people, wanted, VISIT)
    assert signed_up.membership is not None
    archived = signed_up.membership.organisation.id
    await run(people.database, "UPDATE organisations SET archived_at = now() WHERE id = %s", archived)
    signed_in = await sign_in.sign_in(people, Credentials(wanted.email, wanted.password), VISIT)
    assert signed_in.membership is None
    assert identity_of(people, signed_in).organisation_id is None


async def test_neither_form_nor_credentials_nor_tokens_show_their_secrets(people: People) -> None:
    wanted = new_account()
    credentials = Credentials(wanted.email, wanted.password, "123456", "device-of-old")
    signed_up = await accounts.sign_up(people, wanted, VISIT)
    browser = await sign_in.sign_in_browser(people, Credentials(wanted.email, wanted.password), VISIT)
    shown = repr((wanted, credentials, signed_up, browser))
    tokens = signed_up.tokens
    secrets = (wanted.password, "123456", "device-of-old", tokens.access_token, tokens.refresh_token)
    assert not [secret for secret in (*secrets, browser.token, browser.device) if secret in shown]
