"""The pages of timetables in a browser without scripts."""

from __future__ import annotations

import re

import httpx

from tests.asgi import Web
from tests.builders import PRICES, STOPS, World
from tests.hub.timetable.support import departure_at, hold, local_times, make
from tests.platform.session.support import Browser

PAGE = "/office/timetables"


def fields(world: World, **changes: str | list[str]) -> dict[str, str | list[str]]:
    """The form of a timetable as a person fills it in: roubles, times in a line."""
    sent: dict[str, str | list[str]] = {
        "route_id": str(world.main.route),
        "vehicle_id": str(world.main.vehicle),
        "driver_id": "",
        "weekdays": list("1234567"),
        "times": "8:00, 14:00",
        "valid_from": "2026-11-24",
        "valid_to": "2026-11-30",
        "sales_cutoff_minutes": "",
        "rules.0.kind": "early",
        "rules.0.threshold": "1,5",
        "rules.0.percent": "-10",
        "rules.1.kind": "",
        "rules.1.threshold": "",
        "rules.1.percent": "",
    }
    names = [name for name, _ in STOPS]
    for index, ((start, end), amount) in enumerate(PRICES.items()):
        sent |= {
            f"prices.{index}.from_place_id": str(world.places[names[start]]),
            f"prices.{index}.to_place_id": str(world.places[names[end]]),
            f"prices.{index}.price": f"{amount // 100:,}".replace(",", " ") if end - start == 1 else "",
            f"prices.{index}.child_price": "500,50" if index == 0 else "",
            f"prices.{index}.infant_price": "0" if index == 0 else "",
        }
    return sent | changes


async def post(browser: Browser, path: str, sent: dict[str, str | list[str]]) -> httpx.Response:
    return await browser.client.post(path, data={"csrf_token": browser.csrf, **sent})


def hidden(page: str) -> dict[str, str | list[str]]:
    """What the form of a preview sends on."""
    sent: dict[str, str | list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page):
        if name == "weekdays":
            days = sent.setdefault("weekdays", [])
            assert isinstance(days, list)
            days.append(value)
        elif name != "csrf_token":
            sent[name] = value
    return sent


async def test_a_timetable_is_looked_at_and_then_made(web: Web, world: World) -> None:
    browser = await Browser(web).signed_in("manager@main.example")
    assert "There is no timetable yet." in (await browser.get(PAGE)).text
    choose = (await browser.get(f"{PAGE}/new")).text
    assert str(world.main.route) in choose
    form = (await browser.get(f"{PAGE}/new?route={world.main.route}")).text
    assert 'name="prices.5.price"' in form
    seen = await post(browser, f"{PAGE}/preview", fields(world))
    assert seen.status_code == 200, seen.text
    assert "In short" in seen.text
    assert world.rows("SELECT FROM timetables") == []
    made = await post(browser, PAGE, hidden(seen.text))
    assert made.status_code == 303, made.text
    page = (await browser.get(made.headers["location"])).text
    assert "13 departures are made." in page
    assert "Booked early: at least so many hours before" in page
    assert world.rows("SELECT kind, threshold, percent FROM tariff_rules") == [("early", 90, -10)]
    assert world.rows(
        "SELECT amount, child_amount, infant_amount FROM tariff_prices p JOIN timetables t ON t.tariff_id = p.tariff_id "
        "WHERE (from_position, to_position) IN ((0, 1), (0, 3)) ORDER BY to_position"
    ) == [(100_000, 50_050, 0), (350_000, 300_050, 250_000)]
    listed = (await browser.get(PAGE)).text
    assert "08:00" in listed
    assert "13 departures" in listed


async def test_one_may_go_back_from_the_preview(web: Web, world: World) -> None:
    browser = await Browser(web).signed_in("manager@main.example")
    seen = await post(browser, f"{PAGE}/preview", fields(world))
    back = await post(browser, f"{PAGE}/preview", hidden(seen.text) | {"again": "1"})
    assert back.status_code == 200
    assert 'value="8:00, 14:00"' in back.text
    assert back.text.count(" checked") == 7


async def test_what_is_wrong_stands_at_its_field_with_what_was_typed(web: Web, world: World) -> None:
    browser = await Browser(web).signed_in("manager@main.example")
    wrong = fields(
        world, weekdays=[], times="8 o'clock", valid_to="2026-11-01",
        **{"prices.0.price": "a lot", "rules.0.threshold": "soon"},
    )  # fmt: skip
    reply = await post(browser, f"{PAGE}/preview", wrong)
    assert reply.status_code == 422
    assert "Write times such as 08:00 10:30" in reply.text
    assert "Write a price in roubles, such as 1500." in reply.text
    assert "Write a number of hours, such as 24." in reply.text
    assert 'id="f-weekdays-error"' in reply.text
    assert 'value="8 o&#39;clock"' in reply.text
    season = await post(browser, f"{PAGE}/preview", fields(world, valid_to="2026-11-01"))
    assert (season.status_code, "The season ends before it begins." in season.text) == (422, True)
    holes = await post(browser, PAGE, fields(world, **{"prices.3.price": ""}))
    assert holes.status_code == 422
    assert "No price: Town → City" in holes.text


