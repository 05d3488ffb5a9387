"""What owners and administrators do about people: roles, removals, invitations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID
from zoneinfo import ZoneInfo

from kamhub.kit.ids import new_id
from kamhub.platform.access.permissions import allows
from kamhub.platform.audit import actions as audit
from kamhub.platform.database.pool import Connection
from kamhub.platform.job.queue import enqueue
from kamhub.platform.job.types import Kind, Queue
from kamhub.platform.organisation import rules, store
from kamhub.platform.organisation.reach import withdraw_beyond
from kamhub.platform.organisation.types import (
    AlreadyMember,
    Invitation,
    InvitationNotFound,
    InvitationOver,
    Member,
    MemberNotFound,
    Overview,
    Wanted,
)
from kamhub.platform.person import store as person_store
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Role, Staff
from kamhub.platform.session import store as session_store
from kamhub.platform.web.problems import PermissionMissing

INVITE = Kind("organisation.invite", Queue.NOTICES, "tenant", frozenset({"invitation_id", "message_id"}))
MANAGE = rules.MANAGE


async def members(people: People, staff: Staff, *, offset: int = 0, limit: int = 200) -> tuple[list[Member], int]:
    """A page of the members, and how many there are."""
    async with people.database.tenant(staff.organisation_id) as connection:
        return await store.members(connection, staff.organisation_id, offset=offset, limit=limit)


async def overview(people: People, organisation_id: UUID) -> Overview:
    """What the first page of the back office counts."""
    async with people.database.tenant(organisation_id) as connection:
        return await store.overview(connection, organisation_id, people.clock.now())


async def zone_of(people: People, organisation_id: UUID) -> ZoneInfo:
    """The zone whose times the organisation's people read."""
    async with people.database.tenant(organisation_id) as connection:
        return await store.zone(connection, organisation_id)


async def require_member(people: People, staff: Staff, person_id: UUID) -> None:
    """Raise ``MemberNotFound`` unless that person works here: of two refusals this one goes before what is wrong with the
    rest."""
    async with people.database.tenant(staff.organisation_id) as connection:
        if await store.member(connection, staff.organisation_id, person_id) is None:
            raise MemberNotFound


async def change_role(people: People, staff: Staff, person_id: UUID, role: Role) -> Member:
    """Give a member another role; it counts from their next request on.

    Raises ``MemberNotFound``, ``OwnerOnly``, ``LastOwner``.
    """
    organisation = staff.organisation_id
    async with people.database.tenant(organisation) as connection:
        roles = await store.lock_roles(connection, organisation)
        present = rules.require_may_change(roles, _managing_role(roles, staff), person_id, role)
        member = await store.member(connection, organisation, person_id)
        if member is None:
            raise MemberNotFound
        if present != role:
            await store.set_role(connection, organisation, person_id, role)
            await audit.record(
                connection,
                organisation,
                staff.trail,
                "member.role_changed",
                "member",
                person_id,
                people.clock.now(),
                before={"role": present},
                after={"role": role},
            )
            await withdraw_beyond(connection, organisation, staff.trail, person_id, role, people.clock.now())
        return replace(member, role=role)


async def remove(people: People, staff: Staff, person_id: UUID) -> None:
    """Take a member out of the organisation and end their sessions in it, with the invitations and keys they made.

    Raises ``MemberNotFound``, ``OwnerOnly``, ``LastOwner``.
    """
    await _remove(people, staff, person_id, leaving=False)


async def leave(people: People, staff: Staff) -> None:
    """Go oneself, whatever one's role. Raises ``LastOwner``."""
    if staff.person_id is None:
        raise PermissionMissing
    await _remove(people, staff, staff.person_id, leaving=True)


async def invitations(
    people: People, staff: Staff, *, offset: int = 0, limit: int = 200
) -> tuple[list[Invitation], int]:
    """A page of every invitation there was, and how many there are."""
    async with people.database.tenant(staff.organisation_id) as connection:
        return await store.invitations(connection, staff.organisation_id, offset=offset, limit=limit)


async def pending_invitations(people: People, staff: Staff) -> list[Invitation]:
    """Those nobody has taken or withdrawn."""
    async with people.database.tenant(staff.organisation_id) as connection:
        return await store.pending_invitations(connection, staff.organisation_id)


