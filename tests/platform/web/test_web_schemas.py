"""The common types of input: tidied, bounded, refused in words of either language."""

from __future__ import annotations

import time
from typing import Annotated, Any

import pytest
from litestar.datastructures import Headers
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from kamhub.platform.i18n.form_errors import OTHERWISE, faults_of, form_errors
from kamhub.platform.web.json import MAX_DEPTH, parse_json
from kamhub.platform.web.problems import (
    BodyUnreadable,
    FieldError,
    InputInvalid,
    NotFound,
    document,
    locale_of_call,
    reply,
)
from kamhub.platform.web.schemas import (
    Amount,
    Date,
    Email,
    Form,
    MoneyForm,
    PageForm,
    PageParameters,
    PersonName,
    Phone,
    Remark,
    Slug,
    TimeOfDay,
)


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        (PersonName, "  Анна \t Ёлкина ", "Анна Ёлкина"),
        (Email, " Anna@Example.ORG ", "anna@example.org"),
        (Phone, "8 (914) 123-45-67", "+79141234567"),
        (Remark, " лыжи\r\n2 пары ", "лыжи\n2 пары"),
        (Slug, " yelizovo-airport ", "yelizovo-airport"),
        (TimeOfDay, "08:00", "08:00"),
        (Amount, 0, 0),
    ],
)
def test_what_is_kept(kind: Any, given: object, kept: object) -> None:
    assert TypeAdapter(kind).validate_python(given) == kept


@pytest.mark.parametrize(
    ("kind", "given", "code", "english", "russian"),
    [
        (PersonName, " А ", "string_too_short", "At least 2 characters.", "Не меньше 2 знаков."),
        (PersonName, "", "string_too_short", "Fill this in, please.", "Заполните, пожалуйста."),
        (Remark, "я" * 501, "string_too_long", "At most 500 characters.", "Не больше 500 знаков."),
        (Email, "anna", "email", "This does not look like an e-mail address.", None),
        (Phone, "123", "phone", None, None),
        (Slug, "Not a slug", "slug", None, None),
        (Slug, "a--b", "slug", None, None),
        (TimeOfDay, "24:00", "string_pattern_mismatch", OTHERWISE, None),
        (Amount, -1, "greater_than_equal", "Not less than 0.", None),
        (Amount, "5", "int_type", "Write a whole number.", None),
        (Date, "1999-12-31", "greater_than_equal", None, None),
        (Date, "завтра", "date_from_datetime_parsing", "Choose a date.", None),
        (Annotated[list[str], Field(min_length=2)], ["x"], "too_short", "At least 2 entries.", "Не меньше 2 записей."),
        (Annotated[list[str], Field(max_length=1)], ["x", "y"], "too_long", "At most 1 entry.", "Не больше 1 записи."),
    ],
)
def test_what_is_refused_and_how(kind: Any, given: object, code: str, english: str | None, russian: str | None) -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(kind).validate_python(given)
    [fault] = faults_of(refused.value)
    assert fault.code == code
    assert fault.sentence("en") == (english or fault.sentence("en"))
    assert fault.sentence("ru") == (russian or fault.sentence("ru"))
    assert fault.sentence("ru") != fault.sentence("en"), "no Russian sentence"


class Party(Form):
    name: PersonName
    seats: Annotated[int, Field(strict=True, ge=1)] = 1


def test_unknown_fields_are_refused_on_writes_and_their_values_kept_out_of_the_error() -> None:
    with pytest.raises(ValidationError) as refused:
        Party.model_validate({"name": "Анна", "role": "s3cret"})
    assert form_errors(refused.value, "en") == {"role": "This field is not known."}
    assert "s3cret" not in str(refused.value)
    with pytest.raises(ValidationError):
        Party.model_validate({"name": "Анна", "csrf_token": "x"})


def test_a_form_of_a_page_brings_its_token() -> None:
    class Asked(PageForm):
        name: PersonName

    assert Asked.model_validate({"name": "Анна", "csrf_token": "x"}).name == "Анна"
    with pytest.raises(ValidationError):
        Asked.model_validate({"name": "Анна", "token": "x"})


