"""Loading the parts, each by itself."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from kamhub.hub.integrity import actions as integrity
from kamhub.hub.integrity import rules as integrity_rules
from kamhub.hub.notice.store import settings as notice_settings
from kamhub.hub.services import Hub
from kamhub.hub.status import readiness, rules, store
from kamhub.hub.status.types import BackupsPart, Part, PartName, Promises, ProvidersPart, QueuePart, ServicesPart
from kamhub.platform.backup.rules import is_overdue, newest_of
from kamhub.platform.backup.store import runs
from kamhub.platform.database.errors import DatabaseUnavailable
from kamhub.platform.job import overview
from kamhub.platform.limit.limiter import Limiter
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Staff
from kamhub.platform.service_call import store as service_calls


@dataclass(frozen=True, slots=True)
class Looking:
    """Who looks, and with what. ``limiter`` is None where its numbers are not in Redis; ``backups_on`` and ``reads`` (a reranker is
    there) as it is set."""

    hub: Hub
    people: People
    staff: Staff
    backups_on: bool
    limiter: Limiter | None
    reads: bool


async def promises(look: Looking) -> Promises:
    """The promises of the product as they were last counted."""
    now = look.hub.clock.now()
    async with look.hub.database.system() as connection:
        since = await store.installed_at(connection) or now
    state = await integrity.state(look.hub)
    return Promises(state, integrity_rules.is_overdue(state, since, now), integrity_rules.may_be_asked(state, now))


async def backups(look: Looking) -> BackupsPart:
    """When the last backup was made, and when one was last restored for trial; neither names nor sizes."""
    now = look.hub.clock.now()
    async with look.hub.database.system() as connection:
        state = await runs.state(connection)
    return BackupsPart(look.backups_on, state, is_overdue(state, now), now - newest_of(state))


async def queue(look: Looking) -> QueuePart:
    """The organisation's jobs, and whether anybody does them."""
    sign = await overview.life_sign(look.people)
    return rules.summed(await overview.queues(look.people, look.staff), sign.workers, sign.last_heard)


async def providers(look: Looking) -> ProvidersPart:
    """The services the organisation's work depends on."""
    organisation, now = look.staff.organisation_id, look.hub.clock.now()
    async with look.hub.database.tenant(organisation) as connection:
        account = await store.takes_payments(connection, organisation)
        ways = await notice_settings.ways(connection, organisation)
        known = await service_calls.states(connection, organisation)
        doubt = await store.in_doubt(connection, organisation, now - rules.ON_ITS_WAY)
    connected = {
        "cloudpayments": account,
        "email": True,
        "telegram": ways.telegram_token is not None,
        "sms": ways.sms_key is not None,
    }
    # One for the whole installation: once it is taken out nobody calls it, and its last failure would stand there for ever.
    if look.reads:
        connected["reranking"] = True
    return ProvidersPart(account, rules.providers(connected, known), doubt)  # type: ignore[arg-type]


async def services(look: Looking) -> ServicesPart:
    """What the product itself runs on."""
    began = time.perf_counter()
    try:
        failing, there = await readiness.failing(look.hub.database), True
    except DatabaseUnavailable:
        failing, there = ["migrations", "queue"], False
    seconds = time.perf_counter() - began
    redis = None if look.limiter is None else await look.limiter.ping()
    return ServicesPart(
        database="well" if there else "away",
        seconds=seconds,
        migrations="away" if "migrations" in failing else "well",
        queue="away" if "queue" in failing else "well",
        redis="unused" if redis is None else "well" if redis else "away",
    )


LOADERS: Mapping[PartName, Callable[[Looking], Awaitable[Part]]] = {
    "integrity": promises,
    "backups": backups,
    "queue": queue,
    "providers": providers,
    "services": services,
}
