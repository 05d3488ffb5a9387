"""Whatever happens to money, in whatever order, every promise of ``kamhub check`` is kept."""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from kamhub.hub.booking import actions as bookings
from kamhub.hub.booking.types import Booking
from kamhub.hub.disruption import actions as disruptions
from kamhub.hub.disruption.jobs import JOBS as DISRUPTION_JOBS
from kamhub.hub.disruption.types import Decision
from kamhub.hub.ledger import actions as ledger
from kamhub.hub.money import actions as money
from kamhub.hub.move import actions as moves
from kamhub.hub.move.types import MoveWish
from kamhub.hub.payment import jobs
from kamhub.hub.services import Hub
from kamhub.kit.clock import ManualClock
from kamhub.kit.errors import Refusal
from kamhub.kit.money import Money
from kamhub.platform.audit.types import Trail
from kamhub.platform.person.types import Staff
from tests.hub.payment.support import Till, refusal
from tests.hub.payment.test_payment_settle import access
from tests.work import work_off

STEPS = 35


@dataclass
class Context:
    hub: Hub


@dataclass
class Season:
    """Bookings of one operator, and everything that may happen to their money."""

    till: Till
    clock: ManualClock
    dice: random.Random
    booked: list[Booking] = field(default_factory=list)
    transaction: int = 1000

    @property
    def staff(self) -> Staff:
        operator = self.till.world.main
        trail = Trail("person", operator.people["owner"], "Owner")
        return Staff(operator.id, frozenset(), trail, "owner")

    def some(self) -> Booking:
        return self.dice.choice(self.booked)

    async def book(self) -> None:
        self.booked.append(await self.till.booked(self.dice.choice(self.departures)))

    async def charge(self) -> None:
        self.transaction += 1
        amount = {} if self.dice.random() < 0.8 else {"Amount": "1000.00"}
        await self.till.tell("pay", self.some(), TransactionId=str(self.transaction), TotalFee="20.00", **amount)

    async def repeat(self) -> None:
        await self.till.tell("pay", self.some(), TransactionId=str(self.dice.randint(1000, self.transaction + 1)))

    async def refunded_elsewhere(self) -> None:
        number = str(self.dice.randint(1001, self.transaction + 1))
        booking, refund = self.some(), str(7000 + self.dice.randint(0, 30))
        paid = self.till.world.rows(
            "SELECT p.amount - p.charged_back - coalesce((SELECT sum(amount) FROM refunds r WHERE r.payment_id = p.id "
            "AND r.status <> 'refused'), 0) FROM payments p WHERE transaction_id = %s AND status = 'completed'",
            int(number),
        )
        if paid and int(str(paid[0][0])) >= 50_000:  # the provider never returns more than there is
            told = {"TransactionId": refund, "PaymentTransactionId": number, "Amount": "500.00"}
            await self.till.tell("refund", booking, **told)

    async def part(self) -> None:
        await money.refund(
            self.till.hub, self.staff, booking_id=self.some().id, amount=Money(30_000, "RUB"), reason="x y"
        )

    async def whole(self) -> None:
        await money.refund(self.till.hub, self.staff, booking_id=self.some().id, reason="all of it")

    async def cancel(self) -> None:
        await bookings.cancel(self.till.hub, access(self.some()), None)

    async def taken_by_hand(self) -> None:
        back = self.dice.random() < 0.3
        await money.collect(self.till.hub, self.staff, self.some().id, amount=None, till=None, back=back)

    async def chargeback(self) -> None:
        rows = self.till.world.rows("SELECT id FROM payments WHERE status = 'completed' ORDER BY transaction_id")
        if rows:
            payment = self.dice.choice(rows)[0]
            await money.charge_back(self.till.hub, self.staff, payment, amount=Money(10_000, "RUB"), note=None)  # type: ignore[arg-type]

    async def move(self) -> None:
        how = self.dice.choice(["keep", "refund", "collect"])
        wish = MoveWish(self.dice.choice(self.departures), difference=how)  # type: ignore[arg-type]
        await moves.move(self.till.hub, self.staff, self.some().id, wish)

    async def weather(self) -> None:
        rebook = self.dice.choice(["nearest", "refund"])
        departure = self.dice.choice(self.departures)
        decision = Decision(rebook=rebook, departure_ids=(departure,), weather=True)  # type: ignore[arg-type]
        await disruptions.decide(self.till.hub, self.staff, decision)
        await work_off(self.till.hub.database, DISRUPTION_JOBS, Context(self.till.hub))

    async def work(self) -> None:
        if self.dice.random() < 0.2:
            self.till.provider.failures.append(refusal("Not enough money"))
        await work_off(self.till.hub.database, jobs.JOBS, Context(self.till.hub), crash=self.dice.random() < 0.2)

    async def time(self) -> None:
        self.clock.advance(timedelta(minutes=self.dice.choice([5, 20, 60 * 20])))

    async def earn(self) -> None:
        await ledger.earn_all(self.till.hub)

    def __post_init__(self) -> None:
        self.departures = [self.till.world.departure(departs_in=timedelta(days=1 + day)) for day in range(5)]


@pytest.mark.parametrize("seed", range(4))
async def test_any_sequence_keeps_every_promise(till: Till, clock: ManualClock, seed: int) -> None:
    season = Season(till, clock, random.Random(seed))
    steps = (
        season.charge, season.charge, season.charge, season.repeat, season.refunded_elsewhere, season.part, season.whole,
        season.cancel, season.taken_by_hand, season.chargeback, season.work, season.work, season.time, season.earn, season.book,
        season.move, season.move, season.weather,
    )  # fmt: skip
    await season.book()
    await season.book()
    done = []
    for _ in range(STEPS):
        step = season.dice.choice(steps)
        done.append(step.__name__)
        with suppress(Refusal, LookupError):
            await step()
        assert till.broken() == [], done
    clock.advance(timedelta(days=10))
    await ledger.earn_all(till.hub)
    till.provider.failures.clear()
    await work_off(till.hub.database, jobs.JOBS, Context(till.hub))
    assert till.broken() == [], done
    assert till.world.rows("SELECT sum(amount) FROM ledger_lines") in ([(0,)], [(None,)])