def test_pages_of_a_list_have_their_bounds() -> None:
    assert (PageParameters().offset, PageParameters.model_validate({"page": "3", "page_size": "200"}).offset) == (
        0,
        400,
    )
    for wrong in ({"page": "0"}, {"page": "10001"}, {"page_size": "0"}, {"page_size": "201"}, {"page": "x"}):
        with pytest.raises(ValidationError):
            PageParameters.model_validate(wrong)


def test_money_has_a_currency_of_three_letters() -> None:
    assert MoneyForm(amount=150_000).model_dump() == {"amount": 150_000, "currency": "RUB"}
    for wrong in ({"amount": 1.5}, {"amount": 10**13}, {"amount": 1, "currency": "rub"}):
        with pytest.raises(ValidationError):
            MoneyForm.model_validate(wrong)


class Nested(BaseModel):
    inner: Any = None


def test_a_body_may_be_nested_so_deep_and_no_deeper() -> None:
    for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
        good = b'{"inner":' + opening * (MAX_DEPTH - 1) + b"1" + closing * (MAX_DEPTH - 1) + b"}"
        parse_json(good, Nested)
        deep = b'{"inner":' + opening * MAX_DEPTH + b"1" + closing * MAX_DEPTH + b"}"
        with pytest.raises(BodyUnreadable):
            parse_json(deep, Nested)
    wide = b'{"inner":[' + b",".join([b"[{}]"] * 5000) + b"]}"
    parse_json(wide, Nested)


def test_brackets_inside_texts_are_letters() -> None:
    for text in (b"[" * 100, b'\\"' * 3 + b"{" * 100, b"\\\\" + b"[" * 100):
        parse_json(b'{"inner":"' + text + b'"}', Nested)


@pytest.mark.parametrize(
    "body", [b'"' * 900_000, b'\\"' * 450_000, b'"' + b"\\" * 900_001, b"[" * 900_000, b'{"[' * 300_000]
)
def test_no_body_is_looked_at_for_long(body: bytes) -> None:
    started = time.process_time()
    with pytest.raises((BodyUnreadable, InputInvalid)):
        parse_json(b"[" * 21 + body, Nested)
    assert time.process_time() - started < 1.0


@pytest.mark.parametrize(
    ("asked", "locale"),
    [
        (None, "en"),
        ("", "en"),
        ("ru", "ru"),
        ("de, ru;q=0.5", "ru"),
        ("en-GB,ru;q=0.9", "en"),
        ("de", "en"),
        ("*", "en"),
    ],
)
def test_a_program_gets_the_language_it_asks_for_else_english(asked: str | None, locale: str) -> None:
    assert locale_of_call(Headers({"accept-language": asked} if asked is not None else {})) == locale


def test_a_refusal_in_russian() -> None:
    with pytest.raises(InputInvalid) as refused:
        parse_json(b'{"name": "", "seats": "2", "vip": true}', Party)
    english, russian = document(refused.value), document(refused.value, "ru")
    for told in (english, russian):
        errors: Any = told["errors"]
        assert [(error["field"], error["code"]) for error in errors] == [
            ("name", "string_too_short"),
            ("seats", "int_type"),
            ("vip", "extra_forbidden"),
        ]
    assert english["title"] == "Some fields are not right"
    assert str(english["detail"]).startswith("name: Fill this in, please.")
    assert str(russian["detail"]).startswith("name: Заполните, пожалуйста.")
    assert english["title"] != russian["title"]
    answered = reply(NotFound(), locale="ru")
    assert (answered.headers["Content-Language"], answered.headers["Vary"]) == ("ru", "Accept-Language")


def test_our_own_fault_keeps_its_own_words() -> None:
    refusal = InputInvalid([FieldError("passenger_list", "The list is longer than the party.", "too_long")])
    assert refusal.errors("en")[0]["message"] == "The list is longer than the party."
