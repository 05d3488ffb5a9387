from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from .support import Api, Shop, World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


@pytest.fixture
def shop(world: World) -> Shop:
    return world.shop


@pytest.fixture
def api(world: World) -> Api:
    return world.start()


@pytest.fixture
def free_port() -> Iterator[int]:
    """Give a port nobody listens on: it stays bound, so that nobody else takes it meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]
