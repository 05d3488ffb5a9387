"""Reading texts by rules: names that are known, rows with prices, orders and prohibitions, and what is said in a sentence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from kamhub.desk.graph.rules import contacts, relating
from kamhub.desk.graph.rules.matching import Found, Lexicon
from kamhub.desk.graph.rules.names import key_of, shown
from kamhub.desk.graph.rules.notebook import Notebook
from kamhub.desk.graph.rules.sentences import PriceRow, Span, price_rows, sentences
from kamhub.desk.graph.rules.words import CONDITION, FORBIDS, NOT_AN_ABBREVIATION, REQUIRES, SEASONS
from kamhub.desk.graph.types import HubFacts, Reading, Ref, Text, Thing

MOST_RULE = 160
_FEWEST_RULE, _LONGEST_RULE = 12, 500
_MOST_SUBJECTS = 8
_ABBREVIATED = re.compile(r"\s?\(([A-ZА-ЯЁ][A-ZА-ЯЁ0-9]{1,5})\)")
_COMPANY = re.compile(r"\b(?:ООО|АО|ПАО|ЗАО|ОАО|НКО|АНО|ФГБУ|ГБУ)\s+[«\"“]([^»\"”\n]{2,80})[»\"”]")
_COMPANY_EN = re.compile(r"\b((?:[A-Z][\w&-]+ ){1,4})(?:LLC|Ltd|Inc|GmbH)\b")
_SUBJECTS = frozenset({"place", "route", "vehicle", "season", "location", "organisation"})


def read(texts: Sequence[Text], title: str, facts: HubFacts, known: Iterable[Thing] = ()) -> Reading:
    """What the chunks of one source say. ``known`` are names that the organisation's texts have declared elsewhere."""
    notes = Notebook()
    rows = {text.id: price_rows(text.context, text.text) for text in texts}
    base = (*facts.known, *SEASONS, *known)
    lexicon = Lexicon(base)
    declared = [pair for text in texts for pair in _abbreviations(text, lexicon)]
    if declared:  # a name that one chunk gives is met in the others too
        lexicon = Lexicon((*base, *(short for _, short in declared)))
        for full, short in declared:
            notes.same(full.ref, short.ref)
    priced = [thing for thing in (_priced_thing(row, lexicon) for found in rows.values() for row in found) if thing]
    services = Lexicon(thing for thing in priced if thing.ref.type == "service")
    document = notes.named("document", title, 1.0)
    if document is not None and texts:
        notes.mention(document, texts[0], 0, min(len(texts[0].text), 80), 1.0)
    contexts: set[str] = set()
    for text in texts:
        _read_one(notes, text, (lexicon, services), rows[text.id], facts, document, new=text.context not in contexts)
        contexts.add(text.context)
    if document is not None:
        _about(notes, document, texts)
    return notes.reading


def _read_one(
    notes: Notebook,
    text: Text,
    lexicons: tuple[Lexicon, Lexicon],
    rows: Sequence[PriceRow],
    facts: HubFacts,
    document: Thing | None,
    *,
    new: bool,
) -> None:
    """``new``: no chunk before it stands under the same headings."""
    # A service holds the names of places: what is known and what is sold are looked for apart.
    headings = [met for lexicon in lexicons for met in lexicon.find(text.context)]
    found = [met for lexicon in lexicons for met in lexicon.find(text.text)]
    for met in headings if new else ():
        notes.mention(met.thing, text, met.start, met.end - met.start, 0.9, in_context=True)
    for met in found:
        notes.mention(met.thing, text, met.start, met.end - met.start, 0.95)
    found += _companies(notes, text, found)
    _prices(notes, text, rows, lexicons[0])
    for sentence in sentences(text.text):
        inside = sorted(
            (met for met in found if sentence.start <= met.start and met.end <= sentence.end),
            key=lambda met: (met.start, -met.end),
        )
        _rule(notes, text, sentence, inside, headings, document)
        relating.relate(notes, text, sentence, inside, facts)
        contacts.note(notes, text, sentence, [*inside, *headings], facts)


