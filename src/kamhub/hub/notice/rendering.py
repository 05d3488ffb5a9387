"""A message in the shape of the way it takes: a mail, a message of a messenger, one short line."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from kamhub.hub.booking.types import Booking
from kamhub.hub.notice import letters, rules
from kamhub.hub.notice.types import Rendered, Template, TemplateKey
from kamhub.platform.mail.letter import Letter, as_html, as_text

# Telegram takes 4096 characters after its marks are read; an operator's own text may be 4000.
_LONGEST_CHAT = 4_096
# Ten parts of a short message: whoever writes more means a mail.
_LONGEST_SMS = 660


def render(
    key: TemplateKey, booking: Booking, page_url: str, facts: Mapping[str, str], own: Template | None
) -> Rendered:
    """The message as it goes out; ``page_url`` opens the booking, ``own`` are the operator's words if it has any."""
    letter = letters.compose(key.kind, booking, key.locale, page_url, facts)
    if own is not None:
        letter = rules.in_own_words(letter, own, letters.values_of(booking, key.locale, page_url, facts))
    match key.channel:
        case "email":
            return Rendered(letter.subject, as_text(letter), as_html(letter, key.locale), letter.buttons)
        case "telegram":
            return _chat(letter)
        case "sms":
            return Rendered(letter.subject, _short(letter, own=own is not None), None)


def words_of(key: TemplateKey, booking: Booking, page_url: str, facts: Mapping[str, str]) -> Template:
    """The product's own words for that message, as an operator may begin with."""
    letter = letters.compose(key.kind, booking, key.locale, page_url, facts)
    return Template(letter.heading, "\n\n".join(letter.paragraphs))


def _chat(letter: Letter) -> Rendered:
    facts = [f"{line.label}: {line.value}" for line in letter.lines]
    text = "\n\n".join([letter.heading, *letter.paragraphs, "\n".join(facts), ", ".join(letter.closing)])
    html = "\n\n".join(
        [
            f"<b>{escape(letter.heading, quote=False)}</b>",
            *(escape(paragraph, quote=False) for paragraph in letter.paragraphs),
            escape("\n".join(facts), quote=False),
            escape(", ".join(letter.closing), quote=False),
        ]
    )
    # A cut may go through a mark: of what is too long only the plain text is good.
    return Rendered(letter.subject, text[:_LONGEST_CHAT], html if len(text) <= _LONGEST_CHAT else None, letter.buttons)


def _short(letter: Letter, *, own: bool) -> str:
    """An operator's own text as it is; of the product's the first sentence and the first link."""
    if own:
        return "\n".join(letter.paragraphs)[:_LONGEST_SMS]
    said = ". ".join(part.rstrip(".") for part in (letter.subject, *letter.paragraphs[:1]))
    link = letter.buttons[0].url
    return f"{said[: max(_LONGEST_SMS - len(link) - 1, 0)]} {link}"
