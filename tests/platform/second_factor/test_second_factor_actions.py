"""The second factor on a real database: once means once, also for two at a time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from kamhub.kit.clock import ManualClock
from kamhub.platform.crypto.actions import rotate
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.crypto.types import EncryptedColumn
from kamhub.platform.limit.limiter import Limiter
from kamhub.platform.limit.types import RateLimited
from kamhub.platform.person import actions as accounts
from kamhub.platform.person.services import People
from kamhub.platform.person.types import InvalidCredentials, NewAccount
from kamhub.platform.second_factor import actions, own
from kamhub.platform.second_factor.types import (
    CodeNotRight,
    EmailUnconfirmed,
    SecondFactorInvalid,
    SecondFactorOff,
    SecondFactorOn,
    SecondFactorRequired,
)
from kamhub.platform.session import actions as sessions
from kamhub.platform.session import proofs, sign_in
from kamhub.platform.session.types import ChallengeOver, Credentials, Identity, RefreshTokenInvalid, Visit
from tests.platform.person.support import (
    PASSWORD,
    VISIT,
    identity_of,
    new_founder,
    one,
    run,
    until_somebody_waits_for_a_lock,
)
from tests.platform.second_factor.support import Authenticator

STEP = timedelta(seconds=30)


class Guarded:
    """An account with the second factor on."""

    def __init__(self, account: NewAccount, identity: Identity, phone: Authenticator, codes: tuple[str, ...]) -> None:
        self.account, self.identity, self.phone, self.codes = account, identity, phone, codes

    def credentials(self, code: str | None = None) -> Credentials:
        return Credentials(self.account.email, PASSWORD, code)


@pytest.fixture
async def guarded(people: People, clock: ManualClock) -> Guarded:
    account = new_founder()
    identity = identity_of(people, await accounts.sign_up(people, account, VISIT))
    await confirm_address(people, identity)
    phone = Authenticator((await own.begin(people, identity, VISIT)).secret, clock)
    codes = await own.confirm(people, identity, phone.code(), VISIT)
    clock.advance(STEP)  # the first code is spent
    return Guarded(account, identity, phone, codes)


async def confirm_address(people: People, identity: Identity) -> None:
    await run(people.database, "UPDATE people SET email_confirmed_at = now() WHERE id = %s", identity.person_id)


async def challenge_of(people: People, guarded: Guarded) -> str:
    with pytest.raises(SecondFactorRequired) as asked:
        await sign_in.sign_in_browser(people, guarded.credentials(), VISIT)
    return asked.value.challenge


async def test_nothing_is_asked_for_before_the_first_code(people: People, clock: ManualClock) -> None:
    account = new_founder()
    identity = identity_of(people, await accounts.sign_up(people, account, VISIT))
    with pytest.raises(SecondFactorOff):
        await own.confirm(people, identity, "123456", VISIT)
    # Whoever signed up with somebody else's address may not lock its owner out for good.
    with pytest.raises(EmailUnconfirmed):
        await own.begin(people, identity, VISIT)
    await confirm_address(people, identity)
    enrolment = await own.begin(people, identity, VISIT)
    phone = Authenticator(enrolment.secret, clock)
    with pytest.raises(CodeNotRight):
        await own.confirm(people, identity, phone.wrong(), VISIT)
    await sign_in.sign_in(people, Credentials(account.email, PASSWORD), VISIT)
    assert await actions.pending(people, identity.person_id, account.email) == enrolment
    again = await own.begin(people, identity, VISIT)
    assert again.secret != enrolment.secret
    with pytest.raises(CodeNotRight):
        await own.confirm(people, identity, phone.code(), VISIT)
    assert len(await own.confirm(people, identity, Authenticator(again.secret, clock).code(), VISIT)) == 10
    assert await actions.pending(people, identity.person_id, account.email) is None
    for repeat in (own.begin(people, identity, VISIT), own.confirm(people, identity, "123456", VISIT)):
        with pytest.raises(SecondFactorOn):
            await repeat


async def test_sign_in_needs_the_code(people: People, guarded: Guarded) -> None:
    with pytest.raises(SecondFactorRequired):
        await sign_in.sign_in(people, guarded.credentials(), VISIT)
    for wrong in (guarded.phone.wrong(), "", "k3m9x-p7wqd", "0" * 20, "é" * 6):
        with pytest.raises(SecondFactorInvalid):
            await sign_in.sign_in(people, guarded.credentials(wrong), VISIT)
    # Whoever has not the password is not told that a code would be needed too.
    with pytest.raises(InvalidCredentials):
        await sign_in.sign_in(people, Credentials(guarded.account.email, "x", guarded.phone.code()), VISIT)
    await sign_in.sign_in(people, guarded.credentials(guarded.phone.code()), VISIT)


async def test_a_code_counts_once(people: People, guarded: Guarded, clock: ManualClock) -> None:
    used = guarded.phone.code()
    await sign_in.sign_in(people, guarded.credentials(used), VISIT)
    with pytest.raises(SecondFactorInvalid):
        await sign_in.sign_in(people, guarded.credentials(used), VISIT)
    with pytest.raises(CodeNotRight):
        await own.renew(people, guarded.identity, used, VISIT)
    clock.advance(STEP)
    await sign_in.sign_in(people, guarded.credentials(guarded.phone.code()), VISIT)


@pytest.mark.parametrize("kind", ["by time", "recovery"])
async def test_of_two_at_once_with_one_code_one_gets_in(
    people: People, guarded: Guarded, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    code = guarded.phone.code() if kind == "by time" else guarded.codes[0]
    is_right = actions.is_right

    async def right_when_the_other_waits(*arguments: object) -> bool:
        if not first.is_set():
            first.set()
            await until_somebody_waits_for_a_lock(people.database)
        return await is_right(*arguments)  # type: ignore[arg-type]

    first = asyncio.Event()
    monkeypatch.setattr(actions, "is_right", right_when_the_other_waits)
    done = await asyncio.gather(
        *(sign_in.sign_in(people, guarded.credentials(code), VISIT) for _ in range(2)), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in done) == ["SecondFactorInvalid", "SignedIn"]


async def test_recovery_codes_each_open_once(people: People, guarded: Guarded) -> None:
    for number, code in enumerate(guarded.codes):
        typed = code if number % 2 else f" {code.upper().replace('-', ' ')} "
        await sign_in.sign_in(people, guarded.credentials(typed), VISIT)
        with pytest.raises(SecondFactorInvalid):
            await sign_in.sign_in(people, guarded.credentials(code), VISIT)
        assert await own.recovery_codes_left(people, guarded.identity) == 9 - number


async def test_recovery_codes_are_the_persons_own(people: People, guarded: Guarded, clock: ManualClock) -> None:
    account = new_founder()
    identity = identity_of(people, await accounts.sign_up(people, account, VISIT))
    await confirm_address(people, identity)
    phone = Authenticator((await own.begin(people, identity, VISIT)).secret, clock)
    await own.confirm(people, identity, phone.code(), VISIT)
    with pytest.raises(SecondFactorInvalid):
        await sign_in.sign_in(people, Credentials(account.email, PASSWORD, guarded.codes[0]), VISIT)
    with pytest.raises(SecondFactorInvalid):
        await sign_in.sign_in(people, guarded.credentials(phone.code(1)), VISIT)


async def test_new_recovery_codes_end_the_old_ones(people: People, guarded: Guarded) -> None:
    with pytest.raises(CodeNotRight):
        await own.renew(people, guarded.identity, guarded.phone.wrong(), VISIT)
    fresh = await own.renew(people, guarded.identity, guarded.codes[0], VISIT)
    assert not set(fresh) & set(guarded.codes)
    for old in guarded.codes:
        with pytest.raises(SecondFactorInvalid):
            await sign_in.sign_in(people, guarded.credentials(old), VISIT)
    await sign_in.sign_in(people, guarded.credentials(fresh[0]), VISIT)


async def test_switched_off_it_is_gone(people: People, guarded: Guarded) -> None:
    with pytest.raises(CodeNotRight):
        await own.disable(people, guarded.identity, guarded.phone.wrong(), VISIT)
    await own.disable(people, guarded.identity, guarded.phone.code(), VISIT)
    await sign_in.sign_in(people, guarded.credentials(), VISIT)
    row = await one(
        people.database,
        "SELECT totp_secret, totp_enabled_at, totp_last_step, (SELECT count(*) FROM recovery_codes) FROM people",
    )
    assert row == (None, None, None, 0)
    for repeat in (
        own.disable(people, guarded.identity, guarded.phone.code(), VISIT),
        own.renew(people, guarded.identity, guarded.phone.code(), VISIT),
    ):
        with pytest.raises(SecondFactorOff):
            await repeat


async def test_nothing_readable_is_stored_and_nothing_of_it_is_logged(people: People, guarded: Guarded) -> None:
    row = await one(
        people.database,
        "SELECT string_agg(p::text, ' '), (SELECT string_agg(r::text, ' ') FROM recovery_codes r), "
        "(SELECT string_agg(a::text, ' ') FROM audit_events a) FROM people p",
    )
    stored = " ".join(row)
    hexed = guarded.phone.secret.encode().hex()
    assert guarded.phone.secret not in stored
    assert hexed not in stored
    assert not [code for code in guarded.codes if code in stored or code.encode().hex() in stored]
    actions_told = await one(people.database, "SELECT array_agg(action ORDER BY id) FROM audit_events")
    assert actions_told[0][-2:] == ["second_factor.begun", "second_factor.enabled"]


async def test_another_key_of_the_installation_keeps_it_working(
    people: People, guarded: Guarded, keys: KeyRing, clock: ManualClock
) -> None:
    old, new = "a secret of the tests, long enough to be one", "a new secret of the tests, as long as that"
    assert keys.keys("x") == KeyRing(old).keys("x")
    both = replace(people, keys=KeyRing(new, (old,)))
    await sign_in.sign_in(both, guarded.credentials(guarded.phone.code()), VISIT)
    await sign_in.sign_in(both, guarded.credentials(guarded.codes[0]), VISIT)
    with pytest.raises(SecondFactorInvalid):
        await sign_in.sign_in(both, guarded.credentials(guarded.codes[0]), VISIT)
    await rotate(people.database, both.keys, EncryptedColumn("people", ("id",), "totp_secret"))
    alone = replace(people, keys=KeyRing(new))
    clock.advance(STEP)
    await sign_in.sign_in(alone, guarded.credentials(guarded.phone.code()), VISIT)


async def test_tries_at_the_code_are_counted_by_person_wherever_they_come_from(
    people: People, guarded: Guarded
) -> None:
    limited = replace(people, limiter=Limiter(None, {"account": "4/hour"}))
    # A place that is known: only the tries at the code are counted here.
    for _ in range(2):
        with pytest.raises(SecondFactorInvalid):
            await sign_in.sign_in(limited, guarded.credentials(guarded.phone.wrong()), VISIT)
    challenge = await challenge_of(limited, guarded)
    for _ in range(2):
        with pytest.raises(SecondFactorInvalid):
            await sign_in.complete(limited, challenge, guarded.phone.wrong(), VISIT)
    for attempt in (
        sign_in.complete(limited, challenge, guarded.phone.code(), VISIT),
        sign_in.sign_in(limited, guarded.credentials(guarded.phone.code()), VISIT),
    ):
        with pytest.raises(RateLimited):
            await attempt


async def test_tries_from_elsewhere_do_not_wear_out_the_owners(people: People, guarded: Guarded) -> None:
    limited = replace(people, limiter=Limiter(None, {"account": "4/hour"}))
    # Somebody who has the password, from many places.
    for number in range(4):
        elsewhere = Visit(f"198.51.100.{number}", "a stranger")
        with pytest.raises((SecondFactorInvalid, RateLimited)):
            await sign_in.sign_in(limited, guarded.credentials(guarded.phone.wrong()), elsewhere)
    with pytest.raises(RateLimited):
        await sign_in.sign_in(limited, guarded.credentials(guarded.phone.code()), Visit("198.51.100.9", "a stranger"))
    assert await sign_in.sign_in(limited, guarded.credentials(guarded.phone.code()), VISIT)


async def test_switching_it_on_signs_out_whoever_came_with_the_password_alone(
    people: People, clock: ManualClock
) -> None:
    account = new_founder()
    identity = identity_of(people, await accounts.sign_up(people, account, VISIT))
    await confirm_address(people, identity)
    other = await sign_in.sign_in(people, Credentials(account.email, PASSWORD), VISIT)
    phone = Authenticator((await own.begin(people, identity, VISIT)).secret, clock)
    await own.confirm(people, identity, phone.code(), VISIT)
    with pytest.raises(RefreshTokenInvalid):
        await sessions.refresh(people, other.tokens.refresh_token)


async def test_a_made_up_challenge_uses_up_nobodys_tries(people: People, guarded: Guarded) -> None:
    limited = replace(people, limiter=Limiter(None, {"account": "2/hour"}))
    person = guarded.identity.person_id
    foreign = KeyRing("a secret of somebody else, long enough to be one")
    for _ in range(5):
        made_up = proofs.issue_challenge(foreign, person, "any hash", people.clock.now())
        with pytest.raises(ChallengeOver):
            await sign_in.complete(limited, made_up, "123456", VISIT)
    challenge = await challenge_of(limited, guarded)
    assert await sign_in.complete(limited, challenge, guarded.phone.code(), VISIT)


async def test_the_second_step_is_open_for_ten_minutes(people: People, guarded: Guarded, clock: ManualClock) -> None:
    challenge = await challenge_of(people, guarded)
    clock.advance(timedelta(minutes=10))
    assert await sign_in.complete(people, challenge, guarded.phone.code(), VISIT)
    clock.advance(timedelta(seconds=1))
    with pytest.raises(ChallengeOver):
        await sign_in.complete(people, challenge, guarded.phone.code(1), VISIT)


@pytest.mark.parametrize(
    "change",
    ["password_hash = 'another'", "disabled_at = now()", "totp_enabled_at = NULL, totp_secret = NULL"],
    ids=["password", "closed", "switched off"],
)
async def test_the_second_step_is_over_when_the_first_would_be(people: People, guarded: Guarded, change: str) -> None:
    challenge = await challenge_of(people, guarded)
    await run(people.database, f"UPDATE people SET {change} WHERE id = %s", guarded.identity.person_id)
    with pytest.raises(ChallengeOver):
        await sign_in.complete(people, challenge, guarded.phone.code(), VISIT)


async def test_a_challenge_changed_anywhere_is_none(people: People, guarded: Guarded) -> None:
    challenge = await challenge_of(people, guarded)
    for place in range(0, len(challenge), 7):
        letter = "A" if challenge[place] != "A" else "B"
        with pytest.raises(ChallengeOver):
            await sign_in.complete(
                people, challenge[:place] + letter + challenge[place + 1 :], guarded.phone.code(), VISIT
            )
    device = proofs.issue_device(people.keys, guarded.identity.person_id)
    for other in ("", "x", challenge + "AAAA", challenge[:-4], device, "é" * 64):
        with pytest.raises(ChallengeOver):
            await sign_in.complete(people, other, guarded.phone.code(), VISIT)
    assert await sign_in.complete(people, challenge, guarded.phone.code(), VISIT)
