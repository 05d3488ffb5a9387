"""What types, relations and reasons are called on pages."""

from __future__ import annotations

from collections.abc import Mapping

from kamhub.desk.graph.types import EntityType, MergeReason, RelationType
from kamhub.kit.text import Locale, mark
from kamhub.platform.i18n.catalogue import translator

_TYPES: Mapping[EntityType, str] = {
    "place": mark("place"),
    "route": mark("route"),
    "stop": mark("stop"),
    "vehicle": mark("vehicle"),
    "service": mark("service"),
    "price_condition": mark("price condition"),
    "rule": mark("rule"),
    "season": mark("season"),
    "document": mark("document"),
    "organisation": mark("organisation"),
    "contact": mark("contact"),
    "person": mark("person"),
    "product": mark("product"),
    "process": mark("process"),
    "concept": mark("concept"),
    "feature": mark("feature"),
    "event": mark("event"),
    "location": mark("location"),
    "technology": mark("technology"),
    "metric": mark("metric"),
}
_RELATIONS: Mapping[RelationType, str] = {
    "contains": mark("contains"),
    "located_in": mark("is located in"),
    "uses": mark("uses"),
    "provides": mark("provides"),
    "has_price_condition": mark("has a price condition"),
    "applies_to": mark("applies to"),
    "available_in": mark("is available in"),
    "has_contact": mark("can be reached at"),
    "related_to": mark("is related to"),
    "part_of": mark("is part of"),
    "depends_on": mark("depends on"),
    "requires": mark("requires"),
    "owns": mark("owns"),
    "works_for": mark("works for"),
    "manages": mark("manages"),
    "collaborates_with": mark("works together with"),
    "reports_to": mark("reports to"),
    "responsible_for": mark("is responsible for"),
    "participates_in": mark("takes part in"),
}
_REASONS: Mapping[MergeReason, str] = {
    "declared": mark("a text gives both names"),
    "translation": mark("the same name in another language"),
    "word_order": mark("the same words in another order"),
    "general_word": mark("the same name with a general word"),
    "spelling": mark("spelled almost alike"),
}


def type_names(locale: Locale) -> dict[str, str]:
    """Of every type of entity."""
    gettext = translator(locale).gettext
    return {name: gettext(text) for name, text in _TYPES.items()}


def relation_names(locale: Locale) -> dict[str, str]:
    """Of every type of relation: what stands between source and target."""
    gettext = translator(locale).gettext
    return {name: gettext(text) for name, text in _RELATIONS.items()}


def reason_names(locale: Locale) -> dict[str, str]:
    """Why two names may be one thing."""
    gettext = translator(locale).gettext
    return {name: gettext(text) for name, text in _REASONS.items()}
