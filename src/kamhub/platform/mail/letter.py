"""A mail in one language, as plain text and as HTML; the templates hold no words of their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from kamhub.kit.text import Locale
from kamhub.platform.mail.types import MailMessage


@dataclass(frozen=True, slots=True)
class Line:
    """A label and what belongs to it, such as "Passengers" and "3"; ``value`` may have several lines."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Button:
    """Something to follow."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says, before it becomes plain text and HTML; both say the same."""

    subject: str
    heading: str
    paragraphs: tuple[str, ...]
    lines: tuple[Line, ...] = ()
    buttons: tuple[Button, ...] = ()
    closing: tuple[str, ...] = ()


def as_text(letter: Letter) -> str:
    """For readers without HTML."""
    return _environment().get_template("letter.txt").render(letter=letter)


def as_html(letter: Letter, locale: Locale) -> str:
    """With inline styles, the only ones that mail programs keep."""
    return _environment().get_template("letter.html").render(letter=letter, locale=locale)


def to_mail(letter: Letter, locale: Locale, *, message_id: UUID, created_at: datetime, recipient: str) -> MailMessage:
    """The letter as a mail to that address."""
    return MailMessage(
        message_id=message_id,
        created_at=created_at,
        recipient=recipient,
        subject=letter.subject,
        text=as_text(letter),
        html=as_html(letter, locale),
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
