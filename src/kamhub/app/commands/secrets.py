"""`kamhub secrets rotate`."""

from __future__ import annotations

import asyncio
from pathlib import Path

from rich.console import Console
from rich.table import Table

from kamhub.app.commands.target import Target, fail, open_target, require_schema, unreachable
from kamhub.app.wiring import key_ring
from kamhub.platform.crypto.actions import rotate as rotate_column
from kamhub.platform.crypto.types import EncryptedColumn, Rotation
from kamhub.platform.database.errors import DatabaseUnavailable
from kamhub.platform.database.pool import Database

# Every column that holds something encrypted.
ENCRYPTED_COLUMNS = (
    EncryptedColumn("payment_accounts", ("organisation_id", "id"), "secret_encrypted"),
    EncryptedColumn("people", ("id",), "totp_secret"),
    EncryptedColumn("notice_settings", ("organisation_id",), "telegram_token"),
    EncryptedColumn("notice_settings", ("organisation_id",), "telegram_webhook_secret"),
    EncryptedColumn("notice_settings", ("organisation_id",), "sms_key"),
)


def rotate(data_dir: Path | None) -> None:
    """Encrypt every stored secret with the current key; exit code 1 when one cannot be read."""
    with open_target(data_dir) as target:
        require_schema(target.app_url, role="kamhub_system")
        done = asyncio.run(_rotate(target))
    table = Table("what", "encrypted anew", "current already", "unreadable", box=None)
    for column, rotation in done:
        table.add_row(str(column), str(rotation.rotated), str(rotation.current), str(rotation.unreadable))
    Console(width=120).print(table)
    if any(rotation.unreadable for _, rotation in done):
        fail(
            "Some secrets were encrypted with a key that is not in KAMHUB_SECRET_KEY: add it as the last one, or enter them anew."
        )
    print(
        "No stored secret needs an earlier key any more. Taking one out of KAMHUB_SECRET_KEY ends the links and recovery "
        "codes that were made with it."
    )


async def _rotate(target: Target) -> list[tuple[EncryptedColumn, Rotation]]:
    keys = key_ring(target.settings, target.data_dir)
    try:
        async with Database(target.app_url, application="kamhub-secrets") as database:
            return [(column, await rotate_column(database, keys, column)) for column in ENCRYPTED_COLUMNS]
    except DatabaseUnavailable as error:
        fail(unreachable(error.__cause__ or error))
