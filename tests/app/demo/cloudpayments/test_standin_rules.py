"""Signature, cards, answers and waits: everything that needs no server."""

from __future__ import annotations

import ast
import re
import sys
from datetime import date
from pathlib import Path

import pytest

import kamhub.app.demo.cloudpayments as package
from kamhub.app.demo.cloudpayments.cards import GROUPS, luhn_valid, read_card
from kamhub.app.demo.cloudpayments.fields import Fields, web_origin
from kamhub.app.demo.cloudpayments.rules import check_reason, day_bounds, retry_wait
from kamhub.app.demo.cloudpayments.signature import signature_headers
from kamhub.app.demo.cloudpayments.texts import RUSSIAN, reason_text, translator
from kamhub.app.demo.cloudpayments.types import Reason, Refusal, Reply

TODAY = date(2026, 11, 24)
SOURCES = sorted(Path(str(package.__file__)).parent.glob("*.py"))


def test_signature_matches_the_vector() -> None:
    body = (
        b"TransactionId=1001&Amount=1500.00&Currency=RUB&InvoiceId=bk-42&AccountId=user%2B42"
        b"&Description=Spa+day&Data=%7B%22k%22%3A%22%D0%B0%22%7D"
    )
    assert signature_headers("s3cret-api", body) == {
        "Content-HMAC": "Xr8lDAMR04kg2oYL4LsHdOa1+Z8pib5QWKZ5ydORXJM=",
        "X-Content-HMAC": "9MyQNbeY+OUr2Qv1OaDKaWSOyw9M0ugRIyl09cCjajo=",
    }


def test_only_the_standard_library_and_the_own_package_are_imported() -> None:
    assert SOURCES
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level <= 1, source
                names = [] if node.level else [str(node.module)]
            else:
                continue
            assert all(name.partition(".")[0] in sys.stdlib_module_names for name in names), source


def test_every_text_is_there_in_russian() -> None:
    quoted = re.compile(r'say\(\s*"([^"]+)"|Refusal\("([^"]+[.])"\)|title, text = "([^"]+)", "([^"]+)"')
    for source in SOURCES:
        for match in quoted.finditer(source.read_text("utf-8")):
            assert set(filter(None, match.groups())) <= RUSSIAN.keys(), source
    for reason in Reason:
        assert reason_text(reason, translator("ru-RU")) != reason_text(reason, translator("en-US"))
    assert all(group.title in RUSSIAN for group in GROUPS)


@pytest.mark.parametrize("number", [number for group in GROUPS for number in group.numbers])
def test_documented_cards_are_taken(number: str) -> None:
    card = read_card({"number": number, "expiry": "11/26", "cvv": "000"}, TODAY)
    assert (card.first_six, card.last_four) == (number[:6], number[-4:])
    assert not luhn_valid(number[:-1] + str((int(number[-1]) + 1) % 10))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"number": "4000 0000 0000 3056"}, "Check the card number."),
        ({"number": ""}, "Check the card number."),
        ({"number": "٤" * 16}, "Check the card number."),
        ({"number": "4929 0000 0000 0000"}, "Never type a real card"),
        ({"expiry": "10/26"}, "The card has expired."),
        ({"expiry": "13/30"}, "month/year"),
        ({"cvv": "12"}, "3 digits"),
    ],
)
def test_wrong_cards_are_refused(change: dict[str, str], message: str) -> None:
    good = {"number": "4000 0000 0000 3055", "expiry": "11/26", "cvv": "123"}
    read_card(good, TODAY)
    with pytest.raises(Refusal, match=re.escape(message)):
        read_card(good | change, TODAY)


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(200, '{"code":0}'), None),
        (Reply(200, '{"code":10}'), 3001),
        (Reply(200, '{"code":11}'), 3002),
        (Reply(200, '{"code":12}'), 3003),
        (Reply(200, '{"code":13}'), 3008),
        (Reply(200, '{"code":20}'), 3004),
        (Reply(200, '{"code":7}'), 3005),
        (Reply(200, '{"code":"0"}'), 3005),
        (Reply(200, '{"code":false}'), 3005),
        (Reply(200, ""), 3005),
        (Reply(None, "TimeoutError"), 3006),
        (Reply(404, '{"code":0}'), 3007),
        (Reply(301, ""), 3007),
    ],
)
def test_answers_to_check(reply: Reply, code: int | None) -> None:
    reason = check_reason(reply)
    assert (reason.code if reason else None) == code


def test_waits_between_attempts() -> None:
    assert [retry_wait(attempts, 1.0) for attempts in (1, 2, 3, 4, 5, 6, 99)] == [
        60,
        120,
        300,
        600,
        1800,
        1800,
        1800,
    ]
    assert retry_wait(100, 1.0) is None


def test_day_of_a_zone() -> None:
    utc_start, utc_end = day_bounds("2026-11-24", "UTC")
    assert utc_end - utc_start == 24 * 3600
    assert utc_start - day_bounds("2026-11-24", "PETT")[0] == 12 * 3600
    for day, zone in (("2026-02-30", "UTC"), ("2026-11-24", "MARS"), ("9999-12-31", "UTC")):
        with pytest.raises(Refusal):
            day_bounds(day, zone)


@pytest.mark.parametrize("amount", ["0", "0.001", "10.005", "-1", "NaN", "1e999999", "x", True, [], None])
def test_wrong_amounts_are_refused(amount: object) -> None:
    assert Fields({"Amount": "1500.10"}).amount() == 150010
    assert Fields({"Amount": "1500.100"}).amount() == 150010
    with pytest.raises(Refusal):
        Fields({"Amount": amount}).amount()


def test_addresses_for_redirects() -> None:
    assert web_origin("http://127.0.0.1:8000/b/1?x=2") == "http://127.0.0.1:8000"
    for url in (
        "javascript:alert(1)",
        "//shop.example/",
        "http://a b/",
        "http://x/\r\nSet-Cookie: a=b",
        "http://a;b/",
    ):
        with pytest.raises(Refusal):
            Fields({"SuccessRedirectUrl": url}).address("SuccessRedirectUrl")
