"""Tickets read back with other libraries than those that wrote them."""

from __future__ import annotations

import dataclasses
import io
import re
from datetime import UTC, datetime, timedelta
from uuid import UUID
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import icalendar
import pytest
from pypdf import PdfReader

from kamhub.hub.booking.types import (
    Booking,
    BookingEvent,
    BookingNotConfirmed,
    BookingStatus,
    Contact,
    Passenger,
    PriceBreakdown,
)
from kamhub.hub.departure.types import Operator, Stop, Stretch, Vehicle
from kamhub.hub.price.types import PriceLine, PricePart
from kamhub.hub.ticket.actions import ticket_ics, ticket_pdf, ticket_qr_svg
from kamhub.kit.money import Money
from kamhub.kit.text import Names

ZONE = ZoneInfo("Asia/Kamchatka")
DEPARTS = datetime(2026, 11, 27, 8, 5, tzinfo=ZONE)
URL = "https://hub.example/booking/0193"


def stop(position: int, ru: str, en: str, at: datetime) -> Stop:
    return Stop(
        position,
        UUID(int=position + 1),
        f"stop-{position}",
        Names(ru, en),
        Names("у главного входа", "main entrance"),
        53.168,
        158.453,
        at,
    )


def booking(status: BookingStatus = "confirmed", people: int = 3, **changes: object) -> Booking:
    operator = Operator(
        UUID(int=9),
        "kamchatka-transfer",
        Names("Камчатка Трансфер", "Kamchatka Transfer"),
        4.8,
        "+74152123456",
        "help@kamchatka-transfer.example",
    )
    stretch = Stretch(
        UUID(int=2),
        UUID(int=9),
        operator,
        stop(0, "Аэропорт Елизово", "Yelizovo Airport", DEPARTS),
        stop(3, "Паратунка", "Paratunka", DEPARTS + timedelta(minutes=95)),
        Vehicle("minibus", "Toyota HiAce", ()),
    )
    made = Booking(
        organisation_id=UUID(int=9),
        id=UUID("0193a3c2-0000-7000-8000-000000000001"),
        code="7KQ4MZ2X",
        status=status,
        expires_at=None,
        stretch=stretch,
        passengers=people,
        price_per_seat=Money(150000, "RUB"),
        total=Money(150000 * people, "RUB"),
        paid=Money(150000 * people, "RUB"),
        refunded=None,
        contact=Contact("Анна Ёлкина", "+79141234567", "anna@example.org", "ru"),
        special_requests=None,
        passenger_list=tuple(Passenger(f"Щукин Ждан №{n}", None, "adult") for n in range(people)),
        history=(BookingEvent(datetime(2026, 11, 24, 3, 0, tzinfo=UTC), "on_hold", "confirmed", "payment", None),),
        refunds=(),
        payment=None,
        created_at=datetime(2026, 11, 24, 2, 0, tzinfo=UTC),
        price=PriceBreakdown((PricePart("base", 150000),), (PriceLine("adult", people, 150000),)),
    )
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


def text_of(pdf: bytes) -> str:
    reader = PdfReader(io.BytesIO(pdf))
    assert len(reader.pages) == 1
    return reader.pages[0].extract_text()


def test_the_pdf_says_everything_in_russian() -> None:
    text = text_of(ticket_pdf(booking(), "ru", URL))
    for words in (
        "Камчатка Трансфер",
        "7KQ4MZ2X",
        "Аэропорт Елизово",
        "Паратунка",
        "у главного входа",
        "08:05",
        "09:40",
        "пятница, 27 ноября (UTC+12)",
        "Щукин Ждан №2",
        "Toyota HiAce",
        "+7 415 212-34-56",
        URL,
    ):
        assert words in text, words
    assert "4 500 ₽" in text.replace("\N{NO-BREAK SPACE}", " ")


def test_the_pdf_says_everything_in_english() -> None:
    text = text_of(ticket_pdf(booking(), "en", URL))
    for words in (
        "Kamchatka Transfer",
        "Yelizovo Airport",
        "main entrance",
        "Friday, 27 November (UTC+12)",
        "Booking code",
    ):
        assert words in text, words


