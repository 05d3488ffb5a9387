"""Time, identifiers, text, phones, e-mails, refusals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamhub.kit import ids
from kamhub.kit.clock import ManualClock, SystemClock
from kamhub.kit.email import parse_email
from kamhub.kit.errors import Refusal
from kamhub.kit.phone import format_phone, parse_phone
from kamhub.kit.text import Names, clean_line, clean_text


def test_clocks_tell_utc() -> None:
    before = datetime.now(UTC)
    now = SystemClock().now()
    assert before <= now <= datetime.now(UTC)
    assert now.tzinfo is UTC

    noon = datetime(2026, 11, 24, 12, tzinfo=timezone(timedelta(hours=12)))
    clock = ManualClock(noon)
    assert clock.now() == noon
    assert clock.now().tzinfo is UTC
    clock.advance(timedelta(minutes=5))
    clock.advance(timedelta(minutes=-2))
    assert clock.now() == noon + timedelta(minutes=3)


def test_ids_are_version_7_and_in_order() -> None:
    made = [ids.new_id() for _ in range(1000)]
    assert all(each.version == 7 for each in made)
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_codes_have_eight_characters_of_the_alphabet() -> None:
    made = [ids.new_code() for _ in range(2000)]
    assert {len(code) for code in made} == {8}
    assert set("".join(made)) == set(ids.CODE_ALPHABET)
    assert len(set(made)) == len(made)
    assert not set(ids.CODE_ALPHABET) & set("01OILUV")


def test_a_code_is_made_again_when_too_few_bytes_are_even(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = iter([b"\xff" * 16, bytes(range(16))])
    monkeypatch.setattr("secrets.token_bytes", lambda _: next(sources))
    assert ids.new_code() == ids.CODE_ALPHABET[:8]


@pytest.mark.parametrize("typed", ["ABCD2345", "abcd-2345", " ab cd 23 45 ", "AbCd\u00a02345", "abcd - 2345\n"])
def test_a_code_is_read_however_it_is_typed(typed: str) -> None:
    assert ids.normalise_code(typed) == "ABCD2345"


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("  Анна \t Ёлкина\n", "Анна Ёлкина"),
        ("Й" + "и\u0306", "Йй"),
        ("a\x00b\u202ec\u200bd", "a b c d"),
        ("\x00\x01", ""),
        ("О'Нил <b>; DROP TABLE bookings", "О'Нил <b>; DROP TABLE bookings"),
    ],
)
def test_a_line_is_what_was_meant(typed: str, line: str) -> None:
    assert clean_line(typed) == line


@given(st.text())
def test_cleaning_is_done_once_and_for_all(text: str) -> None:
    line = clean_line(text)
    assert clean_line(line) == line
    assert "\x00" not in line
    assert line == line.strip()
    block = clean_text(text)
    assert clean_text(block) == block


def test_a_block_keeps_its_lines() -> None:
    assert clean_text(" два  слова\r\n\r\nконец\x07\r ") == "два слова\n\nконец"


def test_names_in_two_languages() -> None:
    names = Names("Паратунка", "Paratunka")
    assert [names.in_locale(locale) for locale in ("ru", "en", "de")] == ["Паратунка", "Paratunka", "Паратунка"]
    assert names.as_json() == {"ru": "Паратунка", "en": "Paratunka"}


@pytest.mark.parametrize(
    "typed",
    [
        "+79141234567",
        "89141234567",
        "8 (914) 123-45-67",
        "+7 914 123 45 67",
        "7 914 123-45-67",
        "914 123 45 67",
        "8-914-123-45-67",
        "+7(914)1234567",
        "тел. 8 914 123 45 67",
        "+7\u00a0914\u00a0123\u201145\u201167",
    ],
)
def test_one_phone_in_many_spellings(typed: str) -> None:
    assert parse_phone(typed) == "+79141234567"


def test_phones_of_other_countries() -> None:
    assert parse_phone("+1 (907) 555-0123") == "+19075550123"
    assert parse_phone("02 9374 4000", "AU") == "+61293744000"
    assert format_phone("+79141234567") == "+7 914 123-45-67"


@pytest.mark.parametrize(
    "typed", ["", "Анна", "123", "+7914123456789", "+00000000000", "+7 000 000 00 00", "@", "1" * 40]
)
def test_what_is_no_phone_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="not a phone number"):
        parse_phone(typed)


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("Anna@Example.ORG", "anna@example.org"),
        ("a.b+c@mail.test", "a.b+c@mail.test"),
        ("анна@почта.рф", "анна@почта.рф"),
    ],
)
def test_addresses_are_kept_in_lower_case(typed: str, address: str) -> None:
    assert parse_email(typed) == address


@pytest.mark.parametrize("typed", ["", "anna", "@x.org", "a@", "a@b", "a b@x.org", "a@x..org", "a@x.org, b@x.org"])
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        parse_email(typed)


def test_a_refusal_says_its_title_unless_told_more() -> None:
    plain = Refusal()
    assert (plain.code, plain.status, plain.detail, plain.extra, plain.headers) == (
        "refused",
        400,
        Refusal.title,
        {},
        {},
    )
    told = Refusal("сорт", extra={"seats": 1}, headers={"Retry-After": "1"})
    assert (str(told), told.extra, told.headers) == ("сорт", {"seats": 1}, {"Retry-After": "1"})
