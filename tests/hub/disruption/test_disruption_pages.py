"""The pages of the weather day and of a move, in a browser without scripts."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.asgi import Web
from tests.builders import World
from tests.hub.disruption.day import Day, carry_out
from tests.platform.session.support import Browser

H = timedelta(hours=1)
NEW = "/office/disruptions/new"


@pytest.fixture
async def browser(web: Web, world: World) -> Browser:
    """A dispatcher's."""
    return await Browser(web).signed_in("dispatcher@main.example")


async def test_from_the_day_to_the_effect_to_the_progress(web: Web, world: World, day: Day, browser: Browser) -> None:
    assert "Nothing has been called off yet." in (await browser.get("/office/disruptions")).text
    first, second = (world.departure(departs_in=n * H, capacity=9) for n in (2, 3))
    world.departure(departs_in=30 * H, capacity=2)
    moved, paid_back = day.book(first, 2), day.book(second, 1)
    page = (await browser.get(NEW)).text
    assert [str(one) in page for one in (first, second)] == [True, True]
    assert "checked>" in (await browser.get(f"{NEW}?date=2026-11-24&all=1")).text
    effect = (await browser.get(f"{NEW}?departures={first},{second}&rebook=nearest")).text
    assert "1 booking moves" in effect
    assert "1 booking ends" in effect
    assert "2,500" in effect
    assert "Cancel 2 departures" in effect
    done = await browser.client.post(
        "/office/disruptions",
        data={
            "csrf_token": browser.csrf, "departures": [str(first), str(second)], "rebook": "nearest",
            "reason": "Storm", "weather": "1",
        },
    )  # fmt: skip
    assert done.status_code == 303, done.text
    where = done.headers["location"]
    page = (await browser.get(where)).text
    assert "0 of 2 bookings are settled" in page
    assert "Everybody on them is being told" in page
    await carry_out(web.hub)
    page = (await browser.get(where.partition("?")[0])).text
    assert "2 of 2 bookings are settled" in page
    assert "hx-get" not in page
    assert len(re.findall(rf"/office/bookings/(?:{moved}|{paid_back})\"", page)) == 2
    assert "hx-trigger" not in page
    narrowed = (await browser.get(f"{where.partition('?')[0]}?outcome=refunded")).text
    assert str(moved) not in narrowed
    file = await browser.get(f"{where.partition('?')[0]}/bookings.csv")
    assert len(file.text.splitlines()) == 3
    listed = (await browser.get("/office/disruptions")).text
    assert "settled" in listed
    assert "Storm" in listed


async def test_what_is_wrong_is_said_and_nothing_is_done(web: Web, world: World, browser: Browser) -> None:
    running, left = world.departure(departs_in=2 * H), world.departure(departs_in=-H)
    off = world.departure(departs_in=3 * H, status="cancelled")
    for fields, status, said in (
        ({"rebook": "refund"}, 422, "Choose at least one departure."),
        ({"rebook": "perhaps", "departures": [str(running)]}, 422, "Choose one of the options."),
        ({"rebook": "refund", "departures": [str(left)]}, 409, "This departure has left already."),
        ({"rebook": "refund", "departures": [str(off)]}, 409, "There is no departure to cancel among these."),
    ):
        reply = await browser.client.post("/office/disruptions", data={"csrf_token": browser.csrf, **fields})
        assert (reply.status_code, said in reply.text) == (status, True), reply.text
    theirs = world.departure(operator=world.other)
    assert (await browser.get(f"{NEW}?departure={theirs}")).status_code == 404
    assert (await browser.get(f"{NEW}?date=soon")).status_code == 422
    assert "Nothing that could be called off" in (await browser.get(f"{NEW}?date=2026-12-24")).text
    assert world.rows("SELECT count(*) FROM disruptions") == [(0,)]


async def test_a_viewer_looks_and_calls_nothing_off(web: Web, world: World) -> None:
    viewer = await Browser(web).signed_in("viewer@main.example")
    page = await viewer.get("/office/disruptions")
    assert (page.status_code, NEW in page.text) == (200, False)
    assert (await viewer.get(NEW)).status_code == 403


async def test_the_page_that_moves_a_booking(web: Web, world: World, day: Day, browser: Browser) -> None:
    before, full = world.departure(departs_in=5 * H), world.departure(departs_in=6 * H, capacity=1)
    after = world.departure(departs_in=8 * H)
    booking = day.book(before, 2)
    path = f"/office/bookings/{booking}/move"
    page = (await browser.get(path)).text
    assert re.search(rf'value="{full}" required disabled', page)
    assert re.search(rf'value="{after}" required>', page)
    assert "(same price)" in page
    assert "No departure of this stretch" in (await browser.get(f"{path}?date=2026-12-24")).text
    assert (await browser.get(f"{path}?date=soon")).status_code == 422

    async def send(**fields: str) -> tuple[int, str]:
        reply = await browser.client.post(path, data={"csrf_token": browser.csrf, **fields})
        return reply.status_code, reply.headers.get("location", reply.text)

    status, page = await send(difference="keep")
    assert (status, "Choose a departure." in page) == (422, True)
    status, page = await send(departure_id=str(full), reason="Other <bus>")
    assert (status, "There is not enough room any more" in page) == (409, True)
    assert "Other &lt;bus&gt;" in page
    status, page = await send(departure_id=str(world.departure(status="cancelled")))
    assert (status, "This departure was cancelled." in page) == (409, True)
    assert await send(departure_id=str(after), difference="keep") == (303, f"/office/bookings/{booking}?done=moved")
    assert day.state(booking).departure == after
    world.execute("UPDATE bookings SET status = 'redeemed' WHERE id = %s", booking)
    assert (await browser.get(path)).status_code == 409
