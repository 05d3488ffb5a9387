"""A dispatcher's day with a keyboard alone, and once more without scripts."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, expect

from tests.browser import journey
from tests.browser.conftest import Visit
from tests.browser.hands import Hands, Keys, Plain
from tests.browser.journey import Contact
from tests.browser.reader import DESKTOP, PHONE, Language, Reader, Screen, day
from tests.browser.test_office import office
from tests.system.product import Product

pytestmark = pytest.mark.browser

ROUTE = "Петропавловск-Камчатский — Вилючинск"
WAYS = pytest.mark.parametrize(
    ("screen", "language", "keys"), [(DESKTOP, "ru", True), (PHONE, "en", False)], ids=["keys-ru", "plain-en"]
)


@pytest.mark.timeout(300)
@WAYS
def test_the_day_of_a_dispatcher(
    visit: Visit, product: Product, screen: Screen, language: Language, *, keys: bool
) -> None:
    owner = office(visit, screen, language, keys)
    hands: Hands = Keys(owner) if keys else Plain()
    # Days that nothing else in these tests is about, one for each way.
    walk = Walk(owner, hands, product, day(50 if keys else 52))
    walk.make_a_timetable()
    walk.assign()
    walk.book_for_a_caller()
    walk.move_the_booking()
    walk.call_off()
    paid = journey.ticket(visit(PHONE, language), Contact(email=f"{uuid4().hex}@traveller.example"))
    walk.return_money(paid)
    walk.answer_a_review(paid)


class Walk:
    """The steps, one after another; each begins where somebody would begin it."""

    def __init__(self, owner: Reader, hands: Hands, product: Product, on: date) -> None:
        self.owner, self.hands, self.product, self.on = owner, hands, product, on
        self.page = owner.page

    def make_a_timetable(self) -> None:
        """Two departures of one night, looked at before they are made."""
        self.owner.go("/office/timetables")
        self.press(self.owner.link("New timetable"))
        self.choose("#f-route", text=ROUTE)
        self.press(self.owner.button("Go on"))
        self.owner.heading("New timetable")
        self.fill("#f-times", "02:15 04:45")
        self.fill("#f-valid_from", self.on.isoformat())
        self.fill("#f-valid_to", self.on.isoformat())
        self.choose("#f-driver_id", text="Павел Быстров")
        self.fill("[name='prices.0.price']", "900")
        self.press(self.owner.button("See what it does"))
        self.owner.heading("What it does")
        self.press(self.owner.button("Make the timetable"))
        self.says("The timetable is made.")

    def assign(self) -> None:
        """Another driver for the first of them."""
        self.open_departure("02:15")
        self.choose("#f-driver_id", text="Юрий Козыревский")
        self.press(self.owner.button("Save"))
        self.says("Vehicle and driver are as you chose.")

    def book_for_a_caller(self) -> None:
        """A traveller who pays the driver."""
        self.press(self.owner.link("Book for a caller"))
        self.owner.heading("Book for a caller")
        for field, text in Contact()._asdict().items():
            self.fill(f"#f-{field}", text)
        self.hands.tick(self.page.locator("input[name=pay_by][value=on_board]"))
        self.press(self.owner.button("Book"))
        self.says("The booking is made.")

    def move_the_booking(self) -> None:
        """To the other departure of the night."""
        self.press(self.owner.link("Move to another departure"))
        self.owner.heading("Move to another departure")
        self.fill("#f-date", self.on.isoformat())
        self.press(self.owner.button("Show this day"))
        self.page.wait_for_url("**date=*")
        self.hands.tick(self.page.get_by_label("04:45"))
        self.press(self.owner.button("Move the booking"))
        self.says("The booking is on another departure now.")

    def call_off(self) -> None:
        """The weather is too bad; the booking goes to the next departure."""
        self.open_departure("04:45")
        self.press(self.owner.link("It does not run: move or refund everybody"))
        self.press(self.owner.button("Show what it would do"))
        self.page.wait_for_url("**rebook=nearest*")
        self.hands.tick(self.page.locator("input[name=weather]"))
        self.press(self.page.locator("form[action='/office/disruptions'] button[type=submit]"))
        expect(self.page.get_by_role("heading", level=2, name=self.owner.say("How far it is"))).to_be_visible()
        moved = self.owner.say("%(settled)s of %(total)s bookings are settled", settled=1, total=1)
        self.owner.reload_until(self.page.get_by_text(moved).is_visible, "the booking is moved")

    def return_money(self, code: str) -> None:
        """The half of a payment, after a second look."""
        self.owner.go("/office/payments")
        self.fill("#f-text", code)
        self.press(self.owner.button("Show"))
        self.page.wait_for_url(f"**text={code}*")
        self.press(self.page.locator("main ol a[href^='/office/payments/']").first)
        self.fill("#f-amount", "1000")
        self.fill("#f-reason", "A seat by the toilet")
        self.press(self.owner.button("Look at it first"))
        self.press(self.page.locator("form[action$='/refund'] button[type=submit]"))
        self.says("The money is on its way back.")

    def answer_a_review(self, code: str) -> None:
        """Of a trip that, for these tests, is over."""
        self.product.execute(
            "INSERT INTO reviews (organisation_id, id, booking_id, rating, comment, author, created_at) "
            "SELECT organisation_id, gen_random_uuid(), id, 4, 'Cold, but on time', 'Anna', now() FROM bookings "
            "WHERE code = %(code)s",
            {"code": code},
        )
        self.owner.go("/office/reviews")
        row = self.page.get_by_role("listitem").filter(has_text=code)
        self.press(row.locator("summary"))
        answer = f"We mend the heater: {uuid4().hex}"
        self.hands.fill(row.locator("textarea"), answer)
        self.press(row.get_by_role("button", name=self.owner.say("Save the answer")))
        self.says("The answer can be read by everybody now.")
        expect(self.page.get_by_role("main")).to_contain_text(answer)

    def open_departure(self, time: str) -> None:
        """From the board of the day."""
        self.owner.go(f"/office/departures?date={self.on}")
        self.press(self.page.get_by_role("main").get_by_role("link").filter(has_text=f"{ROUTE}, {time}"))
        self.page.wait_for_url("**/office/departures/*-*")

    def fill(self, selector: str, text: str) -> None:
        self.hands.fill(self.page.locator(selector), text)

    def choose(self, selector: str, *, text: str) -> None:
        """The first option with that text."""
        value = self.page.locator(selector).locator("option").filter(has_text=text).first.get_attribute("value")
        assert value
        self.hands.choose(self.page.locator(selector), value)

    def press(self, what: Locator) -> None:
        self.hands.press(what)

    def says(self, message: str) -> None:
        """Wait for the sentence on what was done."""
        expect(self.page.get_by_role("status").filter(has_text=self.owner.say(message))).to_be_visible()
