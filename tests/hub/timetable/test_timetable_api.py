"""Timetables over HTTP: made with their departures, read, changed, ended."""

from __future__ import annotations

from typing import Any

import pytest

from tests.asgi import Web
from tests.builders import World
from tests.hub.timetable.support import (
    ALL_DAYS,
    body,
    departure_at,
    driver,
    hold,
    local_times,
    make,
    patch,
    prices,
    vehicle,
)


async def test_a_timetable_makes_its_departures_at_once(web: Web, world: World) -> None:
    made = await make(web, world, rules=[{"kind": "early", "threshold": 1440, "percent": -10}])
    # It is noon of the 24th: the first run of that day has left.
    assert made["generated"] == {
        "count": 13,
        "first": "2026-11-24T14:00:00+12:00",
        "last": "2026-11-30T14:00:00+12:00",
    }
    assert made["conflicts"] == []
    assert made["departures"]["count"] == 13
    assert made["rules"] == [{"kind": "early", "threshold": 1440, "percent": -10}]
    rows = world.rows(
        "SELECT DISTINCT capacity, taken, departs_at - sales_close_at, upper(on_road) - departs_at, tariff_id::text "
        "FROM departures WHERE timetable_id = %s",
        made["id"],
    )
    (row,) = rows
    assert (row[0], row[1], str(row[2]), str(row[3])) == (16, [0, 0, 0], "0:30:00", "1:45:00")
    events = world.rows("SELECT what, actor LIKE 'person:%%', count(*) FROM departure_events GROUP BY 1, 2")
    assert events == [("created", True, 13)]


async def test_its_departures_are_found_and_sold_at_once(web: Web, world: World) -> None:
    await make(web, world)
    found = await web.client.get(
        "/api/transfers/search", params={"from": "airport", "to": "city", "date": "2026-11-26", "passengers": 2}
    )
    items = found.json()["items"]
    assert [item["departs_at"] for item in items] == ["2026-11-26T08:00:00+12:00", "2026-11-26T14:00:00+12:00"]
    assert items[0]["price_per_seat"] == {"amount": 150_000, "currency": "RUB"}
    assert (await hold(web, items[0]["departure_id"])).status_code == 201


async def test_a_price_may_be_money_and_the_other_pairs_are_added_up(web: Web, world: World) -> None:
    names = ("airport", "town", "city", "springs")
    legs = [
        {
            "from_place_id": str(world.places[start]),
            "to_place_id": str(world.places[end]),
            "price": {"amount": amount, "currency": "RUB"},
            "child_price": amount // 2,
        }
        for start, end, amount in zip(names, names[1:], (100_000, 60_000, 130_000), strict=False)
    ]
    made = await make(web, world, prices=legs)
    whole = next(one for one in made["prices"] if (one["from_place_id"], one["to_place_id"]) == (
        str(world.places["airport"]), str(world.places["springs"])))  # fmt: skip
    assert whole["price"]["amount"] == 290_000
    assert whole["child_price"]["amount"] == 145_000
    assert len(made["prices"]) == 6


