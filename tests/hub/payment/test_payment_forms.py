"""Reading the bodies of notifications."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamhub.hub.payment.forms import MAX_FIELDS, read_fields, read_notification
from kamhub.hub.payment.types import Notification, NotificationKind, NotificationMalformed
from kamhub.kit.money import Money
from tests.hub.payment.support import BODIES, FORM

JSON = "application/json; charset=utf-8"
ACTED_ON: list[NotificationKind] = ["check", "pay", "fail", "confirm", "refund", "cancel"]
NEVER: list[NotificationKind] = ["receipt", "recurrent"]


def pay(**changes: str) -> Notification:
    return read_notification("pay", BODIES["pay"] | changes)


@pytest.mark.parametrize("kind", ACTED_ON)
def test_a_form_and_a_json_body_say_the_same(kind: NotificationKind) -> None:
    fields = BODIES[kind] | {"InvoiceId": "ABCD2345", "AccountId": "", "NewInSpring": "2026"}
    from_form = read_notification(kind, read_fields(urlencode(fields).encode(), FORM))
    numbers = fields | {"TransactionId": int(fields["TransactionId"]), "Amount": 2500.0, "AccountId": None}
    assert read_notification(kind, read_fields(json.dumps(numbers).encode(), JSON)) == from_form
    assert (from_form.amount, from_form.invoice, from_form.account) == (Money(250_000, "RUB"), "ABCD2345", None)


def test_a_json_body_is_known_by_its_look_too() -> None:
    assert read_fields(b' {"Amount": 1500.10, "Data": {"k": ["\xd0\xb0"]}, "TestMode": true}', FORM) == {
        "Amount": "1500.10",
        "Data": '{"k": ["а"]}',
        "TestMode": "true",
    }


def test_nested_data_stays_text_and_blanks_are_left_out() -> None:
    fields = {"Data": '{"cloudpayments":{"a":1}}', "Email": "", "Name": "  ", "Rrn": "1"}
    assert read_fields(urlencode(fields).encode(), FORM) == {"Data": fields["Data"], "Rrn": "1"}
    assert read_fields(json.dumps(fields | {"Token": None}).encode(), JSON) == {"Data": fields["Data"], "Rrn": "1"}


def test_of_a_field_sent_twice_the_last_counts_in_both_forms() -> None:
    assert read_fields(b"Amount=1&Amount=2", FORM) == {"Amount": "2"}
    assert read_fields(b'{"Amount": 1, "Amount": 2}', JSON) == {"Amount": "2"}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("Name=Анна".encode("cp1251"), FORM),
        (b"\xff\xfe\x00", JSON),
        (b"&".join(b"f%d=1" % n for n in range(MAX_FIELDS + 1)), FORM),
        (json.dumps({f"f{n}": 1 for n in range(MAX_FIELDS + 1)}).encode(), JSON),
        (b"", JSON),
        (b"{", FORM),
        (b"[]", JSON),
        (b"null", JSON),
        (b'"text"', JSON),
        (b'{"a": ' * 100_000, JSON),
        (b'{"a": %s1%s}' % (b"[" * 50_000, b"]" * 50_000), JSON),
        (b'{"Amount": 1.5.0}', JSON),
    ],
)
def test_what_cannot_be_read(body: bytes, content_type: str) -> None:
    with pytest.raises(NotificationMalformed):
        read_fields(body, content_type)


def test_depths_about_the_limit_of_the_reader_are_a_refusal_at_worst() -> None:
    for depth in range(850, 1001, 3):
        body = b'{"a": %s1%s}' % (b"[" * depth, b"]" * depth)
        try:
            read_fields(body, JSON)
        except NotificationMalformed:
            continue


def test_exactly_as_many_fields_as_are_allowed() -> None:
    assert len(read_fields(b"&".join(b"f%d=1" % n for n in range(MAX_FIELDS)), FORM)) == MAX_FIELDS


def test_windows_letters_in_an_escaped_form_spoil_only_themselves() -> None:
    fields = read_fields(b"TransactionId=1&Name=%CF%F0%E8", FORM)
    assert fields["TransactionId"] == "1"
    assert "�" in fields["Name"]


@pytest.mark.parametrize(
    "amount",
    [
        "", "0", "0.00", "-1", "-2500.00", "NaN", "sNaN", "Infinity", "-Infinity", "1e400", "1E+15", "1000000000000000",
        "0.001", "2500.005", "2 500", "2500,00", "0x10", "2500.00 RUB", "1e-9", "9" * 5000, "1" + "0" * 40, "2500." + "0" * 30 + "1", "1_000", "２５００", "1e99",
    ],
)  # fmt: skip
def test_amounts_that_are_none(amount: str) -> None:
    with pytest.raises(NotificationMalformed):
        pay(Amount=amount)


@pytest.mark.parametrize(
    ("amount", "minor"),
    [("2500", 250_000), ("2500.0", 250_000), ("2500.000", 250_000), ("0.01", 1), (" 10.10 ", 1010), ("2.5E3", 250_000)],
)
def test_amounts_that_are_some(amount: str, minor: int) -> None:
    assert pay(Amount=amount).amount == Money(minor, "RUB")


@pytest.mark.parametrize("currency", ["rub", "RU", "RUBL", "Р", "R1B", "₽₽₽"])
def test_currencies_that_are_none(currency: str) -> None:
    with pytest.raises(NotificationMalformed):
        pay(Currency=currency)


def test_the_currency_defaults_to_roubles() -> None:
    fields = {name: value for name, value in BODIES["pay"].items() if name != "Currency"}
    assert read_notification("pay", fields).amount.currency == "RUB"


@pytest.mark.parametrize("number", ["", "-1", "1.0", "1e3", "٣", "abc", "9" * 19, "1 2", "0x1"])
@pytest.mark.parametrize("name", ["TransactionId", "PaymentTransactionId"])
def test_transaction_numbers_that_are_none(name: str, number: str) -> None:
    with pytest.raises(NotificationMalformed):
        read_notification("refund", BODIES["refund"] | {name: number})


@pytest.mark.parametrize(("mode", "test"), [("0", False), ("false", False), ("1", True), ("True", True), ("?", True)])
def test_test_money_is_known_by_anything_but_a_clear_no(mode: str, test: bool) -> None:
    assert pay(TestMode=mode).test is test


def test_no_test_mode_means_real_money() -> None:
    fields = {name: value for name, value in BODIES["pay"].items() if name != "TestMode"}
    assert read_notification("pay", fields).test is False


def test_what_is_kept_of_the_card() -> None:
    assert (pay().method, pay().card_last_four) == ("Visa", "4242")
    assert pay(PaymentMethod="Sbp").method == "Sbp"
    assert pay(CardType="М" * 500).method == "М" * 100


def test_a_decline_says_why() -> None:
    assert read_notification("fail", BODIES["fail"]).decline_reason == "InsufficientFunds"
    fields = {name: value for name, value in BODIES["fail"].items() if name != "Reason"}
    assert read_notification("fail", fields).decline_reason == "5051"


def test_two_stage_money_is_only_set_aside() -> None:
    assert pay(Status="Authorized").authorized_only
    assert not pay().authorized_only
    assert not read_notification("confirm", BODIES["confirm"]).authorized_only


@pytest.mark.parametrize("text", ["AB\x00CD", "\ud800", "\x07\x08"])
def test_text_that_no_database_stores_is_made_harmless(text: str) -> None:
    invoice = pay(InvoiceId=text).invoice or ""
    assert "\x00" not in invoice
    invoice.encode()


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("address", [*ACTED_ON, *NEVER])
def test_a_body_is_taken_at_the_address_of_its_own_kind_only(kind: str, address: NotificationKind) -> None:
    fields = BODIES[kind] | {"InvoiceId": "ABCD2345"}
    if kind == address and address not in NEVER:
        assert read_notification(address, fields).kind == kind
    else:
        with pytest.raises(NotificationMalformed):
            read_notification(address, fields)


@pytest.mark.parametrize("kind", ["check", "pay", "confirm"])
def test_a_reason_code_of_zero_is_no_failure(kind: NotificationKind) -> None:
    assert read_notification(kind, BODIES[kind] | {"ReasonCode": "0"}).kind == kind


@pytest.mark.parametrize("status", ["Declined", "Cancelled", "AwaitingAuthentication", ""])
def test_a_payment_in_another_state_is_not_paid(status: str) -> None:
    with pytest.raises(NotificationMalformed):
        pay(Status=status)


def test_a_check_that_says_only_the_least() -> None:
    least = {"TransactionId": "1", "Amount": "1", "Currency": "RUB", "InvoiceId": "ABCD2345"}
    assert read_notification("check", least).amount == Money(100, "RUB")


@given(body=st.binary(max_size=300), content_type=st.sampled_from([FORM, JSON, ""]))
def test_any_bytes_are_read_or_refused(body: bytes, content_type: str) -> None:
    try:
        fields = read_fields(body, content_type)
        for kind in ACTED_ON:
            read_notification(kind, fields)
    except NotificationMalformed:
        pass


@given(st.dictionaries(st.sampled_from(sorted({*BODIES["pay"], *BODIES["refund"], *BODIES["fail"]})), st.text()))
def test_any_values_are_read_or_refused(changes: dict[str, str]) -> None:
    for kind in ACTED_ON:
        try:
            read_notification(kind, BODIES[kind] | changes)
        except NotificationMalformed:
            continue
