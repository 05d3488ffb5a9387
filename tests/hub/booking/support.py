"""What the tests of a booking's life share."""

from __future__ import annotations

from uuid import UUID

from kamhub.hub.booking.types import Contact, Passenger
from kamhub.hub.payment import settle
from kamhub.hub.payment.client import CloudPaymentsClient, OrderRequest, ProviderUnavailable
from kamhub.hub.payment.settle import Settling
from kamhub.hub.payment.types import Notification, OrderLink, PaymentAccount
from kamhub.hub.services import Hub
from kamhub.kit.money import Money
from kamhub.platform.audit.types import Trail
from tests.builders import Operator

DISPATCHER = Trail("person", UUID(int=7), "Dispatcher")
ANNA = Contact("Анна Ёлкина", "+79141234567", "anna@example.org", "ru")
PARTY = (Passenger("Анна Ёлкина", "7701 123456", "adult"), Passenger("Щукин Ждан", None, "child"))


class FakeProvider(CloudPaymentsClient):
    """A payment service that answers from memory; ``away`` makes it unreachable."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:9")
        self.away = False
        self.asked: list[OrderRequest] = []

    async def create_order(self, account: PaymentAccount, order: OrderRequest) -> OrderLink:
        if self.away:
            raise ProviderUnavailable("away")
        self.asked.append(order)
        return OrderLink(f"order-{len(self.asked)}", f"https://pay.test/{order.invoice}")


async def pay(hub: Hub, operator: Operator, code: str, amount: int, transaction: int) -> None:
    """The provider says that a payment was completed."""
    assert operator.account is not None
    account = PaymentAccount(operator.id, operator.account, "pk_test", operator.api_secret, "demo")
    told = Notification("pay", transaction, Money(amount, "RUB"), code, None, test=True)
    async with hub.database.tenant(operator.id) as connection:
        await settle.settle_payment(Settling(connection, account, hub.clock.now(), production=False), told)


def tampered(token: str, position: int) -> str:
    """The token with one character changed."""
    other = "A" if token[position] != "A" else "B"
    return token[:position] + other + token[position + 1 :]


NOBODY = UUID(int=404)
