"""What the tests of the HTTP edge share."""

from __future__ import annotations

import httpx
import pytest

from tests.asgi import Web
from tests.builders import World


@pytest.fixture
def client(web: Web, world: World) -> httpx.AsyncClient:
    """A caller of the running application on a database with the usual world in it."""
    return web.client
