"""The token of a mailed link: ours, for one purpose, unchanged, or nothing."""

from __future__ import annotations

from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.mailed_link.rules import read_token, token_of
from kamhub.platform.mailed_link.types import Purpose

PURPOSES: tuple[Purpose, ...] = ("password_reset", "email_confirmation")


def test_a_token_is_good_for_its_purpose_alone(keys: KeyRing) -> None:
    link = uuid4()
    for purpose in PURPOSES:
        token = token_of(keys, purpose, link)
        assert token.isascii()
        assert {other: read_token(keys, other, token) for other in PURPOSES} == {
            other: link if other == purpose else None for other in PURPOSES
        }


def test_a_changed_token_is_none(keys: KeyRing) -> None:
    token = token_of(keys, "password_reset", uuid4())
    for place in range(len(token) - 1):
        letter = "A" if token[place] != "A" else "B"
        assert read_token(keys, "password_reset", token[:place] + letter + token[place + 1 :]) is None
    for other in (
        token + "AAAA",
        token[:-4],
        "",
        "é",
        "=" * 54,
        token_of(KeyRing("x" * 40), "password_reset", uuid4()),
    ):
        assert read_token(keys, "password_reset", other) is None


def test_links_that_are_under_way_survive_another_key() -> None:
    link = uuid4()
    token = token_of(KeyRing("the old secret of the tests"), "password_reset", link)
    both = KeyRing("the new secret of the tests", ("the old secret of the tests",))
    assert read_token(both, "password_reset", token) == link


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(token=st.text(max_size=80))
def test_any_text_is_none(keys: KeyRing, token: str) -> None:
    assert read_token(keys, "password_reset", token) is None
