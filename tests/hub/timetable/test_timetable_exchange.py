"""Timetables out as a GTFS feed and in again, and in from tables; what a file may do to whoever reads it."""

from __future__ import annotations

import contextlib
import io
import zipfile
from typing import Any

import gtfs_loader  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamhub.hub.timetable.exchange import csv_file, gtfs_read, reading
from kamhub.hub.timetable.exchange.types import FileUnreadable
from tests.asgi import Web
from tests.builders import World
from tests.hub.timetable.support import local_times, make
from tests.platform.session.support import Browser

IMPORT = "/api/timetables/import"
TABLE = (
    "route;stops;weekdays;times;from;to;vehicle;driver;prices\n"
    "Line;airport:0 city:50;135;8:00 10:30;2026-11-24;31.12.2026;P MAIN;;airport>city=1500,50\n"
)


async def send(web: Web, world: World, content: bytes, path: str = IMPORT, **options: str) -> Any:
    return await web.client.post(
        path,
        params=options,
        content=content,
        headers=web.staff(world.main, "manager") | {"Content-Type": "application/octet-stream"},
    )


def feed(**files: str) -> bytes:
    """A feed of two stops and one trip, with some of its files replaced."""
    usual = {
        "agency": "agency_id,agency_name,agency_url,agency_timezone\nA,Agency,http://a.test,Asia/Kamchatka\n",
        "stops": "stop_id,stop_name,stop_lat,stop_lon\nairport,Airport,53,158\nlake,Blue Lake,52.5,158.1\n",
        "routes": "route_id,route_short_name,route_long_name,route_type\nR,7,Airport - Lake,3\n",
        "trips": "route_id,service_id,trip_id\nR,S,T1\nR,S,T2\n",
        "stop_times": (
            "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
            "T1,08:00:00,08:00:00,airport,1\nT1,09:10:00,09:10:00,lake,2\n"
            "T2,23:30:00,23:30:00,airport,1\nT2,24:40:00,24:40:00,lake,2\n"
        ),
        "calendar": (
            "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
            "S,1,1,1,1,1,0,0,20261123,20261206\n"
        ),
        "calendar_dates": "service_id,date,exception_type\nS,20261125,2\nS,20261128,1\n",
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in (usual | files).items():
            archive.writestr(f"{name}.txt", text)
    return content.getvalue()


async def test_a_feed_goes_out_and_comes_in_as_the_same_timetables(web: Web, world: World, tmp_path: Any) -> None:
    made = await make(web, world, times=["08:00", "14:00"], weekdays=[1, 3, 5], valid_to="2027-02-28")
    await web.client.post(
        f"/api/timetables/{made['id']}/exceptions", json={"date": "2026-12-25"}, headers=web.staff(world.main, "owner")
    )
    file = await web.client.get("/api/timetables/gtfs.zip", headers=web.staff(world.main, "viewer"))
    assert (file.status_code, file.headers["content-type"]) == (200, "application/zip")
    zipfile.ZipFile(io.BytesIO(file.content)).extractall(tmp_path)
    loaded = gtfs_loader.load(tmp_path, verbose=False)  # an independent reader finds nothing wrong
    assert (len(loaded.trips), len(loaded.stops), len(loaded.calendar)) == (2, 4, 1)
    # The other operator has the same route and no timetable; their plate is another, so they choose the vehicle.
    headers = web.staff(world.other, "manager")
    seen = await web.client.post(
        f"{IMPORT}/preview", params={"vehicle_id": str(world.other.vehicle)}, content=file.content, headers=headers
    )
    assert seen.status_code == 200, seen.text
    assert (seen.json()["errors"], seen.json()["new_places"], seen.json()["new_routes"]) == ([], [], [])
    assert seen.json()["counts"] == {"known_places": 4, "known_routes": 1, "new": 1, "known": 0, "over": 0}
    done = await web.client.post(
        IMPORT, params={"vehicle_id": str(world.other.vehicle)}, content=file.content, headers=headers
    )
    assert done.status_code == 201, done.text
    (one,) = done.json()["timetables"]
    theirs = (await web.client.get(f"/api/timetables/{one['id']}", headers=headers)).json()
    ours = (await web.client.get(f"/api/timetables/{made['id']}", headers=web.staff(world.main, "owner"))).json()
    for name in ("weekdays", "times", "valid_from", "valid_to", "exceptions", "stops", "prices"):
        assert theirs[name] == ours[name], name
    assert local_times(world, theirs) == local_times(world, ours)
    again = await web.client.post(
        IMPORT, params={"vehicle_id": str(world.other.vehicle)}, content=file.content, headers=headers
    )
    assert (again.json()["counts"]["known"], again.json()["counts"]["new"]) == (1, 0)


async def test_dates_with_other_times_come_back_as_the_same_departures(web: Web, world: World) -> None:
    made = await make(web, world)
    for date, times in (("2026-11-26", ["10:00"]), ("2026-11-27", ["10:00"])):
        await web.client.post(
            f"/api/timetables/{made['id']}/exceptions",
            json={"date": date, "times": times},
            headers=web.staff(world.main, "owner"),
        )
    file = await web.client.get("/api/timetables/gtfs.zip", headers=web.staff(world.main, "viewer"))
    done = await web.client.post(
        IMPORT,
        params={"vehicle_id": str(world.other.vehicle)},
        content=file.content,
        headers=web.staff(world.other, "manager"),
    )
    assert done.status_code == 201, done.text
    theirs = sorted(moment for one in done.json()["timetables"] for moment in local_times(world, one))
    assert theirs == local_times(world, made)


async def test_a_foreign_feed_brings_its_places_and_routes(web: Web, world: World) -> None:
    bare = await send(web, world, feed())
    assert (bare.status_code, bare.json()["code"]) == (422, "import_refused")
    assert {error["code"] for error in bare.json()["errors"]} == {"vehicle_unknown", "no_price"}
    options = {"vehicle_id": str(world.main.vehicle), "leg_price": "120000"}
    seen = (await send(web, world, feed(), f"{IMPORT}/preview", **options)).json()
    assert seen["new_places"] == [{"slug": "lake", "name": "Blue Lake"}]
    assert seen["new_routes"] == [{"name": "7 Airport - Lake", "stops": 2}]
    assert world.rows("SELECT FROM timetables") == []
    done = await send(web, world, feed(), **options)
    assert done.status_code == 201, done.text
    (one,) = done.json()["timetables"]
    assert (one["times"], one["departures"]) == (["08:00", "23:30"], 17)
    # Not on the 25th, and on the 28th, which is a Saturday.
    days = {moment[:2] for moment in local_times(world, one)}
    assert ("25" in days, "28" in days, "29" in days) == (False, True, False)
    assert world.rows("SELECT slug, organisation_id FROM places WHERE slug = 'lake'") == [("lake", world.main.id)]
    audited = world.rows("SELECT action FROM audit_events ORDER BY id")
    assert {row[0] for row in audited} == {"timetable.previewed", "timetable.created", "timetable.imported"}


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"stops": "stop_id,stop_name,stop_lat,stop_lon\nairport,Airport,53,158\nlake,Lake,,\n"}, "no_coordinates"),
        ({"stops": "stop_id,stop_name,stop_lat,stop_lon\nairport,Airport,53,158\nlake,Lake,99,158\n"}, "no_coordinates"),
        ({"calendar": "", "calendar_dates": ""}, "no_service"),
        ({"calendar": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
          "S,1,1,1,1,1,1,1,99990101,99991231\n"}, "no_service"),
        ({"stop_times": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\nT1,,,airport,1\nT1,9:00:00,9:00:00,lake,2\n"}, "no_time"),
        ({"stop_times": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\nT1,25:00:00,25:00:00,airport,1\n"
          "T1,26:00:00,26:00:00,lake,2\n"}, "after_midnight"),
        ({"stop_times": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\nT1,9:00:00,9:00:00,airport,1\n"
          "T1,9:00:20,9:00:20,lake,2\n"}, "not_forward"),
        ({"stop_times": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\nT1,half past,9:00:00,airport,1\n"}, "invalid"),
        ({"routes": "route_id\nR\n"}, "invalid"),
        ({"frequencies": "trip_id,start_time,end_time,headway_secs\nT1,08:00:00,10:00:00,600\n"}, "frequencies"),
    ],
)  # fmt: skip
async def test_a_faulty_feed_is_told_and_makes_nothing(
    web: Web, world: World, files: dict[str, str], code: str
) -> None:
    options = {"vehicle_id": str(world.main.vehicle), "leg_price": "120000"}
    seen = await send(web, world, feed(**files), f"{IMPORT}/preview", **options)
    assert seen.status_code == 200, seen.text
    assert code in {error["code"] for error in seen.json()["errors"]}
    done = await send(web, world, feed(**files), **options)
    assert (done.status_code, done.json()["code"]) == (422, "import_refused")
    assert world.rows("SELECT FROM timetables") == []
    assert world.rows("SELECT FROM places WHERE organisation_id = %s", world.main.id) == []


def test_a_service_of_dates_alone_runs_on_these() -> None:
    read = gtfs_read.read(
        feed(calendar="", calendar_dates="service_id,date,exception_type\nS,20261123,1\nS,20261207,1\n")
    )
    (one,) = read.timetables
    assert one.pattern.weekdays == (1,)
    assert [str(exception.on_date) for exception in one.exceptions] == ["2026-11-30"]


def test_a_day_added_behind_the_season_makes_it_longer() -> None:
    read = gtfs_read.read(feed(calendar_dates="service_id,date,exception_type\nS,20261209,1\nS,20261121,1\n"))
    (one,) = read.timetables
    assert (str(one.pattern.valid_from), str(one.pattern.valid_to)) == ("2026-11-21", "2026-12-09")
    told = {str(exception.on_date): bool(exception.times) for exception in one.exceptions}
    # The 21st is a Saturday; the Monday and Tuesday before the 9th are not in the season; the 9th runs as a Wednesday.
    assert told["2026-11-21"] is True
    assert (told["2026-12-07"], told["2026-12-08"]) == (False, False)


def test_fares_are_read_by_zone_and_route() -> None:
    read = gtfs_read.read(
        feed(
            stops="stop_id,stop_name,stop_lat,stop_lon,zone_id\nairport,Airport,53,158,1\nlake,Lake,52,158,2\n",
            fare_attributes="fare_id,price,currency_type,payment_method,transfers\nF,1200.50,RUB,1,0\nG,9,USD,1,0\nH,x,RUB,1,0\n",
            fare_rules="fare_id,route_id,origin_id,destination_id\nG,R,1,2\nF,R,1,2\nF,,2,1\n",
        )
    )
    assert [(one.from_key, one.to_key, one.amount) for one in read.timetables[0].prices] == [
        ("airport", "lake", 120_050)
    ]


def _bomb() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("stops.txt", b"0" * 30_000_000)
    return content.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"", b"PK\x03\x04 not really", _bomb(), b"\x00\x01\x02\x03", b"a" * 5_000_001, b"name,phone\nAnna,1\n",
        feed(stop_times="\n" * 100_002), feed(stops="\x28\xb5\x2f\xfd".encode("latin-1").decode("latin-1")),
        b'route,times\n"never closed',
    ],
    ids=["empty", "no zip", "bomb", "binary", "large", "other table", "many rows", "zstd", "quote"],
)  # fmt: skip
def test_what_is_no_file_of_timetables_is_refused(content: bytes) -> None:
    if content.startswith(b"PK") and b"stops.txt" in content and b"agency.txt" in content and b"\n\n\n" not in content:
        found = reading.read(content)
        assert found.faults or not found.timetables
        return
    if content.startswith(b"route"):
        assert reading.read(content).faults
        return
    with pytest.raises(FileUnreadable):
        reading.read(content)


