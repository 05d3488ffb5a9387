"""The pages of the booking office, driven as a browser without scripts does."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from uuid import UUID, uuid4

import httpx
import pytest

from kamhub.kit.ids import new_id
from kamhub.platform.person.types import Role
from kamhub.platform.session.tokens import digest, new_opaque_token
from tests.app.support import booked, held
from tests.asgi import Web
from tests.builders import World
from tests.hub.booking.support import pay
from tests.hub.booking_office.support import made

OFFICE = "/office/bookings"
PERSON = {"name": "Ольга Ермакова", "phone": "+7 962 555-11-22", "email": "olga@example.org", "locale": "en"}


@dataclass
class Browser:
    """Somebody of the staff, signed in, reading English."""

    web: Web
    world: World
    role: Role = "dispatcher"
    cookies: dict[str, str] = field(default_factory=dict)
    page: str = ""

    def sign_in(self) -> Browser:
        """A fresh session."""
        token, now = new_opaque_token(), self.world.now
        self.world.execute(
            "INSERT INTO sessions (id, person_id, organisation_id, kind, token_hash, created_at, last_seen_at, expires_at) "
            "VALUES (%s, %s, %s, 'browser', %s, %s, %s, %s)",
            new_id(), self.world.main.people[self.role], self.world.main.id, digest(token), now, now, now.replace(year=2099),
        )  # fmt: skip
        self.cookies["session"] = token
        return self

    async def get(self, address: str) -> httpx.Response:
        """Open a page."""
        return await self._call("GET", address)

    async def send(self, address: str, **fields: str) -> httpx.Response:
        """Send a form that is on the page, with its hidden fields and these."""
        hidden = self._hidden(address)
        return await self._call("POST", address, hidden | fields)

    async def _call(self, method: str, address: str, data: dict[str, str] | None = None) -> httpx.Response:
        self.web.client.cookies.clear()
        header = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        reply = await self.web.client.request(
            method, address, data=data, headers={"Accept-Language": "en", "Cookie": header}
        )
        self.cookies |= dict(reply.cookies)
        if "text/html" in reply.headers.get("content-type", ""):
            self.page = unescape(reply.text)
        return reply

    def _hidden(self, address: str) -> dict[str, str]:
        form = next(
            (
                one
                for one in re.findall(r"<form.*?</form>", self.page, re.DOTALL)
                if f'action="{address}" method="post"' in one
            ),
            "",
        )
        assert form, f"no form for {address} on the page"
        found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form)
        return dict(found)


@pytest.fixture
def browser(web: Web, world: World) -> Browser:
    """A dispatcher."""
    return Browser(web, world).sign_in()


async def test_the_list_with_filters_and_its_file(browser: Browser, web: Web, world: World) -> None:
    empty = await browser.get(OFFICE)
    assert empty.status_code == 200
    assert "Nobody has booked yet" in browser.page
    booking = await made(web, world, world.departure(), pay_by="on_board")
    nameless = await held(web.client, world.departure())
    await browser.get(OFFICE)
    assert booking["code"] in browser.page
    assert nameless["code"] not in browser.page
    assert "2,500 ₽ to pay" in browser.page.replace("\u00a0", " ")
    await browser.get(f"{OFFICE}?nameless=yes")
    assert nameless["code"] in browser.page
    await browser.get(f"{OFFICE}?text=nobody")
    assert "Nothing fits" in browser.page
    wrong = await browser.get(f"{OFFICE}?status=lost&from=yesterday")
    assert wrong.status_code == 422
    file = await browser.get(f"{OFFICE}/bookings.csv?text=анна")
    assert booking["code"] in file.text
    assert (await browser.get(f"{OFFICE}/bookings.csv?date=x")).status_code == 303


async def test_of_many_only_the_newest_are_found_by_a_text(
    browser: Browser, web: Web, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kamhub.hub.booking_office.rules.MOST_BY_TEXT", 1)
    monkeypatch.setattr("kamhub.hub.booking_office.rules.MOST_COUNTED", 1)
    for _ in range(2):
        await made(web, world, world.departure(), pay_by="on_board")
    await browser.get(f"{OFFICE}?text=анна")
    assert "These are the newest 1" in browser.page
    assert "1 bookings or more" in browser.page


async def test_from_a_day_to_a_booking(browser: Browser, web: Web, world: World) -> None:
    departure = world.departure()
    await browser.get(f"{OFFICE}/new?date=2026-11-27")
    assert f"departure={departure}" in browser.page
    await browser.get(f"{OFFICE}/new?date=2026-12-27")
    assert "Nothing is on sale on this day" in browser.page
    town, city = world.places["town"], world.places["city"]
    await browser.get(f"{OFFICE}/new?departure={departure}&from={town}&to={city}&passengers=2")
    assert "2,400 ₽" in browser.page.replace("\u00a0", " ")
    wrong = await browser.send(f"{OFFICE}/new", **PERSON | {"phone": "12"}, pay_by="on_board")
    assert wrong.status_code == 422
    assert "does not look like a phone number" in browser.page
    assert 'value="olga@example.org"' in browser.page
    done = await browser.send(
        f"{OFFICE}/new", **PERSON, pay_by="on_board", special_requests="окно",
        **{"passenger_list.0.name": "Ждан", "passenger_list.0.kind": "child", "passenger_list.1.name": ""},
    )  # fmt: skip
    assert done.status_code == 303, done.text
    await browser.get(done.headers["location"])
    for text in ("The booking is made.", "confirmed", "Ольга Ермакова", "Ждан", "окно", "on board"):
        assert text in browser.page
    assert world.taken(departure) == [0, 2, 0]


async def test_what_is_refused_is_said_on_the_page(browser: Browser, web: Web, world: World) -> None:
    departure = world.departure(capacity=2)
    await browser.get(f"{OFFICE}/new?departure={departure}&passengers=2")
    promo = await browser.send(f"{OFFICE}/new", **PERSON, pay_by="online", promo_code="NOSUCH")
    assert promo.status_code == 422
    assert "We do not know this promo code" in browser.page
    again = await browser.send(f"{OFFICE}/new", **PERSON, pay_by="online")  # the same key finds the same hold
    assert again.status_code == 303
    assert world.taken(departure) == [2, 2, 2]
    await browser.get(f"{OFFICE}/new?departure={departure}&passengers=1")
    assert "/office/waiting-list/new?" in browser.page
    other = world.departure(capacity=2)
    await browser.get(f"{OFFICE}/new?departure={other}&passengers=2")
    await held(web.client, other)
    late = await browser.send(f"{OFFICE}/new", **PERSON, pay_by="online")
    assert (late.status_code, "Only 1 seat is left" in browser.page) == (409, True)
    nowhere = await browser.get(f"{OFFICE}/new?departure={uuid4()}")
    assert nowhere.status_code == 404
    theirs = await browser.get(f"{OFFICE}/new?departure={world.departure(operator=world.other)}")
    assert theirs.status_code == 404
    odd = await browser.get(f"{OFFICE}/new?departure={other}&from={uuid4()}&passengers=2")
    assert odd.status_code == 200
    assert (await browser.get(f"{OFFICE}/new?passengers=0")).status_code == 422


async def test_changed_noted_and_cancelled(browser: Browser, web: Web, world: World) -> None:
    people = [{"name": "Щукин Ждан", "document": "7701", "kind": "child"}]
    booking = await made(web, world, world.departure(), 2, pay_by="on_board", passenger_list=people)
    address = f"{OFFICE}/{booking['id']}"
    await browser.get(address)
    saved = await browser.send(
        address, **PERSON, special_requests="",
        **{"passenger_list.0.name": "Щукин Ждан", "passenger_list.0.kind": "child"},
    )  # fmt: skip
    assert saved.headers["location"] == f"{address}?done=changed"
    stored = world.rows("SELECT name, document FROM booking_passengers WHERE booking_id = %s", booking["id"])
    assert stored == [("Щукин Ждан", "7701")]  # the document the page does not show is kept
    await browser.get(address)
    wrong = await browser.send(address, **PERSON | {"email": "nowhere"})
    assert (wrong.status_code, "does not look like an e-mail" in browser.page) == (422, True)
    await browser.get(address)
    world.execute("UPDATE bookings SET version = version + 1 WHERE id = %s", booking["id"])
    late = await browser.send(address, **PERSON)
    assert (late.status_code, "Somebody has changed this" in browser.page) == (412, True)

    await browser.send(f"{address}/notes", text="Перезвонить")
    await browser.get(address)
    assert "Перезвонить" in browser.page
    blank = await browser.send(f"{address}/notes", text=" ")
    assert blank.status_code == 422

    await browser.get(address)
    cancelled = await browser.send(f"{address}/cancel", reason="Заболел")
    assert cancelled.headers["location"] == f"{address}?done=cancelled"
    await browser.get(cancelled.headers["location"])
    assert "Заболел" in browser.page
    assert "This booking is over" in browser.page


async def test_the_refund_is_shown_and_chosen(web: Web, world: World) -> None:
    browser = Browser(web, world, "owner").sign_in()
    booking = await made(web, world, world.departure())
    await pay(web.hub, world.main, booking["code"], 250_000, 1001)
    address = f"{OFFICE}/{booking['id']}"
    await browser.get(address)
    assert "By the rules: 2,500 ₽" in browser.page.replace("\u00a0", " ")
    for amount in ("", "many", "2500,01", "-1"):
        wrong = await browser.send(f"{address}/cancel", refund="amount", amount=amount)
        assert wrong.status_code == 422, amount
        assert 'id="f-amount-error"' in browser.page
    done = await browser.send(f"{address}/cancel", refund="amount", amount="1 000,50")
    assert done.status_code == 303
    assert world.rows("SELECT amount FROM refunds") == [(100_050,)]


async def test_the_link_is_sent_again_and_a_waiting_booking_decided(browser: Browser, web: Web, world: World) -> None:
    booking = await made(web, world, world.departure())
    address = f"{OFFICE}/{booking['id']}"
    await browser.get(address)
    linked = await browser.send(f"{address}/payment-link")
    assert linked.headers["location"] == f"{address}?done=linked"
    decided = await browser.send(f"{address}/decide", action="confirm", message="Ждём")
    assert decided.headers["location"] == f"{address}?done=decided"
    await browser.get(address)
    assert f"{address}/ticket.pdf" in browser.page
    assert f"{address}/move" in browser.page
    ticket = await browser.get(f"{address}/ticket.pdf")
    assert ticket.content.startswith(b"%PDF-")
    other = await made(web, world, world.departure())
    await browser.get(f"{OFFICE}/{other['id']}")
    world.execute("UPDATE bookings SET status = 'cancelled' WHERE id = %s", other["id"])
    for what, fields in (("payment-link", {}), ("decide", {"action": "reject"})):
        late = await browser.send(f"{OFFICE}/{other['id']}/{what}", **fields)
        assert late.status_code == 409
        await browser.get(f"{OFFICE}/{booking['id']}")
        browser.page = browser.page.replace(booking["id"], other["id"]) + (
            f'<form action="{OFFICE}/{other["id"]}/decide" method="post">{csrf_of(browser)}</form>'
        )


def csrf_of(browser: Browser) -> str:
    """The hidden field of the CSRF token on the page."""
    found = re.search(r'<input type="hidden" name="csrf_token" value="[^"]*">', browser.page)
    assert found
    return found[0]


async def test_money_taken_at_the_door_is_written_down(browser: Browser, web: Web, world: World) -> None:
    booking = await made(web, world, world.departure(), pay_by="on_board")
    address = f"{OFFICE}/{booking['id']}"
    await browser.get(address)
    done = await browser.send(f"{address}/collected")
    assert done.headers["location"] == f"{address}?done=collected"
    page = browser.page
    await browser.get(address)
    assert "Taken otherwise" in browser.page
    browser.page = page
    again = await browser.send(f"{address}/collected")
    assert again.status_code == 409


async def test_a_viewer_looks_and_cannot_touch(web: Web, world: World) -> None:
    browser = Browser(web, world, "viewer").sign_in()
    booking = await booked(web.client, world.departure())
    await browser.get(f"{OFFICE}/{booking['id']}")
    assert booking["code"] in browser.page
    for form in ("/notes", "/cancel", "/payment-link", "/decide"):
        assert f'action="{OFFICE}/{booking["id"]}{form}"' not in browser.page
    assert (await browser.get(f"{OFFICE}/new")).status_code == 403
    driver = Browser(web, world, "driver").sign_in()
    assert (await driver.get(OFFICE)).status_code == 403
    assert (await browser.get(f"{OFFICE}/{uuid4()}")).status_code == 404


async def test_a_booking_whose_traveller_was_removed(browser: Browser, web: Web, world: World) -> None:
    booking = await made(web, world, world.departure(), pay_by="on_board")
    world.execute(
        "UPDATE bookings SET contact_name = NULL, contact_phone = NULL, contact_email = NULL, contact_locale = NULL, "
        "erased_at = now() WHERE id = %s",
        booking["id"],
    )
    for address in (OFFICE, f"{OFFICE}/{booking['id']}"):
        await browser.get(address)
        assert "traveller removed" in browser.page


async def test_the_office_puts_a_caller_on_the_waiting_list(browser: Browser, web: Web, world: World) -> None:
    departure = world.departure(capacity=1)
    await browser.get("/office/waiting-list")
    assert "Nobody waits" in browser.page
    await made(web, world, departure, pay_by="on_board")
    new = "/office/waiting-list/new"
    await browser.get(f"{new}?departure={departure}&passengers=1")
    wrong = await browser.send(new, **PERSON | {"name": "x"}, passengers="1")
    assert wrong.status_code == 422
    large = await browser.send(new, **PERSON, passengers="9")
    assert (large.status_code, "larger than the vehicle" in browser.page) == (409, True)
    done = await browser.send(new, **PERSON, passengers="1")
    assert done.headers["location"] == "/office/waiting-list?done=joined"
    await browser.get(done.headers["location"])
    assert "Ольга Ермакова" in browser.page
    (party,) = world.rows("SELECT id, text_version, locale FROM waiting_parties")
    assert party[1:] == (None, "en")
    off = await browser.send(f"/office/waiting-list/{party[0]}/take-off")
    assert off.status_code == 303
    await browser.get("/office/waiting-list?all=true")
    assert "taken off" in browser.page
    assert (await browser.get("/office/waiting-list?status=lost")).status_code == 422
    assert (await browser.get(f"{new}?departure={uuid4()}")).status_code == 404


async def test_a_timeline_tells_every_kind_of_thing(browser: Browser, web: Web, world: World) -> None:
    booking = await made(web, world, world.departure())
    await pay(web.hub, world.main, booking["code"], 250_000, 1001)
    staff = web.staff(world.main)
    await web.client.post(f"/api/bookings/{booking['id']}/cancel", json={"refund": "full"}, headers=staff)
    await browser.get(f"{OFFICE}/{UUID(booking['id'])}")
    page = browser.page.replace("\u00a0", " ")
    for text in (
        "2,500 ₽ was paid",
        "2,500 ₽ is on its way back",
        "Message: the link to pay",
        "Seats were held",
        "Cancelled",
    ):
        assert text in page
    assert "pays_" not in page
