"""Bringing stored secrets to the current key, in a real database."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from kamhub.kit.ids import new_id
from kamhub.platform.crypto import actions, store
from kamhub.platform.crypto.actions import rotate
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.crypto.types import EncryptedColumn, Rotation
from kamhub.platform.database.pool import Connection, Database

if TYPE_CHECKING:
    from tests.builders import World

ACCOUNTS = EncryptedColumn("payment_accounts", ("organisation_id", "id"), "secret_encrypted")
FACTORS = EncryptedColumn("people", ("id",), "totp_secret")
OLD = KeyRing("the old secret of the installation")
BOTH = KeyRing("the new secret of the installation", ("the old secret of the installation",))
NEW = KeyRing("the new secret of the installation")


def keep(world: World, secret: bytes) -> UUID:
    """A person with that secret of a second factor."""
    person = new_id()
    world.execute(
        "INSERT INTO people (id, email, name, password_hash, totp_secret) VALUES (%s, %s, 'Anna', 'x', %s)",
        person,
        f"{person}@example.org",
        secret,
    )
    return person


def kept(world: World) -> dict[object, bytes]:
    rows = world.rows("SELECT id, totp_secret FROM people WHERE totp_secret IS NOT NULL")
    return {person: secret for person, secret in rows if isinstance(secret, bytes)}


async def test_every_secret_is_encrypted_anew_and_once(database: Database, world: World) -> None:
    old = {keep(world, OLD.encrypt(f"secret {number}")): f"secret {number}" for number in range(3)}
    current = keep(world, NEW.encrypt("current"))
    before = kept(world)
    assert await rotate(database, BOTH, FACTORS) == Rotation(rotated=3, current=1)
    after = kept(world)
    assert {person: NEW.decrypt(after[person]) for person in old} == old
    assert after[current] == before[current]
    assert await rotate(database, BOTH, FACTORS) == Rotation(current=4)
    assert kept(world) == after


async def test_keys_of_several_columns(database: Database, world: World, keys: KeyRing) -> None:
    second = new_id()
    world.execute(
        "INSERT INTO payment_accounts (organisation_id, id, public_id, secret_encrypted, mode) VALUES (%s, %s, 'pk', %s, 'demo')",
        world.other.id,
        second,
        keys.encrypt("another secret"),
    )
    now = KeyRing("the new secret of the installation", ("a secret of the tests, long enough to be one",))
    assert await rotate(database, now, ACCOUNTS) == Rotation(rotated=2)
    rows = world.rows("SELECT id, secret_encrypted FROM payment_accounts")
    secrets = {account: NEW.decrypt(secret) for account, secret in rows if isinstance(secret, bytes)}
    assert secrets == {world.main.account: world.main.api_secret, second: "another secret"}


async def test_what_cannot_be_read_is_counted_and_left(database: Database, world: World) -> None:
    lost = keep(world, KeyRing("a secret nobody has any more").encrypt("lost"))
    keep(world, OLD.encrypt("found"))
    before = kept(world)[lost]
    assert await rotate(database, BOTH, FACTORS) == Rotation(rotated=1, unreadable=1)
    assert kept(world)[lost] == before


async def test_many_rows_in_small_transactions_that_may_be_cut_short(
    database: Database, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "_ROWS_AT_ONCE", 3)
    for number in range(8):
        keep(world, OLD.encrypt(str(number)))
    written = 0
    real = store.replace_secret

    async def dies(connection: Connection, where: EncryptedColumn, key: store.Key, secret: bytes) -> None:
        nonlocal written
        written += 1
        if written == 5:
            raise RuntimeError("the machine went away")
        await real(connection, where, key, secret)

    monkeypatch.setattr(store, "replace_secret", dies)
    with pytest.raises(RuntimeError):
        await rotate(database, BOTH, FACTORS)
    monkeypatch.setattr(store, "replace_secret", real)
    assert await rotate(database, BOTH, FACTORS) == Rotation(rotated=5, current=3)
    assert sorted(NEW.decrypt(secret) for secret in kept(world).values()) == [str(number) for number in range(8)]


async def test_an_empty_column(database: Database, world: World) -> None:
    assert await rotate(database, BOTH, FACTORS) == Rotation()
    assert str(FACTORS) == "people.totp_secret"
