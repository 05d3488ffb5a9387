"""Writing articles, publishing them and bringing older versions back."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from kamhub.desk.article import store
from kamhub.desk.article.types import (
    Article,
    ArticleChange,
    ArticleFacts,
    ArticleNotFound,
    ArticleQuery,
    ArticleVersion,
    VersionNotFound,
)
from kamhub.desk.category import actions as categories
from kamhub.hub.services import Hub
from kamhub.kit.ids import new_id
from kamhub.platform.audit import actions as audit
from kamhub.platform.database.pool import Connection
from kamhub.platform.job.queue import enqueue
from kamhub.platform.job.types import Kind, Queue
from kamhub.platform.person.types import Staff
from kamhub.platform.web.versions import AskedVersion, require_version

INDEX = Kind("article.index", Queue.KNOWLEDGE, "tenant", frozenset({"article_id", "version"}), priority=5)


async def articles(
    hub: Hub, staff: Staff, query: ArticleQuery, *, offset: int = 0, limit: int = 200
) -> tuple[list[Article], int]:
    """A page of the articles, the last changed first, and how many there are."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        return await store.articles(connection, staff.organisation_id, query, offset=offset, limit=limit)


async def article(hub: Hub, staff: Staff, article_id: UUID) -> Article:
    """One of them. Raises ``ArticleNotFound``."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        found = await store.find(connection, staff.organisation_id, article_id)
    if found is None:
        raise ArticleNotFound
    return found


async def versions(hub: Hub, staff: Staff, article_id: UUID) -> list[ArticleVersion]:
    """What was saved of it, the latest first. Raises ``ArticleNotFound``."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        found = await store.versions(connection, staff.organisation_id, article_id)
    if not found:
        raise ArticleNotFound
    return found


async def add(hub: Hub, staff: Staff, facts: ArticleFacts) -> Article:
    """Write an article. Raises ``CategoryNotFound``."""
    organisation, now, article_id = staff.organisation_id, hub.clock.now(), new_id()
    async with hub.database.tenant(organisation) as connection:
        await categories.require(connection, organisation, facts.category_id)
        await store.insert(connection, organisation, article_id, facts, staff.trail.actor_name, now)
        if facts.status == "published":
            await _index(connection, organisation, article_id, 1)
        await audit.record(
            connection, organisation, staff.trail, "article.added", "article", article_id, now, after=facts.as_json()
        )
    return Article(article_id, facts, 1, None, now, now, staff.trail.actor_name)


async def change(hub: Hub, staff: Staff, article_id: UUID, wanted: ArticleChange, asked: AskedVersion) -> Article:
    """Save an article as its next version; what can be found follows. Raises ``ArticleNotFound``, ``VersionStale``,
    ``CategoryNotFound``."""
    organisation, now = staff.organisation_id, hub.clock.now()
    async with hub.database.tenant(organisation) as connection:
        present = await _lock(connection, organisation, article_id, asked)
        facts = wanted(present.facts)
        if facts == present.facts:
            return present
        await categories.require(connection, organisation, facts.category_id)
        await store.update(connection, organisation, article_id, facts, staff.trail.actor_name, now)
        if "published" in {facts.status, present.facts.status}:
            await _index(connection, organisation, article_id, present.version + 1)
        await audit.record(
            connection,
            organisation,
            staff.trail,
            "article.changed",
            "article",
            article_id,
            now,
            before=present.facts.as_json(),
            after=facts.as_json(),
        )
    return replace(present, facts=facts, version=present.version + 1, changed_at=now, changed_by=staff.trail.actor_name)


async def bring_back(hub: Hub, staff: Staff, article_id: UUID, version: int, asked: AskedVersion) -> Article:
    """Save an older version's title and text as the next one. Raises ``VersionNotFound``, and as ``change``."""
    old = next((one for one in await versions(hub, staff, article_id) if one.version == version), None)
    if old is None:
        raise VersionNotFound
    return await change(hub, staff, article_id, lambda facts: replace(facts, title=old.title, body=old.body), asked)


async def note_preview(hub: Hub, staff: Staff, article_id: UUID | None, facts: ArticleFacts) -> Article | None:
    """Write down that somebody looked at a text before it is saved; the article it is of.

    Raises ``ArticleNotFound``, ``CategoryNotFound``.
    """
    organisation, now = staff.organisation_id, hub.clock.now()
    async with hub.database.tenant(organisation) as connection:
        present = None if article_id is None else await store.find(connection, organisation, article_id)
        if article_id is not None and present is None:
            raise ArticleNotFound
        await categories.require(connection, organisation, facts.category_id)
        await audit.record(
            connection,
            organisation,
            staff.trail,
            "article.previewed",
            "article",
            article_id or organisation,
            now,
            after=facts.as_json(),
        )
    return present


async def remove(hub: Hub, staff: Staff, article_id: UUID, asked: AskedVersion) -> None:
    """Remove an article for good, and with it what searches find of it. Raises ``ArticleNotFound``, ``VersionStale``."""
    organisation, now = staff.organisation_id, hub.clock.now()
    async with hub.database.tenant(organisation) as connection:
        present = await _lock(connection, organisation, article_id, asked)
        await store.delete(connection, organisation, article_id)
        await audit.record(
            connection,
            organisation,
            staff.trail,
            "article.removed",
            "article",
            article_id,
            now,
            before=present.facts.as_json(),
        )


async def _lock(connection: Connection, organisation_id: UUID, article_id: UUID, asked: AskedVersion) -> Article:
    present = await store.lock(connection, organisation_id, article_id)
    if present is None:
        raise ArticleNotFound
    require_version(asked, present.version)
    return present


async def _index(connection: Connection, organisation_id: UUID, article_id: UUID, version: int) -> None:
    await enqueue(
        connection,
        INDEX,
        organisation_id=organisation_id,
        lock=f"article:{article_id}",
        article_id=str(article_id),
        version=version,
    )
