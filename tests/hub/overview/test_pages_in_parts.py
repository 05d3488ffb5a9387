"""Overview, departure and booking: a part that fails says so in its place, and the rest is there and works."""

from __future__ import annotations

import re
from datetime import date
from types import ModuleType
from typing import Any

import pytest

from kamhub.hub.booking import actions as bookings
from kamhub.hub.booking_office.actions import changes, lists
from kamhub.hub.departure import actions as departures
from kamhub.hub.fleet_document import actions as documents
from kamhub.kit.ids import new_id
from kamhub.platform.audit import actions as audit
from kamhub.platform.job import overview as job_overview
from kamhub.platform.organisation import actions as organisations
from tests.asgi import Web
from tests.builders import World
from tests.hub.booking.support import ANNA
from tests.platform.session.support import Browser


async def fail(*_: Any, **__: Any) -> Any:
    raise RuntimeError("nobody expected this")


@pytest.fixture
async def owner(web: Web, world: World) -> Browser:
    return await Browser(web).signed_in("owner@main.example")


async def failed_parts(browser: Browser, path: str) -> tuple[set[str], str]:
    """Which parts of the page failed, and the page."""
    reply = await browser.get(path)
    assert reply.status_code == 200, reply.text
    assert "nobody expected this" not in reply.text
    pieces = re.split(r'<div id="part-(\w+)" class="contents">', reply.text)
    found = {name for name, body in zip(pieces[1::2], pieces[2::2], strict=True) if "data-part-failed" in body}
    for name in found:
        assert f'href="{path}" hx-get="{path}" hx-target="#part-{name}"' in reply.text
    return found, reply.text


async def test_the_overview(web: Web, world: World, owner: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    for part, module, name, there in (
        ("papers", documents, "due", "What happened lately"),
        ("cards", organisations, "overview", "What happened lately"),
        ("lately", audit, "events", "Invite your first colleague|people work here"),
    ):
        with monkeypatch.context() as broken:
            broken.setattr(module, name, fail)
            failed, page = await failed_parts(owner, "/office")
        assert failed == {part}
        assert re.search(there, page)
        assert "Leave this organisation" in page
    with monkeypatch.context() as broken:
        broken.setattr(job_overview, "dead_letters", fail)
        failed, page = await failed_parts(owner, "/office")
    assert failed == set(), "a number in the navigation is left out, no more"


async def test_the_overview_warns_of_papers_of_the_fleet(web: Web, world: World, owner: Browser) -> None:
    assert "of the fleet" not in (await owner.get("/office")).text
    for day in (date(2026, 11, 1), date(2026, 12, 1)):
        world.execute(
            "INSERT INTO fleet_documents (organisation_id, id, vehicle_id, kind, number, expires_on, created_at) "
            "VALUES (%s, %s, %s, 'other', 'x', %s, now())",
            world.main.id, new_id(), world.main.vehicle, day,
        )  # fmt: skip
    page = (await owner.get("/office")).text
    assert "1 document of the fleet has run out, 1 runs out within 30 days" in page
    driver = await Browser(web).signed_in("driver@main.example")
    assert "of the fleet" not in (await driver.get("/office")).text, "the fleet is none of a driver's business"


async def test_a_departure(web: Web, world: World, owner: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    page_of = f"/office/departures/{world.departure()}"
    assert (await failed_parts(owner, page_of))[0] == set()
    parts: tuple[tuple[str, str], ...] = (
        ("assigned", "choices"), ("assigned", "warnings_of"), ("assigned", "outside_hours"), ("bookings", "sold"),
        ("history", "history"),
    )  # fmt: skip
    headings = {"assigned": "Vehicle and driver", "bookings": "Bookings", "history": "What was changed"}
    for part, name in parts:
        with monkeypatch.context() as broken:
            broken.setattr(departures, name, fail)
            failed, page = await failed_parts(owner, page_of)
        assert failed == {part}, name
        for other, heading in headings.items():
            assert (f'id="{other}">{heading}</h2>' in page) is (other != part)
        assert 'id="seats">Seats</h2>' in page
        assert "Close sales" in page


async def test_a_booking(web: Web, world: World, owner: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    held = await bookings.hold(web.hub, departure_id=world.departure(), passengers=1, channel="api")
    await bookings.book(web.hub, held.access, contact=ANNA)
    page_of = f"/office/bookings/{held.booking.id}"
    assert (await failed_parts(owner, page_of))[0] == set()
    cases: tuple[tuple[str, ModuleType, str, str], ...] = (
        ("do", changes, "quote", 'id="timeline">What happened</h2>'),
        ("story", lists, "timeline", 'id="do">What can be done</h2>'),
    )
    for part, module, name, there in cases:
        with monkeypatch.context() as broken:
            broken.setattr(module, name, fail)
            failed, page = await failed_parts(owner, page_of)
        assert failed == {part}
        assert there in page
        assert ANNA.name in page
