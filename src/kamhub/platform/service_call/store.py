"""SQL of the notes on calls. In the tenant scope."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from kamhub.platform.database.pool import Connection
from kamhub.platform.service_call.types import Service, ServiceState


async def answered(connection: Connection, organisation_id: UUID, service: Service, at: datetime) -> None:
    """A call was answered: it is not failing."""
    await connection.execute(
        "INSERT INTO service_calls (organisation_id, service, answered_at) VALUES (%s, %s, %s) "
        "ON CONFLICT (organisation_id, service) DO UPDATE SET answered_at = excluded.answered_at, failing_since = NULL",
        (organisation_id, service, at),
    )


async def failed(connection: Connection, organisation_id: UUID, service: Service, at: datetime, error: str) -> None:
    """A call was not answered, or the service will not do anything for us."""
    await connection.execute(
        "INSERT INTO service_calls AS known (organisation_id, service, failed_at, failing_since, error) "
        "VALUES (%(organisation)s, %(service)s, %(at)s, %(at)s, %(error)s) "
        "ON CONFLICT (organisation_id, service) DO UPDATE SET failed_at = excluded.failed_at, error = excluded.error, "
        "failing_since = least(known.failing_since, excluded.failing_since)",
        {"organisation": organisation_id, "service": service, "at": at, "error": error},
    )


async def states(connection: Connection, organisation_id: UUID) -> list[ServiceState]:
    """What is known of the organisation's services, by name; a service never called is not among them."""
    async with connection.cursor(row_factory=class_row(ServiceState)) as cursor:
        await cursor.execute(
            "SELECT service, answered_at, failed_at, failing_since, error FROM service_calls "
            "WHERE organisation_id = %s ORDER BY service",
            (organisation_id,),
        )
        return await cursor.fetchall()
