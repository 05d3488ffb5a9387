"""SQL of members and invitations. In the tenant scope unless said otherwise."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from kamhub.kit.text import Names
from kamhub.platform.database.pool import Connection
from kamhub.platform.organisation.types import Invitation, Member, Overview
from kamhub.platform.person.types import Organisation, Role

_MEMBER = (
    "SELECT p.id, p.name, p.email, m.role, m.created_at, p.email_confirmed_at IS NOT NULL, p.totp_enabled_at IS NOT NULL "
    "FROM memberships m JOIN people p ON p.id = m.person_id"
)
_INVITATION = (
    "SELECT organisation_id, id, email, role, locale, invited_by, created_at, expires_at, accepted_at, revoked_at "
    "FROM invitations"
)
_OPEN = "accepted_at IS NULL AND revoked_at IS NULL"


async def members(
    connection: Connection, organisation_id: UUID, *, offset: int, limit: int
) -> tuple[list[Member], int]:
    """A page of the members, the first one who joined first, and how many there are."""
    rows = await connection.execute(
        f"{_MEMBER} WHERE m.organisation_id = %s ORDER BY m.created_at, p.id OFFSET %s LIMIT %s".encode(),
        (organisation_id, offset, limit),
    )
    found = [Member(*row) for row in await rows.fetchall()]
    counted = await connection.execute(
        "SELECT count(*) FROM memberships WHERE organisation_id = %s", (organisation_id,)
    )
    row = await counted.fetchone()
    return found, row[0] if row else 0


async def member(connection: Connection, organisation_id: UUID, person_id: UUID) -> Member | None:
    """One of them."""
    rows = await connection.execute(
        f"{_MEMBER} WHERE m.organisation_id = %s AND m.person_id = %s".encode(), (organisation_id, person_id)
    )
    row = await rows.fetchone()
    return Member(*row) if row else None


async def lock_roles(connection: Connection, organisation_id: UUID) -> dict[UUID, Role]:
    """The role of every member, as it stays until the transaction ends.

    Every row is locked, in one order: two owners who leave at one moment would else each count on the other.
    """
    rows = await connection.execute(
        "SELECT person_id, role FROM memberships WHERE organisation_id = %s ORDER BY person_id FOR UPDATE",
        (organisation_id,),
    )
    return {row[0]: row[1] for row in await rows.fetchall()}


async def set_role(connection: Connection, organisation_id: UUID, person_id: UUID, role: Role) -> None:
    """Give a member another role."""
    await connection.execute(
        "UPDATE memberships SET role = %s WHERE organisation_id = %s AND person_id = %s",
        (role, organisation_id, person_id),
    )


async def remove_member(connection: Connection, organisation_id: UUID, person_id: UUID) -> None:
    """End a membership."""
    await connection.execute(
        "DELETE FROM memberships WHERE organisation_id = %s AND person_id = %s", (organisation_id, person_id)
    )


async def add_member(connection: Connection, organisation_id: UUID, person_id: UUID, role: Role, at: datetime) -> bool:
    """Make a person a member; False, and no change, when they are one. In the system scope."""
    added = await connection.execute(
        "INSERT INTO memberships (organisation_id, person_id, role, created_at) VALUES (%s, %s, %s, %s) "
        "ON CONFLICT (organisation_id, person_id) DO NOTHING",
        (organisation_id, person_id, role, at),
    )
    return added.rowcount == 1


async def is_member(connection: Connection, organisation_id: UUID, email: str) -> bool:
    """Whether somebody with that address belongs to the organisation."""
    rows = await connection.execute(
        "SELECT EXISTS (SELECT FROM memberships m JOIN people p ON p.id = m.person_id "
        "WHERE m.organisation_id = %s AND p.email = %s)",
        (organisation_id, email),
    )
    row = await rows.fetchone()
    return bool(row and row[0])


async def insert_invitation(connection: Connection, invitation: Invitation) -> bool:
    """Add an open invitation; False when one to the same address was written at the same moment."""
    added = await connection.execute(
        "INSERT INTO invitations (organisation_id, id, email, role, locale, invited_by, created_at, expires_at) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s) "
        "ON CONFLICT (organisation_id, email) WHERE accepted_at IS NULL AND revoked_at IS NULL DO NOTHING",
        (
            invitation.organisation_id,
            invitation.id,
            invitation.email,
            invitation.role,
            invitation.locale,
            invitation.invited_by,
            invitation.created_at,
            invitation.expires_at,
        ),
    )
    return added.rowcount == 1


async def invitations(
    connection: Connection, organisation_id: UUID, *, offset: int, limit: int
) -> tuple[list[Invitation], int]:
    """A page of the invitations, the newest first, and how many there are."""
    rows = await connection.execute(
        f"{_INVITATION} WHERE organisation_id = %s ORDER BY created_at DESC, id DESC OFFSET %s LIMIT %s".encode(),
        (organisation_id, offset, limit),
    )
    found = [Invitation(*row) for row in await rows.fetchall()]
    counted = await connection.execute(
        "SELECT count(*) FROM invitations WHERE organisation_id = %s", (organisation_id,)
    )
    row = await counted.fetchone()
    return found, row[0] if row else 0


async def pending_invitations(connection: Connection, organisation_id: UUID) -> list[Invitation]:
    """Those nobody has taken or withdrawn, too old ones included, the newest first; at most 200."""
    rows = await connection.execute(
        f"{_INVITATION} WHERE organisation_id = %s AND {_OPEN} ORDER BY created_at DESC, id DESC LIMIT 200".encode(),
        (organisation_id,),
    )
    return [Invitation(*row) for row in await rows.fetchall()]


async def invitation(connection: Connection, organisation_id: UUID, invitation_id: UUID) -> Invitation | None:
    """One of them."""
    rows = await connection.execute(
        f"{_INVITATION} WHERE organisation_id = %s AND id = %s".encode(), (organisation_id, invitation_id)
    )
    row = await rows.fetchone()
    return Invitation(*row) if row else None


async def lock_invitation(connection: Connection, organisation_id: UUID, invitation_id: UUID) -> Invitation | None:
    """The same, locked."""
    rows = await connection.execute(
        f"{_INVITATION} WHERE organisation_id = %s AND id = %s FOR UPDATE".encode(), (organisation_id, invitation_id)
    )
    row = await rows.fetchone()
    return Invitation(*row) if row else None


async def revoke_open(connection: Connection, organisation_id: UUID, email: str, at: datetime) -> list[UUID]:
    """Withdraw the open invitation to that address, if there is one; returns its id."""
    rows = await connection.execute(
        f"UPDATE invitations SET revoked_at = %s WHERE organisation_id = %s AND email = %s AND {_OPEN} RETURNING id".encode(),
        (at, organisation_id, email),
    )
    return [row[0] for row in await rows.fetchall()]


async def revoke_invitations_of(
    connection: Connection, organisation_id: UUID, person_id: UUID, at: datetime, *, owners_only: bool
) -> list[tuple[UUID, str]]:
    """Withdraw the open invitations that person has made, or those of them that make owners; returns ids and e-mails."""
    rows = await connection.execute(
        "UPDATE invitations SET revoked_at = %s WHERE organisation_id = %s AND invited_by = %s "
        f"AND (role = 'owner' OR NOT %s) AND {_OPEN} RETURNING id, email".encode(),
        (at, organisation_id, person_id, owners_only),
    )
    return [(row[0], row[1]) for row in await rows.fetchall()]


async def revoke(connection: Connection, organisation_id: UUID, invitation_id: UUID, at: datetime) -> None:
    """Withdraw an invitation."""
    await connection.execute(
        "UPDATE invitations SET revoked_at = %s WHERE organisation_id = %s AND id = %s",
        (at, organisation_id, invitation_id),
    )


async def prolong(connection: Connection, organisation_id: UUID, invitation_id: UUID, expires_at: datetime) -> None:
    """Let an invitation be good until then."""
    await connection.execute(
        "UPDATE invitations SET expires_at = %s WHERE organisation_id = %s AND id = %s",
        (expires_at, organisation_id, invitation_id),
    )


async def take(
    connection: Connection, organisation_id: UUID, invitation_id: UUID, person_id: UUID, at: datetime
) -> Role | None:
    """Spend an open invitation; returns the role it gives, None when it is not open any more. In the system scope."""
    rows = await connection.execute(
        "UPDATE invitations SET accepted_at = %(at)s, accepted_by = %(person)s WHERE organisation_id = %(organisation)s "
        f"AND id = %(id)s AND {_OPEN} AND expires_at > %(at)s RETURNING role".encode(),
        {"at": at, "person": person_id, "organisation": organisation_id, "id": invitation_id},
    )
    row = await rows.fetchone()
    role: Role | None = row[0] if row else None
    return role


async def organisation(connection: Connection, organisation_id: UUID) -> Organisation | None:
    """The organisation, unless it is archived."""
    rows = await connection.execute(
        "SELECT id, slug, name_ru, name_en FROM organisations WHERE id = %s AND archived_at IS NULL", (organisation_id,)
    )
    row = await rows.fetchone()
    return Organisation(row[0], row[1], Names(row[2], row[3])) if row else None


async def zone(connection: Connection, organisation_id: UUID) -> ZoneInfo:
    """The zone whose times its people read."""
    rows = await connection.execute("SELECT time_zone FROM organisations WHERE id = %s", (organisation_id,))
    row = await rows.fetchone()
    return ZoneInfo(row[0] if row else "UTC")


async def overview(connection: Connection, organisation_id: UUID, now: datetime) -> Overview:
    """How many members, open invitations and live keys there are."""
    rows = await connection.execute(
        "SELECT (SELECT count(*) FROM memberships WHERE organisation_id = %(organisation)s), "
        f"(SELECT count(*) FROM invitations WHERE organisation_id = %(organisation)s AND {_OPEN} AND expires_at > %(now)s), "
        "(SELECT count(*) FROM api_keys WHERE organisation_id = %(organisation)s AND revoked_at IS NULL "
        "AND (expires_at IS NULL OR expires_at > %(now)s))".encode(),
        {"organisation": organisation_id, "now": now},
    )
    row = await rows.fetchone()
    return Overview(*row) if row else Overview(0, 0, 0)
