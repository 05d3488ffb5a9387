"""What a sentence says of the things in it, by its verbs and prepositions."""

from __future__ import annotations

from collections.abc import Sequence

from kamhub.desk.graph.rules.matching import Found
from kamhub.desk.graph.rules.names import words
from kamhub.desk.graph.rules.notebook import Notebook
from kamhub.desk.graph.rules.sentences import Span
from kamhub.desk.graph.rules.words import BY_MEANS_OF, DASH, DENIES, FROM, LOCATED, PROVIDES, TO
from kamhub.desk.graph.types import HubFacts, Ref, Text

FAR = 80  # characters between two things that still belong together
_MOST_ROADS = 2  # routes that one mention of a road may mean
_OFFERS = frozenset({"service", "route"})


def relate(notes: Notebook, text: Text, sentence: Span, inside: Sequence[Found], facts: HubFacts) -> None:
    """Write down the relations of that sentence."""
    denied, routes = DENIES.search(sentence.text) is not None, set[Ref]()
    for at, one in enumerate(inside):
        for other in inside[at + 1 :]:
            between = text.text[one.end : other.start]
            if len(between) > FAR:
                break
            if not denied:
                _pair(notes, text, sentence, one, other, between)
        following = inside[at + 1] if at + 1 < len(inside) else None
        if following is not None and one.thing.ref.type == following.thing.ref.type == "place":
            routes |= _road(notes, text, sentence, one, following, facts)
    if not denied:
        for route in routes:
            for met in inside:
                if met.thing.ref.type == "season":
                    notes.tie(route, "available_in", met.thing.ref, text, sentence.start, len(sentence.text), 0.6)


def _pair(notes: Notebook, text: Text, sentence: Span, one: Found, other: Found, between: str) -> None:
    first, second = one.thing.ref, other.thing.ref
    place = (text, sentence.start, len(sentence.text))
    types = {first.type, second.type}
    if LOCATED.search(between):
        notes.tie(first, "located_in", second, *place, 0.8)
    elif first.type == "organisation" and PROVIDES.search(between):
        notes.tie(first, "provides", second, *place, 0.7)
    elif "season" in types and types & {"service", "route"}:
        season, offer = (first, second) if first.type == "season" else (second, first)
        notes.tie(offer, "available_in", season, *place, 0.6)
    elif first.type in _OFFERS and second.type == "vehicle" and BY_MEANS_OF.search(between):
        notes.tie(first, "uses", second, *place, 0.65)
    elif {"service", "place"} == types:
        service, spot = (first, second) if first.type == "service" else (second, first)
        notes.tie(service, "related_to", spot, *place, 0.6)


def _road(notes: Notebook, text: Text, sentence: Span, one: Found, other: Found, facts: HubFacts) -> set[Ref]:
    """ "Из А в Б", "A — B": a route; the hub's, when it has one that goes there."""
    start, end = one.thing, other.thing
    if start.ref == end.ref or not _is_road(text.text, sentence, one, other):
        return set()
    place = (text, one.start, other.end - one.start)
    routes = _routes(notes, start.ref, end.ref, facts, f"{start.name} — {end.name}")
    for route in routes:
        thing = notes.reading.things[route]
        notes.mention(thing, *place, 0.7)
        notes.tie(route, "contains", start.ref, *place, 0.7)
        notes.tie(route, "contains", end.ref, *place, 0.7)
    return set(routes)


def _routes(notes: Notebook, start: Ref, end: Ref, facts: HubFacts, name: str) -> list[Ref]:
    known = facts.roads.get((start, end), ())
    if 0 < len(known) <= _MOST_ROADS:
        by_ref = {thing.ref: thing for thing in facts.known}
        return [notes.thing(by_ref[ref]).ref for ref in known]
    made = notes.named("route", name, 0.7)
    return [made.ref] if made is not None else []


def _is_road(text: str, sentence: Span, one: Found, other: Found) -> bool:
    between = text[one.end : other.start]
    if DASH.fullmatch(between):
        return True
    before, inner = words(text[sentence.start : one.start])[-2:], {word.text for word in words(between)}
    return len(between) <= FAR and bool(FROM & {word.text for word in before}) and bool(inner & TO)