def _companies(notes: Notebook, text: Text, found: Sequence[Found]) -> list[Found]:
    """Companies that are called so, beside those that are known anyway."""
    met = []
    for match in (*_COMPANY.finditer(text.text), *_COMPANY_EN.finditer(text.text)):
        if any(
            one.thing.ref.type == "organisation" and one.start < match.end(1) and match.start(1) < one.end
            for one in found
        ):
            continue
        company = notes.named("organisation", match[1], 0.85)
        if company is not None:
            notes.mention(company, text, match.start(1), len(match[1].rstrip()), 0.85)
            met.append(Found(company, match.start(1), match.end(1)))
    return met


def _abbreviations(text: Text, lexicon: Lexicon) -> Iterator[tuple[Thing, Thing]]:
    """Names that the text gives itself, with the thing they are for: "Аэропорт Елизово (PKC)"."""
    if not _ABBREVIATED.search(text.text):
        return
    for met in lexicon.find(text.text):
        match = _ABBREVIATED.match(text.text, met.end)
        if match is None or match[1] in NOT_AN_ABBREVIATION:
            continue
        short = Thing(Ref(met.thing.ref.type, key_of(match[1])), match[1], confidence=0.9)
        if short.ref != met.thing.ref:
            yield met.thing, short


def _priced_thing(row: PriceRow, lexicon: Lexicon) -> Thing | None:
    """What a row names the price of: a known route or vehicle, else a service of that name; None for "children up to 5"."""
    known = lexicon.whole(row.name)
    if known is not None and known.ref.type in {"route", "vehicle", "service"}:
        return known
    key = "" if CONDITION.search(row.name) else key_of(row.name)
    return Thing(Ref("service", key), row.name, confidence=0.85 if row.sure else 0.7) if key else None


def _prices(notes: Notebook, text: Text, rows: Sequence[PriceRow], lexicon: Lexicon) -> None:
    for row in rows:
        thing = _priced_thing(row, lexicon)
        word = "Price" if text.language == "en" else "Цена"
        price = notes.worded("price_condition", f"{word}: {row.name}", 0.8)
        start, length = row.row.start, len(row.row.text)
        notes.mention(price, text, start, length, 0.8)
        if thing is None:
            continue
        notes.mention(thing, text, row.name_start, len(row.name), 0.85)
        notes.tie(thing.ref, "has_price_condition", price.ref, text, start, length, 0.85 if row.sure else 0.7)


def _rule(
    notes: Notebook,
    text: Text,
    sentence: Span,
    inside: Sequence[Found],
    headings: Sequence[Found],
    document: Thing | None,
) -> None:
    """What is forbidden or has to be, tied to what the sentence speaks of; else to its headings, else to the document."""
    forbids = FORBIDS.search(sentence.text) is not None
    if not _FEWEST_RULE <= len(sentence.text) <= _LONGEST_RULE or not (forbids or REQUIRES.search(sentence.text)):
        return
    name = shown(sentence.text)
    rule = notes.worded("rule", name if len(name) <= MOST_RULE else name[: MOST_RULE - 1].rstrip() + "…", 0.8)
    confidence, start, length = 0.8 if forbids else 0.65, sentence.start, len(sentence.text)
    notes.mention(rule, text, start, length, confidence)
    subjects = {met.thing.ref for met in inside} or {met.thing.ref for met in headings}
    if not subjects and document is not None:
        subjects = {document.ref}
    for subject in sorted(subjects)[:_MOST_SUBJECTS]:
        notes.tie(rule.ref, "applies_to", subject, text, start, length, confidence)


def _about(notes: Notebook, document: Thing, texts: Sequence[Text]) -> None:
    """What the document holds, and the few things it speaks of most; each with the first place that shows it."""
    first: dict[Ref, tuple[Text, int, int]] = {}
    count: Counter[Ref] = Counter()
    by_id = {text.id: text for text in texts}
    for mention in notes.reading.mentions.values():
        count[mention.ref] += 1
        if not mention.in_context:
            first.setdefault(mention.ref, (by_id[mention.chunk_id], mention.start, mention.length))
    spoken = [ref for ref, _ in sorted(count.items(), key=lambda one: (-one[1], one[0])) if ref.type in _SUBJECTS]
    for ref, (text, start, length) in first.items():
        if ref.type in {"service", "rule", "price_condition"}:
            notes.tie(document.ref, "contains", ref, text, start, length, 0.9)
    for ref in spoken[:_MOST_SUBJECTS]:
        if ref in first:
            notes.tie(document.ref, "related_to", ref, *first[ref], 0.6)
