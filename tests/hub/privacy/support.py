"""A traveller nobody could confuse with anybody, put everywhere the product keeps something of a traveller."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from kamhub.hub.booking import actions as bookings
from kamhub.hub.booking.actions import HeldBooking
from kamhub.hub.booking.types import Consent, Contact, Passenger
from kamhub.hub.payment import settle
from kamhub.hub.payment.settle import Settling
from kamhub.hub.payment.types import Notification, PaymentAccount
from kamhub.hub.privacy.texts import CURRENT
from kamhub.hub.privacy.types import Traveller
from kamhub.hub.services import Hub
from kamhub.kit.clock import ManualClock
from kamhub.kit.money import Money
from kamhub.platform.access.permissions import permissions_of
from kamhub.platform.audit.types import Trail
from kamhub.platform.person.types import Staff
from tests.builders import Operator, World

CANARY = Contact("Кенарь Жёлтый", "+79145550911", "canary.yellow@example.org", "ru")
TRAVELLER = Traveller(CANARY.email, CANARY.phone)
FLOCK = (Passenger("Кенарь Жёлтый", "7701 998877", "adult"), Passenger("Птенец Кенарев", None, "child"))
# What must be found nowhere afterwards, in whatever case it was written.
TRACES = ("кенар", "птенец", "79145550911", "canary.yellow", "998877")
CONSENT = Consent(CURRENT, "ru", "page")


@dataclass(frozen=True, slots=True)
class Scene:
    """The hub with a clock that can be moved."""

    hub: Hub
    world: World
    clock: ManualClock


def staff_of(operator: Operator) -> Staff:
    """The operator's owner, at work."""
    trail = Trail("person", operator.people["owner"], "Owner", "192.0.2.7", "tests", "request-1")
    return Staff(operator.id, permissions_of("owner"), trail, "owner")


async def book(
    scene: Scene,
    *,
    operator: Operator | None = None,
    contact: Contact = CANARY,
    departs_in: timedelta = timedelta(days=1),
) -> HeldBooking:
    """A booking of the canary, not yet paid."""
    scene.world.now = scene.clock.now()
    departure = scene.world.departure(operator=operator, departs_in=departs_in)
    held = await bookings.hold(scene.hub, departure_id=departure, passengers=2, channel="page")
    await bookings.book(
        scene.hub,
        held.access,
        contact=contact,
        passenger_list=FLOCK,
        special_requests="Кенарь любит окно",
        consent=CONSENT,
    )
    return held


async def pay(
    scene: Scene, operator: Operator, held: HeldBooking, transaction: int, *, authorized: bool = False
) -> None:
    """The provider says that the booking was paid by a card that ends in 4242."""
    assert operator.account is not None
    account = PaymentAccount(operator.id, operator.account, "pk_test", operator.api_secret, "demo")
    amount = Money(held.booking.total.amount, "RUB")
    told = Notification(
        "pay",
        transaction,
        amount,
        held.booking.code,
        None,
        test=True,
        authorized_only=authorized,
        card_last_four="4242",
    )
    async with scene.hub.database.tenant(operator.id) as connection:
        await settle.settle_payment(Settling(connection, account, scene.clock.now(), production=False), told)


async def whole_life(scene: Scene, operator: Operator) -> dict[str, UUID]:
    """Everything that can come of the canary's bookings, each over by now: travelled, cancelled with money back, lapsed,
    rejected with words; and one that was somebody else's in the end."""
    hub = scene.hub
    lapsed = await book(scene, operator=operator)
    made = {"lapsed": lapsed.booking.id}
    if operator.account is not None:
        travelled = await book(scene, operator=operator)
        await pay(scene, operator, travelled, 1)
        cancelled = await book(scene, operator=operator, departs_in=timedelta(days=3))
        await pay(scene, operator, cancelled, 2)
        await bookings.cancel(hub, cancelled.access, "Кенарь заболел, звоните +79145550911")
        made |= {"travelled": travelled.booking.id, "cancelled": cancelled.booking.id}
    rejected = await book(scene, operator=operator)
    await bookings.decide(
        hub, rejected.access, trail=staff_of(operator).trail, confirm=False, message="Кенарь, мест нет"
    )
    handed_on = await book(scene, operator=operator)
    other = Contact("Иван Сойкин", "+79145550000", "ivan@example.org", "ru")
    await bookings.book(hub, handed_on.access, contact=other)
    return made | {"rejected": rejected.booking.id, "handed_on": handed_on.booking.id}


def settle_everything(scene: Scene) -> None:
    """Mails have gone out, refunds have come through, the provider has found fault with an order; then days go by."""
    scene.world.execute("UPDATE messages SET sent_at = created_at WHERE kind <> 'cancelled'")
    scene.world.execute("UPDATE refunds SET status = 'completed', settled_at = requested_at")
    scene.world.execute(
        "WITH entry AS (INSERT INTO ledger_entries (organisation_id, id, at, kind, source, booking_id, payment_id, refund_id) "
        "SELECT organisation_id, gen_random_uuid(), settled_at, 'refund', 'refund:' || id, booking_id, payment_id, id "
        "FROM refunds ON CONFLICT DO NOTHING RETURNING organisation_id, id, refund_id) "
        "INSERT INTO ledger_lines SELECT e.organisation_id, e.id, line.account, line.sign * r.amount, r.currency "
        "FROM entry e JOIN refunds r ON r.id = e.refund_id "
        "CROSS JOIN (VALUES ('travellers', 1), ('provider', -1)) AS line (account, sign)"
    )
    scene.world.execute("UPDATE payment_orders SET status = 'refused', error = 'bad address canary.yellow@example.org'")
    scene.world.execute(
        "INSERT INTO cases (organisation_id, id, kind, booking_id, details, opened_at) "
        "SELECT organisation_id, gen_random_uuid(), 'order_refused', booking_id, "
        """'{"message": "bad address canary.yellow@example.org"}', created_at FROM payment_orders"""
    )
    scene.clock.advance(timedelta(days=7))
