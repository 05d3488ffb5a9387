"""Codes by time and recovery codes, as texts."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamhub.platform.second_factor import rules

SECRET = base64.b32encode(b"12345678901234567890").decode()
NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1_111_111_109, "07081804"),
        (1_111_111_111, "14050471"),
        (1_234_567_890, "89005924"),
        (2_000_000_000, "69279037"),
        (20_000_000_000, "65353130"),
    ],
)
def test_the_vectors_of_rfc_6238(seconds: int, code: str) -> None:
    """Appendix B, SHA-1; of its eight digits we ask for the last six."""
    moment = datetime.fromtimestamp(seconds, UTC)
    assert rules.code_at(SECRET, rules.step_at(moment)) == code[-6:]
    assert rules.step_of_code(SECRET, code[-6:], moment, None) == seconds // 30


@pytest.mark.parametrize("offset", range(-3, 4))
def test_a_step_to_either_side_is_taken(offset: int) -> None:
    step = rules.step_at(NOW) + offset
    taken = rules.step_of_code(SECRET, rules.code_at(SECRET, step), NOW, None)
    assert taken == (step if abs(offset) <= 1 else None)


@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_a_code_counts_once_and_none_before_it(offset: int) -> None:
    last = rules.step_at(NOW) + offset
    for step in range(rules.step_at(NOW) - 1, last + 1):
        assert rules.step_of_code(SECRET, rules.code_at(SECRET, step), NOW, last) is None
    later = NOW + timedelta(seconds=30 * (offset + 1))
    assert rules.step_of_code(SECRET, rules.code_at(SECRET, last + 1), later, last) == last + 1


def test_spaces_are_no_part_of_a_code() -> None:
    code = rules.code_at(SECRET, rules.step_at(NOW))
    assert rules.step_of_code(SECRET, f" {code[:3]} {code[3:]} ", NOW, None) is not None


@given(st.text(max_size=20))
def test_any_text_is_no_code(text: str) -> None:
    right = {rules.code_at(SECRET, rules.step_at(NOW) + offset) for offset in (-1, 0, 1)}
    assert (rules.step_of_code(SECRET, text, NOW, None) is not None) == ("".join(text.split()) in right)


def test_secrets_are_of_160_bits() -> None:
    made = {rules.new_secret() for _ in range(50)}
    assert len(made) == 50
    assert {len(base64.b32decode(secret)) for secret in made} == {20}


def test_what_an_authenticator_scans() -> None:
    uri = urlsplit(rules.provisioning_uri(SECRET, "анна+1@people.example", "Kamchatour Hub"))
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert unquote(uri.path) == "/Kamchatour Hub:анна+1@people.example"
    assert parse_qs(uri.query) == {
        "secret": [SECRET],
        "issuer": ["Kamchatour Hub"],
        "digits": ["6"],
        "period": ["30"],
    }


def test_recovery_codes_differ_and_are_read_however_they_are_typed() -> None:
    codes = rules.new_recovery_codes()
    assert len(set(codes)) == 10
    for code in codes:
        assert re.fullmatch(r"[a-hjkmnp-z2-9]{5}-[a-hjkmnp-z2-9]{5}", code)  # nothing that looks like another
        spellings = (code, code.upper(), code.replace("-", ""), code.replace("-", " "), f"  {code[:5]} - {code[6:]} ")
        assert {rules.normalised_recovery_code(spelling) for spelling in spellings} == {code}
    for other in ("", "123456", codes[0][:-1], codes[0] + "a"):
        assert rules.normalised_recovery_code(other) is None
