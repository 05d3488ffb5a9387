"""The long path through the running product, as a traveller without JavaScript walks it."""

from __future__ import annotations

import io
import json
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

import pypdf
import pytest
from icalendar import Calendar

from tests.system.journey import DECLINED, PAYS, PAYS_AFTER_CODE, Traveller
from tests.system.product import Product, wait_for

MEMORY_ALLOWED = 600 * 1024 * 1024
_MAIL_WITHIN = 60.0  # seconds, on a machine busy with other tests

pytestmark = pytest.mark.timeout(240)


def test_from_the_search_to_the_ticket_and_the_money_back(product: Product) -> None:
    traveller = Traveller(product, email="long.path@traveller.example")
    offer = next(item for item in traveller.search() if item["seats_available"] >= 4)
    traveller.hold(offer["departure_id"])
    assert traveller.booking["status"] == "on_hold"
    assert traveller.booking["total"]["amount"] == 2 * offer["price_per_seat"]["amount"]
    assert traveller.ticket("pdf").status_code == 409

    link = traveller.book()
    declined = traveller.pay(link, DECLINED)
    assert declined.status_code == 200
    assert "failed=" in str(declined.url)
    assert traveller.look()["status"] == "on_hold"

    paid = traveller.pay(link, PAYS_AFTER_CODE)
    assert paid.headers["location"].startswith(f"{product.url}/booking/{traveller.booking['id']}")
    confirmed = traveller.wait_status("confirmed")
    assert confirmed["paid"] == confirmed["total"]
    assert [event["to"] for event in confirmed["history"]].count("confirmed") == 1

    code = confirmed["code"]
    text = _pdf_text(traveller.ticket("pdf").content)
    assert all(word in text for word in (code, "Алексей Чёрный", "Jane", "Паратунка"))
    assert _calendar_mentions(traveller.ticket("ics").content, code)

    mail = _mail(product, traveller.email, "подтверж")
    assert {part.get_filename() for part in mail.iter_attachments()} == {f"{code}.pdf", f"{code}.ics"}
    attached = next(part for part in mail.iter_attachments() if part.get_content_type() == "application/pdf")
    assert code in _pdf_text(attached.get_content())

    cancelled = traveller.cancel()
    assert cancelled["status"] == "cancelled"
    assert cancelled["refund"] == confirmed["paid"]
    ended = traveller.wait(
        lambda booking: [refund["status"] for refund in booking["refunds"]] == ["completed"], "the refund is completed"
    )
    assert ended["refunded"] == ended["paid"]
    assert product.provider_refunds(code) == [ended["paid"]["amount"]]
    _mail(product, traveller.email, "отмен")
    _print_memory(product)


def test_what_is_paid_after_the_hold_ran_out_is_refused_before_the_card_is_charged(product: Product) -> None:
    traveller = Traveller(product, email="too.late@traveller.example")
    traveller.hold(
        next(item for item in traveller.search(days_ahead=6) if item["seats_available"] >= 4)["departure_id"]
    )
    link = traveller.book()
    product.execute(
        "UPDATE bookings SET expires_at = now() - interval '1 minute' WHERE id = %(id)s",
        {"id": traveller.booking["id"]},
    )

    refused = traveller.pay(link, PAYS)

    assert "failed=" in str(refused.url)
    assert traveller.look()["status"] == "expired"
    assert traveller.booking["paid"] is None
    notices = product.provider_notices(traveller.booking["code"])
    assert [notice["kind"] for notice in notices if notice["kind"] in ("check", "pay")] == ["check"]
    assert json.loads(str(notices[0]["attempts"][0]["reply"])) == {"code": 20}


def _print_memory(product: Product) -> None:
    # At rest: a backup, or a document that is being read, has a process of its own with limits of its own.
    wait_for(lambda: product.memory() < MEMORY_ALLOWED, 60, "the demo at rest takes less", every=0.5)
    print(f"\nmemory of the whole demo (PSS): {product.memory() // 1024**2} MB")


def _pdf_text(content: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(content)).pages
    return "\n".join(page.extract_text() for page in pages)


def _calendar_mentions(content: bytes, code: str) -> bool:
    events = Calendar.from_ical(content).walk("VEVENT")
    return len(events) == 1 and code in content.decode()


def _mail(product: Product, recipient: str, word: str) -> EmailMessage:
    """The mail to that person with that word in its subject, as soon as there is one; asserts that it is the only one."""
    found: list[EmailMessage] = []

    def arrived() -> bool:
        mails = [_read(path.read_bytes()) for path in (product.folder / "mail").glob("*.eml")]
        found[:] = [m for m in mails if recipient in str(m["To"]) and word in str(m["Subject"]).lower()]
        return bool(found)

    wait_for(arrived, _MAIL_WITHIN, f"a mail about “{word}” to {recipient}")
    assert len(found) == 1
    return found[0]


def _read(content: bytes) -> EmailMessage:
    return BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(content)
