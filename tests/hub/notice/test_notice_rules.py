"""What the messages say of holds and of money."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from kamhub.hub.booking.types import Booking, PaymentLink, RefundState
from kamhub.hub.notice import rules
from kamhub.hub.notice.types import MessageKind
from kamhub.kit.money import Money
from kamhub.kit.text import LOCALES, Locale
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.mail import letter
from tests.hub.ticket.test_ticket import booking

PAGE = "https://hub.example/booking/1?token=t"
KINDS: tuple[MessageKind, ...] = ("held", "confirmed", "cancelled", "rejected", "money_returned")
UNTIL = datetime(2026, 11, 24, 14, 20, tzinfo=ZoneInfo("Asia/Kamchatka"))


def text(kind: MessageKind, it: Booking, locale: Locale = "en") -> str:
    return letter.as_text(rules.compose(kind, it, locale, PAGE)).replace("\N{NO-BREAK SPACE}", " ")


def held() -> Booking:
    return booking("on_hold", paid=None, expires_at=UNTIL, payment=PaymentLink("https://pay.example/1?a=1&b=2", UNTIL))


def test_a_hold_says_until_when_and_where_to_pay() -> None:
    said = text("held", held())
    assert "kept for you until 24 Nov, 14:20 (UTC+12)" in said
    assert "https://pay.example/1?a=1&b=2" in said
    assert PAGE in said
    assert said.index("pay.example") < said.index(PAGE)


def test_the_hold_waits_for_its_payment_link() -> None:
    assert rules.waits_for_payment_link("held", dataclasses.replace(held(), payment=None))
    assert not rules.waits_for_payment_link("held", held())
    assert not rules.waits_for_payment_link("held", booking("pending"))
    assert not rules.waits_for_payment_link("confirmed", booking())


def test_money_on_its_way_back_is_named_without_what_was_refused() -> None:
    refunds = (
        RefundState(Money(300000, "RUB"), "requested"),
        RefundState(Money(50050, "RUB"), "completed"),
        RefundState(Money(100000, "RUB"), "refused"),
    )
    for kind in ("cancelled", "money_returned"):
        said = text(kind, booking("cancelled", refunds=refunds))
        assert "We return 3,500.50 ₽" in said
        assert "Returned: 3,500.50 ₽" in said


def test_money_kept_by_the_terms_is_named() -> None:
    assert "nothing of the 4,500 ₽ paid is returned" in text("cancelled", booking("cancelled"))


def test_nothing_paid_is_nothing_charged() -> None:
    assert "Nothing was charged." in text("cancelled", booking("cancelled", paid=None))


def test_times_are_those_of_the_place() -> None:
    said = text("confirmed", booking())
    assert "Departure: Friday, 27 November, 08:05 (local time, UTC+12)" in said
    assert "Meeting point: main entrance" in said


@pytest.mark.parametrize("kind", KINDS)
def test_text_and_html_say_the_same(kind: MessageKind) -> None:
    notice = rules.compose(kind, held() if kind == "held" else booking(), "ru", PAGE)
    plain, html = letter.as_text(notice), letter.as_html(notice, "ru")
    for words in (
        notice.heading,
        *notice.paragraphs,
        *notice.closing,
        *(line.label for line in notice.lines),
    ):
        assert words in plain
        assert words in html
    assert "\n\n\n" not in plain


@pytest.mark.parametrize("kind", KINDS)
def test_every_sentence_has_its_russian(kind: MessageKind) -> None:
    it = held() if kind == "held" else booking()
    russian, english = (rules.compose(kind, it, locale, PAGE) for locale in LOCALES)
    assert translator("ru").gettext("Open the booking") != "Open the booking"
    pairs = [(russian.heading, english.heading), *zip(russian.paragraphs, english.paragraphs, strict=True)]
    pairs += [(ours.label, theirs.label) for ours, theirs in zip(russian.lines, english.lines, strict=True)]
    assert [ours for ours, theirs in pairs if ours == theirs] == []


@pytest.mark.parametrize(
    ("kind", "status", "true"),
    [
        ("held", "on_hold", True),
        ("held", "pending", True),
        ("held", "expired", False),
        ("held", "confirmed", False),
        ("confirmed", "redeemed", True),
        ("confirmed", "cancelled", False),
        ("cancelled", "cancelled", True),
        ("rejected", "rejected", True),
        ("money_returned", "expired", True),
        ("money_returned", "confirmed", True),
    ],
)
def test_a_message_is_sent_while_it_is_true(kind: MessageKind, status: str, true: bool) -> None:
    assert rules.still_true(kind, status) is true  # type: ignore[arg-type]


def test_a_hold_ends_in_the_zone_of_the_place_whatever_zone_it_is_kept_in() -> None:
    utc = dataclasses.replace(held(), expires_at=UNTIL.astimezone(ZoneInfo("UTC")) + timedelta(minutes=5))
    assert "24 Nov, 14:25 (UTC+12)" in text("held", utc)
