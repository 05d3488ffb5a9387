"""How an organisation speaks to its travellers."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from kamhub.hub.notice.actions.bots import CALL_US
from kamhub.hub.notice.store import settings as store
from kamhub.hub.notice.types import NoticeSettings
from kamhub.hub.services import Hub
from kamhub.kit.ids import new_id
from kamhub.platform.audit import actions as audit
from kamhub.platform.database.pool import Connection
from kamhub.platform.job.queue import enqueue
from kamhub.platform.person.types import Staff
from kamhub.platform.web.versions import require_version

_SECRETS = ("telegram_token", "sms_key")
_SECRET_BYTES = 32


async def settings(hub: Hub, staff: Staff) -> NoticeSettings:
    """The settings; secrets are told to nobody again."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        return await store.settings(connection, staff.organisation_id)


async def change(
    hub: Hub, staff: Staff, changes: Mapping[str, Any], asked: frozenset[str] | int | None
) -> NoticeSettings:
    """Set what is named; a fresh bot is made known to us by a job. Raises ``VersionStale``."""
    organisation = staff.organisation_id
    async with hub.database.tenant(organisation) as connection:
        old = await store.lock(connection, organisation)
        require_version(asked, old.version)
        columns = {name: value for name, value in changes.items() if name not in _SECRETS}
        columns |= {
            name: None if changes[name] is None else hub.keys.encrypt(changes[name])
            for name in _SECRETS
            if name in changes
        }
        if "telegram_token" in columns:
            columns |= _bot(hub, taken_away=columns["telegram_token"] is None)
        if columns:
            await store.change(connection, organisation, columns)
        if columns.get("telegram_token") is not None:
            await enqueue(connection, CALL_US, organisation_id=organisation, lock=f"bot:{organisation}")
        new = await store.settings(connection, organisation)
        await _record(connection, staff, old, new, [name for name in _SECRETS if changes.get(name)], hub)
    return new


def _bot(hub: Hub, *, taken_away: bool) -> dict[str, Any]:
    """What goes with a new token: nobody who knew the old address or secret may speak for the new bot."""
    if taken_away:
        return dict.fromkeys(("telegram_channel_id", "telegram_webhook_secret", "telegram_bot", "telegram_error"))
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    fresh = {"telegram_channel_id": new_id(), "telegram_webhook_secret": hub.keys.encrypt(secret)}
    return {**fresh, "telegram_bot": None, "telegram_error": None}


async def _record(
    connection: Connection, staff: Staff, old: NoticeSettings, new: NoticeSettings, replaced: list[str], hub: Hub
) -> None:
    """The log says that a secret was set, never what it is."""
    before, after = (_told(one) for one in (old, new))
    if replaced:
        after["replaced"] = sorted(name.partition("_")[0] for name in replaced)
    await audit.record(
        connection, staff.organisation_id, staff.trail, "notice_settings.changed", "notice_settings",
        staff.organisation_id, hub.clock.now(), before=before, after=after,
    )  # fmt: skip


def _told(one: NoticeSettings) -> dict[str, object]:
    found = asdict(one)
    return {name: value if isinstance(value, str | bool | None) else str(value) for name, value in found.items()}
