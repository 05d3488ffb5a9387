"""Where the watchers of a process meet what is told between processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from uuid import UUID
from weakref import WeakSet

import psycopg
import structlog

from kamhub.platform.database.pool import OUTAGES, Connection
from kamhub.platform.live import rules, store
from kamhub.platform.live.types import RESYNC, Change, TooManyStreams

log = structlog.get_logger(__name__)
# What one watcher may have waiting: more of it says no more than RESYNC does.
MOST_WAITING = 200
MOST_OF_ORGANISATION = 200
MOST_OF_PROCESS = 1000
_RETRY_SECONDS = 1.0
_open: WeakSet[Broadcaster] = WeakSet()


class Subscription:
    """What one watcher has not been told yet: each change once, and bounded. ``topics`` are those it may hear of."""

    def __init__(self, topics: Collection[str]) -> None:
        self._topics = topics
        self._waiting: dict[Change, None] = {}
        self._woken = asyncio.Event()
        self.over = False

    def put(self, change: Change) -> None:
        """Something has changed."""
        if change != RESYNC and change.topic not in self._topics:
            return
        if RESYNC not in self._waiting:
            if change == RESYNC or len(self._waiting) >= MOST_WAITING:
                self._waiting = {RESYNC: None}
            else:
                self._waiting[change] = None
        self._woken.set()

    def end(self) -> None:
        """There is nothing more to come."""
        self.over = True
        self._woken.set()

    async def wait(self, seconds: float) -> tuple[Change, ...]:
        """What has changed, as soon as something has; nothing when the time is over, or the subscription."""
        try:
            await asyncio.wait_for(self._woken.wait(), seconds)
        except TimeoutError:
            return ()
        self._woken.clear()
        waiting, self._waiting = tuple(self._waiting), {}
        return waiting


class Broadcaster:
    """Hands what is told on the channel to the watchers of this process, each of their own organisation alone.

    One connection listens, from the first watcher to the last. When it is lost it is made anew, and everybody is told to
    look at everything again.
    """

    def __init__(self, url: str, *, retry_seconds: float = _RETRY_SECONDS) -> None:
        self._url = url
        self._retry = retry_seconds
        self._loop = asyncio.get_running_loop()
        self._watchers: dict[UUID, set[Subscription]] = {}
        self._work: asyncio.Task[None] | None = None
        _open.add(self)

    @property
    def watchers(self) -> int:
        """How many watch."""
        return sum(map(len, self._watchers.values()))

    @property
    def listening(self) -> bool:
        """Whether a connection listens, or is being made."""
        return self._work is not None

    def require_room(self, organisation_id: UUID) -> None:
        """Raise ``TooManyStreams`` when nobody else of that organisation may watch."""
        if len(self._watchers.get(organisation_id, ())) >= MOST_OF_ORGANISATION or self.watchers >= MOST_OF_PROCESS:
            raise TooManyStreams

    @contextmanager
    def subscribe(
        self, organisation_id: UUID, topics: Collection[str] = frozenset(rules.TOPICS)
    ) -> Iterator[Subscription]:
        """Watch these topics of that organisation until the block ends; the first that is told is ``RESYNC``.

        Raises ``TooManyStreams``.
        """
        self.require_room(organisation_id)
        subscription = Subscription(topics)
        # What happened between the making of a page and this moment is not known.
        subscription.put(RESYNC)
        self._watchers.setdefault(organisation_id, set()).add(subscription)
        if self._work is None:
            self._work = asyncio.create_task(self._listen(), name="live-listener")
        try:
            yield subscription
        finally:
            self._leave(organisation_id, subscription)

    def _leave(self, organisation_id: UUID, subscription: Subscription) -> None:
        others = self._watchers.get(organisation_id, set())
        others.discard(subscription)
        if not others:
            self._watchers.pop(organisation_id, None)
        if not self._watchers and self._work is not None:
            self._work.cancel()
            self._work = None

    def close(self) -> None:
        """End every subscription: the process is about to end, and would wait for them."""
        for subscription in self._all():
            subscription.end()

    def close_soon(self) -> None:
        """The same from outside the event loop, as from a signal's handler."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.close)

    def _all(self) -> list[Subscription]:
        return [one for watchers in self._watchers.values() for one in watchers]

    async def _listen(self) -> None:
        while True:
            try:
                async with self._connected() as connection:
                    for subscription in self._all():
                        subscription.put(RESYNC)
                    async for told in connection.notifies():
                        self._hand_on(told.payload)
            except OUTAGES as lost:
                log.warning("live_connection_lost", error=type(lost).__name__)
            await asyncio.sleep(self._retry)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Connection]:
        connection = await psycopg.AsyncConnection.connect(
            self._url,
            autocommit=True,
            application_name="kamhub-web-live",
            connect_timeout=5,
            keepalives_idle=10,
            keepalives_interval=5,
            keepalives_count=3,
        )
        async with connection:
            await store.listen(connection)
            yield connection

    def _hand_on(self, payload: str) -> None:
        told = rules.read_payload(payload)
        if told is None:
            return
        organisation_id, change = told
        for subscription in self._watchers.get(organisation_id, ()):
            subscription.put(change)


def end_streams() -> None:
    """End every subscription of this process."""
    for broadcaster in list(_open):
        broadcaster.close_soon()
