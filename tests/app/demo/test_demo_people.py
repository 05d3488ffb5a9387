"""The people of the demo cost a sign-in what everybody else does."""

from __future__ import annotations

from datetime import UTC, date, datetime

from kamhub.app.demo.data import people, write_demo
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.person.passwords import matches, needs_rehash
from tests.builders import World


def test_demo_passwords_are_hashed_like_all_others(database_owner_url: str, keys: KeyRing) -> None:
    world = World(database_owner_url, datetime(2026, 11, 24, tzinfo=UTC))
    for password in ("вулкан-и-море-9", "вулкан-и-море-9", "другое-море-10"):
        write_demo(database_owner_url, keys, password, today=date(2026, 11, 24))
        stored = [str(row[0]) for row in world.rows("SELECT password_hash FROM people")]
        assert len(stored) == len(people())
        assert all(matches(each, password) and not needs_rehash(each) for each in stored)