async def test_a_pair_that_cannot_be_added_up_is_named(web: Web, world: World) -> None:
    ends = [one for one in prices(world) if one["price"] == 250_000]
    reply = await web.client.post(
        "/api/timetables", json=body(world, prices=ends), headers=web.staff(world.main, "manager")
    )
    assert reply.status_code == 422
    assert reply.json()["errors"][0]["code"] == "price_missing"
    assert len(reply.json()["missing"]) == 5


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"weekdays": []}, "weekdays"),
        ({"weekdays": [0]}, "weekdays.0"),
        ({"times": ["8:00"]}, "times.0"),
        ({"times": []}, "times"),
        ({"valid_to": "2026-11-01"}, "valid_to"),
        ({"valid_to": "2029-11-01"}, "valid_to"),
        ({"rules": [{"kind": "early", "threshold": 60, "percent": 0}]}, "rules.0.percent"),
        ({"sales_cutoff_minutes": -1}, "sales_cutoff_minutes"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_what_makes_no_sense_is_refused_by_field(
    web: Web, world: World, changes: dict[str, Any], field: str
) -> None:
    for path in ("/api/timetables", "/api/timetables/preview"):
        reply = await web.client.post(path, json=body(world, **changes), headers=web.staff(world.main, "manager"))
        assert reply.status_code == 422
        assert field in [error["field"] for error in reply.json()["errors"]]
    assert world.rows("SELECT count(*) FROM timetables") == [(0,)]


@pytest.mark.parametrize(
    ("name", "code"),
    [("route_id", "route_not_found"), ("vehicle_id", "vehicle_not_found"), ("driver_id", "driver_not_found")],
)
async def test_what_is_not_there_is_not_found_and_what_is_archived_is_told(
    web: Web, world: World, name: str, code: str
) -> None:
    nothing = body(world) | {name: "01920000-0000-7000-8000-000000000000"}
    reply = await web.client.post("/api/timetables", json=nothing, headers=web.staff(world.main, "manager"))
    assert (reply.status_code, reply.json()["code"]) == (404, code)
    somebody = driver(world)
    world.execute(f"UPDATE {name.removesuffix('_id')}s SET archived_at = now()")
    archived = body(world) | ({"driver_id": str(somebody)} if name == "driver_id" else {})
    reply = await web.client.post("/api/timetables", json=archived, headers=web.staff(world.main, "manager"))
    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, name)


@pytest.mark.parametrize(
    ("ends", "price", "field", "code"),
    [
        (("city", "airport"), 100, "prices.0.to_place_id", "backward"),
        (("airport", "moon"), 100, "prices.0.to_place_id", "not_on_route"),
        (("moon", "airport"), 100, "prices.0.from_place_id", "not_on_route"),
        (("airport", "town"), 99, "prices.0.price", "greater_than_equal"),
        (("airport", "town"), {"amount": 500, "currency": "USD"}, "prices.0.price", "value_error"),
        (("airport", "town"), {"amount": "x"}, "prices.0.price", None),
        (("town", "city"), 100, "prices.1.to_place_id", "repeated"),
    ],
)
async def test_a_price_that_makes_no_sense_is_refused_by_field(
    web: Web, world: World, ends: tuple[str, str], price: Any, field: str, code: str | None
) -> None:
    moon = "01920000-0000-7000-8000-000000000000"
    places = {name: str(number) for name, number in world.places.items()} | {"moon": moon}
    start, end = ends
    sent = [
        {"from_place_id": places[start], "to_place_id": places[end], "price": price},
        {"from_place_id": places["town"], "to_place_id": places["city"], "price": 500},
    ]
    reply = await web.client.post(
        "/api/timetables", json=body(world, prices=sent), headers=web.staff(world.main, "manager")
    )
    assert reply.status_code == 422
    error = reply.json()["errors"][0]
    assert error["field"].startswith(field)
    assert code is None or error["code"] == code


async def test_a_preview_counts_and_writes_nothing(web: Web, world: World) -> None:
    reply = await web.client.post("/api/timetables/preview", json=body(world), headers=web.staff(world.main, "manager"))
    assert reply.status_code == 200
    assert reply.json()["generated"]["count"] == 13
    for table in ("timetables", "departures", "departure_events"):
        assert world.rows(f"SELECT count(*) FROM {table}") == [(0,)]


async def test_what_is_busy_is_left_out_and_told(web: Web, world: World) -> None:
    first = await make(web, world, times=["08:00"])
    second = await make(web, world, times=["09:00", "12:00"], valid_from="2026-11-29")
    assert [(one["departs_at"], one["reason"]) for one in second["conflicts"]] == [
        ("2026-11-29T09:00:00+12:00", "vehicle"),
        ("2026-11-30T09:00:00+12:00", "vehicle"),
    ]
    assert second["conflicts"][0]["departure_id"] == str(departure_at(world, first, "29 08:00"))
    assert second["generated"]["count"] == 2


