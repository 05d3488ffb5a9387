"""What the messages say of holds and of money."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, time, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamhub.hub.booking.types import Booking, PaymentLink, RefundState
from kamhub.hub.notice import letters, rules
from kamhub.hub.notice.rendering import render
from kamhub.hub.notice.types import Message, MessageChannel, MessageKind, Reach, Template, TemplateKey
from kamhub.kit.money import Money
from kamhub.kit.text import LOCALES, Locale
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.mail import letter
from tests.hub.ticket.test_ticket import booking

PAGE = "https://hub.example/booking/1?token=t"
ALL_KINDS: tuple[MessageKind, ...] = get_args(MessageKind)
ZONE = ZoneInfo("Asia/Kamchatka")
UNTIL = datetime(2026, 11, 24, 14, 20, tzinfo=ZONE)


def text(kind: MessageKind, it: Booking, locale: Locale = "en") -> str:
    return letter.as_text(letters.compose(kind, it, locale, PAGE)).replace("\N{NO-BREAK SPACE}", " ")


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


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_text_and_html_say_the_same(kind: MessageKind) -> None:
    notice = letters.compose(kind, of_kind(kind), "ru", PAGE, ALL_FACTS)
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


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_every_sentence_has_its_russian(kind: MessageKind) -> None:
    it, facts = of_kind(kind), {**ALL_FACTS, "reason": "", "vehicle": "", "driver": ""}
    russian, english = (letters.compose(kind, it, locale, PAGE, facts) for locale in LOCALES)
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
        ("reminder_day", "redeemed", False),
        ("disrupted", "cancelled", False),
        ("moved", "confirmed", True),
        ("payment_link", "confirmed", False),
        ("review_request", "redeemed", True),
    ],
)
def test_a_message_is_sent_while_it_is_true(kind: MessageKind, status: str, true: bool) -> None:
    assert rules.still_true(kind, status) is true  # type: ignore[arg-type]


def test_a_hold_ends_in_the_zone_of_the_place_whatever_zone_it_is_kept_in() -> None:
    utc = dataclasses.replace(held(), expires_at=UNTIL.astimezone(ZoneInfo("UTC")) + timedelta(minutes=5))
    assert "24 Nov, 14:25 (UTC+12)" in text("held", utc)


KIND_OF_STATUS = {
    "held": "on_hold", "paid": "pending", "seats_offered": "on_hold", "payment_link": "on_hold", "cancelled": "cancelled",
    "rejected": "rejected",
}  # fmt: skip


def of_kind(kind: MessageKind) -> Booking:
    """A booking of which that may be told."""
    status = KIND_OF_STATUS.get(kind, "confirmed")
    return held() if status == "on_hold" else booking(status)  # type: ignore[arg-type]


OLD = "2026-11-26T20:05:00+00:00"
ALL_FACTS = {
    "old_departs_at": OLD, "reason": "The pass is closed", "weather": "1", "amount": "450050",
    "answer_until": "2026-11-25T20:00:00+00:00", "vehicle": "Toyota HiAce A123BC", "driver": "Пётр",
}  # fmt: skip


def told(kind: MessageKind, it: Booking | None = None, **facts: str) -> str:
    letter_of = letters.compose(kind, it or of_kind(kind), "en", PAGE, facts)
    return letter.as_text(letter_of).replace("\N{NO-BREAK SPACE}", " ")


def test_every_kind_has_words_for_every_fact_and_for_none() -> None:
    for kind in ALL_KINDS:
        for facts in ({}, ALL_FACTS):
            for locale in LOCALES:
                notice = letters.compose(kind, of_kind(kind), locale, PAGE, facts)
                assert notice.subject.endswith("· 7KQ4MZ2X")
                assert notice.paragraphs
                assert all(notice.paragraphs)
                assert notice.buttons[-1].url == PAGE


def test_a_receipt_names_the_sum() -> None:
    assert "We received 4,500 ₽." in told("paid")
    assert "We received 10.50 ₽." in told("paid", amount="1050")
    assert "We received 4,500 ₽." in told("paid", amount="nonsense")
    assert "We received 10.50 $." in told("paid", amount="1050", currency="USD")
    assert "Your bank has set 10.50 ₽ aside." in told("paid", amount="1050", held="1")


def test_a_reminder_says_where_and_when() -> None:
    assert "You leave on Friday, 27 November, 08:05 (local time, UTC+12)." in told("reminder_day")
    assert "Be there ten minutes before: main entrance." in told("reminder_day")
    assert "You leave at 08:05" in told("reminder_soon")
    assert "7KQ4MZ2X, when you board" in told("reminder_soon")


def test_a_change_says_what_changed_and_only_that() -> None:
    assert "instead of 27 Nov, 08:05 (UTC+12)" in told("changed", old_departs_at=OLD)
    assert "The vehicle is Toyota HiAce A123BC now." in told("changed", vehicle="Toyota HiAce A123BC")
    assert "The driver is Пётр now." in told("changed", driver="Пётр")
    plain = told("changed")
    assert "instead of" not in plain
    assert "vehicle is" not in plain
    assert "driver is" not in plain


def test_a_cancelled_departure_asks_to_choose() -> None:
    said = told("disrupted", answer_until="2026-11-25T20:00:00+00:00", reason="Snow")
    assert "https://hub.example/booking/1/choice?token=t" in said
    assert "If you do not choose by 26 Nov, 08:00 (UTC+12)" in said
    assert "The operator writes: Snow" in said
    assert "weather" not in said
    assert "because of the weather" in told("disrupted", weather="1")
    assert "If you do not choose" not in told("disrupted")
    assert "The weather does not let us go." in told("cancelled", weather="1")


def test_a_move_says_from_when_to_when() -> None:
    said = told("moved", old_departs_at=OLD, weather="1")
    assert "You leave on Friday, 27 November, 08:05 (local time, UTC+12) instead of 27 Nov, 08:05 (UTC+12)." in said
    assert "The new ticket is attached" in said
    assert "weather" in said
    bare = told("moved", held())
    assert "You leave on Friday" in bare
    assert "ticket is attached" not in bare
    assert "weather" not in bare


def test_what_is_offered_can_be_paid_or_waits_for_the_operator() -> None:
    for kind in ("seats_offered", "payment_link"):
        said = told(kind)
        assert "until 24 Nov, 14:20 (UTC+12)" in said
        assert said.index("pay.example") < said.index(PAGE)
    assert "The operator has to confirm" in told("seats_offered", booking("pending"))
    assert "kept for you" not in told("payment_link", booking("pending"))
    assert "To pay: 4,500 ₽." in told("payment_link")


def test_a_review_is_written_on_a_page_of_its_own() -> None:
    assert "https://hub.example/booking/1/review?token=t" in told("review_request")


def reach(**changes: object) -> Reach:
    usual = Reach(None, None, None, None, "Asia/Kamchatka", datetime(2026, 11, 27, 8, tzinfo=ZONE))
    return dataclasses.replace(usual, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "chat", "phone", "ways"),
    [
        ("moved", None, None, ["email"]),
        ("moved", 5, "+7", ["email", "telegram"]),
        ("moved", None, "+7", ["email", "sms"]),
        ("changed", None, "+7", ["email"]),
        ("changed", 5, "+7", ["email", "telegram"]),
    ],
)
def test_the_ways_of_a_message(kind: MessageKind, chat: int | None, phone: str | None, ways: list[str]) -> None:
    found = rules.ways(kind, "anna@example.org", reach(chat_id=chat, phone=phone))
    assert [way for way, _ in found] == ways
    assert rules.ways(kind, "", reach()) == []


@pytest.mark.parametrize(
    ("clock", "quiet_from", "quiet_to", "until"),
    [
        ("12:00", "22:00", "08:00", None),
        ("21:59", "22:00", "08:00", None),
        ("22:00", "22:00", "08:00", (25, 8)),
        ("23:59", "22:00", "08:00", (25, 8)),
        ("00:00", "22:00", "08:00", (24, 8)),
        ("07:59", "22:00", "08:00", (24, 8)),
        ("08:00", "22:00", "08:00", None),
        ("13:00", "13:00", "15:00", (24, 15)),
        ("15:00", "13:00", "15:00", None),
        ("12:59", "13:00", "15:00", None),
    ],
)
def test_quiet_hours_may_go_past_midnight(
    clock: str, quiet_from: str, quiet_to: str, until: tuple[int, int] | None
) -> None:
    now = datetime.combine(date(2026, 11, 24), time.fromisoformat(clock), ZONE).astimezone(UTC)
    found = rules.quiet_until(now, time.fromisoformat(quiet_from), time.fromisoformat(quiet_to), ZONE)
    assert found == (None if until is None else datetime(2026, 11, until[0], until[1], tzinfo=ZONE))


# Their zone is drawn beside them.
_YEAR = (datetime(2026, 1, 1), datetime(2027, 1, 1))  # noqa: DTZ001


@given(
    st.datetimes(*_YEAR, timezones=st.just(UTC)), st.times(), st.times(),
    st.sampled_from(["Asia/Kamchatka", "Europe/Berlin", "America/New_York"]),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_quiet_hours_end_within_a_day_and_not_in_quiet_hours(
    now: datetime, quiet_from: time, quiet_to: time, zone: str
) -> None:
    until = rules.quiet_until(now, quiet_from, quiet_to, ZoneInfo(zone))
    if until is not None:
        assert now < until.astimezone(UTC) + timedelta(hours=1)  # an hour more where clocks are set back
        assert until.astimezone(UTC) - now <= timedelta(hours=25)
        if quiet_from != quiet_to:
            assert rules.quiet_until(until, quiet_from, quiet_to, ZoneInfo(zone)) is None


def test_only_the_patient_wait_and_not_until_it_is_too_late() -> None:
    night = datetime(2026, 11, 26, 23, tzinfo=ZONE)
    quiet = {"quiet_from": time(22), "quiet_to": time(8)}
    ends = datetime(2026, 11, 27, 8, tzinfo=ZONE)
    later = reach(**quiet, departs_at=datetime(2026, 11, 27, 12, tzinfo=ZONE))
    assert rules.send_after("reminder_day", later, night) == ends
    assert rules.send_after("changed", later, night) == ends
    assert rules.send_after("moved", later, night) is None
    assert rules.send_after("reminder_soon", later, night) is None
    assert rules.send_after("reminder_day", reach(), night) is None
    soon = reach(**quiet, departs_at=datetime(2026, 11, 27, 9, tzinfo=ZONE))
    assert rules.send_after("changed", soon, night) is None, "it would come when the bus is nearly gone"
    gone = reach(**quiet, departs_at=datetime(2026, 11, 26, 12, tzinfo=ZONE))
    assert rules.send_after("review_request", gone, night) == ends


def test_a_reminder_is_overtaken_by_a_move_and_by_the_departure() -> None:
    it = booking()
    at = it.stretch.departs_at
    remind = Message(it.organisation_id, it.id, it.id, "reminder_day", "en", "a@b.example", at, None)
    assert not rules.is_overtaken(remind, it, at - timedelta(hours=1))
    assert rules.is_overtaken(remind, it, at)
    known = dataclasses.replace(remind, facts={"departs_at": at.astimezone(UTC).isoformat()})
    assert not rules.is_overtaken(known, it, at - timedelta(hours=1))
    moved = dataclasses.replace(remind, facts={"departs_at": (at - timedelta(days=1)).isoformat()})
    assert rules.is_overtaken(moved, it, at - timedelta(hours=1))
    assert rules.is_overtaken(remind, booking("cancelled"), at - timedelta(hours=1))
    assert not rules.is_overtaken(dataclasses.replace(remind, kind="changed"), it, at)


def test_placeholders_are_filled_once() -> None:
    assert rules.fill("{name} {code}{{name}} {unknown}", {"name": "{code}", "code": "X"}) == "{code} X{name} {unknown}"
    assert rules.unknown_placeholders("{name} {{x}} {nobody} {} { } {nobody} {0}") == ["{nobody}", "{}", "{", "}"]


@given(st.text(max_size=80), st.text(max_size=20))
@settings(max_examples=80, deadline=None)
def test_a_text_without_unknown_words_can_be_filled_with_anything(text: str, value: str) -> None:
    values = dict.fromkeys(rules.PLACEHOLDERS, value)
    if not rules.unknown_placeholders(text):
        assert rules.fill(text, values).count(value) >= text.count("{name}") or not value
    doubled = text.replace("{", "{{").replace("}", "}}")
    assert rules.unknown_placeholders(doubled) == []
    assert rules.fill(doubled, values) == text


def test_own_words_have_a_value_for_every_placeholder() -> None:
    for kind in ALL_KINDS:
        values = letters.values_of(of_kind(kind), "en", PAGE, ALL_FACTS)
        assert tuple(values) == rules.PLACEHOLDERS


@pytest.mark.parametrize("channel", ["email", "telegram", "sms"])
def test_each_way_has_its_shape(channel: MessageChannel) -> None:
    key = TemplateKey("held", channel, "en")
    product = render(key, held(), PAGE, {}, None)
    own = render(key, held(), PAGE, {}, Template("Hello {name}", "First {code}\n\n\nSecond", 1))
    assert ("First 7KQ4MZ2X" in own.text, "Second" in own.text) == (True, True)
    assert (product.html is None) is (channel == "sms")
    if channel == "sms":
        assert own.text == "First 7KQ4MZ2X\nSecond"
        assert product.text.endswith("https://pay.example/1?a=1&b=2")
        long = render(key, held(), PAGE, {}, Template("x", "y" * 4000, 1))
        assert len(long.text) == 660
    if channel == "telegram":
        assert product.html is not None
        assert "until 24 Nov" in product.html
        long = render(key, held(), PAGE, {}, Template("x", "<" * 4000, 1))
        assert len(long.text) <= 4096
        assert long.html is None, "what had to be cut goes as plain text"
