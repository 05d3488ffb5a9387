"""What the tests of money share: a payment service in memory, and the notifications it sends."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import httpx

from kamhub.hub.booking import actions as bookings
from kamhub.hub.booking.actions import HeldBooking
from kamhub.hub.booking.types import Booking
from kamhub.hub.integrity.store.promises import INVARIANTS
from kamhub.hub.payment import actions
from kamhub.hub.payment.signature import sign
from kamhub.hub.payment.types import NotificationKind
from kamhub.hub.services import Hub
from tests.builders import World
from tests.hub.booking.support import ANNA

FORM = "application/x-www-form-urlencoded"
BASE = {
    "TransactionId": "1001",
    "Amount": "2500.00",
    "Currency": "RUB",
    "PaymentAmount": "2500.00",
    "PaymentCurrency": "RUB",
    "DateTime": "2026-11-24 00:01:02",
    "CardFirstSix": "424242",
    "CardLastFour": "4242",
    "CardType": "Visa",
    "CardExpDate": "12/29",
    "TestMode": "1",
    "Name": "",
}
SHORT = {"TransactionId": "1001", "Amount": "2500.00", "DateTime": "2026-11-24 00:01:02"}
BODIES: dict[str, dict[str, str]] = {
    "check": BASE | {"Status": "Completed", "OperationType": "Payment"},
    "pay": BASE | {"Status": "Completed", "OperationType": "Payment", "GatewayName": "Test", "AuthCode": "A1"},
    "fail": BASE | {"Reason": "InsufficientFunds", "ReasonCode": "5051", "OperationType": "Payment"},
    "confirm": BASE | {"Status": "Completed", "AuthCode": "A1"},
    "cancel": dict(SHORT),
    "refund": SHORT | {"TransactionId": "9001", "PaymentTransactionId": "1001", "OperationType": "Refund"},
    "receipt": {"Id": "1", "Inn": "4101", "Type": "Income", "TransactionId": "1001", "Amount": "2500.00"},
    "recurrent": {"Id": "sc_1", "AccountId": "a", "Amount": "2500.00", "Currency": "RUB", "Status": "Active"},
}


class Provider(httpx.AsyncBaseTransport):
    """The service itself, in memory: what it was asked is kept, a request id is carried out once.

    ``failures`` are raised or answered first, one a call.
    """

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any], str]] = []
        self.failures: list[Exception | httpx.Response] = []
        self.done: dict[str, dict[str, Any]] = {}
        self.before_answer: Callable[[], Awaitable[object]] | None = None
        self.transactions: dict[int, dict[str, Any]] = {}
        self.receipts: dict[str, str] = {}
        self.page_size = 100

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request_id = request.headers.get("x-request-id", "")
        body = json.loads(request.content)
        self.calls.append((request.url.path, body, request_id))
        if self.failures:
            failure = self.failures.pop(0)
            if isinstance(failure, Exception):
                raise failure
            return failure
        if not request_id:
            return httpx.Response(200, json=self._read(request.url.path, body))
        if request_id not in self.done:
            self.done[request_id] = self._carry_out(request.url.path, body)
        if self.before_answer is not None:
            await self.before_answer()
        return httpx.Response(200, json={"Success": True, "Message": None, "Model": self.done[request_id]})

    def _carry_out(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        number = len(self.done) + 1
        if path == "/orders/create":
            return {"Id": f"order-{number}", "Url": f"https://orders.test/d/{number}"}
        if path == "/kkt/receipt":
            self.receipts[f"receipt-{number}"] = "Queued"
            return {"Id": f"receipt-{number}"}
        if path in ("/payments/confirm", "/payments/void"):
            status = "Completed" if path == "/payments/confirm" else "Cancelled"
            self.list(int(body["TransactionId"]), body.get("Amount", "2500.00"), Status=status)
            return {}
        self.list(9000 + number, body["Amount"], OperationType="Refund", OriginalTransactionId=body["TransactionId"])
        return {"TransactionId": 9000 + number}

    def list(self, number: int, amount: str = "2500.00", **fields: Any) -> None:
        """A transaction as the service lists it, at an hour of the tests."""
        at = "2026-11-23T18:00:00"
        model = {"TransactionId": number, "OperationType": "Payment", "Amount": float(amount), "Currency": "RUB"}
        more = {"Status": "Completed", "CreatedDateIso": at, "TestMode": True}
        self.transactions[number] = self.transactions.get(number, {}) | model | more | fields

    def _read(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        if path == "/v2/payments/list":
            first = (body["PageNumber"] - 1) * self.page_size
            page = sorted(self.transactions.items())[first : first + self.page_size]
            return {"Success": True, "Model": [model for _, model in page]}
        if path == "/kkt/receipt/status/get":
            return {"Success": True, "Model": self.receipts.get(body["Id"], "NotFound")}
        found = self.transactions.get(int(body["TransactionId"]))
        return {"Success": bool(found), "Message": None if found else "Not found", "Model": found}


def refusal(message: str | None = "Declined") -> httpx.Response:
    """The answer of a service that will not."""
    return httpx.Response(200, json={"Success": False, "Message": message})


@dataclass
class Till:
    """An operator's till: makes bookings, sends it what the provider would, and looks at what is stored."""

    hub: Hub
    world: World
    provider: Provider
    replies: list[int] = field(default_factory=list)

    async def held(self, departure: UUID | None = None, passengers: int = 1) -> HeldBooking:
        """A hold that nobody has put a name to, on a departure of its own unless one is given."""
        place = departure or self.world.departure()
        return await bookings.hold(self.hub, departure_id=place, passengers=passengers, channel="api")

    async def booked(self, departure: UUID | None = None, passengers: int = 1) -> Booking:
        """A booking that waits for its money: 2,500 roubles a seat."""
        held = await self.held(departure, passengers)
        return await bookings.book(self.hub, held.access, contact=ANNA)

    async def send(
        self, kind: NotificationKind, fields: Mapping[str, str], *, as_json: bool = False, hub: Hub | None = None
    ) -> int:
        """A truly signed notification; the code it is answered with."""
        body = json.dumps(fields).encode() if as_json else urlencode(fields).encode()
        return await self.send_raw(kind, body, "application/json" if as_json else FORM, hub)

    async def send_raw(
        self, kind: NotificationKind, body: bytes, content_type: str = FORM, hub: Hub | None = None
    ) -> int:
        account = self.world.main.account
        assert account is not None
        signature = sign(self.world.main.api_secret, body)
        return await actions.receive(hub or self.hub, account, kind, body, content_type, signature, None)

    async def tell(self, kind: NotificationKind, booking: Booking, **changes: str) -> int:
        """A notification of that kind about the booking. A field of the value ``-`` is left out."""
        fields = BODIES[kind] | {"InvoiceId": booking.code, "AccountId": str(booking.id)}
        total = f"{booking.total.major():.2f}"
        fields = {name: value for name, value in (fields | {"Amount": total} | changes).items() if value != "-"}
        return await self.send(kind, fields)

    def booking(self, booking: Booking) -> tuple[Any, ...]:
        """``status, paid, refunded`` as stored."""
        return self.world.rows("SELECT status, paid, refunded FROM bookings WHERE id = %s", booking.id)[0]

    def payments(self) -> list[tuple[Any, ...]]:
        """``transaction, status, accepted`` of all payments."""
        return self.world.rows("SELECT transaction_id, status, accepted FROM payments ORDER BY transaction_id")

    def refunds(self) -> list[tuple[Any, ...]]:
        """``amount, status, provider's transaction`` of all refunds."""
        return self.world.rows("SELECT amount, status, refund_transaction_id FROM refunds ORDER BY requested_at")

    def cases(self) -> list[str]:
        """Kinds of all cases, in order."""
        return [str(row[0]) for row in self.world.rows("SELECT kind FROM cases ORDER BY opened_at, id")]

    def messages(self) -> list[str]:
        """Kinds of all messages, in order."""
        return [str(row[0]) for row in self.world.rows("SELECT kind FROM messages ORDER BY created_at, id")]

    def confirmations(self, booking: Booking) -> int:
        """How many events say that the booking became confirmed."""
        query = "SELECT count(*) FROM booking_events WHERE booking_id = %s AND to_status = 'confirmed'"
        count = self.world.rows(query, booking.id)[0][0]
        assert isinstance(count, int)
        return count

    def expires_at(self, booking: Booking) -> Any:
        return self.world.rows("SELECT expires_at FROM bookings WHERE id = %s", booking.id)[0][0]

    def jobs(self, name: str) -> list[dict[str, str]]:
        """Arguments of the waiting jobs of that name."""
        rows = self.world.rows("SELECT args -> 'with' FROM procrastinate_jobs WHERE task_name = %s ORDER BY id", name)
        return [dict(row[0]) for row in rows]  # type: ignore[call-overload]

    def broken(self) -> list[str]:
        """Names of the promises that are broken."""
        return [promise.name for promise in INVARIANTS if self.world.rows(promise.query) != [(0,)]]

    def balances(self, booking: Booking | None = None) -> dict[str, int]:
        """What the accounts hold, those with nothing left out; of one booking when it is given."""
        rows = self.world.rows(
            "SELECT l.account, sum(l.amount)::bigint FROM ledger_lines l JOIN ledger_entries e ON e.id = l.entry_id "
            "WHERE %s::uuid IS NULL OR e.booking_id = %s GROUP BY l.account HAVING sum(l.amount) <> 0",
            booking and booking.id,
            booking and booking.id,
        )
        return {str(account): int(str(amount)) for account, amount in rows}

    def snapshot(self) -> dict[str, int]:
        """Rows of every table money can touch."""
        names = (
            "payments",
            "payment_events",
            "payment_notifications",
            "refunds",
            "cases",
            "messages",
            "booking_events",
            "procrastinate_jobs",
        )
        query = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM {name}" for name in names)
        return {str(name): int(str(count)) for name, count in self.world.rows(query)}
