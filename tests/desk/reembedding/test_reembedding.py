"""Another model: what it costs is told before, searches go on meanwhile, the old vectors go last; who is killed goes on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from kamhub.desk.embedding.local import LocalUse
from kamhub.desk.embedding.types import Price
from kamhub.desk.reembedding.jobs import JOBS
from kamhub.desk.search.actions import search
from kamhub.desk.services import Desk
from kamhub.hub.services import Hub
from kamhub.kit.cache import FreshCache
from kamhub.platform.job.types import DONE, TryAgain
from tests.asgi import Web
from tests.builders import World
from tests.desk.search.support import Stand, desk_of, know
from tests.work import work_off

PATH = "/api/knowledge/embedding"
TEXTS = tuple(f"Собаки едут в наморднике. Правило {number}." for number in range(40))


@dataclass
class Context:
    desk: Desk


def models(world: World) -> dict[object, object]:
    return dict(world.rows("SELECT model, count(*) FROM chunk_vectors GROUP BY model"))  # type: ignore[arg-type]


async def test_the_price_is_told_and_the_work_is_done_in_the_background(web: Web, world: World, tmp_path: Path) -> None:
    old = desk_of(web.hub, tmp_path, Stand("old"))
    await know(old, world, world.main, "Правила", *TEXTS[:3])
    new = replace(desk_of(web.hub, tmp_path, Stand("new")), price=Price(2_000_000, "USD"))
    web.app.state.desk = new
    headers = web.staff(world.main, "manager")
    told = (await web.client.get(PATH, headers=headers)).json()
    assert {name: told[name] for name in ("model", "dimension", "used_model", "chunks", "missing", "running")} == {
        "model": "new", "dimension": 384, "used_model": "old", "chunks": 3, "missing": 3, "running": False,
    }  # fmt: skip
    assert told["tokens"] == -(-sum(map(len, TEXTS[:3])) // 3)
    assert (told["price"], told["seconds"]) == ({"amount": 2 * told["tokens"], "currency": "USD"}, None)
    assert (await web.client.post(PATH, headers=web.staff(world.main, "viewer"))).status_code == 403
    assert (await web.client.post(PATH, headers=headers)).status_code == 202
    assert (await web.client.get(PATH, headers=headers)).json()["running"] is True
    assert await work_off(web.hub.database, JOBS, Context(new)) == [DONE]
    assert models(world) == {"new": 3, LocalUse.model: 3}
    done = (await web.client.get(PATH, headers=headers)).json()
    assert (done["missing"], done["used_model"], done["price"]["amount"]) == (0, "new", 0)


async def test_what_runs_here_is_told_in_seconds(web: Web, world: World, tmp_path: Path) -> None:
    web.app.state.desk = desk_of(web.hub, tmp_path, Stand())
    empty = (await web.client.get(PATH, headers=web.staff(world.main))).json()
    assert (empty["seconds"], empty["price"]) == (0, None)
    await know(web.app.state.desk, world, world.main, "Правила", *TEXTS[:2], embed=False)
    told = (await web.client.get(PATH, headers=web.staff(world.main))).json()
    assert (told["missing"], told["seconds"]) == (2, 1)


async def test_without_an_api_the_model_that_runs_here_is_left(hub: Hub, world: World, tmp_path: Path) -> None:
    api = Stand("old")
    await know(desk_of(hub, tmp_path, api), world, world.main, "Правила", *TEXTS[:3])
    world.execute(
        "DELETE FROM chunk_vectors WHERE model = %s AND chunk_id = (SELECT min(id::text)::uuid FROM chunks)",
        LocalUse.model,
    )
    api.asked.clear()
    found = await search(desk_of(hub, tmp_path), world.main.id, "crjkmrj cj,fr tlen d yfvjhlybrt?")
    assert {arm for hit in found.hits for arm in hit.found_by} == {"words", "aligned"}
    assert (api.asked, found.good_enough) == ([], True)


async def test_searches_go_on_with_the_old_vectors(hub: Hub, world: World, tmp_path: Path) -> None:
    before, after = Stand("old"), Stand("new")
    await know(desk_of(hub, tmp_path, before), world, world.main, "Правила", *TEXTS[:3])
    desk = replace(
        desk_of(hub, tmp_path, after), embedder_of={"old": before}.get, models=FreshCache(seconds=0.0)
    )  # what is there is asked anew every time
    before.asked.clear()
    await search(desk, world.main.id, "собаки")
    assert (before.asked, after.asked) == (["собаки"], [])
    lost = replace(desk, embedder_of=lambda _model: None)
    found = await search(lost, world.main.id, "собаки")
    assert found.hits
    assert after.asked == []


async def test_who_is_killed_goes_on_where_it_was(hub: Hub, world: World, tmp_path: Path) -> None:
    await know(desk_of(hub, tmp_path, Stand("old")), world, world.main, "Правила", *TEXTS)
    stand = Stand("new")
    desk = desk_of(hub, tmp_path, stand)

    class Killed(Exception):
        pass

    async def until_the_first_batch(done: int, total: int) -> None:
        raise Killed

    from kamhub.desk.reembedding import actions

    with pytest.raises(Killed):
        await actions.reembed(desk, world.main.id, until_the_first_batch)
    assert models(world) == {"old": 40, "new": 32, LocalUse.model: 40}
    asked = len(stand.asked)

    async def on(done: int, total: int) -> None:
        assert done <= total

    assert await actions.reembed(desk, world.main.id, on) == 8
    assert len(stand.asked) == asked + 8
    assert models(world) == {"new": 40, LocalUse.model: 40}


async def test_an_embedder_that_is_away_is_waited_for(web: Web, world: World, tmp_path: Path) -> None:
    stand = Stand("new")
    desk = web.app.state.desk = desk_of(web.hub, tmp_path, stand)
    await know(desk, world, world.main, "Правила", TEXTS[0], embed=False)
    assert (await web.client.post(PATH, headers=web.staff(world.main))).status_code == 202
    stand.away = 1
    (end,) = await work_off(web.hub.database, JOBS, Context(desk))
    assert isinstance(end, TryAgain)
    assert await work_off(web.hub.database, JOBS, Context(desk)) == [DONE]
