"""People on a fresh database, and accounts to make."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest

from kamhub.kit.clock import ManualClock
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.database.pool import Database
from kamhub.platform.person.services import People
from kamhub.platform.person.types import NewAccount


@pytest.fixture
def people(database: Database, clock: ManualClock, keys: KeyRing) -> People:
    return People(database, clock, keys)


@pytest.fixture
def new_account() -> Callable[..., NewAccount]:
    """Make accounts that nobody else has."""

    def make(**changes: str) -> NewAccount:
        wanted = {
            "email": f"{uuid4().hex}@people.example",
            "password": "лавовый-мост-47",
            "name": "Анна Ключевская",
            "locale": "ru",
        }
        return NewAccount(**(wanted | changes))  # type: ignore[arg-type]

    return make
