"""The services of people on a fresh database."""

from __future__ import annotations

import pytest

from kamhub.kit.clock import ManualClock
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.database.pool import Database
from kamhub.platform.person.services import People


@pytest.fixture
def people(database: Database, clock: ManualClock, keys: KeyRing) -> People:
    return People(database, clock, keys, public_url="http://hub.test")
