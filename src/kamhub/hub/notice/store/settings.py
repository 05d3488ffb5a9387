"""SQL of how an organisation speaks to its travellers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, LiteralString
from uuid import UUID

from psycopg import sql

from kamhub.hub.notice.types import Bot, NoticeSettings, Ways
from kamhub.platform.database.pool import Connection

_SETTINGS: LiteralString = """SELECT sender_name, reply_to, quiet_from, quiet_to, telegram_token IS NOT NULL, telegram_bot,
  telegram_error, sms_provider, sms_key IS NOT NULL, sms_sender, reviews, version
  FROM notice_settings WHERE organisation_id = %s"""


async def settings(connection: Connection, organisation_id: UUID) -> NoticeSettings:
    """The settings, those of the product for an organisation that never said."""
    row = await (await connection.execute(_SETTINGS, (organisation_id,))).fetchone()
    return NoticeSettings(*row) if row else NoticeSettings()


async def lock(connection: Connection, organisation_id: UUID) -> NoticeSettings:
    """The same, locked; the row is made first if there is none."""
    await connection.execute(
        "INSERT INTO notice_settings (organisation_id, version) VALUES (%s, 0) ON CONFLICT DO NOTHING",
        (organisation_id,),
    )
    row = await (await connection.execute(_SETTINGS + " FOR NO KEY UPDATE", (organisation_id,))).fetchone()
    if row is None:
        raise LookupError("the settings were written a moment ago")
    return NoticeSettings(*row)


async def change(connection: Connection, organisation_id: UUID, columns: Mapping[str, Any]) -> None:
    """Set those columns (names of this program only), and count the version."""
    pairs = [sql.SQL("{} = %s").format(sql.Identifier(name)) for name in columns]
    statement = sql.SQL("UPDATE notice_settings SET {}, version = version + 1 WHERE organisation_id = %s").format(
        sql.SQL(", ").join(pairs)
    )
    await connection.execute(statement, (*columns.values(), organisation_id))


async def ways(connection: Connection, organisation_id: UUID) -> Ways:
    """What sending needs, with the secrets as they are stored."""
    cursor = await connection.execute(
        "SELECT sender_name, reply_to, telegram_token, sms_provider, sms_key, sms_sender FROM notice_settings "
        "WHERE organisation_id = %s",
        (organisation_id,),
    )
    row = await cursor.fetchone()
    return Ways(*row) if row else Ways(None, None, None, None, None, None)


async def channel_of(connection: Connection, organisation_id: UUID) -> tuple[UUID, bytes, bytes] | None:
    """``(channel id, token, secret)`` of the bot, secrets as they are stored; None without a bot."""
    cursor = await connection.execute(
        "SELECT telegram_channel_id, telegram_token, telegram_webhook_secret FROM notice_settings "
        "WHERE organisation_id = %s AND telegram_token IS NOT NULL",
        (organisation_id,),
    )
    row = await cursor.fetchone()
    return (row[0], row[1], row[2]) if row else None


async def note_bot(
    connection: Connection, organisation_id: UUID, token: bytes, bot: str | None, error: str | None
) -> None:
    """Write what the messenger said of that token, unless another one was set meanwhile."""
    await connection.execute(
        "UPDATE notice_settings SET telegram_bot = %s, telegram_error = %s WHERE organisation_id = %s AND telegram_token = %s",
        (bot, None if error is None else error[:300], organisation_id, token),
    )


async def bot_by_channel(connection: Connection, channel_id: UUID) -> Bot | None:
    """Whose bot calls at that address (system scope)."""
    cursor = await connection.execute(
        "SELECT organisation_id, telegram_webhook_secret FROM notice_settings "
        "WHERE telegram_channel_id = %s AND telegram_token IS NOT NULL",
        (channel_id,),
    )
    row = await cursor.fetchone()
    return Bot(*row) if row else None


async def bot_name(connection: Connection, organisation_id: UUID) -> str | None:
    """The bot whom travellers may be sent to."""
    cursor = await connection.execute(
        "SELECT telegram_bot FROM notice_settings WHERE organisation_id = %s AND telegram_token IS NOT NULL",
        (organisation_id,),
    )
    row = await cursor.fetchone()
    return row[0] if row else None