async def test_two_runs_of_one_timetable_do_not_share_a_vehicle(web: Web, world: World) -> None:
    made = await make(web, world, times=["08:00", "09:00"], valid_from="2026-11-30")
    assert [(one["departs_at"], one["reason"]) for one in made["conflicts"]] == [
        ("2026-11-30T09:00:00+12:00", "vehicle")
    ]


async def test_a_driver_rests(web: Web, world: World) -> None:
    somebody, other = driver(world), vehicle(world, "SECOND")
    world.execute("UPDATE organisations SET rest_minutes = 60 WHERE id = %s", world.main.id)
    await make(web, world, times=["08:00"], valid_from="2026-11-30", driver_id=str(somebody))
    made = await make(
        web, world, times=["09:00", "10:44", "10:45"], valid_from="2026-11-30", driver_id=str(somebody),
        vehicle_id=str(other),
    )  # fmt: skip
    # Free from 09:45 on, rested from 10:45 on.
    assert [(one["departs_at"][11:16], one["reason"]) for one in made["conflicts"]] == [
        ("09:00", "driver"),
        ("10:44", "rest"),
    ]
    assert local_times(world, made) == ["30 10:45"]


async def test_it_is_read_with_its_version_and_as_a_file(web: Web, world: World) -> None:
    made = await make(web, world)
    headers = web.staff(world.main, "viewer")
    one = await web.client.get(f"/api/timetables/{made['id']}", headers=headers)
    assert one.status_code == 200
    assert one.headers["etag"] == '"1"'
    assert one.json()["conflicts"] == one.json()["kept_sold"] == []
    assert one.json()["missing"]["count"] == 0
    listed = (await web.client.get("/api/timetables", headers=headers)).json()
    assert (listed["total"], listed["items"][0]["id"]) == (1, made["id"])
    filtered = await web.client.get("/api/timetables", params={"route_id": str(world.other.route)}, headers=headers)
    assert filtered.json()["total"] == 0
    file = await web.client.get("/api/timetables", headers=headers | {"Accept": "text/csv"})
    assert file.headers["content-type"].startswith("text/csv")
    assert "08:00 14:00" in file.text


async def test_another_operators_timetable_is_not_there(web: Web, world: World) -> None:
    made = await make(web, world)
    headers = web.staff(world.other, "manager")
    path = f"/api/timetables/{made['id']}"
    for method, address in (
        ("GET", path), ("PATCH", path), ("DELETE", path), ("POST", f"{path}/preview"), ("POST", f"{path}/exceptions"),
        ("POST", f"{path}/generate"), ("PATCH", f"{path}/prices"), ("DELETE", f"{path}/exceptions/2026-11-25"),
    ):  # fmt: skip
        reply = await web.client.request(method, address, headers=headers, json={} if method != "GET" else None)
        assert (reply.status_code, reply.json()["code"]) == (404, "timetable_not_found"), address
    assert (await web.client.get("/api/timetables", headers=headers)).json()["total"] == 0
    stolen = body(world, world.other, vehicle_id=str(world.main.vehicle))
    assert (await web.client.post("/api/timetables", json=stolen, headers=headers)).status_code == 404


async def test_only_who_may_changes_it(web: Web, world: World) -> None:
    made = await make(web, world)
    path = f"/api/timetables/{made['id']}"
    for role in ("viewer", "dispatcher"):
        headers = web.staff(world.main, role)
        assert (await web.client.get(path, headers=headers)).status_code == 200
        assert (await web.client.patch(path, json={"times": ["09:00"]}, headers=headers)).status_code == 403
        assert (await web.client.post("/api/timetables", json=body(world), headers=headers)).status_code == 403
    assert (await web.client.get(path, headers=web.staff(world.main, "driver"))).status_code == 403
    assert (await web.client.get(path)).status_code == 401


