"""Parts of a page that fail alone: each is loaded and rendered by itself, and one that fails says so in its place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import structlog
from litestar import Request
from markupsafe import Markup

from kamhub.kit.errors import Refusal
from kamhub.platform.web.pages import NameTaken, fragment

_log = structlog.get_logger("kamhub.page")

# A part that takes longer keeps the rest from the reader.
MOST_SECONDS = 8.0
_FAULT = 500
_WRAPPED = Markup('<div id="part-{}" class="contents">{}</div>')
Load = Callable[[], Awaitable[Mapping[str, object]]]


@asynccontextmanager
async def failing_alone(request: Request[Any, Any, Any], name: str) -> AsyncIterator[None]:
    """What fails in this block ends it, is logged with its trace (and so told to Sentry), and goes no further.

    The block opens transactions of its own, so that its failure spoils nobody else's. A refusal that is an answer (nothing is
    found, nothing is allowed) is passed on, and so is a mistake in how a page is made.
    """
    try:
        async with asyncio.timeout(MOST_SECONDS):
            yield
    except NameTaken:
        raise
    except Exception as error:
        if isinstance(error, Refusal) and error.status < _FAULT:
            raise
        _log.error("part_failed", part=name, route=request.scope.get("path_template"), exc_info=error)


async def part(
    request: Request[Any, Any, Any], name: str, template: str, load: Load, *, again: str, shared: Mapping[str, object]
) -> Markup:
    """The part called ``name``, rendered with what ``load`` gives and with ``shared``; or a note that it failed.

    ``again`` is an address that shows the part, alone or in its page: the note leads there, and with a script puts the part
    where it belongs.
    """
    body: Markup | None = None
    async with failing_alone(request, name):
        body = fragment(request, template, **{**shared, **await load()})
    if body is None:
        body = fragment(request, "part_failed.html", part=name, again=again)
    return _WRAPPED.format(name, body)
