"""Calls to the CloudPayments API. Never made while a transaction is open.

``Success`` in a reply tells whether the call was accepted, not whether money moved.
Source: developers.cloudpayments.ru, "API".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import stamina

from kamhub.hub.payment.types import OrderLink, PaymentAccount
from kamhub.kit.money import Money


class ProviderUnavailable(Exception):
    """No usable answer: the call may or may not have been carried out; repeat it with the same request id."""


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


class CloudPaymentsClient:
    """One HTTP client a process. ``transport`` replaces the network."""

    def __init__(
        self, base_url: str, *, timeout_seconds: float = 10.0, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        timeout = httpx.Timeout(timeout_seconds, connect=3.0)
        self._http = httpx.AsyncClient(
            base_url=base_url, timeout=timeout, follow_redirects=False, trust_env=False, transport=transport
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
                "RequireConfirmation": False,
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

    async def _call(
        self, account: PaymentAccount, path: str, request_id: UUID, body: Mapping[str, object]
    ) -> dict[str, Any]:
        try:
            return await self._attempt(account, path, request_id, body)
        except httpx.HTTPError as error:
            raise ProviderUnavailable(f"{path}: {type(error).__name__}") from error

    @stamina.retry(on=httpx.TransportError, attempts=2, timeout=12.0, wait_initial=0.2, wait_max=1.0)
    async def _attempt(
        self, account: PaymentAccount, path: str, request_id: UUID, body: Mapping[str, object]
    ) -> dict[str, Any]:
        response = await self._http.post(
            path,
            json=body,
            auth=(account.public_id, account.api_secret),
            headers={"X-Request-ID": str(request_id)},
        )
        if response.status_code == httpx.codes.UNAUTHORIZED:
            raise ProviderRefused("the public id and API secret of the account are not accepted")
        response.raise_for_status()
        try:
            reply = response.json()
        except ValueError:
            raise ProviderUnavailable(f"{path}: the reply is not JSON") from None
        if not isinstance(reply, dict) or not reply.get("Success"):
            message = reply.get("Message") if isinstance(reply, dict) else None
            raise ProviderRefused(str(message or "refused without a message")[:300])
        model = reply.get("Model")
        return model if isinstance(model, dict) else {}