async def test_who_saw_an_older_version_is_stopped_before_the_body_is_judged(web: Web, world: World) -> None:
    made = await make(web, world)
    await patch(web, world, made, times=["10:00"])
    path, headers = f"/api/timetables/{made['id']}", web.staff(world.main, "manager") | {"If-Match": '"1"'}
    stale = await web.client.patch(path, json={"times": "nonsense"}, headers=headers)
    assert (stale.status_code, stale.json()["code"]) == (412, "version_stale")
    assert (await web.client.delete(path, headers=headers)).status_code == 412
    seen = headers | {"If-Match": '"2"'}
    assert (await web.client.patch(path, json={"times": ["11:00"]}, headers=seen)).headers["etag"] == '"3"'
    assert (await web.client.delete(path, headers=headers | {"If-Match": '"3"'})).status_code == 204


async def test_unsold_departures_follow_and_sold_ones_stay(web: Web, world: World) -> None:
    made = await make(web, world)
    sold = departure_at(world, made, "26 08:00")
    kept_id = departure_at(world, made, "25 08:00")
    assert (await hold(web, sold)).status_code == 201
    changed = await patch(web, world, made, times=["10:00", "14:00"], valid_to="2026-11-28")
    assert changed["kept_sold"] == [
        {"departure_id": str(sold), "departs_at": "2026-11-26T08:00:00+12:00", "bookings": 1, "differs": ["time"]}
    ]
    assert changed["counts"] == {
        "created": 1, "changed": 0, "moved": 3, "removed": 4, "kept_sold": 1, "conflicts": 0,
    }  # fmt: skip
    # On the 26th the vehicle is back from the sold run at 09:45, in time for the one at 10:00.
    assert local_times(world, made) == [
        "24 14:00", "25 10:00", "25 14:00", "26 08:00", "26 10:00", "26 14:00", "27 10:00", "27 14:00", "28 10:00",
        "28 14:00",
    ]  # fmt: skip
    moved = {one["departure_id"]: one for one in changed["moved"]}[str(kept_id)]
    assert (moved["from_departs_at"], moved["departs_at"]) == ("2026-11-25T08:00:00+12:00", "2026-11-25T10:00:00+12:00")
    details = (await web.client.get(f"/api/timetables/{made['id']}", headers=web.staff(world.main, "viewer"))).json()
    assert [one["departure_id"] for one in details["kept_sold"]] == [str(sold)]


async def test_a_preview_of_a_change_says_the_same_and_does_nothing(web: Web, world: World) -> None:
    made = await make(web, world)
    before = local_times(world, made)
    reply = await web.client.post(
        f"/api/timetables/{made['id']}/preview",
        json={"weekdays": [1], "times": ["08:00"]},
        headers=web.staff(world.main, "manager"),
    )
    assert reply.status_code == 200
    assert local_times(world, made) == before
    told = reply.json()["counts"]
    assert (await patch(web, world, made, weekdays=[1], times=["08:00"]))["counts"] == told
    assert local_times(world, made) == ["30 08:00"]


async def test_new_prices_are_a_new_tariff_of_what_is_unsold(web: Web, world: World) -> None:
    made = await make(web, world)
    sold = departure_at(world, made, "26 08:00")
    await hold(web, sold)
    dearer = [one | {"price": one["price"] + 10_000} for one in prices(world)]
    reply = await web.client.patch(
        f"/api/timetables/{made['id']}/prices", json={"prices": dearer}, headers=web.staff(world.main, "manager")
    )
    assert reply.status_code == 200
    assert reply.json()["changed"] == 12
    tariffs = world.rows("SELECT tariff_id::text, count(*) FROM departures GROUP BY 1 ORDER BY 2")
    assert tariffs == [(made["tariff_id"], 1), (reply.json()["tariff_id"], 12)]
    again = await patch(web, world, made, prices=dearer)
    assert (again["tariff_id"], again["changed"]) == (reply.json()["tariff_id"], 0)
    ruled = await patch(web, world, made, rules=[{"kind": "group", "threshold": 4, "percent": -5}])
    assert ruled["prices"] == reply.json()["prices"]
    assert ruled["changed"] == 12


