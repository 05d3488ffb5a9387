"""The page of what is known, in a browser without a script."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from kamhub.desk.search import actions as search_actions
from kamhub.desk.search.types import AgentNotFound, Found, Hit
from kamhub.kit.ids import new_id
from tests.asgi import Web
from tests.builders import World
from tests.platform.session.support import Browser

PAGE = "/office/knowledge"


async def signed_in(web: Web, role: str = "manager") -> Browser:
    return await Browser(web).signed_in(f"{role}@main.example")


def asset(world: World, name: str, status: str, *, chunks: int = 0, error: str | None = None) -> UUID:
    asset_id = new_id()
    world.execute(
        "INSERT INTO assets (organisation_id, id, kind, name, digest, status, progress, error, chunk_count, created_at, "
        "created_by, changed_at) VALUES (%s, %s, 'file', %s, sha256(%s), %s, %s, %s, %s, now(), 'x', now())",
        world.main.id, asset_id, name, name.encode(), status, 100 if status == "completed" else 40, error, chunks,
    )  # fmt: skip
    return asset_id


def hit(**fields: Any) -> Hit:
    told: dict[str, Any] = {
        "chunk_id": new_id(),
        "asset_id": new_id(),
        "article_id": None,
        "title": "Правила багажа",
        "context": "",
        "text": "Лыжи берём бесплатно.",
        "language": "ru",
        "position": {"headings": ["Тарифы", "Багаж"], "first_block": 3, "last_block": 3, "page": 3, "sheet": None},
        "score": 0.874,
        "found_by": ("words", "aligned"),
    }
    return Hit(**told | fields)


class Searching:
    """Finds what a test says; keeps what it was asked."""

    def __init__(self) -> None:
        self.found = Found((), False, 0.0)
        self.asked: list[dict[str, Any]] = []

    async def __call__(
        self,
        desk: object,
        organisation_id: UUID,
        question: str,
        agent_id: UUID | None,
        category_id: UUID | None,
        language: str | None,
        *,
        limit: int,
    ) -> Found:
        """As ``search.actions.search``."""
        self.asked.append({"organisation": organisation_id, "agent_id": agent_id, "language": language})
        if agent_id == organisation_id:
            raise AgentNotFound
        return self.found


@pytest.fixture
def searching(monkeypatch: pytest.MonkeyPatch) -> Searching:
    made = Searching()
    monkeypatch.setattr(search_actions, "search", made)
    return made


async def test_nothing_is_known_yet(web: Web, world: World) -> None:
    page = (await (await signed_in(web)).get(PAGE)).text
    assert "Nothing is known yet" in page
    assert page.count('href="/office/knowledge/assets/new"') == 1
    reader = (await (await signed_in(web, "viewer")).get(PAGE)).text
    assert 'href="/office/knowledge/assets/new"' not in reader
    assert (await (await signed_in(web, "driver")).get(PAGE)).status_code == 403


async def test_how_much_is_known_and_what_is_being_read(web: Web, world: World) -> None:
    asset(world, "rules.pdf", "completed", chunks=52)
    asset(world, "kids.pdf", "processing", chunks=1000)
    broken = asset(world, "locked.pdf", "failed", error="encrypted")
    for number in range(6):
        asset(world, f"more{number}.pdf", "pending")
    for number, status in enumerate(("published", "draft")):
        world.execute(
            "INSERT INTO articles (organisation_id, id, title, body, status, created_at, changed_at, changed_by) "
            "VALUES (%s, %s, %s, 'x', %s, now(), now(), 'x')",
            world.main.id, new_id(), f"Статья {number}", status,
        )  # fmt: skip
    page = (await (await signed_in(web)).get(PAGE)).text
    for told in (">9</span>", ">2</span>", ">1,052</span>", "1 of them a draft", "protected by a password"):
        assert told in page, told
    assert f'action="/office/knowledge/assets/{broken}/retry"' in page
    assert page.count("data-live=") == 6, "five that are read, and the one that failed"
    assert "All that are being read" in page


async def test_an_answer_is_shown_with_its_place(web: Web, world: World, searching: Searching) -> None:
    article = hit(
        asset_id=None, article_id=new_id(), title="Собаки", position={"headings": []}, found_by=("meaning", "reading")
    )
    one = hit()
    searching.found = Found((one, article), True, 0.9)
    page = (await (await signed_in(web)).get(f"{PAGE}?q=лыжи&language=ru")).text
    assert f'href="/office/knowledge/assets/{one.asset_id}?chunk={one.chunk_id}#place"' in page
    assert f'href="/office/knowledge/articles/{article.article_id}?chunk={article.chunk_id}#place"' in page
    for told in (
        "p. 3 · Тарифы › Багаж",
        "87 %",
        "by its words",
        "by its meaning",
        "by reading it",
        "Лыжи берём бесплатно.",
    ):
        assert told in page, told
    assert "That isn't in your documents" not in page
    assert searching.asked[0]["language"] == "ru"
    assert searching.asked[0]["organisation"] == world.main.id


async def test_an_answer_over_several_pages_names_them_all(web: Web, world: World, searching: Searching) -> None:
    searching.found = Found((hit(position={"headings": [], "page": 4, "last_page": 5}),), True, 0.9)
    assert "pp. 4–5" in (await (await signed_in(web)).get(f"{PAGE}?q=лыжи")).text


async def test_no_more_is_called_an_answer_than_an_agent_is_shown(web: Web, world: World, searching: Searching) -> None:
    plain = {"position": {"headings": [], "page": None, "sheet": None}, "found_by": ()}
    searching.found = Found(tuple(hit(title=f"Документ {number}", **plain) for number in range(6)), True, 0.9)
    browser = await signed_in(web)
    found = (await browser.get(f"{PAGE}?q=лыжи")).text.partition('id="found"')[2]
    answers, folded, others = found.partition("What else comes near")
    assert folded
    assert [number for number in range(6) if f"Документ {number}<" in answers] == [0, 1, 2, 3, 4]
    assert "Документ 5<" in others
    assert 'class="small wrap-anywhere"' not in found, "no line is kept for a place that has no name"
    searching.found = Found(searching.found.hits[:5], True, 0.9)
    assert "What else comes near" not in (await browser.get(f"{PAGE}?q=лыжи")).text


async def test_what_is_not_there_is_said_and_can_be_written(web: Web, world: World, searching: Searching) -> None:
    searching.found = Found((hit(),), False, 0.1)
    browser = await signed_in(web)
    page = (await browser.get(f"{PAGE}?q=Можно с медведем?")).text
    assert "That isn't in your documents" in page
    assert "What comes nearest" in page
    assert "/office/knowledge/articles/new?title=%D0%9C" in page
    reader = (await (await signed_in(web, "viewer")).get(f"{PAGE}?q=медведь")).text
    assert "/articles/new" not in reader


async def test_what_was_asked_in_vain_is_listed_and_put_away(web: Web, world: World) -> None:
    browser = await signed_in(web)
    assert "None: whatever was asked of late has an answer." in (await browser.get(f"{PAGE}/gaps")).text
    for number in range(7):
        world.execute(
            "INSERT INTO knowledge_gaps (organisation_id, id, digest, question, language, asked, asked_in, first_asked_at, "
            "last_asked_at) VALUES (%s, %s, sha256(%s), %s, 'ru', %s, 'chat', now(), now())",
            world.main.id, new_id(), str(number).encode(), f"Вопрос {number}?", number + 1,
        )  # fmt: skip
    page = (await browser.get(PAGE)).text
    assert page.count("/dismiss") == 5
    assert "All 7 questions" in page
    listed = (await browser.get(f"{PAGE}/gaps")).text
    assert listed.index("Вопрос 6?") < listed.index("Вопрос 0?"), "the most asked come first"
    assert "asked 7 times" in listed
    assert "/articles/new?title=%D0%92" in listed
    assert (await browser.get(f"{PAGE}/gaps?page=x")).status_code == 422
    [[gap]] = world.rows("SELECT id FROM knowledge_gaps WHERE question = 'Вопрос 6?'")
    gone = await browser.client.post(f"{PAGE}/gaps/{gap}/dismiss", data={"csrf_token": browser.csrf})
    assert gone.headers["location"] == f"{PAGE}/gaps?done=dismissed"
    after = (await browser.get(gone.headers["location"])).text
    assert "The question is shown no more." in after
    assert "Вопрос 6?" not in after
    reader = await signed_in(web, "viewer")
    assert "/dismiss" not in (await reader.get(f"{PAGE}/gaps")).text


async def test_a_question_without_an_answer_is_kept(web: Web, world: World, searching: Searching) -> None:
    browser = await signed_in(web)
    await browser.get(f"{PAGE}?q=Можно с медведем? Звоните +79141234567&language=ru")
    await browser.get(f"{PAGE}?q=Можно с медведем?")
    await web.app.state.desk.gaps.settled()
    assert world.rows("SELECT question, asked, asked_in FROM knowledge_gaps") == [("Можно с медведем?", 1, "search")]


async def test_a_question_is_narrowed_to_an_agent(web: Web, world: World, searching: Searching) -> None:
    agent = new_id()
    world.execute(
        "INSERT INTO agents (organisation_id, id, name, created_at) VALUES (%s, %s, 'Помощник', now())",
        world.main.id, agent,
    )  # fmt: skip
    browser = await signed_in(web)
    page = (await browser.get(f"{PAGE}?q=лыжи&agent_id={agent}")).text
    assert f'<option value="{agent}" selected>Помощник</option>' in page
    assert searching.asked[0]["agent_id"] == agent
    lost = await browser.get(f"{PAGE}?q=лыжи&agent_id={world.main.id}")
    assert (lost.status_code, "There is no such agent." in lost.text) == (404, True)
    for query in ("q=лыжи&language=fr", f"q={'x' * 501}", "q=лыжи&category_id=x"):
        assert (await browser.get(f"{PAGE}?{query}")).status_code == 422, query
    assert len(searching.asked) == 2, "what cannot be asked is not asked"
