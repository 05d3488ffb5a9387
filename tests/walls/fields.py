"""What every route takes, read from its models: the fields one by one, and a body that is good."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import uuid4

from litestar.typing import FieldDefinition
from pydantic import BaseModel

from tests.builders import PASSWORD
from tests.walls import knowledge, network, timetables
from tests.walls.house import NOW, House, Route

Steps = tuple[str | int, ...]
Body = dict[str, Any]
# A page sends it beside the fields of its form, and the handler reads it.
_WAY_ON = "next"
WITH_A_WAY_ON = frozenset({"POST /signin", "POST /signin/code"})
NEW_PASSWORD = "a much longer battery horse"
_BY_NAME: dict[str, object] = {
    "name": "Анна Ёлкина",
    "organisation_name": "Вулкан",
    "phone": "+7 914 123-45-67",
    "email": "new@people.example",
    "current_password": PASSWORD,
    "new_password": NEW_PASSWORD,
    "code": "123456",
    "consent": "2026-11",
    "from": "airport",
    "to": "city",
    "sure": "yes",
    "url": "https://example.com/prices",
    "amount": "1",
    "time": "08:00",
    "departs_at": "2026-11-27T08:00:00+12:00",
    "value": "10",
}
# Left out of a good body: what does not go with the rest of it, and filters that would leave nothing.
_LEFT_OUT = {
    "BookingParameters": {
        "status",
        "date",
        "from",
        "to",
        "route_id",
        "route",
        "departure_id",
        "channel",
        "text",
        "named",
    },
    "NewPageForm": {"promo_code"},
    "NewPageParameters": {"date"},
    "PartyParameters": {"status", "departure_id", "all"},
    "StaffBookForm": {"from_place_id", "to_place_id", "promo_code"},
    "StaffCancelForm": {"amount"},
    "StaffCancelPageForm": {"amount"},
    "WaitingForm": {"from_place_id", "to_place_id"},
    "DocumentParameters": {"expiring_within"},
    "DriverParameters": {"q", "archived"},
    "PlaceParameters": {"q", "archived", "own"},
    "RouteParameters": {"q", "archived"},
    "VehicleParameters": {"type", "q", "archived"},
    "BookForm": {"booking_id", "from_place_id", "to_place_id", "promo_code"},
    "BoardParameters": {"date", "route_id"},
    "MonthParameters": {"month"},
    "DepartureParameters": {"date", "from", "to", "route_id", "status", "driver_id", "vehicle_id"},
    "DisruptedBookingParameters": {"outcome"},
    "DisruptionForm": {"date", "route_id"},
    "DisruptionParameters": {"date", "route_id"},
    "PassengersForm": {"promo_code"},
    "PromoCodeForm": {"route_id", "valid_from", "valid_to"},
    "PromoCodeChangeForm": {"route_id", "valid_from", "valid_to", "archived"},
    "PromoCodePageForm": {"route_id"},
    "QuoteParameters": {"kinds", "promo_code"},
    "HoldForm": {"from_place_id", "to_place_id"},
    "ChoiceForm": {"kind"},
    "DeadParameters": {"kind", "q"},
    "DiscardChoiceForm": {"kind"},
    "JobParameters": {"status", "kind", "queue"},
    "MessageParameters": {"status", "kind", "channel", "booking"},
    "MessagePreviewForm": {"booking"},
    "ReviewParameters": {"rating", "answered"},
    "NoticeSettingsForm": {
        "reply_to",
        "quiet_from",
        "quiet_to",
        "telegram_token",
        "sms_provider",
        "sms_key",
        "sms_sender",
    },
    "NoticeSettingsPageForm": {
        "reply_to",
        "quiet_from",
        "quiet_to",
        "telegram_token",
        "sms_provider",
        "sms_key",
        "sms_sender",
    },
    "RefundForm": {"booking_id"},
    "CollectForm": {"back"},
    "PaymentParameters": {"status", "date", "from", "to", "booking_id", "text"},
    "RefundParameters": {"status", "date", "from", "to", "booking_id", "payment_id", "text"},
    "CaseParameters": {"status", "kind", "date", "from", "to", "booking_id", "text"},
    "LedgerParameters": {"kind", "account", "date", "from", "to", "booking_id", "payment_id"},
    "AuditParameters": {"actor_id", "action", "object_id", "from", "to"},
    "SearchForm": {"vehicle_type", "max_price", "features"},
    "SearchParameters": {"vehicle_type", "max_price", "features"},
}
_NOTIFICATION = {
    "TransactionId": "1001", "Amount": "2500.00", "Currency": "RUB", "Status": "Completed", "OperationType": "Payment",
    "GatewayName": "Test", "AuthCode": "A1", "TestMode": "1", "CardLastFour": "4242", "InvoiceId": "NOSUCH22",
    "AccountId": "somebody",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Leaf:
    """A field that holds no others; of a list the first item."""

    steps: Steps
    kind: str
    """Its JSON type."""
    format: str | None
    longest: int
    choices: tuple[object, ...]

    def __str__(self) -> str:
        return ".".join(map(str, self.steps))

    @property
    def name(self) -> str:
        """The last part of it that is no number."""
        return [str(step) for step in self.steps if isinstance(step, str)][-1]

    @property
    def takes_text(self) -> bool:
        """Whether people write into it as they like."""
        return self.kind == "string" and not self.choices and self.format in {None, "email"}

    def fitted(self, text: str) -> str:
        """The text as this field takes it: an address has a domain, and nothing is longer than may be."""
        if self.format == "email":
            return f"{text[: self.longest - 20]}@people.example"
        return text[: self.longest]


@cache
def leaves(model: type[BaseModel]) -> tuple[Leaf, ...]:
    """Every field of that model, by the names in which it is sent."""
    schema = model.model_json_schema(by_alias=True)
    return tuple(_walk(schema, schema.get("$defs", {}), ()))


def _walk(schema: dict[str, Any], shared: dict[str, Any], steps: Steps) -> Iterator[Leaf]:
    if "$ref" in schema:
        schema = shared[schema["$ref"].rpartition("/")[2]]
    options = [one for one in schema.get("anyOf", ()) if one.get("type") != "null" and one.get("const") != ""]
    if options:
        yield from _walk(options[0], shared, steps)
    elif "properties" in schema:
        for name, inner in schema["properties"].items():
            yield from _walk(inner, shared, (*steps, name))
    elif schema.get("type") == "array":
        yield from _walk(schema["items"], shared, (*steps, 0))
    else:
        choices = (schema["const"],) if "const" in schema else tuple(schema.get("enum", ()))
        longest = schema.get("maxLength", 100_000)
        yield Leaf(steps, schema.get("type", "string"), schema.get("format"), longest, choices)


def fields_of(route: Route) -> list[Leaf]:
    """Everything a route takes beside its path: of its body or query by the model, and its single parameters."""
    model = route.rule.body_model
    found = list(leaves(model)) if model else []
    known = {leaf.steps for leaf in found}
    found += [leaf for leaf in parameters_of(route) if leaf.steps not in known]
    return [*found, Leaf((_WAY_ON,), "string", None, 500, ())] if str(route) in WITH_A_WAY_ON else found


def parameters_of(route: Route) -> list[Leaf]:
    """The single parameters in the query of a route."""
    signature = route.handler.parsed_fn_signature.parameters
    return [_parameter(name, found) for name, found in signature.items() if _in_query(found)]


def _in_query(found: FieldDefinition) -> bool:
    return type(found.kwarg_definition).__name__ in {"QueryParameter", "ParameterKwarg"}


def _parameter(name: str, found: FieldDefinition) -> Leaf:
    told: Any = found.kwarg_definition
    kind = "integer" if found.annotation is int else "string"
    return Leaf((told.name or told.query or name,), kind, None, told.max_length or 100_000, ())


def good(house: House, route: Route) -> Body:
    """Something the route takes, over the main operator's things."""
    model = route.rule.body_model
    if model is None:
        return {}
    if model.__name__ == "NotificationBody":
        return dict(_NOTIFICATION)
    if (of_the_network := network.body(house.world, model.__name__)) is not None:
        return of_the_network
    if (of_knowledge := knowledge.body(model.__name__)) is not None:
        return of_knowledge
    if (of_timetables := timetables.body(house.world, model.__name__)) is not None:
        return of_timetables
    body: Body = {}
    for leaf in leaves(model):
        if leaf.steps[0] not in _LEFT_OUT.get(model.__name__, set()):
            put(body, leaf.steps, _value(house, leaf))
    if model.__name__.startswith("Reconcil") and "date" in body:
        body["date"] = "2026-11-20"  # not a day to come
    if "Template" in model.__name__ and "version" in body:
        body["version"] = 0  # there are no own words yet
    return body


