"""Operators' own words, and how a message would look in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from kamhub.hub.booking.actions import load as load_booking
from kamhub.hub.booking.tokens import BookingAccess
from kamhub.hub.booking.types import Booking, BookingNotFound
from kamhub.hub.notice.rendering import render, words_of
from kamhub.hub.notice.sample import FACTS, sample_booking
from kamhub.hub.notice.store import log, templates
from kamhub.hub.notice.types import (
    MessageChannel,
    MessageKind,
    Rendered,
    Template,
    TemplateKey,
    TemplateOwnMissing,
)
from kamhub.hub.services import Hub
from kamhub.kit.text import LOCALES
from kamhub.platform.audit import actions as audit
from kamhub.platform.person.types import Staff
from kamhub.platform.web.versions import require_version

KEYS: tuple[TemplateKey, ...] = tuple(
    TemplateKey(kind, channel, locale)
    for kind in get_args(MessageKind)
    for channel in get_args(MessageChannel)
    for locale in LOCALES
)


async def all_words(hub: Hub, staff: Staff) -> list[tuple[TemplateKey, Template]]:
    """Every message with the words it goes out in; those with version 0 are the product's, filled from a sample."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        own = await templates.templates(connection, staff.organisation_id)
    booking = await _sample(hub, staff)
    return [(key, own.get(key) or _product(hub, key, booking)) for key in KEYS]


async def words(hub: Hub, staff: Staff, key: TemplateKey) -> Template:
    """The words of one message."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        own = await templates.template(connection, staff.organisation_id, key)
    return own or _product(hub, key, await _sample(hub, staff))


async def change(
    hub: Hub, staff: Staff, key: TemplateKey, subject: str, body: str, asked: frozenset[str] | int | None
) -> Template:
    """Put a message into the operator's own words. Raises ``VersionStale``."""
    organisation, now = staff.organisation_id, hub.clock.now()
    async with hub.database.tenant(organisation) as connection:
        await templates.lock_all(connection, organisation)
        old = await templates.template(connection, organisation, key, lock=True)
        require_version(asked, old.version if old else 0)
        new = Template(subject, body, (old.version if old else 0) + 1)
        await templates.put(connection, organisation, key, new)
        before = None if old is None else {"subject": old.subject, "body": old.body}
        await audit.record(
            connection, organisation, staff.trail, "message_template.changed", "message_template", name_of(key), now,
            before=before, after={"subject": subject, "body": body},
        )  # fmt: skip
    return new


async def require_words_version(hub: Hub, staff: Staff, key: TemplateKey, asked: frozenset[str] | None) -> None:
    """Raise ``VersionStale`` before what is wrong with the rest is looked at."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        old = await templates.template(connection, staff.organisation_id, key)
    require_version(asked, old.version if old else 0)


async def reset(hub: Hub, staff: Staff, key: TemplateKey, asked: frozenset[str] | int | None) -> None:
    """Let a message speak in the product's words again. Raises ``TemplateOwnMissing``, ``VersionStale``."""
    organisation, now = staff.organisation_id, hub.clock.now()
    async with hub.database.tenant(organisation) as connection:
        await templates.lock_all(connection, organisation)
        old = await templates.template(connection, organisation, key, lock=True)
        if old is None:
            raise TemplateOwnMissing
        require_version(asked, old.version)
        await templates.remove(connection, organisation, key)
        await audit.record(
            connection, organisation, staff.trail, "message_template.reset", "message_template", name_of(key), now,
            before={"subject": old.subject, "body": old.body},
        )  # fmt: skip


async def preview(hub: Hub, staff: Staff, key: TemplateKey, own: Template | None, named: str | None) -> Rendered:
    """How the message looks in these words (or in those that go out now), filled from that booking or a sample.

    That somebody looked is written down: a real booking names a traveller. Raises ``BookingNotFound``.
    """
    organisation, now = staff.organisation_id, hub.clock.now()
    booking = await _sample(hub, staff) if named is None else await _named(hub, staff, named)
    async with hub.database.tenant(organisation) as connection:
        stored = own or await templates.template(connection, organisation, key)
        after = {"kind": key.kind, "channel": key.channel, "locale": key.locale}
        await audit.record(
            connection, organisation, staff.trail, "message_template.previewed", "message_template", name_of(key), now,
            after=after if named is None else {**after, "booking": str(booking.id)},
        )  # fmt: skip
    return render(key, booking, f"{hub.public_url}/booking/{booking.id}", FACTS, stored)


def name_of(key: TemplateKey) -> str:
    """Such as ``held.email.ru``."""
    return f"{key.kind}.{key.channel}.{key.locale}"


def kinds() -> Sequence[MessageKind]:
    """Every kind there is, in the order of a trip."""
    return get_args(MessageKind)


async def _named(hub: Hub, staff: Staff, name: str) -> Booking:
    async with hub.database.tenant(staff.organisation_id) as connection:
        found = await log.booking_named(connection, staff.organisation_id, name)
    if found is None:
        raise BookingNotFound
    return await load_booking(hub, BookingAccess(staff.organisation_id, found, staff.trail.actor))


async def _sample(hub: Hub, staff: Staff) -> Booking:
    async with hub.database.tenant(staff.organisation_id) as connection:
        operator = await templates.operator(connection, staff.organisation_id)
    return sample_booking(operator, hub.clock.now())


def _product(hub: Hub, key: TemplateKey, booking: Booking) -> Template:
    return words_of(key, booking, f"{hub.public_url}/booking/{booking.id}", FACTS)
