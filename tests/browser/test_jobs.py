"""A mail that cannot be sent: its dead letter is found, understood, run again once the cause is gone, and is gone."""

from __future__ import annotations

import asyncio
import re
import threading
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from playwright.sync_api import Locator, expect

from kamhub.hub.notice.actions import SEND
from kamhub.kit.ids import new_id
from kamhub.platform.embedded.address import running_address
from kamhub.platform.job.queue import enqueue
from tests.browser.conftest import Visit
from tests.browser.reader import DESKTOP, PHONE, Language, Reader, Screen, day
from tests.browser.test_keyboard import tab_to
from tests.browser.test_office import office
from tests.browser.test_sign_in import MANAGER, look_over, sign_in
from tests.system.product import PASSWORD, Product, wait_for

pytestmark = pytest.mark.browser

SEND_MAIL = "Send a traveller a mail about the booking"
WAYS = pytest.mark.parametrize(
    ("screen", "language", "scripts"), [(PHONE, "ru", True), (DESKTOP, "en", False)], ids=["phone-ru", "plain-en"]
)


class Mail:
    """A mail about a booking whose address is none: the product's own worker gives it up at once."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self.id = new_id()
        self.address = f"{self.id.hex}@traveller.example"
        booking = self._book()
        [(organisation,)] = product.rows("SELECT organisation_id FROM bookings WHERE id = %(id)s", {"id": booking})
        product.execute(
            "INSERT INTO messages (organisation_id, id, booking_id, kind, locale, recipient, created_at) "
            "VALUES (%(organisation)s, %(id)s, %(booking)s, 'money_returned', 'en', 'nobody at nowhere', now())",
            {"organisation": organisation, "id": self.id, "booking": booking},
        )
        self._enqueue(UUID(str(organisation)))
        self.job_id = ""
        wait_for(self._is_dead, 30, "the worker gives the mail up")

    def correct(self) -> None:
        """What a person does about it: the address becomes one."""
        told = {"id": self.id, "to": self.address}
        self.product.execute("UPDATE messages SET recipient = %(to)s WHERE id = %(id)s", told)

    def arrives(self) -> bool:
        """Whether it was mailed."""
        return any(self.address.encode() in file.read_bytes() for file in (self.product.folder / "mail").glob("*.eml"))

    def _book(self) -> str:
        asked = {"from": "yelizovo-airport", "to": "paratunka", "date": str(day(20)), "passengers": 1}
        found = httpx.get(f"{self.product.url}/api/transfers/search", params=asked, timeout=20).json()["items"]  # type: ignore[arg-type]
        departure = next(one["departure_id"] for one in found if one["seats_available"])
        contact = {"name": "Анна", "phone": "+79141234567", "email": f"{uuid4().hex}@traveller.example"}
        body = {"departure_id": departure, "passengers": 1, "contact": contact}
        booked = httpx.post(f"{self.product.url}/api/transfers/book", json=body, timeout=20)
        assert booked.status_code == 201, booked.text
        return str(booked.json()["id"])

    def _enqueue(self, organisation: UUID) -> None:
        """As the product does. In a thread: the browser's own loop runs in this one."""
        address = running_address(self.product.folder)
        assert address is not None
        url = address.app_url

        async def run() -> None:
            async with await psycopg.AsyncConnection.connect(url, options="-c role=kamhub_system") as connection:
                await enqueue(connection, SEND, organisation_id=organisation, message_id=str(self.id))

        thread = threading.Thread(target=asyncio.run, args=(run(),))
        thread.start()
        thread.join(20)

    def _is_dead(self) -> bool:
        rows = self.product.rows(
            "SELECT id FROM dead_jobs WHERE arguments ->> 'message_id' = %(id)s", {"id": str(self.id)}
        )
        self.job_id = str(rows[0][0]) if rows else ""
        return bool(rows)


def row_of(reader: Reader, mail: Mail) -> Locator:
    """The dead letter in the list."""
    return reader.page.get_by_role("listitem").filter(
        has=reader.page.locator(f"a[href='/office/jobs/dead/{mail.job_id}']")
    )


