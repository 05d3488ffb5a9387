"""The knowledge graph walked by mouse and by keyboard, on a phone and on a desk, with scripts and without."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import cast
from uuid import UUID

import pytest
from playwright.sync_api import Locator, expect

from kamhub.desk.graph import actions
from kamhub.desk.graph.services import Graphing
from kamhub.desk.knowledge.types import Source
from kamhub.hub.services import Hub
from kamhub.kit.clock import SystemClock
from kamhub.kit.ids import new_id
from kamhub.platform.database.pool import Database
from kamhub.platform.embedded.address import running_address
from tests.browser.conftest import Visit
from tests.browser.hands import Hands, Keys, Plain
from tests.browser.reader import DESKTOP, PHONE, Language, Screen
from tests.browser.test_office import office
from tests.browser.test_sign_in import look_over
from tests.system.product import Product

pytestmark = pytest.mark.browser

GRAPH = "/office/knowledge/graph"
TITLE = "Памятка гостя"
PIECES = (
    ("Цены | Услуга | Цена, ₽", "Трансфер в Паратунку | 3 500\nТрансфер в Эссо | 9 500\nДети до 5 лет | бесплатно"),
    ("Правила", "В микроавтобусе запрещено курить. В Паратунке летом купание в бассейнах до 22:00."),
    ("Дорога", "Из аэропорта Елизово в Паратунку едем около часа, в июле дольше. Аэропорт Елизово (PKC) находится в Елизово."),
    ("Партнёры", "ООО «Вулканы Камчатки» и АО «Камчатки вулканы» предлагают трансфер в Эссо."),
)  # fmt: skip
WAYS = pytest.mark.parametrize(
    ("screen", "language", "keys"), [(DESKTOP, "ru", True), (PHONE, "en", False)], ids=["keys-ru", "plain-en"]
)


@pytest.fixture
def document(product: Product) -> Iterator[UUID]:
    """A document of the demo's main operator, linked; gone again afterwards."""
    organisation = product.rows("SELECT id FROM organisations WHERE slug = 'kamchatka-transfer'")[0][0]
    assert isinstance(organisation, UUID)
    asset = new_id()
    product.execute(
        "INSERT INTO assets (organisation_id, id, kind, name, digest, status, progress, created_at, created_by, changed_at) "
        "VALUES (%(organisation)s, %(asset)s, 'file', %(title)s, %(digest)s, 'completed', 100, now(), 'x', now())",
        {
            "organisation": organisation,
            "asset": asset,
            "title": TITLE,
            "digest": hashlib.sha256(asset.bytes).digest(),
        },
    )
    for ordinal, (context, text) in enumerate(PIECES):
        product.execute(
            "INSERT INTO chunks (organisation_id, id, asset_id, ordinal, digest, title, context, text, language, position) "
            "VALUES (%(organisation)s, %(id)s, %(asset)s, %(ordinal)s, %(digest)s, %(title)s, %(context)s, %(text)s, 'ru', %(position)s)",
            {
                "organisation": organisation,
                "id": new_id(),
                "asset": asset,
                "ordinal": ordinal,
                "digest": hashlib.sha256(text.encode()).digest(),
                "title": TITLE,
                "context": context,
                "text": text,
                "position": json.dumps({"page": ordinal + 1}),
            },
        )
    address = running_address(product.folder)
    assert address is not None
    # The browser keeps an event loop in this thread.
    linking = threading.Thread(target=lambda: asyncio.run(_link(address.app_url, organisation, asset)))
    linking.start()
    linking.join()
    yield asset
    product.execute("DELETE FROM graph_merges")
    product.execute("DELETE FROM assets WHERE id = %(asset)s", {"asset": asset})


async def _link(url: str, organisation: UUID, asset: UUID) -> None:
    async with Database(url, application="test") as database:
        hub = cast("Hub", SimpleNamespace(database=database, clock=SystemClock()))
        await actions.link(Graphing(hub), organisation, Source("asset", asset, TITLE))


@WAYS
def test_the_graph_is_walked(visit: Visit, document: UUID, screen: Screen, language: Language, *, keys: bool) -> None:
    owner = office(visit, screen, language, keys)
    hands: Hands = Keys(owner) if keys else Plain()
    page = owner.page
    owner.go(GRAPH)
    owner.heading("Knowledge graph")
    look_over(owner)

    def dots() -> Locator:
        return page.locator("svg:visible a.graph-node")

    assert dots().count() >= 8
    name = dots().nth(2).get_attribute("aria-label")
    assert name
    hands.press(dots().nth(2))
    expect(dots().first).to_have_attribute("aria-current", "true")
    expect(dots().first).to_have_attribute("aria-label", name)
    look_over(owner)

    paratunka = {"ru": "Паратунка", "en": "Paratunka"}[language]
    hands.fill(page.locator("#find"), "Паратунку")
    hands.choose(page.locator("#type"), "place")
    hands.press(owner.button("Find"))
    expect(page.get_by_role("heading", name=paratunka, exact=True)).to_be_visible()
    source = page.locator(f"a[href^='/office/knowledge/assets/{document}?chunk=']").first
    expect(source).to_have_text(TITLE)
    expect(page.locator("mark", has_text="Паратунк").first).to_be_visible()
    look_over(owner)

    hands.press(page.get_by_role("link", name=owner.say("Why?")).first)
    page.wait_for_url("**/graph/relations/*")
    expect(page.get_by_role("heading", level=2, name=owner.say("Why do we think so"), exact=True)).to_be_visible()
    look_over(owner)


@WAYS
def test_two_names_are_made_one_and_split(
    visit: Visit, document: UUID, screen: Screen, language: Language, *, keys: bool
) -> None:
    owner = office(visit, screen, language, keys)
    hands: Hands = Keys(owner) if keys else Plain()
    page = owner.page
    owner.go(GRAPH)
    hands.press(owner.link("Look at them"))
    owner.heading("Two names of one thing?")
    look_over(owner)
    pair = page.get_by_role("listitem").filter(has_text="Камчатки вулканы")
    hands.press(pair.get_by_role("button", name=owner.say("One thing")))
    expect(page.get_by_text(owner.say("The two names are one thing now."))).to_be_visible()
    owner.go(f"{GRAPH}?q=вулканы камчатки")
    hands.press(page.get_by_text(owner.say("These names are not one thing?")))
    look_over(owner)
    hands.press(page.get_by_role("button", name=owner.say("Split off")))
    expect(page.get_by_text(owner.say("The name is a thing of its own again."))).to_be_visible()
    owner.go(f"{GRAPH}/merges?state=different")
    expect(page.get_by_role("listitem").filter(has_text="Камчатки вулканы")).to_be_visible()


@pytest.mark.parametrize("language", ["ru", "en"])
def test_nothing_of_that_name(visit: Visit, document: UUID, language: Language) -> None:
    owner = office(visit, PHONE, language, True)
    owner.go(f"{GRAPH}?q=Атлантида")
    expect(owner.page.get_by_text(owner.say("Nothing of that name is spoken of in your documents."))).to_be_visible()
    look_over(owner)
    owner.go(f"{GRAPH}?around=Атлантида")
    assert owner.status == 404
    expect(owner.page.get_by_role("main")).to_contain_text(
        owner.say("That is not in the knowledge graph any more. Here is what it holds now.")
    )
