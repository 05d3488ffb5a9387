"""Where a reader writes down what it finds; what cannot be is left out here, once for all."""

from __future__ import annotations

from dataclasses import replace

from kamhub.desk.graph.rules.constraints import LEAST_CONFIDENCE, may_hold
from kamhub.desk.graph.rules.names import key_of, shown
from kamhub.desk.graph.types import EntityType, Mention, Origin, Reading, Ref, RelationType, Same, Text, Thing, Tie

MOST_SPAN = 2000


class Notebook:
    """Collects a reading; of two that say the same, the surer one stays."""

    def __init__(self, origin: Origin = "rules") -> None:
        self.reading = Reading()
        self._origin = origin

    def named(self, of: EntityType, name: str, confidence: float) -> Thing | None:
        """A thing of that name; None when nothing is left of the name."""
        return self.worded(of, name, confidence) if key_of(shown(name)) else None

    def worded(self, of: EntityType, name: str, confidence: float) -> Thing:
        """The same for a name that holds a word beside amounts of money."""
        text = shown(name)
        return self.thing(Thing(Ref(of, key_of(text)), text, confidence=confidence))

    def thing(self, thing: Thing) -> Thing:
        """That thing, as it was first met."""
        known = self.reading.things.setdefault(thing.ref, thing)
        if known.confidence < thing.confidence:
            known = self.reading.things[thing.ref] = replace(known, confidence=thing.confidence)
        return known

    def mention(
        self, thing: Thing, text: Text, start: int, length: int, confidence: float, *, in_context: bool = False
    ) -> None:
        """The text speaks of the thing there."""
        self.thing(thing)
        place = (text.id, thing.ref, in_context, start)
        self.reading.mentions.setdefault(
            place,
            Mention(thing.ref, text.id, start, max(1, min(length, MOST_SPAN)), confidence, in_context, self._origin),
        )

    def tie(
        self, source: Ref, relation: RelationType, target: Ref, text: Text, start: int, length: int, confidence: float
    ) -> None:
        """The text says there that they hang together; not written down when it makes no sense or is hardly sure."""
        if source == target or confidence < LEAST_CONFIDENCE or not may_hold(source.type, relation, target.type):
            return
        place = (text.id, source, target, relation, start)
        known = self.reading.ties.get(place)
        if known is None or known.confidence < confidence:
            self.reading.ties[place] = Tie(
                source, target, relation, text.id, start, max(1, min(length, MOST_SPAN)), confidence, self._origin
            )

    def same(self, one: Ref, other: Ref) -> None:
        """The text itself gives one thing two names."""
        if one.type == other.type and one.key != other.key:
            first, second = sorted((one.key, other.key))
            self.reading.declared[Ref(one.type, first), Ref(one.type, second)] = Same(
                one.type, first, second, "declared", 0.95
            )
