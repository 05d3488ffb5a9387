"""The pages of promo codes, and the promo code on the page of a booking."""

import re
from datetime import UTC, datetime

import pytest

from kamhub.platform.person.types import Role
from tests.app.support import held
from tests.asgi import Web
from tests.builders import World
from tests.hub.price.support import EARLY, goes_by, promo
from tests.platform.session.support import Browser

PAGE = "/office/promo-codes"
TYPED = {
    "code": "summer-26",
    "kind": "percent",
    "value": "10",
    "route_id": "",
    "first_day": "",
    "last_day": "",
    "most_uses": "",
    "most_per_contact": "",
}


async def signed_in(web: Web, role: Role = "manager") -> Browser:
    return await Browser(web).signed_in(f"{role}@main.example")


def words(page: str) -> str:
    """The text of a page, without its tags."""
    text = re.sub(r"<[^>]+>|&nbsp;|\u00a0|\s", " ", page)
    return re.sub(r" +", " ", text)


async def test_a_code_is_made_seen_changed_and_put_away(web: Web, world: World) -> None:
    browser = await signed_in(web)
    assert "There is no promo code yet." in (await browser.get(PAGE)).text
    sent = TYPED | {"route_id": str(world.main.route), "last_day": "2026-12-31", "most_uses": "5"}
    made = await browser.send(PAGE, **sent)
    assert (made.status_code, made.headers["location"]) == (303, f"{PAGE}?done=made")
    page = words((await browser.get(made.headers["location"])).text)
    assert "The promo code can be used from now on." in page
    assert "SUMMER-26 −10 %" in page
    assert "only on line · until 31 December 2026" in page
    assert "used 0 of 5 times" in page
    ((number, ends),) = world.rows("SELECT id, valid_to FROM promo_codes")
    assert ends == datetime(2026, 12, 31, 12, tzinfo=UTC), "the end of that day in Kamchatka"
    address = f"{PAGE}/{number}"
    form = (await browser.get(address)).text
    for value in ("SUMMER-26", "2026-12-31", "5", "10"):
        assert f'value="{value}"' in form
    changed = await browser.send(address, **sent | {"kind": "amount", "value": "150,50", "version": "1"})
    assert (changed.status_code, changed.headers["location"]) == (303, f"{address}?done=changed")
    assert "−150.50 ₽" in words((await browser.get(changed.headers["location"])).text)
    assert 'value="150.50"' in (await browser.get(address)).text
    gone = await browser.send(f"{address}/archive")
    assert gone.headers["location"] == f"{PAGE}?done=archived"
    assert address not in (await browser.get(PAGE)).text
    assert "put away" in words((await browser.get(f"{PAGE}?archived=true")).text)
    assert "Put it away" not in (await browser.get(address)).text


async def test_two_people_do_not_overwrite_each_other(web: Web, world: World) -> None:
    code = await promo(web.hub, world.main)
    browser, address = await signed_in(web), f"{PAGE}/{code.id}"
    assert (await browser.send(address, **TYPED, version="1")).status_code == 303
    assert (await browser.send(address, **TYPED | {"value": "20"}, version="1")).status_code == 303
    late = await browser.send(address, **TYPED | {"value": "30"}, version="1")
    assert late.status_code == 412
    assert "Somebody has changed this since you opened it" in late.text
    assert ('value="30"' in late.text, 'name="version" value="2"' in late.text) == (True, True)
    assert (await browser.send(address, **TYPED | {"value": "30"}, version="2")).status_code == 303


async def test_a_moment_stays_while_its_day_is_left_alone(web: Web, world: World) -> None:
    begins, ends = datetime(2026, 11, 25, 3, 30, tzinfo=UTC), datetime(2026, 11, 28, 5, 15, tzinfo=UTC)
    code = await promo(web.hub, world.main, valid_from=begins, valid_to=ends)
    browser, address = await signed_in(web), f"{PAGE}/{code.id}"
    days = {"first_day": "2026-11-25", "last_day": "2026-11-28"}
    await browser.send(address, **TYPED | days | {"value": "20"}, version="1")
    assert world.rows("SELECT valid_from, valid_to FROM promo_codes") == [(begins, ends)]
    await browser.send(address, **TYPED | {"first_day": "2026-11-26"}, version="2")
    assert world.rows("SELECT valid_from, valid_to FROM promo_codes") == [
        (datetime(2026, 11, 25, 12, tzinfo=UTC), None)
    ]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"code": "a"}, "At least 3 characters."),
        ({"code": "a.b.c"}, "Letters, digits and hyphens, 3 to 30 of them."),
        ({"value": "91"}, "A percentage is between 1 and 90."),
        ({"value": "2.5"}, "A percentage is between 1 and 90."),
        ({"value": "much"}, "Write a number, such as 10."),
        ({"kind": "amount", "value": "-5"}, "Write a number, such as 10."),
        ({"first_day": "2026-12-02", "last_day": "2026-12-01"}, "A code ends after it begins."),
        ({"most_uses": "0"}, "Not less than 1."),
        ({"route_id": "01a228c5-8a3b-769d-a826-d1dcfd6b6d7f"}, "There is no such route."),
    ],
)
async def test_what_is_wrong_is_said_beside_the_field(
    web: Web, world: World, wrong: dict[str, str], sentence: str
) -> None:
    browser = await signed_in(web)
    reply = await browser.send(PAGE, **TYPED | wrong)
    assert reply.status_code == 422
    assert sentence in reply.text
    assert 'aria-invalid="true"' in reply.text


