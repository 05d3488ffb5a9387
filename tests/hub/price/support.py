"""What the tests of prices share: tariffs with rules, promo codes, people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from kamhub.hub.booking.types import Contact
from kamhub.hub.price import store
from kamhub.hub.price.types import PriceRule, PromoCode, PromoKind, PromoTerms, TariffPrice
from kamhub.hub.services import Hub
from kamhub.kit.ids import new_id
from tests.builders import PRICES, Operator, World

# Children at half, infants at a tenth.
FARES = tuple(TariffPrice(start, end, amount, amount // 2, amount // 10) for (start, end), amount in PRICES.items())
EARLY = PriceRule("early", 2 * 24 * 60, -10)
LATE = PriceRule("last_minute", 180, 20)
FULL = PriceRule("load", 50, 15)
GROUP = PriceRule("group", 3, -5)
RULES = (EARLY, LATE, FULL, GROUP)


async def tariff(hub: Hub, operator: Operator, rules: Sequence[PriceRule] = RULES) -> UUID:
    """A tariff of the operator's route with those rules, and with prices for children."""
    async with hub.database.tenant(operator.id) as connection:
        return await store.insert_tariff(connection, operator.id, operator.route, "RUB", FARES, rules)


async def goes_by(hub: Hub, world: World, departure: UUID, rules: Sequence[PriceRule] = RULES) -> UUID:
    """Let a departure of the main operator go by such a tariff."""
    made = await tariff(hub, world.main, rules)
    world.execute("UPDATE departures SET tariff_id = %s WHERE id = %s", made, departure)
    return made


async def promo(
    hub: Hub,
    operator: Operator,
    code: str = "SUMMER-26",
    *,
    kind: PromoKind = "percent",
    value: int = 10,
    route_id: UUID | None = None,
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
    most_uses: int | None = None,
    most_per_contact: int | None = None,
) -> PromoCode:
    """A promo code of that operator."""
    terms = PromoTerms(code, kind, value, route_id, valid_from, valid_to, most_uses, most_per_contact)
    made = PromoCode(operator.id, new_id(), terms, 1, hub.clock.now(), None)
    async with hub.database.tenant(operator.id) as connection:
        await store.insert_code(connection, made)
    return made


def person(number: int) -> Contact:
    """Somebody with a phone and an address of their own."""
    return Contact(f"Person {number}", f"+7914000{number:04}", f"person{number}@example.org", "en")