def _value(house: House, leaf: Leaf) -> object:
    if leaf.choices:
        return leaf.choices[-1] if leaf.name == "role" else leaf.choices[0]
    if leaf.format == "uuid":
        return _id(house, leaf.name)
    if leaf.format in {"date", "date-time"} and leaf.name != "departs_at":
        return f"{NOW.replace(day=27):%Y-%m-%d}"
    if leaf.kind == "boolean":
        return True
    if leaf.kind != "string":
        return 1
    if leaf.name in {"token", "refresh_token", "challenge"}:
        return uuid4().hex
    return _BY_NAME.get(leaf.name, PASSWORD if "password" in leaf.name else "слово")


def _id(house: House, name: str) -> str:
    places = house.world.places
    known = house.main | {
        "organisation_id": house.world.main.id,
        "departure": house.main["departure_id"],
        "from": places["airport"],
        "to": places["city"],
        "from_place_id": places["airport"],
        "to_place_id": places["city"],
        "ids": house.main["job_id"],
        "agent_id": house.main["agent_id"],
        "key": uuid4(),
        "actor_id": house.world.main.people["owner"],
        "tariff_id": house.world.main.tariff,
        "departure_ids": house.main["departure_id"],
        "departures": house.main["departure_id"],
        "choice": house.main["departure_id"],
    }
    return str(known[name])  # a KeyError: say here what of the main operator's that name means


def put(body: Body, steps: Steps, value: object) -> None:
    """Set that field, with whatever it is in."""
    place: Any = body
    for step, following in itertools.pairwise(steps):
        empty: Any = [] if isinstance(following, int) else {}
        if isinstance(step, int):
            if not place:
                place.append(empty)
            place = place[0]
        else:
            place = place.setdefault(step, empty)
    if isinstance(steps[-1], int):
        place[:] = [value]
    else:
        place[steps[-1]] = value


def changed(body: Body, steps: Steps, value: object) -> Body:
    """The same body with that field set."""
    other = copy.deepcopy(body)
    put(other, steps, value)
    return other


def flat(body: Body) -> list[tuple[str, str]]:
    """The same as a form or a query sends it: ``passenger_list.0.name``; a list of texts is a name again and again."""
    pairs: list[tuple[str, str]] = []
    for name, value in body.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            pairs += [(f"{name}.{index}.{key}", text) for index, item in enumerate(value) for key, text in flat(item)]
        elif isinstance(value, list):
            pairs += [(name, str(item)) for item in value]
        elif isinstance(value, dict):
            pairs += [(f"{name}.{key}", text) for key, text in flat(value)]
        elif value is not None:
            pairs.append((name, str(value)))
    return pairs
