"""Whether a message is still true, which ways it takes, when it may go out, and an operator's own words for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from kamhub.hub.booking.types import Booking, BookingStatus
from kamhub.hub.notice.types import Message, MessageChannel, MessageKind, Reach, Template
from kamhub.platform.mail.letter import Letter

_RIDING: tuple[BookingStatus, ...] = ("confirmed", "redeemed")
_OPEN: tuple[BookingStatus, ...] = ("on_hold", "pending", "confirmed")
_TRUE_WHILE: dict[MessageKind, tuple[BookingStatus, ...]] = {
    "held": ("on_hold", "pending"),
    "paid": ("on_hold", "pending"),
    "confirmed": _RIDING,
    "reminder_day": ("confirmed",),
    "reminder_soon": ("confirmed",),
    "changed": _OPEN,
    "cancelled": ("cancelled",),
    "rejected": ("rejected",),
    "disrupted": _OPEN,
    "moved": (*_OPEN, "redeemed"),
    "seats_offered": ("on_hold", "pending"),
    "payment_link": ("on_hold",),
    "review_request": _RIDING,
}
# What is worth a paid message: plans change within hours, or the seats are lost.
BY_SMS: frozenset[MessageKind] = frozenset({"disrupted", "moved", "reminder_soon", "payment_link"})
# What nobody need be woken for.
PATIENT: frozenset[MessageKind] = frozenset({"reminder_day", "review_request", "changed"})
_WITH_PAYMENT: frozenset[MessageKind] = frozenset({"held", "seats_offered", "payment_link"})
_REMINDERS: frozenset[MessageKind] = frozenset({"reminder_day", "reminder_soon"})

# The link is asked for after the hold is saved, and takes a moment; then the message goes without it.
LINK_PATIENCE = timedelta(seconds=15)
LINK_LOOK = timedelta(seconds=1)
# A patient message that would wait until nearly the departure goes out at once.
_ROOM = timedelta(hours=2)

PLACEHOLDERS = (
    "name", "code", "route", "from", "to", "departs_at", "arrives_at", "meeting_point", "vehicle", "driver", "passengers",
    "total", "paid", "refund", "pay_until", "old_departs_at", "reason", "operator", "phone", "pay_url", "page_url",
    "choice_url", "review_url",
)  # fmt: skip
_PART = re.compile(r"\{\{|\}\}|\{([A-Za-z_]*)\}|[{}]")


def still_true(kind: MessageKind, status: BookingStatus) -> bool:
    """Whether the message still holds for the booking: nobody wants to pay for a hold that is over."""
    return kind not in _TRUE_WHILE or status in _TRUE_WHILE[kind]


def is_overtaken(message: Message, booking: Booking, now: datetime) -> bool:
    """Whether nobody needs to hear it any more: the booking went on, or the departure is another one by now."""
    if not still_true(message.kind, booking.status):
        return True
    if message.kind not in _REMINDERS:
        return False
    departs_at = message.facts.get("departs_at")
    moved = departs_at is not None and datetime.fromisoformat(departs_at) != booking.stretch.departs_at
    return moved or now >= booking.stretch.departs_at


def waits_for_payment_link(kind: MessageKind, booking: Booking) -> bool:
    """Whether the payment link that belongs into the message is still being asked for."""
    return kind in _WITH_PAYMENT and booking.status == "on_hold" and booking.payment is None


def ways(kind: MessageKind, email: str, reach: Reach) -> list[tuple[MessageChannel, str]]:
    """The ways a message goes, each with its recipient: mail always, the messenger when there is one, else for what is
    urgent a short message."""
    found: list[tuple[MessageChannel, str]] = [("email", email)] if email else []
    if reach.chat_id is not None:
        found.append(("telegram", str(reach.chat_id)))
    elif kind in BY_SMS and reach.phone is not None:
        found.append(("sms", reach.phone))
    return found


def send_after(kind: MessageKind, reach: Reach, now: datetime) -> datetime | None:
    """When the quiet hours of the operator are over, None when the message need not wait for that."""
    if kind not in PATIENT or reach.quiet_from is None or reach.quiet_to is None:
        return None
    ends = quiet_until(now, reach.quiet_from, reach.quiet_to, ZoneInfo(reach.time_zone))
    late = kind != "review_request" and ends is not None and ends > reach.departs_at - _ROOM
    return None if late else ends


def quiet_until(now: datetime, quiet_from: time, quiet_to: time, zone: ZoneInfo) -> datetime | None:
    """The end of the quiet hours that ``now`` falls into, None outside of them; they may go past midnight."""
    local = now.astimezone(zone)
    clock = local.time()
    over_night = quiet_from > quiet_to
    inside = clock >= quiet_from or clock < quiet_to if over_night else quiet_from <= clock < quiet_to
    if not inside:
        return None
    day = local.date() + timedelta(days=1 if over_night and clock >= quiet_from else 0)
    return datetime.combine(day, quiet_to, zone)


def unknown_placeholders(text: str) -> list[str]:
    """What stands in braces and stands for nothing, each once; a brace by itself is ``{`` or ``}``. Doubled ones are text."""
    parts = [part for part in _PART.finditer(text) if part[0] not in {"{{", "}}"}]
    return list(dict.fromkeys(part[0] for part in parts if part[1] not in PLACEHOLDERS))


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders replaced; what comes in by a value is not looked at again."""

    def put(part: re.Match[str]) -> str:
        if part[0] in {"{{", "}}"}:
            return part[0][0]
        return values.get(part[1] or "", part[0])

    return _PART.sub(put, text)


def in_own_words(letter: Letter, own: Template, values: Mapping[str, str]) -> Letter:
    """The product's letter with the operator's words in the place of its own: facts and buttons stay."""
    heading = fill(own.subject, values)
    paragraphs = tuple(part.strip() for part in fill(own.body, values).split("\n\n") if part.strip())
    return replace(letter, subject=heading, heading=heading, paragraphs=paragraphs)