def test_a_file_that_the_reader_would_unpack_without_a_bound_is_refused() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("stops.txt", b"\x28\xb5\x2f\xfd" + b"0" * 100)
    with pytest.raises(FileUnreadable):
        reading.read(content.getvalue())


async def test_a_table_makes_timetables(web: Web, world: World) -> None:
    world.execute("UPDATE vehicles SET plate = 'PMAIN' WHERE id = %s", world.main.vehicle)
    seen = (await send(web, world, TABLE.encode(), f"{IMPORT}/preview")).json()
    assert seen["errors"] == []
    assert seen["new_routes"] == [{"name": "Line", "stops": 2}]
    done = await send(web, world, TABLE.encode("utf-8-sig"))
    assert done.status_code == 201, done.text
    (one,) = done.json()["timetables"]
    assert (one["weekdays"], one["times"], one["valid_to"]) == ([1, 3, 5], ["08:00", "10:30"], "2026-12-31")
    made = (await web.client.get(f"/api/timetables/{one['id']}", headers=web.staff(world.main, "viewer"))).json()
    assert made["prices"][0]["price"] == {"amount": 150_050, "currency": "RUB"}
    assert (await send(web, world, TABLE.encode())).json()["counts"]["known"] == 1


async def test_a_known_route_needs_neither_stops_nor_prices(web: Web, world: World) -> None:
    table = "route,weekdays,times,from,to,vehicle\nLINE,67,09:00,2026-11-24,2026-12-31,Pmain\n"
    done = await send(web, world, table.encode("cp1251"))
    assert done.status_code == 201, done.text
    assert done.json()["counts"]["known_routes"] == 1
    over = table.replace("2026-12-31", "2026-11-24").replace("67,", "2,")
    assert (await send(web, world, over.encode())).json()["counts"]["over"] == 0
    past = table.replace("2026-11-24", "2026-10-01").replace("2026-12-31", "2026-11-01")
    assert (await send(web, world, past.encode())).json()["counts"]["over"] == 1


