"""SQL of operators' own words; in the scope of one organisation."""

from __future__ import annotations

from uuid import UUID

from kamhub.hub.departure import store as departures
from kamhub.hub.departure.types import Operator
from kamhub.hub.notice.types import Template, TemplateKey
from kamhub.platform.database.pool import Connection


async def template(
    connection: Connection, organisation_id: UUID, key: TemplateKey, *, lock: bool = False
) -> Template | None:
    """The own words for that message, None when it speaks in the product's."""
    query = (
        "SELECT subject, body, version FROM message_templates "
        "WHERE organisation_id = %s AND kind = %s AND channel = %s AND locale = %s"
    )
    cursor = await connection.execute(
        (query + (" FOR UPDATE" if lock else "")).encode(), (organisation_id, key.kind, key.channel, key.locale)
    )
    row = await cursor.fetchone()
    return Template(*row) if row else None


async def templates(connection: Connection, organisation_id: UUID) -> dict[TemplateKey, Template]:
    """All of them; there are at most as many as kinds, ways and languages."""
    cursor = await connection.execute(
        "SELECT kind, channel, locale, subject, body, version FROM message_templates WHERE organisation_id = %s",
        (organisation_id,),
    )
    return {TemplateKey(*row[:3]): Template(*row[3:]) for row in await cursor.fetchall()}


async def operator(connection: Connection, organisation_id: UUID) -> Operator:
    """The organisation as its travellers see it."""
    query = f"SELECT {departures.OPERATOR} FROM organisations o WHERE o.id = %s"
    row = await (await connection.execute(query.encode(), (organisation_id,))).fetchone()
    if row is None:
        raise LookupError("staff works for an organisation that is there")
    return departures.operator_from(row)


async def lock_all(connection: Connection, organisation_id: UUID) -> None:
    """Own words of one organisation are written one after the other: a row that is not there yet cannot be locked."""
    await connection.execute("SELECT FROM organisations WHERE id = %s FOR NO KEY UPDATE", (organisation_id,))


async def put(connection: Connection, organisation_id: UUID, key: TemplateKey, template: Template) -> None:
    """Write own words, with the version they come with."""
    await connection.execute(
        """INSERT INTO message_templates (organisation_id, kind, channel, locale, subject, body, version)
           VALUES (%s, %s, %s, %s, %s, %s, %s)
           ON CONFLICT (organisation_id, kind, channel, locale) DO UPDATE
           SET subject = excluded.subject, body = excluded.body, version = excluded.version""",
        (organisation_id, key.kind, key.channel, key.locale, template.subject, template.body, template.version),
    )


async def remove(connection: Connection, organisation_id: UUID, key: TemplateKey) -> None:
    """Take own words back."""
    await connection.execute(
        "DELETE FROM message_templates WHERE organisation_id = %s AND kind = %s AND channel = %s AND locale = %s",
        (organisation_id, key.kind, key.channel, key.locale),
    )
