"""SQL of the settings of an operator. In the tenant scope."""

from __future__ import annotations

from uuid import UUID

from kamhub.hub.operator_settings.types import OperatorSettings
from kamhub.platform.database.pool import Connection
from kamhub.platform.person.types import OrganisationNotFound

_SETTINGS = "SELECT rest_minutes, hold_minutes, sales_cutoff_minutes FROM organisations WHERE id = %s"


async def load(connection: Connection, organisation_id: UUID, *, locked: bool = False) -> OperatorSettings:
    """The settings as they are; ``locked`` until the transaction ends. Raises ``OrganisationNotFound``."""
    query = f"{_SETTINGS} FOR NO KEY UPDATE" if locked else _SETTINGS
    row = await (await connection.execute(query.encode(), (organisation_id,))).fetchone()
    if row is None:
        raise OrganisationNotFound
    return OperatorSettings(*row)


async def save(connection: Connection, organisation_id: UUID, settings: OperatorSettings) -> None:
    """Write them."""
    await connection.execute(
        "UPDATE organisations SET rest_minutes = %s, hold_minutes = %s, sales_cutoff_minutes = %s WHERE id = %s",
        (settings.rest_minutes, settings.hold_minutes, settings.sales_cutoff_minutes, organisation_id),
    )
