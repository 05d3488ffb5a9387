"""A desk on the running application."""

from __future__ import annotations

import pytest

from tests.asgi import Web
from tests.builders import World
from tests.hub.money.support import Desk
from tests.hub.payment.conftest import till

__all__ = ["till"]


@pytest.fixture
def desk(web: Web, world: World) -> Desk:
    return Desk(web, world)