@pytest.mark.parametrize(
    ("line", "code", "source"),
    [
        ("Nowhere,,1,08:00,2026-11-24,2026-12-31,Pmain,,", "route_unknown", "Nowhere"),
        ("New,airport:0 moon:50,1,08:00,2026-11-24,2026-12-31,Pmain,,", "place_unknown", "moon"),
        ("line,,1,08:00,2026-11-24,2026-12-31,X 000,,", "vehicle_unknown", "line 2"),
        ("line,,1,08:00,2026-11-24,2026-12-31,Pmain,Nobody,", "driver_unknown", "line 2"),
        ("line,,1,08:00,2026-11-24,2026-12-31,Pmain,,airport>city=100", "price_missing", "line 2"),
        ("line,,1,08:00,2026-11-24,2026-12-31,Pmain,,city>airport=100", "backward", "line 2"),
        ("line,,1,08:00,2026-11-24,2026-12-31,Pmain,,cheap", "prices", "line 2"),
        ("line,,1,08:00,2026-12-31,2026-11-24,Pmain,,", "season", "line 2"),
        ("line,,8,08:00,2026-11-24,2026-12-31,Pmain,,", "weekdays", "line 2"),
        ("line,,1,8h,2026-11-24,2026-12-31,Pmain,,", "times", "line 2"),
        ("line,,1,08:00,24/11/2026,2026-12-31,Pmain,,", "from", "line 2"),
        ("line,,1,08:00,1826-11-24,2026-12-31,Pmain,,", "from", "line 2"),
        ("line,airport:5 city:1,1,08:00,2026-11-24,2026-12-31,Pmain,,", "stops", "line 2"),
        ("line,,1,,2026-11-24,2026-12-31,Pmain,,", "missing", "line 2"),
        ("line" * 600 + ",,1,08:00,2026-11-24,2026-12-31,Pmain,,", "too_long", "line 2"),
    ],
)
async def test_a_faulty_line_is_told_by_its_number(web: Web, world: World, line: str, code: str, source: str) -> None:
    table = f"route,stops,weekdays,times,from,to,vehicle,driver,prices\n{line}\n,,,,,,,,\n"
    seen = await send(web, world, table.encode(), f"{IMPORT}/preview")
    assert seen.status_code == 200, seen.text
    assert (source, code) in {(error["source"], error["code"]) for error in seen.json()["errors"]}
    assert (await send(web, world, table.encode())).status_code == 422


