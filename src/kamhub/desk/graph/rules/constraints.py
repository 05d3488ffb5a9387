"""Which relations can hold between things of which types."""

from __future__ import annotations

from collections.abc import Mapping

from kamhub.desk.graph.types import ENTITY_TYPES, EntityType, RelationType

LEAST_CONFIDENCE = 0.5
_ANY: frozenset[EntityType] = frozenset(ENTITY_TYPES)
_SPOTS: frozenset[EntityType] = frozenset({"place", "stop", "location"})
_PEOPLE: frozenset[EntityType] = frozenset({"person", "organisation"})
_OFFERS: frozenset[EntityType] = frozenset({"service", "product", "route", "event", "feature"})
_TOOLS: frozenset[EntityType] = frozenset({"vehicle", "technology", "product", "service", "feature"})
_TEXT_ONLY: frozenset[EntityType] = frozenset({"document", "price_condition", "rule", "contact"})
_REAL = _ANY - _TEXT_ONLY

_ALLOWED: Mapping[RelationType, tuple[frozenset[EntityType], frozenset[EntityType]]] = {
    "works_for": (frozenset({"person"}), _PEOPLE),
    "manages": (_PEOPLE, _REAL),
    "provides": (_PEOPLE, _OFFERS),
    "uses": (_PEOPLE | _OFFERS | {"process"}, _TOOLS),
    "related_to": (_ANY - {"price_condition", "contact"}, _ANY - {"price_condition", "contact"}),
    "part_of": (_REAL | {"rule"}, _REAL | {"document"}),
    "depends_on": (_REAL, _REAL),
    "requires": (_REAL | {"rule"}, _REAL | {"document"}),
    "located_in": (_REAL - {"season"}, _SPOTS),
    "owns": (_PEOPLE, _REAL - {"season"}),
    "collaborates_with": (_PEOPLE, _PEOPLE),
    "reports_to": (frozenset({"person"}), _PEOPLE),
    "responsible_for": (_PEOPLE, _REAL),
    "participates_in": (_PEOPLE, frozenset({"event", "process", "service"})),
    "contains": (_ANY - {"price_condition", "contact", "season"}, _ANY - {"contact"}),
    "has_price_condition": (_OFFERS | {"vehicle"}, frozenset({"price_condition"})),
    "applies_to": (frozenset({"rule"}), _ANY - {"price_condition", "contact", "rule"}),
    "available_in": (_OFFERS | _SPOTS | {"vehicle"}, frozenset({"season"})),
    "has_contact": (_PEOPLE | _SPOTS, frozenset({"contact"})),
}


def may_hold(source: EntityType, relation: RelationType, target: EntityType) -> bool:
    """Whether such a relation makes sense."""
    sources, targets = _ALLOWED[relation]
    return source in sources and target in targets
