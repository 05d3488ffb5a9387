"""A till on the fresh database, with a payment service in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from kamhub.hub.payment.client import CloudPaymentsClient
from kamhub.hub.services import Hub
from tests.builders import World
from tests.hub.payment.support import Provider, Till


@pytest.fixture
async def till(hub: Hub, world: World, service: Provider) -> AsyncIterator[Till]:
    client = CloudPaymentsClient("http://provider.test", transport=service, notes=hub.calls)
    yield Till(replace(hub, provider=client, caps=False), world, service)
    await client.close()
