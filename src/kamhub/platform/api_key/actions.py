"""Making, listing and revoking keys."""

from __future__ import annotations

from uuid import UUID

from kamhub.kit.ids import new_id
from kamhub.platform.api_key import rules, store
from kamhub.platform.api_key.types import ApiKey, KeyMade, KeyNotFound, KeyWanted, TooManyKeys
from kamhub.platform.audit import actions as audit
from kamhub.platform.organisation import store as organisation_store
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Organisation, Staff
from kamhub.platform.web.problems import PermissionMissing


async def keys(people: People, staff: Staff, *, offset: int = 0, limit: int = 200) -> tuple[list[ApiKey], int]:
    """A page of the organisation's keys, live ones first, and how many there are."""
    async with people.database.tenant(staff.organisation_id) as connection:
        now = people.clock.now()
        return await store.keys(connection, staff.organisation_id, now, offset=offset, limit=limit)


async def live_keys_by_maker(people: People, staff: Staff) -> dict[UUID, list[str]]:
    """The names of the keys that work, by who made them."""
    found: dict[UUID, list[str]] = {}
    now = people.clock.now()
    for key in (await keys(people, staff))[0]:
        if rules.status_of(key, now) == "live":
            found.setdefault(key.created_by, []).append(key.name)
    return found


async def make(people: People, staff: Staff, wanted: KeyWanted) -> KeyMade:
    """A fresh key; its text is told this once. Raises ``ScopeNotYours``, ``TooManyKeys``."""
    if staff.person_id is None:
        raise PermissionMissing  # a key makes no keys
    rules.require_own_rights(wanted.scopes, staff.permissions)
    organisation, now, text = staff.organisation_id, people.clock.now(), rules.new_key()
    key = ApiKey(
        organisation_id=organisation,
        id=new_id(),
        name=wanted.name,
        hint=text[-rules.HINT_LENGTH :],
        scopes=tuple(sorted(wanted.scopes)),
        created_by=staff.person_id,
        maker=staff.trail.actor_name,
        created_at=now,
        expires_at=None if wanted.lifetime is None else now + wanted.lifetime,
    )
    async with people.database.tenant(organisation) as connection:
        await store.lock_keys(connection, organisation)
        if await store.live_keys(connection, organisation, now) >= rules.MOST_LIVE_KEYS:
            raise TooManyKeys
        await store.insert(connection, key, rules.digest(text))
        facts = {
            "name": key.name,
            "scopes": list(key.scopes),
            "expires_at": key.expires_at.isoformat() if key.expires_at else None,
        }
        await audit.record(
            connection, organisation, staff.trail, "api_key.created", "api_key", key.id, now, after=facts
        )
    return KeyMade(key, text)


async def revoke(people: People, staff: Staff, key_id: UUID) -> None:
    """End a key; one that is revoked stays so. Raises ``KeyNotFound``."""
    organisation, now = staff.organisation_id, people.clock.now()
    async with people.database.tenant(organisation) as connection:
        key = await store.lock(connection, organisation, key_id)
        if key is None:
            raise KeyNotFound
        if key.revoked_at is None:
            await store.revoke(connection, organisation, key_id, now)
            facts = {"name": key.name}
            await audit.record(
                connection, organisation, staff.trail, "api_key.revoked", "api_key", key_id, now, before=facts
            )


async def own(people: People, staff: Staff) -> tuple[ApiKey, Organisation]:
    """The key that asks, and whom it speaks for. Raises ``KeyNotFound`` when it is gone since it was let in."""
    organisation_id, key_id = staff.organisation_id, staff.trail.actor_id
    async with people.database.tenant(organisation_id) as connection:
        key = await store.find(connection, organisation_id, key_id) if key_id else None
        organisation = await organisation_store.organisation(connection, organisation_id)
    if key is None or organisation is None:
        raise KeyNotFound
    return key, organisation
