"""Switching the second factor on and off, and checking a code."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from uuid import UUID

from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.database.pool import Connection
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Person
from kamhub.platform.second_factor import rules, store
from kamhub.platform.second_factor.types import (
    CodeNotRight,
    Enrolment,
    Factor,
    SecondFactorOff,
    SecondFactorOn,
)

_ISSUER = "Kamchatour Hub"
_RECOVERY_PURPOSE = "recovery-code"
# Counted by person, on top of what is counted by address: six digits can be guessed by a botnet.
_ATTEMPTS = "second-factor"


async def begin(people: People, connection: Connection, person: Person) -> Enrolment:
    """A fresh secret to put into an authenticator; nothing is asked for until ``confirm``. Raises ``SecondFactorOn``."""
    factor = await store.lock_factor(connection, person.id)
    if factor.enabled_at is not None:
        raise SecondFactorOn
    secret = rules.new_secret()
    await store.set_secret(connection, person.id, people.keys.encrypt(secret))
    return enrolment(secret, person.email)


async def pending(people: People, person_id: UUID, email: str) -> Enrolment | None:
    """The enrolment that was begun and waits for its first code."""
    async with people.database.system() as connection:
        factor = await store.lock_factor(connection, person_id)
    if factor.secret is None or factor.enabled_at is not None:
        return None
    return enrolment(people.keys.decrypt(factor.secret), email)


def enrolment(secret: str, email: str) -> Enrolment:
    """What is shown of a secret."""
    return Enrolment(secret, rules.provisioning_uri(secret, email, _ISSUER))


async def confirm(people: People, connection: Connection, person_id: UUID, code: str) -> tuple[str, ...]:
    """Switch it on with the first code; returns the recovery codes, shown this once.

    Raises ``SecondFactorOn``, ``SecondFactorOff`` when nothing was begun, ``CodeNotRight``.
    """
    now = people.clock.now()
    factor = await store.lock_factor(connection, person_id)
    if factor.enabled_at is not None:
        raise SecondFactorOn
    if factor.secret is None:
        raise SecondFactorOff
    if not await _take_time_code(connection, people.keys, person_id, factor, code, now):
        raise CodeNotRight
    await store.enable(connection, person_id, now)
    return await _new_recovery_codes(people, connection, person_id)


async def disable(people: People, connection: Connection, person_id: UUID, code: str) -> None:
    """Switch it off. Raises ``SecondFactorOff``, ``CodeNotRight``."""
    await _require(people, connection, person_id, code)
    await store.disable(connection, person_id)


async def renew_recovery_codes(people: People, connection: Connection, person_id: UUID, code: str) -> tuple[str, ...]:
    """New recovery codes in place of the old. Raises ``SecondFactorOff``, ``CodeNotRight``."""
    await _require(people, connection, person_id, code)
    return await _new_recovery_codes(people, connection, person_id)


async def count_attempt(people: People, person_id: UUID, place: str = "") -> None:
    """Count a try at a code; one from a known place (its name) apart from all others, so that nobody wears out the
    owner's. Raises ``RateLimited``, ``LimiterUnavailable``."""
    if people.limiter is not None:
        await people.limiter.hit("account", _ATTEMPTS, f"{person_id}/{place}")


async def is_right(connection: Connection, keys: KeyRing, person_id: UUID, code: str, now: datetime) -> bool:
    """Whether it is a code by time or a recovery code of that person; it is spent by this."""
    factor = await store.lock_factor(connection, person_id)
    if factor.enabled_at is None:
        return False
    if await _take_time_code(connection, keys, person_id, factor, code, now):
        return True
    recovery = rules.normalised_recovery_code(code)
    if recovery is None:
        return False
    return await store.use_recovery_code(connection, person_id, _digests(keys, person_id, recovery), now)


async def _require(people: People, connection: Connection, person_id: UUID, code: str) -> None:
    factor = await store.lock_factor(connection, person_id)
    if factor.enabled_at is None:
        raise SecondFactorOff
    if not await is_right(connection, people.keys, person_id, code, people.clock.now()):
        raise CodeNotRight


async def _take_time_code(
    connection: Connection, keys: KeyRing, person_id: UUID, factor: Factor, code: str, now: datetime
) -> bool:
    if factor.secret is None:
        return False
    step = rules.step_of_code(keys.decrypt(factor.secret), code, now, factor.last_step)
    if step is None:
        return False
    await store.note_step(connection, person_id, step)
    return True


async def _new_recovery_codes(people: People, connection: Connection, person_id: UUID) -> tuple[str, ...]:
    codes = rules.new_recovery_codes()
    hashes = [_digests(people.keys, person_id, code)[0] for code in codes]
    await store.replace_recovery_codes(connection, person_id, hashes)
    return codes


def _digests(keys: KeyRing, person_id: UUID, code: str) -> list[bytes]:
    """By the current key first, then by the earlier ones: 50 bits are too few for a bare hash."""
    message = person_id.bytes + code.encode()
    return [hmac.digest(key, message, hashlib.sha256) for key in keys.keys(_RECOVERY_PURPOSE)]
