"""The pages of the graph in a browser without a script, and the job that keeps the graph up to date."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from kamhub.desk.graph import actions
from kamhub.desk.graph.jobs import JOBS, REFRESH
from kamhub.desk.graph.services import Graphing
from kamhub.hub.services import Hub
from kamhub.kit.ids import new_id
from kamhub.platform.job.queue import enqueue
from kamhub.platform.job.types import DONE
from kamhub.platform.settings import Settings
from tests.asgi import Web
from tests.builders import World
from tests.desk.graph.support import furnish, names, write
from tests.hub.vehicle.test_vehicle_pages import post, signed_in
from tests.work import work_off

PAGE = "/office/knowledge/graph"
TEXT = "ООО «Вулканы Камчатки» и АО «Камчатки вулканы» рядом. В Паратунке запрещено купаться ночью."


@pytest.fixture
async def linked(web: Web, world: World) -> None:
    furnish(world)
    await actions.link(Graphing(web.hub), world.main.id, write(world, world.main, "Памятка", TEXT))


async def test_an_empty_graph_says_how_it_fills(web: Web, world: World) -> None:
    browser = await signed_in(web)
    page = (await browser.get(PAGE)).text
    assert "Nothing is here yet" in page
    assert "<svg class=" not in page.partition('id="main"')[2].partition("graph-node")[1]


async def test_the_graph_is_walked_by_links(web: Web, world: World, linked: None) -> None:
    browser = await signed_in(web)
    page = (await browser.get(PAGE)).text
    assert "Best connected" in page
    assert page.count('class="graph-node"') > 10
    found = (await browser.get(f"{PAGE}?q=Паратунку&type=place")).text
    assert "Around “Paratunka”" in found
    assert "<mark" in found
    assert re.search(r"/office/knowledge/assets/[0-9a-f-]{36}\?chunk=[0-9a-f-]{36}#place", found)
    relation = re.search(rf"{PAGE}/relations/[0-9a-f-]{{36}}", found)
    assert relation is not None
    why = (await browser.get(relation[0])).text
    assert "Why do we think so" in why
    assert (await browser.get(f"{PAGE}/relations/{new_id()}")).status_code == 404


async def test_what_is_not_there_is_told(web: Web, world: World, linked: None) -> None:
    browser = await signed_in(web)
    nothing = await browser.get(f"{PAGE}?q=Атлантида")
    assert nothing.status_code == 200
    assert "Nothing of that name is spoken of" in nothing.text
    gone = await browser.get(f"{PAGE}?around={new_id()}")
    assert gone.status_code == 404
    assert "not in the knowledge graph any more" in gone.text
    strange = await browser.get(f"{PAGE}?type=planet&page=0")
    assert strange.status_code == 200
    assert (await browser.get(f"{PAGE}/merges?state=perhaps")).status_code == 200


async def test_names_are_made_one_and_split_by_forms(web: Web, world: World, linked: None) -> None:
    browser = await signed_in(web)
    page = (await browser.get(f"{PAGE}/merges")).text
    assert "The same words in another order" in page
    address = re.search(rf"{PAGE}/merges/[0-9a-f-]{{36}}", page)
    assert address is not None
    rejected = await post(browser, f"{address[0]}/reject")
    assert rejected.headers["location"] == f"{PAGE}/merges?done=rejected"
    assert "The two stay different things." in (await browser.get(rejected.headers["location"])).text
    accepted = await post(browser, f"{address[0]}/accept")
    assert accepted.headers["location"] == f"{PAGE}/merges?done=accepted"
    around = (await browser.get(f"{PAGE}?q=вулканы")).text
    split = re.search(rf"{PAGE}/entities/[0-9a-f-]{{36}}/split", around)
    assert split is not None
    parted = await post(browser, split[0])
    assert parted.status_code == 303
    assert "a thing of its own again" in (await browser.get(parted.headers["location"])).text
    again = await post(browser, split[0])
    assert again.status_code == 409
    assert "there is nothing to split" in again.text
    assert (await post(browser, f"{PAGE}/merges/{new_id()}/accept")).status_code == 404


@dataclass
class Context:
    hub: Hub
    settings: Settings


async def test_the_job_takes_over_what_has_changed_in_the_hub(hub: Hub, world: World) -> None:
    furnish(world)
    write(world, world.main, "Памятка", TEXT)
    async with hub.database.system() as connection:
        await enqueue(connection, REFRESH)
    assert await work_off(hub.database, JOBS, Context(hub, Settings())) == [DONE]
    assert "Паратунка" in names(world, world.main, "place")
    assert names(world, world.other, "place") == [], "whoever has no knowledge has no graph"
