"""Access tokens: what we made is read, everything else is refused."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import timedelta
from uuid import uuid4

import jwt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kamhub.kit.clock import ManualClock
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.person.types import ROLES
from kamhub.platform.session.tokens import (
    ACCESS_SECONDS,
    digest,
    issue_access_token,
    new_opaque_token,
    read_access_token,
)
from kamhub.platform.session.types import Identity
from kamhub.platform.web.problems import Unauthenticated

MEMBER = Identity(uuid4(), uuid4(), "dispatcher", uuid4())


def encoded(data: object) -> str:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def claims_of(clock: ManualClock, **changes: object) -> dict[str, object]:
    now = int(clock.now().timestamp())
    good: dict[str, object] = {
        "iss": "kamhub",
        "aud": "kamhub",
        "sub": str(MEMBER.person_id),
        "sid": str(MEMBER.session_id),
        "org": str(MEMBER.organisation_id),
        "role": MEMBER.role,
        "iat": now,
        "exp": now + ACCESS_SECONDS,
        "jti": str(uuid4()),
    }
    return {name: value for name, value in (good | changes).items() if value is not ...}


@pytest.mark.parametrize("role", ROLES)
def test_a_token_tells_who_and_for_whom(keys: KeyRing, clock: ManualClock, role: str) -> None:
    identity = Identity(uuid4(), uuid4(), role, uuid4())  # type: ignore[arg-type]
    token = issue_access_token(keys, identity, clock.now())
    assert read_access_token(keys, token, clock.now()) == identity
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 900
    assert {"sub", "sid", "org", "role", "jti", "iss", "aud"} <= claims.keys()


def test_a_person_without_an_organisation(keys: KeyRing, clock: ManualClock) -> None:
    identity = Identity(uuid4(), None, None, uuid4())
    token = issue_access_token(keys, identity, clock.now())
    assert read_access_token(keys, token, clock.now()) == identity
    assert not {"org", "role"} & jwt.decode(token, options={"verify_signature": False}).keys()


def test_the_claims_these_tests_change_are_good_ones(keys: KeyRing, clock: ManualClock) -> None:
    token = jwt.encode(claims_of(clock), keys.keys("access-token")[0], "HS256")
    assert read_access_token(keys, token, clock.now()) == MEMBER


def test_a_token_lives_for_fifteen_minutes(keys: KeyRing, clock: ManualClock) -> None:
    token = issue_access_token(keys, MEMBER, clock.now())
    clock.advance(timedelta(seconds=899))
    assert read_access_token(keys, token, clock.now()) == MEMBER
    clock.advance(timedelta(seconds=1))
    with pytest.raises(Unauthenticated, match="expired"):
        read_access_token(keys, token, clock.now())


def test_a_replaced_secret_is_still_read_and_not_used(clock: ManualClock) -> None:
    old, new = "the old secret of this installation", "the new secret of this installation"
    token = issue_access_token(KeyRing(old), MEMBER, clock.now())
    both = KeyRing(new, (old,))
    assert read_access_token(both, token, clock.now()) == MEMBER
    fresh = issue_access_token(both, MEMBER, clock.now())
    assert read_access_token(KeyRing(new), fresh, clock.now()) == MEMBER
    with pytest.raises(Unauthenticated):
        read_access_token(KeyRing(new), token, clock.now())


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_changed_part_is_refused(keys: KeyRing, clock: ManualClock, part: int) -> None:
    parts = issue_access_token(keys, MEMBER, clock.now()).split(".")
    middle = len(parts[part]) // 2
    parts[part] = parts[part][:middle] + ("A" if parts[part][middle] != "A" else "B") + parts[part][middle + 1 :]
    with pytest.raises(Unauthenticated):
        read_access_token(keys, ".".join(parts), clock.now())


def test_a_higher_role_under_the_old_signature_is_refused(keys: KeyRing, clock: ManualClock) -> None:
    head, _, signature = issue_access_token(keys, MEMBER, clock.now()).split(".")
    with pytest.raises(Unauthenticated):
        read_access_token(keys, f"{head}.{encoded(claims_of(clock, role='owner'))}.{signature}", clock.now())


@pytest.mark.parametrize("name", ["none", "None", "NONE", ""])
@pytest.mark.parametrize("signature", ["", "AAAA"])
def test_a_token_signed_with_none_is_refused(keys: KeyRing, clock: ManualClock, name: str, signature: str) -> None:
    token = f"{encoded({'alg': name, 'typ': 'JWT'})}.{encoded(claims_of(clock))}.{signature}"
    with pytest.raises(Unauthenticated):
        read_access_token(keys, token, clock.now())


def test_another_algorithm_with_our_key_is_refused(keys: KeyRing, clock: ManualClock) -> None:
    signed = f"{encoded({'alg': 'HS512', 'typ': 'JWT'})}.{encoded(claims_of(clock))}"
    signature = hmac.digest(keys.keys("access-token")[0], signed.encode(), "sha512")
    token = f"{signed}.{encoded(signature)}"
    with pytest.raises(Unauthenticated):
        read_access_token(keys, token, clock.now())


def test_a_key_of_another_purpose_is_refused(keys: KeyRing, clock: ManualClock) -> None:
    token = jwt.encode(claims_of(clock), keys.keys("csrf")[0], "HS256")
    with pytest.raises(Unauthenticated):
        read_access_token(keys, token, clock.now())


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "other"},
        {"aud": "other"},
        {"aud": ["kamhub-other"]},
        {"role": "root"},
        {"role": ...},
        {"sub": "owner"},
        {"sid": "the last one"},
        {"org": "kamchatka-transfer"},
        {"iat": "now"},
        {"exp": None},
        *({name: ...} for name in ("iss", "aud", "sub", "sid", "iat", "exp", "jti")),
    ],
    ids=str,
)
def test_wrong_or_missing_claims_are_refused(keys: KeyRing, clock: ManualClock, changes: dict[str, object]) -> None:
    token = jwt.encode(claims_of(clock, **changes), keys.keys("access-token")[0], "HS256")
    with pytest.raises(Unauthenticated):
        read_access_token(keys, token, clock.now())


def test_a_life_longer_than_ours_and_an_issue_to_come_are_refused(keys: KeyRing, clock: ManualClock) -> None:
    now = int(clock.now().timestamp())
    for issued, expires in ((now - 100, now + 801), (now + 61, now + 900)):
        token = jwt.encode(claims_of(clock, iat=issued, exp=expires), keys.keys("access-token")[0], "HS256")
        with pytest.raises(Unauthenticated):
            read_access_token(keys, token, clock.now())


@pytest.mark.parametrize(
    "token",
    [
        "",
        "..",
        "a.b.c",
        "é.é.é",
        *(
            f"{encoded(header)}.e30.AAAA"
            for header in (
                b"[" * 50_000,
                b'{"a":' * 20_000,
                b"9" * 5_000,
                b'{"alg": "HS256"',
                ["alg"],
                {"alg": ["HS256"]},
                {"alg": "HS256", "kid": 7},
            )
        ),
    ],
    ids=lambda token: str(token)[:20],
)
def test_rubbish_is_refused(keys: KeyRing, clock: ManualClock, token: str) -> None:
    with pytest.raises(Unauthenticated):
        read_access_token(keys, token, clock.now())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(token=st.text(max_size=80) | st.from_regex(r"[\w-]{0,30}\.[\w-]{0,30}\.[\w-]{0,30}", fullmatch=True))
def test_any_text_is_refused(keys: KeyRing, clock: ManualClock, token: str) -> None:
    with pytest.raises(Unauthenticated):
        read_access_token(keys, token, clock.now())


def test_opaque_tokens_are_long_random_and_stored_as_a_digest() -> None:
    made = {new_opaque_token() for _ in range(100)}
    assert len(made) == 100
    assert {len(base64.urlsafe_b64decode(token + "=")) for token in made} == {32}
    assert {len(digest(token)) for token in made} == {32}