def test_the_pdf_is_small_and_always_the_same() -> None:
    first = ticket_pdf(booking(), "ru", URL)
    assert first == ticket_pdf(booking(), "ru", URL)
    assert len(first) < 60_000
    reader = PdfReader(io.BytesIO(first))
    assert reader.metadata is not None
    assert reader.metadata.creation_date == datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
    width, height = reader.pages[0].mediabox[2:]
    assert (round(float(width)), round(float(height))) == (595, 842)


@pytest.mark.parametrize(("name", "is_common"), [("Zoë Ångström-Ёжикова", True), ("გიორგი მაისურაძე", False)])
def test_a_name_in_letters_that_few_tickets_need_is_written_all_the_same(name: str, is_common: bool) -> None:
    pdf = ticket_pdf(booking(passenger_list=(Passenger(name, None, "adult"),)), "en", URL)
    assert name in text_of(pdf)
    assert (len(pdf) < 20_000) is is_common, "what is common is cut out of small fonts, which takes a third of the time"


def test_the_largest_party_with_the_longest_names_fits_on_the_page() -> None:
    long = booking(people=50, passenger_list=tuple(Passenger("Ж" * 100, None, "adult") for _ in range(50)))
    page = PdfReader(io.BytesIO(ticket_pdf(long, "ru", URL + "/" + "x" * 60))).pages[0]
    lowest = 842.0

    def look(text: str, _cm: object, matrix: list[float], _font: object, _size: float) -> None:
        nonlocal lowest
        if text.strip():
            lowest = min(lowest, matrix[5] if matrix[5] > 0 else lowest)

    page.extract_text(visitor_text=look)
    assert "+7 415 212-34-56" in page.extract_text()
    assert lowest > 20


@pytest.mark.parametrize("status", ["on_hold", "pending", "expired", "cancelled", "rejected"])
def test_there_is_no_ticket_before_confirmation(status: BookingStatus) -> None:
    for make in (
        lambda it: ticket_pdf(it, "ru", URL),
        lambda it: ticket_ics(it, "ru", URL),
        ticket_qr_svg,
    ):
        with pytest.raises(BookingNotConfirmed):
            make(booking(status))


def test_a_redeemed_booking_still_has_its_ticket() -> None:
    assert ticket_pdf(booking("redeemed"), "en").startswith(b"%PDF")


def test_the_calendar_entry() -> None:
    raw = ticket_ics(booking(), "ru", URL)
    assert raw == ticket_ics(booking(), "ru", URL)
    calendar = icalendar.Calendar.from_ical(raw)
    assert calendar["METHOD"] == "PUBLISH"
    [event] = calendar.walk("VEVENT")
    assert event["UID"] == "0193a3c2-0000-7000-8000-000000000001"
    assert event.decoded("DTSTART") == DEPARTS
    assert event.decoded("DTEND") == DEPARTS + timedelta(minutes=95)
    assert event["SUMMARY"] == "Аэропорт Елизово → Паратунка"
    assert event["LOCATION"] == "Аэропорт Елизово, у главного входа"
    assert event["GEO"].to_ical() == "53.168;158.453"
    assert event["URL"] == URL
    assert "7KQ4MZ2X" in str(event["DESCRIPTION"])
    [alarm] = calendar.walk("VALARM")
    assert alarm.decoded("TRIGGER") == timedelta(hours=-3)
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))


def test_the_calendar_entry_cannot_be_broken_out_of() -> None:
    evil = dataclasses.replace(booking().stretch.vehicle, model="HiAce\r\nATTENDEE:mailto:evil@example.org")
    bent = dataclasses.replace(booking(), stretch=dataclasses.replace(booking().stretch, vehicle=evil))
    [event] = icalendar.Calendar.from_ical(ticket_ics(bent, "en", URL)).walk("VEVENT")
    assert "ATTENDEE" not in event


def test_the_qr_code_takes_its_looks_from_the_page_and_has_a_name() -> None:
    svg = ticket_qr_svg(booking())
    root = ET.fromstring(svg)
    assert root.get("viewBox")
    assert root.get("role") == "img"
    assert root.get("class") == "ticket-qr"
    assert root.get("width") is None
    assert "style" not in svg
    assert re.search(r"<title>[^<]*7KQ4MZ2X</title>", svg)
