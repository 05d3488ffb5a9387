"""SQL of the second factor; in the system scope."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from kamhub.platform.database.pool import Connection
from kamhub.platform.second_factor.types import Factor


async def lock_factor(connection: Connection, person_id: UUID) -> Factor:
    """The factor of a person, locked together with the person."""
    row = await (
        await connection.execute(
            "SELECT totp_secret, totp_enabled_at, totp_last_step FROM people WHERE id = %s FOR NO KEY UPDATE",
            (person_id,),
        )
    ).fetchone()
    return Factor(*row) if row else Factor(None, None, None)


async def set_secret(connection: Connection, person_id: UUID, secret: bytes) -> None:
    """Keep a secret whose first code is still to come."""
    await connection.execute(
        "UPDATE people SET totp_secret = %s, totp_enabled_at = NULL, totp_last_step = NULL WHERE id = %s",
        (secret, person_id),
    )


async def enable(connection: Connection, person_id: UUID, at: datetime) -> None:
    """Codes are asked for from now on."""
    await connection.execute("UPDATE people SET totp_enabled_at = %s WHERE id = %s", (at, person_id))


async def disable(connection: Connection, person_id: UUID) -> None:
    """Forget secret and recovery codes."""
    await connection.execute(
        "UPDATE people SET totp_secret = NULL, totp_enabled_at = NULL, totp_last_step = NULL WHERE id = %s",
        (person_id,),
    )
    await connection.execute("DELETE FROM recovery_codes WHERE person_id = %s", (person_id,))


async def note_step(connection: Connection, person_id: UUID, step: int) -> None:
    """Note that the code of that time step was taken."""
    await connection.execute("UPDATE people SET totp_last_step = %s WHERE id = %s", (step, person_id))


async def replace_recovery_codes(connection: Connection, person_id: UUID, hashes: Sequence[bytes]) -> None:
    """Give the person new recovery codes in place of all others."""
    await connection.execute("DELETE FROM recovery_codes WHERE person_id = %s", (person_id,))
    await connection.execute(
        "INSERT INTO recovery_codes (person_id, code_hash) SELECT %s, unnest(%s::bytea[])", (person_id, list(hashes))
    )


async def use_recovery_code(connection: Connection, person_id: UUID, hashes: Sequence[bytes], at: datetime) -> bool:
    """Spend the code with one of those digests; False when there is none left."""
    spent = await connection.execute(
        "UPDATE recovery_codes SET used_at = %s WHERE person_id = %s AND code_hash = ANY (%s) AND used_at IS NULL",
        (at, person_id, list(hashes)),
    )
    return spent.rowcount == 1


async def recovery_codes_left(connection: Connection, person_id: UUID) -> int:
    """How many are unused."""
    row = await (
        await connection.execute(
            "SELECT count(*) FROM recovery_codes WHERE person_id = %s AND used_at IS NULL", (person_id,)
        )
    ).fetchone()
    return row[0] if row else 0
