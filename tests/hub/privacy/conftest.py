"""The stage of the tests of personal data."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kamhub.hub.services import Hub
from kamhub.kit.clock import ManualClock
from tests.builders import World
from tests.hub.booking.support import FakeProvider
from tests.hub.privacy.support import Scene


@pytest.fixture
def scene(hub: Hub, world: World, clock: ManualClock) -> Scene:
    return Scene(replace(hub, provider=FakeProvider(), caps=False), world, clock)
