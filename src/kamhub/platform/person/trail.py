"""Writing what concerns a person into the logs of the organisations they work for."""

from __future__ import annotations

from collections.abc import Mapping

from kamhub.platform.audit import actions as audit
from kamhub.platform.audit.types import Trail
from kamhub.platform.database.pool import Connection
from kamhub.platform.person import store
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Person
from kamhub.platform.session.types import Visit


async def record_for_person(
    people: People,
    connection: Connection,
    person: Person,
    action: str,
    visit: Visit,
    *,
    after: Mapping[str, object] | None = None,
) -> None:
    """A line in every organisation the person belongs to; in the system scope."""
    trail = Trail("person", person.id, person.name, visit.address, visit.user_agent, visit.request_id)
    now = people.clock.now()
    for place in await store.memberships(connection, person.id):
        await audit.record(connection, place.organisation.id, trail, action, "person", person.id, now, after=after)
