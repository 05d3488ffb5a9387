"""Bringing secrets at rest to the current key."""

from __future__ import annotations

from kamhub.platform.crypto import store
from kamhub.platform.crypto.keys import KeyRing, SecretUnreadable
from kamhub.platform.crypto.types import EncryptedColumn, Rotation
from kamhub.platform.database.pool import Connection, Database

_ROWS_AT_ONCE = 100


async def rotate(database: Database, keys: KeyRing, where: EncryptedColumn) -> Rotation:
    """Encrypt every secret of that column with the current key, some rows a transaction.

    May be stopped and run again at any time. What no known key can read stays as it is.
    """
    total, after = Rotation(), None
    while True:
        async with database.system() as connection:
            rows = await store.lock_secrets(connection, where, after, _ROWS_AT_ONCE)
            for key, secret in rows:
                total += await _rotate_one(connection, keys, where, key, secret)
        if not rows:
            return total
        after = rows[-1][0]


async def _rotate_one(
    connection: Connection, keys: KeyRing, where: EncryptedColumn, key: store.Key, secret: bytes
) -> Rotation:
    if keys.is_current(secret):
        return Rotation(current=1)
    try:
        renewed = keys.rotate(secret)
    except SecretUnreadable:
        return Rotation(unreadable=1)
    await store.replace_secret(connection, where, key, renewed)
    return Rotation(rotated=1)
