"""A part that fails is told of in its place, and a page cannot take a name that its layout uses."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from litestar import Request, Response
from markupsafe import Markup
from structlog.testing import capture_logs

from kamhub.platform.database.errors import DatabaseUnavailable
from kamhub.platform.web import parts
from kamhub.platform.web.pages import NameTaken, render
from kamhub.platform.web.parts import part
from kamhub.platform.web.problems import NotFound
from tests.asgi import Web

REQUEST_ID = "0123456789abcdef"


@pytest.fixture
def request_(web: Web) -> Request[Any, Any, Any]:
    scope = {
        "type": "http", "method": "GET", "path": "/office", "query_string": b"", "headers": [(b"accept-language", b"en")],
        "app": web.app, "litestar_app": web.app, "state": {"request_id": REQUEST_ID}, "path_template": "/office",
    }  # fmt: skip
    return Request(scope)  # type: ignore[arg-type]


async def made(request: Request[Any, Any, Any], load: Any) -> Markup:
    return await part(request, "x", "part_failed.html", load, again="/office", shared={"part": "y"})


async def test_whatever_happens_in_a_part_stays_there_and_is_logged(
    request_: Request[Any, Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fault() -> Mapping[str, object]:
        raise KeyError("a name of somebody")

    async def away() -> Mapping[str, object]:
        raise DatabaseUnavailable

    async def too_long() -> Mapping[str, object]:
        await asyncio.Event().wait()
        return {}

    async def unrenderable() -> Mapping[str, object]:
        return {}  # the template asks for an address

    monkeypatch.setattr(parts, "MOST_SECONDS", 0.05)
    for load in (fault, away, too_long, unrenderable):
        with capture_logs() as logs:
            body = await made(request_, load)
        assert body.startswith('<div id="part-x" class="contents">')
        assert "This part could not be shown." in body
        assert REQUEST_ID in body
        assert 'hx-target="#part-x"' in body
        assert "a name of somebody" not in body
        [line] = [line for line in logs if line["event"] == "part_failed"]
        assert (line["part"], line["log_level"], isinstance(line["exc_info"], Exception)) == ("x", "error", True)


async def test_a_refusal_that_is_an_answer_is_passed_on(request_: Request[Any, Any, Any]) -> None:
    async def nothing() -> Mapping[str, object]:
        raise NotFound

    with pytest.raises(NotFound):
        await made(request_, nothing)


@pytest.mark.parametrize(
    "name", ["request_id", "monitoring", "csrf_input", "groups", "sections", "here", "icon", "locale", "_"]
)
async def test_a_page_may_not_take_a_name_of_its_layout(request_: Request[Any, Any, Any], name: str) -> None:
    with pytest.raises(NameTaken, match=f"^{name}: the layout uses that name"):
        render(request_, "error.html", **{name: "of the page"})  # type: ignore[arg-type]

    async def load() -> Mapping[str, object]:
        return {name: UUID(int=0)}

    with pytest.raises(NameTaken):
        await made(request_, load)


async def test_a_page_may_say_where_it_is(request_: Request[Any, Any, Any]) -> None:
    page: Response[bytes] = render(
        request_, "error.html", status=404, code="not_found", extra={}, url_path="/somewhere-else"
    )
    assert b"next=/somewhere-else" in page.content