async def test_a_smaller_vehicle_and_another_driver_go_to_what_is_unsold(web: Web, world: World) -> None:
    made = await make(web, world, valid_to="2026-11-26")
    small, somebody = vehicle(world, "SMALL", 4), driver(world)
    sold = departure_at(world, made, "26 08:00")
    await hold(web, sold, 5)
    changed = await patch(web, world, made, vehicle_id=str(small), driver_id=str(somebody))
    assert changed["counts"]["changed"] == 4
    assert changed["kept_sold"][0]["differs"] == ["vehicle", "driver"]
    assert world.rows("SELECT capacity, driver_id IS NULL, count(*) FROM departures GROUP BY 1, 2 ORDER BY 1") == [
        (4, False, 4),
        (16, True, 1),
    ]
    events = world.rows("SELECT what, count(*) FROM departure_events GROUP BY 1 ORDER BY 1")
    assert events == [("created", 5), ("driver", 4), ("vehicle", 4)]
    without = await patch(web, world, made, driver_id=None)
    assert without["driver_id"] is None


async def test_what_a_dispatcher_assigned_stays(web: Web, world: World) -> None:
    made = await make(web, world, valid_to="2026-11-26")
    instead, new = vehicle(world, "INSTEAD", 8), vehicle(world, "NEW", 20)
    world.execute(
        "UPDATE departures SET vehicle_id = %s, capacity = 8 WHERE id = %s",
        instead,
        departure_at(world, made, "25 08:00"),
    )
    await patch(web, world, made, vehicle_id=str(new))
    assert world.rows("SELECT capacity, count(*) FROM departures GROUP BY 1 ORDER BY 1") == [(8, 1), (20, 4)]


async def test_two_runs_exchange_their_times(web: Web, world: World) -> None:
    """Each goes where the other is still standing."""
    made = await make(web, world, times=["08:00", "10:00"], valid_from="2026-11-30")
    changed = await patch(web, world, made, times=["09:00", "11:00"])
    assert changed["counts"]["moved"] == 2
    assert local_times(world, made) == ["30 09:00", "30 11:00"]


async def test_what_something_names_is_cancelled_and_what_nothing_names_is_gone(web: Web, world: World) -> None:
    made = await make(web, world, times=["08:00"], valid_from="2026-11-29")
    named = departure_at(world, made, "29 08:00")
    await hold(web, named)
    world.execute("UPDATE bookings SET status = 'cancelled'")
    world.execute("UPDATE departures SET taken = '{0,0,0}'")
    changed = await patch(web, world, made, times=["10:00"])
    # It is not moved either: what its booking was told would change behind its back.
    assert (changed["counts"]["removed"], changed["counts"]["moved"], changed["counts"]["created"]) == (1, 1, 1)
    assert world.rows("SELECT id, timetable_id FROM departures WHERE status = 'cancelled'") == [(named, None)]
    assert local_times(world, made) == ["29 10:00", "30 10:00"]
    back = await patch(web, world, made, times=["08:00"])
    assert back["conflicts"] == []
    assert local_times(world, made) == ["29 08:00", "30 08:00"]


async def test_a_lapsed_hold_does_not_make_a_departure_sold(web: Web, world: World, clock: Any) -> None:
    from datetime import timedelta

    made = await make(web, world, times=["08:00"], valid_from="2026-11-30")
    await hold(web, departure_at(world, made, "30 08:00"), 6)
    clock.advance(timedelta(minutes=20))
    small = vehicle(world, "SMALL", 4)
    changed = await patch(web, world, made, vehicle_id=str(small))
    assert changed["counts"]["changed"] == 1
    assert world.rows("SELECT capacity, taken FROM departures") == [(4, [0, 0, 0])]
    assert world.rows("SELECT status FROM bookings") == [("expired",)]


