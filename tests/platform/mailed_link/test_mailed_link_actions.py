"""Links by mail on a real database: asked for, sent by the job, followed once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from kamhub.kit.clock import ManualClock
from kamhub.kit.ids import new_id
from kamhub.platform.job.queue import enqueue
from kamhub.platform.job.types import GiveUp
from kamhub.platform.limit.limiter import Limiter
from kamhub.platform.limit.types import RateLimited
from kamhub.platform.mail.types import MailRefused
from kamhub.platform.mailed_link import actions
from kamhub.platform.mailed_link.rules import token_of
from kamhub.platform.mailed_link.types import LinkOver
from kamhub.platform.person import actions as accounts
from kamhub.platform.person.services import People
from kamhub.platform.person.types import InvalidCredentials
from kamhub.platform.second_factor import own
from kamhub.platform.second_factor.types import SecondFactorRequired
from kamhub.platform.session import actions as sessions
from kamhub.platform.session.sign_in import sign_in
from kamhub.platform.session.types import Credentials, Identity, RefreshTokenInvalid, SignedIn
from tests.platform.mailed_link.support import Context, token_in
from tests.platform.person.support import PASSWORD, VISIT, identity_of, new_founder, one, run
from tests.platform.second_factor.support import Authenticator

NEW_PASSWORD = "тихий-фумарол-58"
HOUR = timedelta(minutes=60)


@pytest.fixture
def context(people: People) -> Context:
    return Context(people)


@pytest.fixture
async def owner(context: Context) -> SignedIn:
    """An account whose mail about its address has been sent and is out of the way."""
    signed_up = await accounts.sign_up(context.people, new_founder(), VISIT)
    await context.run_jobs()
    await run(context.people.database, "DELETE FROM procrastinate_jobs")
    return signed_up


async def reset_token(context: Context, owner: SignedIn) -> str:
    await actions.ask_for_password_reset(context.people, owner.person.email)
    return token_in((await context.run_jobs())[-1])


async def test_from_the_question_to_the_new_password(context: Context, owner: SignedIn) -> None:
    people = context.people
    await actions.ask_for_password_reset(people, owner.person.email)
    [mail] = await context.run_jobs()
    assert mail.recipient == owner.person.email
    assert "новый пароль" in mail.text.lower()
    assert owner.person.name in mail.text
    assert f"http://hub.test/password-reset/new?token={token_in(mail)}" in mail.text
    assert PASSWORD not in mail.text
    token = token_in(mail)
    assert await actions.is_open(people, "password_reset", token)
    await actions.set_new_password(people, token, NEW_PASSWORD, VISIT)
    with pytest.raises(InvalidCredentials):
        await sign_in(people, Credentials(owner.person.email, PASSWORD), VISIT)
    await sign_in(people, Credentials(owner.person.email, NEW_PASSWORD), VISIT)
    # Reading the mail proves the address as well.
    assert await one(people.database, "SELECT email_confirmed_at FROM people") == (people.clock.now(),)
    assert await one(
        people.database, "SELECT count(*), min(address) FROM audit_events WHERE action = 'password.reset'"
    ) == (1, VISIT.address)


async def test_every_session_ends(context: Context, owner: SignedIn) -> None:
    people = context.people
    elsewhere = await sign_in(people, Credentials(owner.person.email, PASSWORD), VISIT)
    token = await reset_token(context, owner)
    await actions.set_new_password(people, token, NEW_PASSWORD, VISIT)
    for session in (owner, elsewhere):
        with pytest.raises(RefreshTokenInvalid):
            await sessions.refresh(people, session.tokens.refresh_token)
    assert await one(people.database, "SELECT count(*) FROM sessions WHERE ended_at IS NULL") == (0,)


async def test_a_link_works_once_and_takes_the_older_ones_with_it(context: Context, owner: SignedIn) -> None:
    people = context.people
    older, used, newer = [await reset_token(context, owner) for _ in range(3)]
    stranger = await accounts.sign_up(people, new_founder(), VISIT)
    foreign = await reset_token(context, stranger)
    await actions.set_new_password(people, used, NEW_PASSWORD, VISIT)
    for spent in (older, used, newer):
        assert not await actions.is_open(people, "password_reset", spent)
        with pytest.raises(LinkOver):
            await actions.set_new_password(people, spent, "другой-пароль-92", VISIT)
    await sign_in(people, Credentials(owner.person.email, NEW_PASSWORD), VISIT)
    await actions.set_new_password(people, foreign, NEW_PASSWORD, VISIT)


async def test_of_two_at_once_one_sets_the_password(context: Context, owner: SignedIn) -> None:
    people = context.people
    token = await reset_token(context, owner)
    done = await asyncio.gather(
        *(actions.set_new_password(people, token, f"тихий-фумарол-{number}", VISIT) for number in (58, 59)),
        return_exceptions=True,
    )
    assert sorted(type(result).__name__ for result in done) == ["LinkOver", "NoneType"]


async def test_it_is_good_for_an_hour(context: Context, owner: SignedIn, clock: ManualClock) -> None:
    people = context.people
    early = await reset_token(context, owner)
    clock.advance(HOUR - timedelta(seconds=1))
    assert await actions.is_open(people, "password_reset", early)
    late = await reset_token(context, owner)
    clock.advance(timedelta(seconds=1))
    assert not await actions.is_open(people, "password_reset", early)
    with pytest.raises(LinkOver):
        await actions.set_new_password(people, early, NEW_PASSWORD, VISIT)
    await actions.set_new_password(people, late, NEW_PASSWORD, VISIT)


async def test_the_second_factor_stays(context: Context, owner: SignedIn, clock: ManualClock) -> None:
    people = context.people
    identity = identity_of(people, owner)
    await run(people.database, "UPDATE people SET email_confirmed_at = now()")
    phone = Authenticator((await own.begin(people, identity, VISIT)).secret, clock)
    await own.confirm(people, identity, phone.code(), VISIT)
    await actions.set_new_password(people, await reset_token(context, owner), NEW_PASSWORD, VISIT)
    with pytest.raises(SecondFactorRequired):
        await sign_in(people, Credentials(owner.person.email, NEW_PASSWORD), VISIT)
    clock.advance(timedelta(seconds=30))
    await sign_in(people, Credentials(owner.person.email, NEW_PASSWORD, phone.code()), VISIT)


async def test_a_closed_account_is_asked_about_like_an_unknown_one(context: Context, owner: SignedIn) -> None:
    people = context.people
    token = await reset_token(context, owner)
    sent = len(context.mail.mails)
    await run(people.database, "UPDATE people SET disabled_at = now()")
    with pytest.raises(LinkOver):
        await actions.set_new_password(people, token, NEW_PASSWORD, VISIT)
    await run(people.database, "DELETE FROM procrastinate_jobs")
    await actions.ask_for_password_reset(people, owner.person.email)
    await context.run_jobs()
    assert len(context.mail.mails) == sent


async def test_known_and_unknown_addresses_cost_the_same(
    context: Context, owner: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = context.people
    statements: list[str] = []
    execute = psycopg.AsyncCursor.execute

    async def noted(self: psycopg.AsyncCursor[Any], query: object, *rest: object, **more: object) -> object:
        statements.append(str(query))
        return await execute(self, query, *rest, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(psycopg.AsyncCursor, "execute", noted)
    work = []
    for email in (owner.person.email, "nobody@people.example"):
        statements.clear()
        await actions.ask_for_password_reset(people, email)
        work.append(list(statements))
    assert work[0] == work[1]
    assert len(work[0]) > 2
    monkeypatch.undo()
    rows = await one(
        people.database,
        "SELECT (SELECT count(*) FROM mailed_links WHERE purpose = 'password_reset'), count(*), "
        "count(DISTINCT (task_name, queue_name, status)), count(DISTINCT length(args::text)) "
        "FROM procrastinate_jobs",
    )
    assert rows == (2, 2, 1, 1)
    assert [mail.recipient for mail in await context.run_jobs()] == [owner.person.email]


async def test_nobodys_mailbox_is_flooded(context: Context, owner: SignedIn) -> None:
    limited = replace(context.people, limiter=Limiter(None))
    for email in (owner.person.email, "nobody@people.example"):
        for _ in range(5):
            await actions.ask_for_password_reset(limited, email)
        with pytest.raises(RateLimited):
            await actions.ask_for_password_reset(limited, email)
    assert len(await context.run_jobs()) == 5


async def test_the_job_run_twice_sends_the_same_mail(context: Context, owner: SignedIn, clock: ManualClock) -> None:
    await actions.ask_for_password_reset(context.people, owner.person.email)
    first = await context.run_jobs(crash=True)
    clock.advance(timedelta(minutes=5))
    again = await context.run_jobs(crash=True)
    assert len(first) == len(again) == 1
    assert first == again  # message id, date, text and link
    await actions.set_new_password(context.people, token_in(first[0]), NEW_PASSWORD, VISIT)
    assert await context.run_jobs() == []


async def test_a_link_that_is_over_is_not_mailed(context: Context, owner: SignedIn, clock: ManualClock) -> None:
    await actions.ask_for_password_reset(context.people, owner.person.email)
    clock.advance(HOUR)
    assert await context.run_jobs() == []
    async with context.people.database.system() as connection:
        await enqueue(connection, actions.SEND, link_id=str(uuid4()))
    assert await context.run_jobs() == []
    assert len(context.mail.mails) == 1  # the one about the address, before


async def test_a_mail_refused_for_good_is_given_up_and_any_other_trouble_tried_again(
    context: Context, owner: SignedIn
) -> None:
    await actions.ask_for_password_reset(context.people, owner.person.email)
    context.mail.failure = MailRefused("no such mailbox")
    await context.run_jobs()
    assert [type(end) for end in context.ends] == [GiveUp]
    context.mail.failure = ConnectionError()
    with pytest.raises(ConnectionError):
        await context.run_jobs()


async def test_the_mail_speaks_the_language_of_its_reader(context: Context) -> None:
    await accounts.sign_up(context.people, new_founder(locale="en", name="Anna <b>"), VISIT)
    [mail] = await context.run_jobs()
    assert "Is this your address?" in mail.text
    assert mail.html is not None
    assert "Confirm the address" in mail.html
    # The reader may be a stranger to whoever signed up: nothing that was typed there is in it.
    assert "Anna" not in mail.html + mail.text + mail.subject


async def test_confirming_the_address(context: Context, clock: ManualClock) -> None:
    people = context.people
    owner = await accounts.sign_up(people, new_founder(), VISIT)
    [mail] = await context.run_jobs()
    assert mail.recipient == owner.person.email
    assert f"http://hub.test/email-confirmation?token={token_in(mail)}" in mail.text
    clock.advance(timedelta(days=7) - timedelta(seconds=1))
    assert (await accounts.me(people, identity_of_now(people, owner)))[0].email_confirmed_at is None
    await actions.confirm_email(people, token_in(mail))
    at = people.clock.now()
    assert (await accounts.me(people, identity_of_now(people, owner)))[0].email_confirmed_at == at
    with pytest.raises(LinkOver):
        await actions.confirm_email(people, token_in(mail))
    # Confirmed once and for all: asking again mails nothing.
    await accounts.ask_to_confirm_email(people, identity_of_now(people, owner), VISIT)
    assert await one(people.database, "SELECT count(*) FROM mailed_links") == (1,)


def identity_of_now(people: People, owner: SignedIn) -> Identity:
    """The person, though the token of the sign-up is too old by now."""
    return Identity(owner.person.id, None, None, UUID(int=0))


async def test_a_confirmation_is_good_for_a_week(context: Context, clock: ManualClock) -> None:
    owner = await accounts.sign_up(context.people, new_founder(), VISIT)
    [mail] = await context.run_jobs()
    clock.advance(timedelta(days=7))
    with pytest.raises(LinkOver):
        await actions.confirm_email(context.people, token_in(mail))
    await accounts.ask_to_confirm_email(context.people, identity_of_now(context.people, owner), VISIT)
    [again] = await context.run_jobs()
    await actions.confirm_email(context.people, token_in(again))


async def test_a_link_of_one_purpose_is_no_good_for_another(context: Context, owner: SignedIn) -> None:
    people = context.people
    confirmation = token_in(context.mail.mails[0])
    reset = await reset_token(context, owner)
    for token, purpose in ((confirmation, "password_reset"), (reset, "email_confirmation")):
        assert not await actions.is_open(people, purpose, token)  # type: ignore[arg-type]
    with pytest.raises(LinkOver):
        await actions.set_new_password(people, confirmation, NEW_PASSWORD, VISIT)
    with pytest.raises(LinkOver):
        await actions.confirm_email(people, reset)
    # Neither by a signature of ours for the wrong purpose over the right row.
    [(link,)] = [await one(people.database, "SELECT id FROM mailed_links WHERE purpose = 'email_confirmation'")]
    with pytest.raises(LinkOver):
        await actions.set_new_password(people, token_of(people.keys, "password_reset", link), NEW_PASSWORD, VISIT)
    await sign_in(people, Credentials(owner.person.email, PASSWORD), VISIT)
    await actions.confirm_email(people, confirmation)
    await actions.set_new_password(people, reset, NEW_PASSWORD, VISIT)


async def test_a_token_of_ours_for_no_row_and_for_nobody_opens_nothing(context: Context) -> None:
    people = context.people
    await actions.ask_for_password_reset(people, "nobody@people.example")
    [(nobodys,)] = [await one(people.database, "SELECT id FROM mailed_links")]
    for link in (nobodys, new_id()):
        with pytest.raises(LinkOver):
            await actions.set_new_password(people, token_of(people.keys, "password_reset", link), NEW_PASSWORD, VISIT)
