"""How an organisation can be reached, as its documents say it; people's own numbers are not looked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import phonenumbers

from kamhub.desk.graph.rules.matching import Found
from kamhub.desk.graph.rules.notebook import Notebook
from kamhub.desk.graph.rules.sentences import Span
from kamhub.desk.graph.rules.words import CONTACT
from kamhub.desk.graph.types import HubFacts, Text

_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_DIGITS = re.compile(r"\d(?:\D{0,2}\d){6}")


def note(notes: Notebook, text: Text, sentence: Span, around: Sequence[Found], facts: HubFacts) -> None:
    """Tie phones and addresses in the sentence to the organisation it speaks of, or to one's own where contacts are told."""
    addresses = list(_addresses(sentence.text))
    if not addresses:
        return
    organisation = next((met.thing for met in around if met.thing.ref.type == "organisation"), None)
    if organisation is None:
        if not (CONTACT.search(text.context) or CONTACT.search(sentence.text)):
            return
        organisation = next(thing for thing in facts.known if thing.ref == facts.own)
    for address, start, length in addresses:
        contact = notes.worded("contact", address, 0.9)
        notes.thing(organisation)
        notes.mention(contact, text, sentence.start + start, length, 0.9)
        notes.tie(organisation.ref, "has_contact", contact.ref, text, sentence.start, len(sentence.text), 0.75)


def _addresses(text: str) -> Iterator[tuple[str, int, int]]:
    for match in _MAIL.finditer(text):
        yield match[0].lower(), match.start(), len(match[0])
    if _DIGITS.search(text):
        for found in phonenumbers.PhoneNumberMatcher(text, "RU"):
            number = phonenumbers.format_number(found.number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
            yield number, found.start, found.end - found.start
