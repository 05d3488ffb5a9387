"""Calls to the CloudPayments API. Never made while a transaction is open.

``Success`` in a reply tells whether the call was accepted, not whether money moved.
Source: developers.cloudpayments.ru, "API".
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import stamina
import structlog

from kamhub.hub.payment.models import read_operation
from kamhub.hub.payment.types import Operation, OrderLink, PaymentAccount
from kamhub.kit.money import Money
from kamhub.platform.monitoring import traces
from kamhub.platform.outbound.client import trust
from kamhub.platform.service_call.types import Noting, Service

log = structlog.get_logger(__name__)

MOST_PAGES = 1000
SERVICE = 4  # tag 1212
SERVICE_NAME: Service = "cloudpayments"
_NOT_REACHED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class ProviderUnavailable(Exception):
    """No usable answer: the call may or may not have been carried out; repeat it with the same request id."""


class ProviderUnreachable(ProviderUnavailable):
    """No connection could be made, or there was no room for the call (429): it was surely not carried out."""


class ProviderRefused(Exception):
    """The provider answered that it will not do it; the text is its message."""


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """What ``orders/create`` needs. ``request_id`` makes a repeat return the same order (for an hour)."""

    request_id: UUID
    amount: Money
    invoice: str
    payer: str
    email: str
    description: str
    locale: str
    success_url: str
    fail_url: str
    two_stage: bool = False


@dataclass(frozen=True, slots=True)
class ReceiptRequest:
    """What ``kkt/receipt`` needs: one line of a service, money in minor units.

    ``method`` is tag 1214 (1: prepaid whole, 4: settled whole); a settled line is paid from the ``advance``. ``vat`` and
    ``taxation_system`` are the provider's numbers; None is "without VAT", and the system the register is set to.
    """

    request_id: UUID
    income: bool
    invoice: str
    payer: str
    email: str
    label: str
    amount: Money
    method: int
    advance: bool
    vat: int | None
    taxation_system: int | None


class CloudPaymentsClient:
    """One HTTP client a process. ``transport`` replaces the network; ``notes`` are told how each call went."""

    def __init__(
        self,
        base_url: str,
        *,
        timeout_seconds: float = 10.0,
        transport: httpx.AsyncBaseTransport | None = None,
        notes: Noting | None = None,
    ) -> None:
        self._notes = notes
        timeout = httpx.Timeout(timeout_seconds, connect=3.0)
        self._http = httpx.AsyncClient(
            base_url=base_url,
            timeout=timeout,
            follow_redirects=False,
            trust_env=False,
            verify=trust(),
            transport=transport,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def create_order(self, account: PaymentAccount, order: OrderRequest) -> OrderLink:
        """Make a payment link. Raises ``ProviderRefused`` or ``ProviderUnavailable``."""
        model = await self._call(
            account,
            "/orders/create",
            order.request_id,
            {
                "Amount": f"{order.amount.major():.2f}",
                "Currency": order.amount.currency,
                "Description": order.description,
                "Email": order.email,
                "InvoiceId": order.invoice,
                "AccountId": order.payer,
                "RequireConfirmation": order.two_stage,
                "SendEmail": False,
                "CultureName": "en-US" if order.locale == "en" else "ru-RU",
                "SuccessRedirectUrl": order.success_url,
                "FailRedirectUrl": order.fail_url,
            },
        )
        number, url = model.get("Id"), model.get("Url")
        if not isinstance(number, str) or not isinstance(url, str) or not url.startswith(("https://", "http://")):
            raise ProviderUnavailable("the reply to orders/create has no link")
        return OrderLink(number, url)

    async def refund(self, account: PaymentAccount, request_id: UUID, transaction_id: int, amount: Money) -> int:
        """Return money of a payment; the refund's own transaction id. Raises as ``create_order``."""
        model = await self._call(
            account,
            "/payments/refund",
            request_id,
            {"TransactionId": transaction_id, "Amount": f"{amount.major():.2f}"},
        )
        try:
            return int(model["TransactionId"])
        except (KeyError, TypeError, ValueError):
            raise ProviderUnavailable("the reply to payments/refund has no transaction id") from None

    async def confirm(self, account: PaymentAccount, request_id: UUID, transaction_id: int, amount: Money) -> None:
        """Take money that was set aside. Raises as ``create_order``."""
        body = {"TransactionId": transaction_id, "Amount": f"{amount.major():.2f}"}
        await self._call(account, "/payments/confirm", request_id, body)

    async def void(self, account: PaymentAccount, request_id: UUID, transaction_id: int) -> None:
        """Let money go that was set aside. Raises as ``create_order``."""
        await self._call(account, "/payments/void", request_id, {"TransactionId": transaction_id})

    async def operation(self, account: PaymentAccount, transaction_id: int) -> Operation:
        """What the provider says of a transaction now. Raises as ``create_order``."""
        reply = await self._reply(account, "/payments/get", None, {"TransactionId": transaction_id})
        model = reply.get("Model")
        # A declined one is told with ``Success`` false and a model.
        found = read_operation(model) if isinstance(model, dict) else None
        if found is None:
            raise ProviderRefused(_message(reply))
        return found

    async def operations(self, account: PaymentAccount, since: datetime, until: datetime) -> list[Operation]:
        """Everything the provider did between two moments, page by page. Raises as ``create_order``."""
        found: dict[int, Operation] = {}
        for number in range(1, MOST_PAGES + 1):
            body = {"CreatedDateGte": _iso(since), "CreatedDateLte": _iso(until), "PageNumber": number}
            reply = await self._reply(account, "/v2/payments/list", None, body)
            rows = reply.get("Model")
            if not reply.get("Success") or not isinstance(rows, list):
                raise ProviderRefused(_message(reply))
            page = [read for row in rows if isinstance(row, dict) and (read := read_operation(row)) is not None]
            fresh = [one for one in page if one.transaction_id not in found]
            found.update((one.transaction_id, one) for one in fresh)
            # A page that tells nothing new is the last one, whatever it holds.
            if not fresh:
                return list(found.values())
        raise ProviderUnavailable("the list of operations does not end")

    async def receipt(self, account: PaymentAccount, receipt: ReceiptRequest) -> str:
        """Ask the cash register for a receipt; its id at the provider.

        Raises as ``create_order``, and ``ProviderUnreachable``.
        """
        model = await self._call(account, "/kkt/receipt", receipt.request_id, receipt_body(receipt))
        number = model.get("Id")
        if not isinstance(number, str) or not number:
            raise ProviderUnavailable("the reply to kkt/receipt has no id")
        return number

    async def receipt_status(self, account: PaymentAccount, number: str) -> str:
        """``Queued``, ``Processed``, ``Error`` or ``NotFound``. Raises as ``create_order``."""
        reply = await self._reply(account, "/kkt/receipt/status/get", None, {"Id": number})
        status = reply.get("Model")
        if not reply.get("Success") or not isinstance(status, str):
            raise ProviderRefused(_message(reply))
        return status

    async def _call(
        self, account: PaymentAccount, path: str, request_id: UUID, body: Mapping[str, object]
    ) -> dict[str, Any]:
        """The model of a call that was accepted."""
        reply = await self._reply(account, path, request_id, body)
        if not reply.get("Success"):
            raise ProviderRefused(_message(reply))
        model = reply.get("Model")
        return model if isinstance(model, dict) else {}

    async def _reply(
        self, account: PaymentAccount, path: str, request_id: UUID | None, body: Mapping[str, object]
    ) -> dict[str, Any]:
        try:
            reply = await self._asked(account, path, request_id, body)
        except (
            ProviderUnavailable,
            ProviderRefused,
        ) as error:  # of the call itself: a refusal of what is asked has a reply
            if self._notes is not None:
                await self._notes.failed(account.organisation_id, SERVICE_NAME, str(error))
            raise
        if self._notes is not None:
            await self._notes.answered(account.organisation_id, SERVICE_NAME)
        return reply

    async def _asked(
        self, account: PaymentAccount, path: str, request_id: UUID | None, body: Mapping[str, object]
    ) -> dict[str, Any]:
        failures: list[httpx.TransportError] = []
        try:
            return await self._attempt(account, path, request_id, body, failures)
        except httpx.TransportError as error:
            arrived = not all(isinstance(failure, _NOT_REACHED) for failure in failures)
            kind = ProviderUnavailable if arrived else ProviderUnreachable
            raise kind(f"{path}: {type(error).__name__}") from error
        except httpx.HTTPError as error:
            raise ProviderUnavailable(f"{path}: {type(error).__name__}") from error

    @stamina.retry(on=httpx.TransportError, attempts=2, timeout=12.0, wait_initial=0.2, wait_max=1.0)
    async def _attempt(
        self,
        account: PaymentAccount,
        path: str,
        request_id: UUID | None,
        body: Mapping[str, object],
        failures: list[httpx.TransportError],
    ) -> dict[str, Any]:
        """One try; why it failed on the way is added to ``failures``."""
        started, status = time.perf_counter(), 0
        try:
            with traces.span(f"POST {path}", "client", {"server.address": self._http.base_url.host}) as span:
                response = await self._http.post(
                    path,
                    json=body,
                    auth=(account.public_id, account.api_secret),
                    headers={"X-Request-ID": str(request_id)} if request_id is not None else {},
                )
                traces.answered(span, response.status_code)
        except httpx.TransportError as failure:
            failures.append(failure)
            raise
        else:
            status = response.status_code
        finally:
            log.info("outbound_call", path=path, status=status, seconds=round(time.perf_counter() - started, 3))
        if response.status_code == httpx.codes.UNAUTHORIZED:
            raise ProviderRefused("the public id and API secret of the account are not accepted")
        if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise ProviderUnreachable(f"{path}: too many requests")
        response.raise_for_status()
        try:
            reply = response.json()
        except ValueError:
            raise ProviderUnavailable(f"{path}: the reply is not JSON") from None
        return reply if isinstance(reply, dict) else {}


def receipt_body(receipt: ReceiptRequest) -> dict[str, object]:
    """The body of ``kkt/receipt``: the INN is the one the register has."""
    amount = float(receipt.amount.major())
    item = {
        "label": receipt.label[:128],
        "price": amount,
        "quantity": 1,
        "amount": amount,
        "vat": receipt.vat,
        "method": receipt.method,
        "object": SERVICE,
    }
    paid = {"electronic": 0, "advancePayment": amount} if receipt.advance else {"electronic": amount}
    told: dict[str, object] = {"Items": [item], "email": receipt.email or None, "amounts": paid}
    if receipt.taxation_system is not None:
        told["taxationSystem"] = receipt.taxation_system
    return {
        "Type": "Income" if receipt.income else "IncomeReturn",
        "InvoiceId": receipt.invoice,
        "AccountId": receipt.payer,
        "CustomerReceipt": told,
    }


def _message(reply: Mapping[str, object]) -> str:
    return str(reply.get("Message") or "refused without a message")[:300]


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
