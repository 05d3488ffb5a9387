"""What a person has handed out goes no further than the person: invitations and keys end with the right to make them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from kamhub.platform.access.permissions import allows, permissions_of
from kamhub.platform.api_key import rules as key_rules
from kamhub.platform.api_key import store as key_store
from kamhub.platform.audit import actions as audit
from kamhub.platform.audit.types import Trail
from kamhub.platform.database.pool import Connection
from kamhub.platform.organisation import store
from kamhub.platform.organisation.rules import MANAGE
from kamhub.platform.person.types import Role


async def withdraw_beyond(
    connection: Connection, organisation_id: UUID, trail: Trail, person_id: UUID, role: Role | None, now: datetime
) -> None:
    """End the invitations and keys that this person made and could not make in that role (None: no longer a member).

    A key's text and an invitation's mail are known to whoever made them: without this they would be a way back in.
    """
    manages = role is not None and allows(role, MANAGE)
    if role == "owner":
        return  # nothing is beyond an owner
    for invitation_id, email in await store.revoke_invitations_of(
        connection, organisation_id, person_id, now, owners_only=manages
    ):
        await audit.record(
            connection,
            organisation_id,
            trail,
            "invitation.revoked",
            "invitation",
            invitation_id,
            now,
            after={"email": email},
        )
    scopes = key_rules.scopes_within(permissions_of(role) if role else frozenset(), manages=manages)
    for key_id, name in await key_store.revoke_beyond(connection, organisation_id, person_id, scopes, now):
        await audit.record(
            connection, organisation_id, trail, "api_key.revoked", "api_key", key_id, now, before={"name": name}
        )
