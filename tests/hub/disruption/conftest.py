import pytest

from tests.builders import World
from tests.hub.disruption.day import Day


@pytest.fixture
def day(world: World) -> Day:
    """Makes departures' days."""
    return Day(world)