async def invite(people: People, staff: Staff, wanted: Wanted) -> Invitation:
    """Invite somebody by mail, in place of an open invitation to that address. Raises ``AlreadyMember``, ``OwnerOnly``."""
    rules.require_may_invite(staff.role, wanted.role)
    if staff.person_id is None:
        raise PermissionMissing
    organisation, now = staff.organisation_id, people.clock.now()
    invitation = Invitation(
        organisation,
        new_id(),
        wanted.email,
        wanted.role,
        wanted.locale,
        staff.person_id,
        now,
        now + rules.INVITATION_LIFETIME,
    )
    async with people.database.tenant(organisation) as connection:
        if await store.is_member(connection, organisation, wanted.email):
            raise AlreadyMember
        written = False
        while not written:
            for replaced in await store.revoke_open(connection, organisation, wanted.email, now):
                await _record(people, connection, staff, "invitation.revoked", replaced, {"email": wanted.email})
            written = await store.insert_invitation(connection, invitation)
        await _mail(connection, invitation)
        facts = {"email": wanted.email, "role": wanted.role}
        await _record(people, connection, staff, "invitation.created", invitation.id, facts)
    return invitation


async def revoke(people: People, staff: Staff, invitation_id: UUID) -> None:
    """Withdraw an invitation; one that is withdrawn stays so. Raises ``InvitationNotFound``, ``InvitationOver``."""
    async with people.database.tenant(staff.organisation_id) as connection:
        invitation = await _locked(connection, staff, invitation_id)
        if invitation.accepted_at is not None:
            raise InvitationOver
        if invitation.revoked_at is None:
            await store.revoke(connection, staff.organisation_id, invitation_id, people.clock.now())
            facts = {"email": invitation.email}
            await _record(people, connection, staff, "invitation.revoked", invitation_id, facts)


async def resend(people: People, staff: Staff, invitation_id: UUID) -> Invitation:
    """Mail an invitation once more; it is good for its whole time again, also when it was too old.

    Raises ``InvitationNotFound``, ``InvitationOver``, ``AlreadyMember``, ``OwnerOnly``.
    """
    organisation = staff.organisation_id
    async with people.database.tenant(organisation) as connection:
        invitation = await _locked(connection, staff, invitation_id)
        if invitation.accepted_at is not None or invitation.revoked_at is not None:
            raise InvitationOver
        rules.require_may_invite(staff.role, invitation.role)
        if await store.is_member(connection, organisation, invitation.email):
            raise AlreadyMember
        again = replace(invitation, expires_at=people.clock.now() + rules.INVITATION_LIFETIME)
        await store.prolong(connection, organisation, invitation_id, again.expires_at)
        await _mail(connection, again)
        await _record(people, connection, staff, "invitation.resent", invitation_id, {"email": invitation.email})
    return again


async def _remove(people: People, staff: Staff, person_id: UUID, *, leaving: bool) -> None:
    organisation, now = staff.organisation_id, people.clock.now()
    # In the system scope, because sessions belong to people and not to organisations.
    async with people.database.system() as connection:
        await person_store.lock_account(connection, person_id)  # whoever signs in meanwhile finds no place any more
        roles = await store.lock_roles(connection, organisation)
        actor = roles.get(person_id) if leaving else _managing_role(roles, staff)
        if actor is None:
            raise MemberNotFound
        role = rules.require_may_change(roles, actor, person_id, None)
        member = await store.member(connection, organisation, person_id)
        await store.remove_member(connection, organisation, person_id)
        await session_store.end_in_organisation(connection, person_id, organisation, now)
        before = {"name": member.name if member else None, "role": role}
        action = "member.left" if leaving else "member.removed"
        await audit.record(connection, organisation, staff.trail, action, "member", person_id, now, before=before)
        await withdraw_beyond(connection, organisation, staff.trail, person_id, None, now)


def _managing_role(roles: Mapping[UUID, Role], staff: Staff) -> Role:
    """The actor's role as it stands under the lock: it may have been taken from them a moment ago."""
    role = roles.get(staff.person_id) if staff.person_id else None
    if role is None or not allows(role, MANAGE):
        raise PermissionMissing
    return role


async def _locked(connection: Connection, staff: Staff, invitation_id: UUID) -> Invitation:
    invitation = await store.lock_invitation(connection, staff.organisation_id, invitation_id)
    if invitation is None:
        raise InvitationNotFound
    return invitation


async def _mail(connection: Connection, invitation: Invitation) -> None:
    await enqueue(
        connection,
        INVITE,
        organisation_id=invitation.organisation_id,
        invitation_id=str(invitation.id),
        message_id=str(new_id()),
    )


async def _record(
    people: People, connection: Connection, staff: Staff, action: str, invitation_id: UUID, facts: Mapping[str, object]
) -> None:
    now, organisation = people.clock.now(), staff.organisation_id
    await audit.record(connection, organisation, staff.trail, action, "invitation", invitation_id, now, after=facts)
