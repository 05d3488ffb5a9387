"""Keeping the tree of categories."""

from __future__ import annotations

from uuid import UUID

from kamhub.desk.category import rules, store
from kamhub.desk.category.types import (
    MOST_CATEGORIES,
    Branch,
    Category,
    CategoryChange,
    CategoryFacts,
    CategoryInUse,
    CategoryNotFound,
    TooManyCategories,
)
from kamhub.hub.services import Hub
from kamhub.kit.ids import new_id
from kamhub.platform.audit import actions as audit
from kamhub.platform.database.pool import Connection
from kamhub.platform.person.types import Staff
from kamhub.platform.web.versions import AskedVersion, require_version


async def categories(hub: Hub, staff: Staff) -> list[Branch]:
    """The whole tree, in the order people read it."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        return rules.tree(await store.categories(connection, staff.organisation_id))


async def category(hub: Hub, staff: Staff, category_id: UUID) -> Branch:
    """One of them with its path. Raises ``CategoryNotFound``."""
    found = await categories(hub, staff)
    branch = next((branch for branch in found if branch.category.id == category_id), None)
    if branch is None:
        raise CategoryNotFound
    return branch


async def require(connection: Connection, organisation_id: UUID, category_id: UUID | None) -> None:
    """Raise ``CategoryNotFound`` unless it is None or the organisation's; it stays until the transaction ends."""
    if category_id is not None and not await store.exists(connection, organisation_id, category_id):
        raise CategoryNotFound


async def add(hub: Hub, staff: Staff, facts: CategoryFacts) -> UUID:
    """Add a category. Raises ``CategoryNotFound`` of the parent, ``CategoryNameTaken``, ``CategoryMisplaced``, ``TooManyCategories``."""
    organisation, now, category_id = staff.organisation_id, hub.clock.now(), new_id()
    async with hub.database.tenant(organisation) as connection:
        parents = await store.lock_tree(connection, organisation)
        if len(parents) >= MOST_CATEGORIES:
            raise TooManyCategories
        rules.require_place(parents, None, facts.parent_id)
        await store.insert(connection, organisation, category_id, facts, now)
        await audit.record(
            connection,
            organisation,
            staff.trail,
            "knowledge_category.added",
            "knowledge_category",
            category_id,
            now,
            after=facts.as_json(),
        )
    return category_id


async def change(hub: Hub, staff: Staff, category_id: UUID, wanted: CategoryChange, asked: AskedVersion) -> None:
    """Rename or move a category with all that is below it. Raises as ``add``, and ``VersionStale``."""
    organisation, now = staff.organisation_id, hub.clock.now()
    async with hub.database.tenant(organisation) as connection:
        parents = await store.lock_tree(connection, organisation)
        present = await _require(connection, organisation, category_id, asked)
        facts = wanted(present.facts)
        if facts == present.facts:
            return
        rules.require_place(parents, category_id, facts.parent_id)
        await store.update(connection, organisation, category_id, facts)
        await audit.record(
            connection,
            organisation,
            staff.trail,
            "knowledge_category.changed",
            "knowledge_category",
            category_id,
            now,
            before=present.facts.as_json(),
            after=facts.as_json(),
        )


async def remove(hub: Hub, staff: Staff, category_id: UUID, asked: AskedVersion) -> None:
    """Remove an empty category. Raises ``CategoryNotFound``, ``VersionStale``, ``CategoryInUse``."""
    organisation, now = staff.organisation_id, hub.clock.now()
    async with hub.database.tenant(organisation) as connection:
        parents = await store.lock_tree(connection, organisation)
        present = await _require(connection, organisation, category_id, asked)
        below = sum(1 for parent in parents.values() if parent == category_id)
        if below or present.contents:
            raise CategoryInUse(present.contents, below)
        await store.delete(connection, organisation, category_id)
        await audit.record(
            connection,
            organisation,
            staff.trail,
            "knowledge_category.removed",
            "knowledge_category",
            category_id,
            now,
            before=present.facts.as_json(),
        )


async def _require(connection: Connection, organisation_id: UUID, category_id: UUID, asked: AskedVersion) -> Category:
    present = await store.find(connection, organisation_id, category_id)
    if present is None:
        raise CategoryNotFound
    require_version(asked, present.version)
    return present
