"""Makes the services of a process from its settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from kamhub.hub.booking.tokens import BookingTokens
from kamhub.hub.payment.client import CloudPaymentsClient
from kamhub.hub.seats.engine import SeatEngine
from kamhub.hub.services import Hub
from kamhub.kit.clock import Clock, SystemClock
from kamhub.platform.crypto.keys import KeyRing, development_secret
from kamhub.platform.database.pool import Database, PoolSizes
from kamhub.platform.live.announcer import announcing
from kamhub.platform.service_call.notes import CallNotes
from kamhub.platform.settings import Settings, SettingsRefused


def key_ring(settings: Settings, data_dir: Path) -> KeyRing:
    """The keys of this installation; in development without a secret, one made once and kept in the data folder."""
    if settings.secret_keys:
        current, *previous = settings.secret_keys
        return KeyRing(current, tuple(previous))
    if settings.production:
        raise SettingsRefused("KAMHUB_SECRET_KEY is missing.")
    return KeyRing(development_secret(data_dir))


@asynccontextmanager
async def open_hub(
    settings: Settings,
    database_url: str,
    keys: KeyRing,
    *,
    application: str,
    public_url: str,
    clock: Clock | None = None,
    sizes: PoolSizes | None = None,
) -> AsyncIterator[Hub]:
    """The hub's services, open until the block ends."""
    time = clock or SystemClock()
    async with Database(database_url, application=application, sizes=sizes) as database, announcing(database) as live:
        engine = SeatEngine(database, time)
        engine.on_moved = partial(live.note, "departure")
        calls = CallNotes(database, time)
        provider = CloudPaymentsClient(settings.cloudpayments_api_url, notes=calls)
        await engine.start()
        try:
            yield Hub(
                database=database,
                engine=engine,
                clock=time,
                keys=keys,
                tokens=BookingTokens(keys),
                provider=provider,
                calls=calls,
                public_url=public_url.rstrip("/"),
                production=settings.production,
                caps=settings.rate_limits == "on",
            )
        finally:
            await engine.stop()
            await provider.close()
