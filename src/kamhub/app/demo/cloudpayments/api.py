"""The CloudPayments API: authentication, idempotency, the endpoints and the shapes of their replies."""

from __future__ import annotations

import base64
import binascii
import hmac
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qsl

from . import kassa
from .actions import Step, Terminal
from .faults import OF_CALLS, Faults
from .fields import Fields, Unreadable, parse_body
from .models import order_model, transaction_model
from .rules import day_bounds, instant
from .settings import Settings
from .store import Store
from .types import Fault, FaultKind, OrderDraft, Refusal, Transaction, TransactionStatus
from .web import Request, Response, json_response, to_json

Endpoint = Callable[["Api", Terminal, Fields], dict[str, object]]
_CULTURE_LENGTH = 10
PAGE_SIZE = 100


def envelope(success: bool, message: str | None = None, **model: object) -> dict[str, object]:
    """Make the envelope of every reply; ``Model=...`` adds the model."""
    return {**model, "Success": success, "Message": message}


def authorised(request: Request, settings: Settings) -> bool:
    """Compare HTTP Basic credentials with the public id and the API secret, in constant time."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        given = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(given, f"{settings.public_id}:{settings.api_secret}".encode())


def unauthorised() -> Response:
    """Answer wrong or missing credentials."""
    headers = {"WWW-Authenticate": 'Basic realm="CloudPayments demo stand-in"'}
    return Response(HTTPStatus.UNAUTHORIZED, b"demo: wrong credentials", "text/plain; charset=utf-8", headers)


@dataclass(frozen=True, slots=True)
class Api:
    """Answers API calls; ``base_url`` is where the payment pages are."""

    store: Store
    settings: Settings
    base_url: str
    faults: Faults
    sleep: Callable[[float], object] = time.sleep

    def call(self, request: Request, now: float) -> Response:
        """Run one endpoint in one transaction, or replay the answer its X-Request-ID got before. Faults come first."""
        if not authorised(request, self.settings):
            return unauthorised()
        fault = self.faults.take(request.path, OF_CALLS)
        if fault is None:
            return self._call(request, now)
        if fault.what is FaultKind.REFUSE:
            return json_response(to_json(envelope(False, fault.message)))
        self.sleep(fault.seconds)
        broken = Response(HTTPStatus(fault.status), b"demo: a fault was ordered", "text/plain; charset=utf-8")
        if fault.what is FaultKind.FAIL:
            return broken
        answer = self._call(request, now)
        return broken if fault.what is FaultKind.LOSE_ANSWER else answer

    def _call(self, request: Request, now: float) -> Response:
        try:
            fields = parse_body(request.headers.get("content-type", ""), request.body)
        except Unreadable as error:
            return json_response(to_json(envelope(False, str(error))), HTTPStatus.BAD_REQUEST)
        request_id = request.headers.get("x-request-id", "")
        with self.store.transaction():
            kept = self.store.replay(request_id, now) if request_id else None
            if kept is not None:
                return json_response(kept)
            reply = to_json(self._answer(request.path, fields, now))
            if request_id:
                self.store.save_replay(request_id, reply, now)
        return json_response(reply)

    def _answer(self, path: str, fields: Fields, now: float) -> dict[str, object]:
        terminal = Terminal(self.store, self.settings.test_mode, now)
        try:
            return ENDPOINTS[path](self, terminal, fields)
        except Refusal as refusal:
            return envelope(False, str(refusal))

    def transaction_reply(self, transaction: Transaction | None) -> dict[str, object]:
        """Answer with a transaction: ``Success`` is false for a decline and while 3-D Secure is awaited."""
        if transaction is None:
            return envelope(False, "Not found")
        unpaid = {TransactionStatus.DECLINED, TransactionStatus.AWAITING}
        return envelope(transaction.status not in unpaid, Model=self.transaction_model(transaction))

    def transaction_model(self, transaction: Transaction) -> dict[str, object]:
        """Give the Model of a transaction."""
        order = self.store.order_of(transaction)
        refunded = self.store.refunded(transaction)
        return transaction_model(order, transaction, refunded, self.settings.test_mode)

    def notifications(self, request: Request) -> Response:
        """List what was sent about ``invoice_id`` with the answers; for tests, not part of CloudPayments."""
        if not authorised(request, self.settings):
            return unauthorised()
        items = [
            {
                "id": notice.id,
                "kind": notice.kind,
                "transaction_id": notice.transaction_id,
                "invoice_id": notice.invoice_id,
                "fields": dict(parse_qsl(notice.body, keep_blank_values=True)),
                "state": notice.state,
                "next_at": notice.next_at,
                "attempts": [
                    {"at": at, "status": reply.status, "reply": reply.text}
                    for at, reply in self.store.attempts_of(notice.id)
                ],
            }
            for notice in self.store.notices_of(request.query.get("invoice_id", ""))
        ]
        return json_response(to_json({"items": items}))

    def order_fault(self, request: Request) -> Response:
        """Have something go wrong: ``what``, ``where`` (a path or a kind), ``count``, ``seconds``, ``status``, ``message``."""
        if not authorised(request, self.settings):
            return unauthorised()
        try:
            fields = parse_body(request.headers.get("content-type", ""), request.body)
            self.faults.order(
                Fault(
                    FaultKind(fields.required("what")),
                    fields.text("where"),
                    int(fields.text("count", "1")),
                    float(fields.text("seconds", "0")),
                    HTTPStatus(int(fields.text("status", "503"))).value,
                    fields.text("message", "Refused by the test"),
                )
            )
        except (Unreadable, Refusal, ValueError) as error:
            return json_response(to_json(envelope(False, str(error))), HTTPStatus.BAD_REQUEST)
        return json_response(to_json(envelope(True)))

    def clear_faults(self, request: Request) -> Response:
        """Have nothing go wrong any more."""
        if not authorised(request, self.settings):
            return unauthorised()
        self.faults.clear()
        return json_response(to_json(envelope(True)))


def _test(_api: Api, _terminal: Terminal, _fields: Fields) -> dict[str, object]:
    return envelope(True, str(uuid.uuid4()))


def _orders_create(api: Api, terminal: Terminal, fields: Fields) -> dict[str, object]:
    if fields.flag("SendSms") and fields.flag("SendViber"):
        raise Refusal("SendSms and SendViber exclude each other")
    draft = OrderDraft(
        amount=fields.amount(),
        currency=fields.currency(),
        description=fields.required("Description"),
        email=fields.text("Email"),
        phone=fields.text("Phone"),
        invoice_id=fields.text("InvoiceId"),
        account_id=fields.text("AccountId"),
        culture=fields.text("CultureName", "ru-RU")[:_CULTURE_LENGTH],
        require_confirmation=fields.flag("RequireConfirmation"),
        success_url=fields.address("SuccessRedirectUrl"),
        fail_url=fields.address("FailRedirectUrl"),
        json_data=fields.json_text(),
    )
    return envelope(True, Model=order_model(terminal.create_order(draft), api.base_url))


def _orders_cancel(_api: Api, terminal: Terminal, fields: Fields) -> dict[str, object]:
    terminal.cancel_order(fields.required("Id"))
    return envelope(True)


def _refund(_api: Api, terminal: Terminal, fields: Fields) -> dict[str, object]:
    step: Step = terminal.refund(fields.integer("TransactionId"), fields.amount(), fields.json_text())
    return envelope(True, Model={"TransactionId": step.transaction.id})


def _confirm(_api: Api, terminal: Terminal, fields: Fields) -> dict[str, object]:
    terminal.confirm(fields.integer("TransactionId"), fields.amount(), fields.json_text())
    return envelope(True)


def _void(_api: Api, terminal: Terminal, fields: Fields) -> dict[str, object]:
    terminal.void(fields.integer("TransactionId"))
    return envelope(True)


def _get(api: Api, _terminal: Terminal, fields: Fields) -> dict[str, object]:
    return api.transaction_reply(api.store.transaction_by_id(fields.integer("TransactionId")))


def _find(api: Api, _terminal: Terminal, fields: Fields) -> dict[str, object]:
    return api.transaction_reply(api.store.last_transaction(fields.required("InvoiceId"), with_refunds=False))


def _find_v2(api: Api, _terminal: Terminal, fields: Fields) -> dict[str, object]:
    return api.transaction_reply(api.store.last_transaction(fields.required("InvoiceId"), with_refunds=True))


def _list(api: Api, _terminal: Terminal, fields: Fields) -> dict[str, object]:
    start, end = day_bounds(fields.required("Date"), fields.text("TimeZone", "UTC"))
    rows = api.store.transactions_between(start, end)
    return envelope(True, Model=[api.transaction_model(row) for row in rows])


def _list_v2(api: Api, _terminal: Terminal, fields: Fields) -> dict[str, object]:
    start, end = instant(fields.required("CreatedDateGte")), instant(fields.required("CreatedDateLte"))
    first = (max(1, fields.integer("PageNumber")) - 1) * PAGE_SIZE
    rows = api.store.transactions_between(start, end)[first : first + PAGE_SIZE]
    return envelope(True, Model=[api.transaction_model(row) for row in rows])


def _receipt(api: Api, terminal: Terminal, fields: Fields) -> dict[str, object]:
    receipt = api.store.add_receipt(kassa.read_receipt(fields, terminal.now))
    kassa.notify_made(api.store, receipt, terminal.now)
    return envelope(True, Model={"Id": receipt.id, "ErrorCode": 0})


def _receipt_status(api: Api, terminal: Terminal, fields: Fields) -> dict[str, object]:
    receipt = api.store.receipt(fields.required("Id"))
    return envelope(True, Model="NotFound" if receipt is None else kassa.status(receipt, terminal.now))


ENDPOINTS: dict[str, Endpoint] = {
    "/test": _test,
    "/orders/create": _orders_create,
    "/orders/cancel": _orders_cancel,
    "/payments/refund": _refund,
    "/payments/confirm": _confirm,
    "/payments/void": _void,
    "/payments/get": _get,
    "/payments/find": _find,
    "/v2/payments/find": _find_v2,
    "/payments/list": _list,
    "/v2/payments/list": _list_v2,
    "/kkt/receipt": _receipt,
    "/kkt/receipt/status/get": _receipt_status,
}