def test_too_many_lines_and_a_missing_column_are_told() -> None:
    header = "route,weekdays,times,from,to\n"
    many = csv_file.read((header + "line,1,08:00,2026-11-24,2026-12-31\n" * 101).encode())
    assert (len(many.timetables), many.faults[0].code) == (100, "too_many")
    assert csv_file.read(b"route,times\nline,08:00\n").faults[0].code == "column_missing"


@given(st.binary(max_size=300))
@settings(max_examples=60)
def test_no_bytes_bring_the_reader_down(content: bytes) -> None:
    for sent in (content, b"PK" + content, b"route;times;weekdays;from;to\n" + content):
        try:
            reading.read(sent)
        except FileUnreadable:
            continue


@given(
    st.dictionaries(
        st.sampled_from(["stops", "trips", "stop_times", "calendar", "calendar_dates"]),
        st.text(max_size=120),
        max_size=3,
    )
)
@settings(max_examples=40)
def test_no_feed_brings_the_reader_down(files: dict[str, str]) -> None:
    with contextlib.suppress(FileUnreadable):
        gtfs_read.read(feed(**files))


async def test_an_import_in_a_browser(web: Web, world: World) -> None:
    browser = await Browser(web).signed_in("manager@main.example")
    page = "/office/timetables/import"
    assert "What a table looks like" in (await browser.get(page)).text
    files = {"file": ("feed.zip", feed(), "application/zip")}
    options = {"vehicle_id": str(world.main.vehicle), "leg_price": "1 200"}
    bare = await browser.client.post(f"{page}/preview", data={"csrf_token": browser.csrf}, files=files)
    assert bare.status_code == 200
    assert "2 faults: nothing can be imported" in bare.text
    seen = await browser.client.post(f"{page}/preview", data={"csrf_token": browser.csrf, **options}, files=files)
    assert seen.status_code == 200, seen.text
    assert "1 new timetable" in seen.text
    assert "Blue Lake" in seen.text
    packed = seen.text.split('name="feed" value="')[1].split('"')[0]
    done = await browser.client.post(page, data={"csrf_token": browser.csrf, **options, "feed": packed})
    assert done.status_code == 303, done.text
    assert "The timetables are imported." in (await browser.get(done.headers["location"])).text
    assert world.rows("SELECT amount FROM tariff_prices p JOIN timetables t ON t.tariff_id = p.tariff_id") == [
        (120_000,)
    ]
    for feed_text in ("nonsense", "eJyrVkrLz1eyUqpVUEpKLFKqBQAo7AVE"):
        wrong = await browser.client.post(page, data={"csrf_token": browser.csrf, "feed": feed_text})
        assert wrong.status_code == 422
    none = await browser.client.post(f"{page}/preview", data={"csrf_token": browser.csrf})
    assert (none.status_code, "neither a table" in none.text) == (422, True)
    file = await browser.get("/office/timetables/gtfs.zip")
    assert file.content.startswith(b"PK")