async def test_a_date_of_its_own(web: Web, world: World) -> None:
    made = await make(web, world, times=["08:00", "14:00"], valid_from="2026-11-29")
    path, headers = f"/api/timetables/{made['id']}/exceptions", web.staff(world.main, "manager")
    off = await web.client.post(path, json={"date": "2026-11-29", "note": "storm"}, headers=headers)
    assert off.status_code == 201
    assert off.json()["exceptions"] == [{"date": "2026-11-29", "times": [], "note": "storm"}]
    assert local_times(world, made) == ["30 08:00", "30 14:00"]
    more = await web.client.post(path, json={"date": "2026-11-29", "times": ["10:00"]}, headers=headers)
    assert more.json()["generated"]["count"] == 1
    assert local_times(world, made) == ["29 10:00", "30 08:00", "30 14:00"]
    outside = await web.client.post(path, json={"date": "2027-11-29"}, headers=headers)
    assert (outside.status_code, outside.json()["errors"][0]["field"]) == (422, "date")
    back = await web.client.delete(f"{path}/2026-11-29", headers=headers)
    assert (back.status_code, back.json()["exceptions"]) == (200, [])
    assert local_times(world, made) == ["29 08:00", "29 14:00", "30 08:00", "30 14:00"]
    again = await web.client.delete(f"{path}/2026-11-29", headers=headers)
    assert (again.status_code, again.json()["code"]) == (404, "exception_not_found")
    assert (await web.client.delete(f"{path}/tomorrow", headers=headers)).status_code == 404


async def test_an_ended_timetable_keeps_what_is_sold(web: Web, world: World) -> None:
    made = await make(web, world)
    sold = departure_at(world, made, "26 08:00")
    await hold(web, sold)
    path, headers = f"/api/timetables/{made['id']}", web.staff(world.main, "manager")
    for _ in range(2):
        assert (await web.client.delete(path, headers=headers)).status_code == 204
    assert local_times(world, made) == ["26 08:00"]
    assert (await web.client.get("/api/timetables", headers=headers)).json()["total"] == 0
    archived = await web.client.get("/api/timetables", params={"archived": "true"}, headers=headers)
    assert archived.json()["total"] == 1
    one = (await web.client.get(path, headers=headers)).json()
    assert one["archived_at"] is not None
    assert [kept["departure_id"] for kept in one["kept_sold"]] == [str(sold)]
    for reply in (
        await web.client.patch(path, json={"times": ["09:00"]}, headers=headers),
        await web.client.post(f"{path}/generate", headers=headers),
        await web.client.post(f"{path}/exceptions", json={"date": "2026-11-29"}, headers=headers),
    ):
        assert (reply.status_code, reply.json()["code"]) == (409, "timetable_archived")


async def test_what_could_not_be_is_made_once_it_can(web: Web, world: World) -> None:
    first = await make(web, world, times=["08:00"], valid_from="2026-11-30")
    second = await make(web, world, times=["09:00"], valid_from="2026-11-30")
    path, headers = f"/api/timetables/{second['id']}", web.staff(world.main, "manager")
    assert (await web.client.post(f"{path}/generate", headers=headers)).json()["generated"]["count"] == 0
    await web.client.delete(f"/api/timetables/{first['id']}", headers=headers)
    assert (await web.client.get(path, headers=headers)).json()["missing"]["count"] == 1
    assert (await web.client.post(f"{path}/generate", headers=headers)).json()["generated"]["count"] == 1


async def test_a_season_of_every_day(web: Web, world: World) -> None:
    """As an operator has it: a year of every day, eight runs, of which 180 days are made."""
    times = [f"{hour:02d}:00" for hour in range(6, 22, 2)]
    made = await make(web, world, times=times, weekdays=ALL_DAYS, valid_to="2027-11-30")
    assert made["generated"]["count"] == 180 * 8