async def test_a_name_that_is_taken_and_one_that_was_put_away(web: Web, world: World) -> None:
    browser = await signed_in(web)
    await browser.send(PAGE, **TYPED)
    reply = await browser.send(PAGE, **TYPED)
    assert reply.status_code == 409
    assert "There is such a promo code already." in reply.text


async def test_the_bookings_of_a_code(web: Web, world: World) -> None:
    code = await promo(web.hub, world.main, most_uses=1)
    booking = await held(web.client, world.departure(), 1)
    world.execute(
        "INSERT INTO promo_code_uses VALUES (%s, %s, %s, 25000, %s)", world.main.id, booking["id"], code.id, world.now
    )
    page = words((await (await signed_in(web)).get(f"{PAGE}/{code.id}")).text)
    assert "used up" in page
    assert "250 ₽ taken off" in page
    assert booking["code"] in page
    world.execute("UPDATE bookings SET status = 'cancelled'")
    assert "does not count any more" in words((await (await signed_in(web)).get(f"{PAGE}/{code.id}")).text)


async def test_a_viewer_looks_and_a_driver_does_not(web: Web, world: World) -> None:
    code = await promo(web.hub, world.main)
    viewer = await signed_in(web, "viewer")
    page = await viewer.get(f"{PAGE}/{code.id}")
    assert page.status_code == 200
    assert "Change the code" not in page.text
    assert (await viewer.send(PAGE, **TYPED)).status_code == 403
    assert (await (await signed_in(web, "driver")).get(PAGE)).status_code == 403
    theirs = await promo(web.hub, world.other, "THEIRS")
    assert (await (await signed_in(web)).get(f"{PAGE}/{theirs.id}")).status_code == 404


async def test_a_route_that_was_put_away_stays_chosen(web: Web, world: World) -> None:
    code = await promo(web.hub, world.main, route_id=world.main.route)
    world.execute("UPDATE routes SET archived_at = now() WHERE id = %s", world.main.route)
    browser = await signed_in(web)
    page = (await browser.get(f"{PAGE}/{code.id}")).text
    assert f'<option value="{world.main.route}" selected>' in page
    kept = await browser.send(f"{PAGE}/{code.id}", **TYPED | {"route_id": str(world.main.route)}, version="1")
    assert kept.status_code == 303


async def test_the_promo_code_on_the_page_of_a_booking(web: Web, world: World) -> None:
    departure = world.departure()
    await goes_by(web.hub, world, departure, [EARLY])
    await promo(web.hub, world.main, "TEN", value=10)
    browser = Browser(web)
    shown = await browser.get(f"/departures/{departure}")
    key = re.search(r'name="key" value="([^"]+)"', shown.text)
    assert key is not None
    went = await browser.send(
        f"/departures/{departure}/hold",
        **{"from": str(world.places["airport"]), "to": str(world.places["springs"]), "passengers": "2", "key": key[1]},
    )
    page = went.headers["location"]
    assert "Promo code, if you have one" in (await browser.get(page)).text
    filled = {
        "name": "Anna Yolkina",
        "phone": "+7 914 123-45-67",
        "email": "anna@example.org",
        "passenger_list.0.name": "Anna Yolkina",
        "passenger_list.0.kind": "adult",
        "passenger_list.1.name": "Zhdan",
        "passenger_list.1.kind": "child",
    }
    wrong = await browser.send(f"{page}/passengers", **filled, promo_code="NOTHING")
    assert wrong.status_code == 422
    assert ("We do not know this promo code." in wrong.text, 'value="NOTHING"' in wrong.text) == (True, True)
    right = await browser.send(f"{page}/passengers", **filled, promo_code="ten")
    assert right.status_code == 303
    text = words((await browser.get(page)).text)
    assert (
        "Booked early −10 % −250 ₽ Price per seat 2,250 ₽ 1 adult 2,250 ₽ 1 child 1,125 ₽ Promo code TEN −338 ₽" in text
    )
    assert "Total 3,037 ₽" in text