@WAYS
def test_a_dead_letter_is_found_understood_run_again_and_gone(
    visit: Visit, product: Product, screen: Screen, language: Language, scripts: bool
) -> None:
    mail = Mail(product)
    owner = office(visit, screen, language, scripts)
    main = owner.page.get_by_role("main")

    # Found: the navigation counts it, the page of jobs leads to it, the list can be searched.
    owner.go("/office/jobs")
    owner.heading("Background jobs")
    owner.open_menu()
    navigation = owner.page.get_by_role("navigation", name=owner.say("Back office"))
    expect(navigation.get_by_role("link", name=re.compile(rf"^{owner.say('Jobs')}\s*[1-9]"))).to_be_visible()
    look_over(owner)
    owner.page.get_by_role("link", name=owner.say("Look at them")).click()
    owner.heading("Jobs that failed for good")
    look_over(owner)
    owner.page.fill("#f-q", mail.job_id[-12:])
    owner.button("Show").click()
    expect(row_of(owner, mail)).to_contain_text("the recipient is not a mail address")
    row_of(owner, mail).get_by_role("link", name=owner.say(SEND_MAIL)).click()

    # Understood: what it was to do, what its failing means, why.
    owner.heading(SEND_MAIL)
    for told in (
        "The traveller has not been told. If you discard it, tell them another way.",
        "It found that it can never succeed.",
    ):
        expect(main).to_contain_text(owner.say(told))
    expect(main).to_contain_text(str(mail.id))
    look_over(owner)

    # Run again, once the cause is gone, and gone.
    mail.correct()
    owner.button("Run it again").click()
    owner.page.wait_for_url("**/office/jobs/dead?done=retried*")
    expect(owner.page.get_by_role("status").filter(has_text=re.compile("1"))).to_be_visible()
    wait_for(mail.arrives, 30, "the mail arrives")
    owner.go(f"/office/jobs/dead?q={mail.job_id}")
    expect(row_of(owner, mail)).to_have_count(0)
    owner.go(f"/office/jobs/dead/{mail.job_id}")
    assert owner.status == 404
    owner.go("/office/jobs?status=done&kind=notice.send")
    expect(main).to_contain_text(mail.job_id)
    look_over(owner)


@WAYS
def test_chosen_ones_are_discarded_with_a_reason(
    visit: Visit, product: Product, screen: Screen, language: Language, scripts: bool
) -> None:
    mails = [Mail(product), Mail(product)]
    owner = office(visit, screen, language, scripts)
    owner.go("/office/jobs/dead?kind=notice.send")
    for mail in mails:
        row_of(owner, mail).get_by_role("checkbox").check()
    owner.page.get_by_text(owner.say("Discard the chosen ones"), exact=True).click()
    owner.button("Discard the chosen ones for good").click()
    # Refused without a reason; what was chosen is still chosen.
    expect(owner.page.locator("#f-reason-error")).to_be_visible()
    for mail in mails:
        expect(row_of(owner, mail).get_by_role("checkbox")).to_be_checked()
    look_over(owner)
    owner.page.fill("#f-reason", "звонили по телефону")
    owner.button("Discard the chosen ones for good").click()
    owner.page.wait_for_url("**/office/jobs/dead?done=discarded*")
    for mail in mails:
        expect(row_of(owner, mail)).to_have_count(0)
    owner.go("/office/audit?action=job.discarded")
    expect(owner.page.get_by_role("main")).to_contain_text("звонили по телефону")


def test_one_is_discarded_with_a_keyboard_alone(visit: Visit, product: Product) -> None:
    mail = Mail(product)
    owner = office(visit, DESKTOP, "ru", True)
    keys = owner.page.keyboard
    owner.go(f"/office/jobs/dead/{mail.job_id}")
    tab_to(owner, "details:has(#f-reason) > summary")
    keys.press("Enter")
    tab_to(owner, "#f-reason")
    keys.type("звонили по телефону")
    keys.press("Enter")
    owner.page.wait_for_url("**/office/jobs/dead?done=discarded*")
    expect(row_of(owner, mail)).to_have_count(0)


def test_the_page_of_jobs_is_live(visit: Visit, product: Product) -> None:
    manager = visit(DESKTOP, "en", scripts=True)
    manager.go("/signin")
    sign_in(manager, MANAGER, PASSWORD)
    manager.page.wait_for_url("**/office")
    manager.go("/office/jobs?status=dead")
    manager.page.select_option("#f-kind", "notice.send")
    mail = Mail(product)
    expect(manager.page.locator(f"#jobs-live a[href='/office/jobs/dead/{mail.job_id}']")).to_be_visible()
    # What somebody is about to ask for is left alone.
    expect(manager.page.locator("#f-kind")).to_have_value("notice.send")
    manager.go(f"/office/jobs/dead/{mail.job_id}")
    expect(manager.button("Run it again")).to_have_count(0)
