"""Reading and changing the settings of an operator."""

from __future__ import annotations

from collections.abc import Callable

from kamhub.hub.operator_settings import rules, store
from kamhub.hub.operator_settings.types import OperatorSettings
from kamhub.hub.services import Hub
from kamhub.platform.audit import actions as audit
from kamhub.platform.person.types import Staff
from kamhub.platform.web.versions import AskedVersion, require_version


async def settings(hub: Hub, staff: Staff) -> OperatorSettings:
    """The settings as they are."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        return await store.load(connection, staff.organisation_id)


async def change(
    hub: Hub, staff: Staff, wanted: Callable[[OperatorSettings], OperatorSettings], asked: AskedVersion
) -> OperatorSettings:
    """Change them. Holds that are there keep their time, departures their close of sales. Raises ``VersionStale``."""
    organisation = staff.organisation_id
    async with hub.database.tenant(organisation) as connection:
        present = await store.load(connection, organisation, locked=True)
        require_version(asked, rules.version_of(present))
        changed = wanted(present)
        if changed != present:
            await store.save(connection, organisation, changed)
            await audit.record(
                connection,
                organisation,
                staff.trail,
                "organisation.settings_changed",
                "organisation",
                organisation,
                hub.clock.now(),
                before=present.as_json(),
                after=changed.as_json(),
            )
    return changed
