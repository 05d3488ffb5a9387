"""The network and fleet as entities and relations."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from uuid import UUID

from kamhub.desk.graph.rules.names import folded, key_of, shown, stem, words
from kamhub.desk.graph.types import EntityType, HubFacts, HubRows, Ref, RelationType, Thing

LONG_ENOUGH = 6  # letters of the first half of a double name that people use alone
# What bears the name of a town and is not the town.
_APART = frozenset({"аэропорт", "вокзал", "автовокзал"})
# Of classes of comfort nobody speaks as of vehicles.
_VEHICLE_TYPES = {
    "minibus": ("микроавтобус", "minibus", ("минивэн", "minivan", "маршрутка")),
    "bus": ("автобус", "bus", ("coach",)),
}


def facts_of(rows: HubRows) -> HubFacts:
    """What the hub knows, as the graph has it. ``digest`` changes with whatever of it can be seen here."""
    known: dict[Ref, Thing] = {}
    ties: set[tuple[Ref, Ref, RelationType]] = set()
    organisation = _thing("organisation", rows.organisation[0], rows.organisation[1])
    known[organisation.ref] = organisation
    places = _places(rows)
    stopped = {place for _, place in rows.stops}
    kept: set[Ref] = {organisation.ref}
    for number, own, *_ in rows.places:
        if number in places:
            known.setdefault(places[number].ref, places[number])
            kept |= {places[number].ref} if own or number in stopped else set()
    routes = {number: _thing("route", name, hub_id=number) for number, name in rows.routes if key_of(name)}
    ties |= {(organisation.ref, route.ref, "provides") for route in routes.values()}
    stops = _stops(rows, places)
    for route_id, place_id in rows.stops:
        if route_id in routes and place_id in stops:
            ties.add((routes[route_id].ref, stops[place_id].ref, "contains"))
            ties.add((stops[place_id].ref, places[place_id].ref, "located_in"))
    vehicles = _vehicles(rows)
    for thing in (*routes.values(), *stops.values(), *(vehicle for pair in vehicles.values() for vehicle in pair)):
        known.setdefault(thing.ref, thing)
        kept.add(thing.ref)
    for model, kind in (pair for pair in vehicles.values() if len(pair) > 1):
        ties.add((model.ref, kind.ref, "part_of"))
    for route_id, vehicle_id in rows.runs:
        if route_id in routes and vehicle_id in vehicles:
            ties.add((routes[route_id].ref, vehicles[vehicle_id][0].ref, "uses"))
    spoken = tuple(thing for thing in known.values() if thing.ref.type != "stop")
    return HubFacts(
        known=spoken,
        things=tuple(known[ref] for ref in sorted(kept)),
        ties=tuple(sorted(tie for tie in ties if tie[0] != tie[1])),
        own=organisation.ref,
        roads=_roads(rows, {number: route.ref for number, route in routes.items()}, places),
        digest=hashlib.sha256(repr((sorted(spoken, key=repr), sorted(kept), sorted(ties))).encode()).digest(),
    )


def _thing(
    of: EntityType, name: str, name_en: str | None = None, spellings: tuple[str, ...] = (), hub_id: UUID | None = None
) -> Thing:
    english = shown(name_en) if name_en and name_en != name else None
    return Thing(Ref(of, key_of(name)), shown(name), english, spellings, hub=True, hub_id=hub_id)


def _places(rows: HubRows) -> dict[UUID, Thing]:
    """The places by id. The half of a double name, and the proper name inside a longer one, mean the place when no other has it:
    people go to Petropavlovsk, and from "Начало тропы к вулкану Мутновский" to Мутновский."""
    had = Counter(word.stem for row in rows.places for word in words(row[3]))
    found = {}
    for number, _, slug, russian, english, *_ in rows.places:
        if not key_of(russian):
            continue
        halves = [name.partition("-")[0] for name in (russian, english) if "-" in name]
        first, *others = russian.split()
        inner = [word for word in others if word[0].isupper() and "-" not in word and had[stem(folded(word))] == 1]
        spellings = (
            slug.replace("-", " "),
            *(half for half in halves if len(half) >= LONG_ENOUGH),
            *(inner if len(inner) == 1 and stem(folded(first)) not in _APART else ()),
        )
        found[number] = _thing("place", russian, english, spellings, number)
    return found


def _stops(rows: HubRows, places: dict[UUID, Thing]) -> dict[UUID, Thing]:
    """Where one gets on and off, by place; named by the meeting point, where there is one."""
    found = {}
    stopped = {place for _, place in rows.stops}
    for number, _, _, russian, english, meeting_ru, meeting_en in rows.places:
        if number in stopped and number in places:
            name, name_en = (meeting_ru, meeting_en) if meeting_ru and key_of(meeting_ru) else (russian, english)
            found[number] = _thing("stop", name, name_en, hub_id=number)
    return found


def _vehicles(rows: HubRows) -> dict[UUID, tuple[Thing, ...]]:
    """Model and, where people would say it, type of each vehicle."""
    found: dict[UUID, tuple[Thing, ...]] = {}
    for number, model, kind in rows.vehicles:
        things = [_thing("vehicle", model)] if key_of(model) else []
        if kind in _VEHICLE_TYPES:
            russian, english, spellings = _VEHICLE_TYPES[kind]
            things.append(_thing("vehicle", russian, english, spellings))
        if things:
            found[number] = tuple(things)
    return found


def _roads(rows: HubRows, routes: dict[UUID, Ref], places: dict[UUID, Thing]) -> dict[tuple[Ref, Ref], tuple[Ref, ...]]:
    stops: dict[UUID, list[Ref]] = defaultdict(list)
    for route_id, place_id in rows.stops:
        if route_id in routes and place_id in places:
            stops[route_id].append(places[place_id].ref)
    roads: dict[tuple[Ref, Ref], list[Ref]] = defaultdict(list)
    for route_id, line in stops.items():
        for at, start in enumerate(line):
            for end in line[at + 1 :]:
                roads[start, end].append(routes[route_id])
    return {road: tuple(sorted(set(found))) for road, found in roads.items()}
