"""Noting how a call went."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import psycopg
import structlog

from kamhub.kit.clock import Clock
from kamhub.platform.database.errors import DatabaseUnavailable
from kamhub.platform.database.pool import Database
from kamhub.platform.monitoring.masks import mask_text
from kamhub.platform.service_call import metrics, store
from kamhub.platform.service_call.types import Service

_log = structlog.get_logger("kamhub.service_call")
_LONGEST = 200
# What one process says again of the same service only after so long.
_SAID_AGAIN_AFTER = timedelta(seconds=30)


class CallNotes:
    """One a process. Never call it inside an open transaction: it opens its own."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._said: dict[tuple[UUID, Service], tuple[bool, datetime]] = {}

    async def answered(self, organisation_id: UUID, service: Service) -> None:
        """The service answered, whatever it answered."""
        metrics.count(service, "answered")
        await self._note(organisation_id, service, None)

    async def failed(self, organisation_id: UUID, service: Service, error: str) -> None:
        """It did not answer, or knows us no more; ``error`` is a few words for a person, masked here."""
        metrics.count(service, "failed")
        await self._note(organisation_id, service, mask_text(error)[:_LONGEST])

    async def _note(self, organisation_id: UUID, service: Service, error: str | None) -> None:
        now, key = self._clock.now(), (organisation_id, service)
        well, at = self._said.get(key, (None, now))
        if well is (error is None) and now - at < _SAID_AGAIN_AFTER:
            return
        try:
            async with self._database.tenant(organisation_id) as connection:
                if error is None:
                    await store.answered(connection, organisation_id, service, now)
                else:
                    await store.failed(connection, organisation_id, service, now, error)
        except (DatabaseUnavailable, psycopg.Error) as fault:
            # What became of the call matters more than the note about it.
            _log.warning("call not noted", service=service, error=type(fault).__name__)
            return
        self._said[key] = (error is None, now)
