"""Questions asked in vain are counted, shown without personal data, dismissed, bounded and forgotten."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from kamhub.desk.gap import notebook
from kamhub.desk.gap.jobs import JOBS
from kamhub.desk.gap.rules import gap_of, language_of
from kamhub.desk.gap.types import PRUNE
from kamhub.desk.services import Desk
from kamhub.hub.services import Hub
from kamhub.kit.clock import ManualClock
from kamhub.kit.ids import new_id
from kamhub.platform.job.queue import enqueue
from tests.asgi import Web
from tests.builders import World
from tests.conftest import NOW
from tests.desk.search.support import desk_of, know
from tests.work import work_off

PATH = "/api/knowledge/gaps"
SEARCH = "/api/knowledge/search"


@pytest.fixture
def office(web: Web, tmp_path: Path) -> Web:
    web.app.state.desk = desk_of(web.hub, tmp_path)
    return web


async def ask(web: Web, world: World, question: str, **more: str) -> dict[str, Any]:
    reply = await web.client.get(SEARCH, params={"q": question, **more}, headers=web.staff(world.main, "viewer"))
    assert reply.status_code == 200, reply.text
    desk: Desk = web.app.state.desk
    await desk.gaps.settled()
    found: dict[str, Any] = reply.json()
    return found


async def shown(web: Web, world: World) -> list[dict[str, Any]]:
    reply = await web.client.get(PATH, headers=web.staff(world.main, "viewer"))
    items: list[dict[str, Any]] = reply.json()["items"]
    assert reply.json()["total"] == len(items)
    return items


async def test_a_search_answers_or_says_that_it_cannot(office: Web, world: World) -> None:
    source = await know(office.app.state.desk, world, world.main, "Правила", "Собаки едут в наморднике и на поводке.")
    found = await ask(office, world, "Собаки едут в наморднике?")
    assert found["no_good_answer"] is False
    item = found["items"][0]
    assert (item["asset_id"], item["article_id"], item["title"]) == (str(source.id), None, "Правила")
    assert (item["position"]["page"], item["position"]["headings"]) == (None, [])
    assert 0 < item["score"] <= 1
    assert await ask(office, world, "Как сварить борщ?") == {"items": [], "no_good_answer": True}
    assert [gap["question"] for gap in await shown(office, world)] == ["Как сварить борщ?"]


async def test_the_same_question_is_counted_however_it_is_put(office: Web, world: World) -> None:
    for question in ("Где мост?", "где мосты", "ГДЕ МОСТ!!", "Где паром?"):
        await ask(office, world, question)
    gaps = await shown(office, world)
    assert [(gap["question"], gap["asked"], gap["language"], gap["asked_in"]) for gap in gaps] == [
        ("Где мост?", 3, "ru", "search"),
        ("Где паром?", 1, "ru", "search"),
    ]
    assert (await office.client.get(PATH, headers=office.staff(world.other))).json()["items"] == []


async def test_a_narrowed_search_tells_nothing_of_what_is_missing(office: Web, world: World) -> None:
    await ask(office, world, "Где мост?", language="en")
    assert await shown(office, world) == []


async def test_a_dismissed_question_is_not_shown_again(office: Web, world: World) -> None:
    await ask(office, world, "Где мост?")
    (gap,) = await shown(office, world)
    address, manager = f"{PATH}/{gap['id']}", office.staff(world.main, "manager")
    assert (await office.client.delete(address, headers=office.staff(world.other))).status_code == 404
    assert (await office.client.delete(address, headers=office.staff(world.main, "viewer"))).status_code == 403
    assert (await office.client.delete(address, headers=manager)).status_code == 204
    again = await office.client.delete(address, headers=manager)
    assert (again.status_code, again.json()["code"]) == (404, "gap_not_found")
    await ask(office, world, "Где мост?")
    assert await shown(office, world) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("q", ""), ("q", "x" * 501), ("limit", "0"), ("limit", "21"), ("agent_id", "x"), ("language", "de")],
)
async def test_what_cannot_be_asked(office: Web, world: World, field: str, value: str) -> None:
    reply = await office.client.get(SEARCH, params={"q": "x", field: value}, headers=office.staff(world.main))
    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, field)


async def test_an_unknown_agent_is_none(office: Web, world: World) -> None:
    asked = {"q": "x", "agent_id": str(new_id())}
    reply = await office.client.get(SEARCH, params=asked, headers=office.staff(world.main))
    assert (reply.status_code, reply.json()["code"]) == (404, "agent_not_found")
    driver = await office.client.get(SEARCH, params={"q": "x"}, headers=office.staff(world.main, "driver"))
    assert driver.status_code == 403


async def test_no_more_are_kept_than_anybody_reads(office: Web, world: World) -> None:
    with patch.object(notebook, "MOST_KEPT", 2):
        for question in ("Где мост?", "Где мост?", "Где паром?", "Где вокзал?"):
            await ask(office, world, question)
    assert len(await shown(office, world)) == 2
    assert (await shown(office, world))[0]["question"] == "Где мост?"


async def test_what_nobody_asks_for_half_a_year_is_forgotten(
    hub: Hub, world: World, clock: ManualClock, tmp_path: Path
) -> None:
    desk = desk_of(hub, tmp_path)
    desk.gaps.note(hub.database, gap_of(world.main.id, "Где мост?", "search", NOW))
    desk.gaps.note(hub.database, gap_of(world.main.id, "Где паром?", "chat", NOW + timedelta(days=10)))
    desk.gaps.note(hub.database, None)
    await desk.gaps.settled()
    clock.advance(timedelta(days=185))
    async with hub.database.system() as connection:
        await enqueue(connection, PRUNE)

    class Context:
        pass

    context = Context()
    context.hub = hub  # type: ignore[attr-defined]
    await work_off(hub.database, JOBS, context)
    assert world.rows("SELECT question FROM knowledge_gaps") == [("Где паром?",)]


def test_personal_data_is_not_kept() -> None:
    gap = gap_of(new_id(), "Перезвоните на +7 914 123-45-67 или anna@example.org\nпро мост", "chat", NOW)
    assert gap is not None
    assert gap.question == "Перезвоните на ••• или ••• про мост"
    assert gap_of(new_id(), "?! и где", "search", NOW) is None


@pytest.mark.parametrize(
    ("text", "language"), [("Where is мост?", "en"), ("Где мост", "ru"), ("Bus", "en"), ("12 :)", "other")]
)
def test_the_language_of_a_question(text: str, language: str) -> None:
    assert language_of(text) == language