async def test_a_change_is_looked_at_and_sold_departures_wait_for_a_decision(web: Web, world: World) -> None:
    made = await make(web, world, rules=[{"kind": "load", "threshold": 80, "percent": 15}])
    sold = departure_at(world, made, "26 08:00")
    await hold(web, sold)
    browser = await Browser(web).signed_in("manager@main.example")
    path = f"{PAGE}/{made['id']}"
    form = (await browser.get(f"{path}/edit")).text
    assert 'value="08:00 14:00"' in form
    assert 'value="1000"' in form
    changed = fields(world, times="10:00", version="1")
    seen = await post(browser, f"{path}/preview", changed)
    assert seen.status_code == 200, seen.text
    assert "These are sold and stay as they are" in seen.text
    assert len(local_times(world, made)) == 13
    done = await post(browser, path, hidden(seen.text))
    assert done.status_code == 303, done.text
    page = (await browser.get(done.headers["location"])).text
    assert "1 sold departure stays as it was." in page
    assert f"/office/disruptions/new?departures={sold}" in page
    stale = await post(browser, path, changed)
    assert stale.status_code == 422
    assert "Somebody has changed this since you opened it" in stale.text


async def test_dates_of_their_own_and_the_end(web: Web, world: World) -> None:
    made = await make(web, world)
    browser = await Browser(web).signed_in("manager@main.example")
    path = f"{PAGE}/{made['id']}"
    wrong = await post(browser, f"{path}/exceptions", {"date": "2027-05-01", "times": "", "note": ""})
    assert (wrong.status_code, "This date is not in the season" in wrong.text) == (422, True)
    garbled = await post(browser, f"{path}/exceptions", {"date": "", "times": "noon", "note": ""})
    assert garbled.status_code == 422
    set_ = await post(browser, f"{path}/exceptions", {"date": "2026-11-26", "times": "", "note": "storm"})
    assert set_.status_code == 303
    page = (await browser.get(set_.headers["location"])).text
    assert "nothing runs" in page
    assert "storm" in page
    back = await post(browser, f"{path}/exceptions/2026-11-26/remove", {})
    assert back.status_code == 303
    assert len(local_times(world, made)) == 13
    again = await post(browser, f"{path}/generate", {})
    assert again.status_code == 303
    stale = await post(browser, f"{path}/archive", {"version": "1"})
    assert stale.status_code == 422
    ended = await post(browser, f"{path}/archive", {"version": "3"})
    assert ended.status_code == 303
    assert "archived" in (await browser.get(ended.headers["location"])).text
    assert "There is no timetable yet." in (await browser.get(PAGE)).text
    assert "08:00" in (await browser.get(f"{PAGE}?archived=1")).text


async def test_what_cannot_be_is_told_with_the_departure_in_its_way(web: Web, world: World) -> None:
    first = await make(web, world, times=["08:00"], valid_from="2026-11-30")
    second = await make(web, world, times=["09:00"], valid_from="2026-11-30")
    browser = await Browser(web).signed_in("viewer@main.example")
    page = (await browser.get(f"{PAGE}/{second['id']}")).text
    assert "the vehicle is on the road" in page
    assert f"/office/departures/{departure_at(world, first, '30 08:00')}" in page
    assert "Archive the timetable" not in page
    world.execute("UPDATE departures SET status = 'cancelled'")
    assert "Make them" not in (await browser.get(f"{PAGE}/{second['id']}")).text
    manager = await Browser(web).signed_in("manager@main.example")
    assert "1 departure could be made now" in (await manager.get(f"{PAGE}/{second['id']}")).text


async def test_without_a_route_or_a_vehicle_there_is_a_way_on(web: Web, world: World) -> None:
    world.execute("UPDATE vehicles SET archived_at = now()")
    browser = await Browser(web).signed_in("manager@main.example")
    page = (await browser.get(f"{PAGE}/new")).text
    assert "A timetable needs a route with stops and a vehicle." in page
    assert "/office/vehicles" in page


async def test_the_pages_speak_russian(web: Web, world: World) -> None:
    made = await make(web, world)
    browser = await Browser(web).signed_in("manager@main.example")
    for path in (PAGE, f"{PAGE}/new?route={world.main.route}", f"{PAGE}/{made['id']}", f"{PAGE}/{made['id']}/edit"):
        reply = await browser.client.get(path, headers={"Accept-Language": "ru"})
        assert reply.status_code == 200
