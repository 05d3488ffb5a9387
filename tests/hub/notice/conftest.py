"""Fixtures of messages: the services they go out by, and a booking to tell of."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from kamhub.hub.services import Hub
from tests.hub.notice.messengers import Messengers, messengers
from tests.hub.notice.support import Context


@pytest.fixture
async def services() -> AsyncIterator[Messengers]:
    """Telegram and SMS.ru."""
    async with messengers() as running:
        yield running


@pytest.fixture
def context(hub: Hub, services: Messengers) -> Context:
    """What the jobs work with."""
    return Context.of(hub, services.url)
