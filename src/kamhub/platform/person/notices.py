"""Telling people by mail what has happened to their account: if it was not they, it is how they learn of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal, get_args
from uuid import UUID

from kamhub.kit.ids import new_id
from kamhub.kit.text import Locale
from kamhub.platform.database.pool import Connection
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.formats import Formats
from kamhub.platform.job.queue import enqueue
from kamhub.platform.job.types import Kind, Queue
from kamhub.platform.mail.letter import Button, Letter

NoticeKind = Literal["password_changed", "second_factor_on", "second_factor_off"]
KINDS: tuple[NoticeKind, ...] = get_args(NoticeKind)
NOTICE = Kind("person.notice", Queue.NOTICES, "system", frozenset({"person_id", "kind", "message_id", "at"}))


async def tell(connection: Connection, person_id: UUID, kind: NoticeKind, now: datetime) -> None:
    """Put the mail into the queue, in the caller's transaction."""
    await enqueue(
        connection,
        NOTICE,
        person_id=str(person_id),
        kind=kind,
        message_id=str(new_id()),
        at=now.isoformat(),
    )


def compose(kind: NoticeKind, name: str, at: datetime, public_url: str, locale: Locale) -> Letter:
    """The mail of that kind."""
    _ = translator(locale).gettext
    headings = {
        "password_changed": _("Your password was changed"),
        "second_factor_on": _("The second step at sign-in was switched on"),
        "second_factor_off": _("The second step at sign-in was switched off"),
    }
    when = {"when": f"{Formats(locale).moment(at.astimezone(UTC))} (UTC)"}
    return Letter(
        subject=f"{headings[kind]} · Kamchatour Hub",
        heading=headings[kind],
        paragraphs=(
            _("Hello, %(name)s.") % {"name": name},
            _("It happened on %(when)s. If it was you, all is well.") % when,
            _("If it was not you, set a new password at once and tell an owner of your organisation."),
        ),
        buttons=(Button(_("Set a new password"), f"{public_url}/password-reset"),),
        closing=("Kamchatour Hub",),
    )
