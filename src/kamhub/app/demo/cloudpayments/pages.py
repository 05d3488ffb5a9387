"""The payment page: what a payer sees and sends."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from .actions import Step, Terminal
from .cards import read_card
from .delivery import Deliverer
from .fields import Unreadable, parse_form, web_origin
from .render import code_page, message_page, payment_page
from .rules import utc
from .settings import Settings
from .store import Store
from .texts import reason_text, translator
from .types import Order, OrderStatus, Refusal, Transaction, TransactionStatus
from .web import Request, Response, redirect

_WAIT_FOR_SHOP = 3.0
_MAX_ID_DIGITS = 18


def _html(order: Order | None, body: bytes, status: HTTPStatus = HTTPStatus.OK) -> Response:
    # Browsers hold the redirect after a form to form-action too, so the shop must be named there.
    shop = web_origin(order.draft.success_url) if order else ""
    policy = (
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action 'self' {shop}".rstrip()
    )
    return Response(status, body, headers={"Content-Security-Policy": policy})


def _form(request: Request) -> dict[str, str]:
    try:
        return parse_form(request.body)
    except Unreadable:
        return {}


def index() -> Response:
    """Say what this address is."""
    return _html(None, message_page("ru-RU", "Stand-in of CloudPayments", "Payment pages open from the shop."))


def not_found() -> Response:
    """Answer an address that leads nowhere."""
    body = message_page("ru-RU", "Page not found", "There is no payment at this address.")
    return _html(None, body, HTTPStatus.NOT_FOUND)


def failed(status: HTTPStatus) -> Response:
    """Answer a request that could not be worked on."""
    return _html(None, message_page("ru-RU", "Something went wrong", "Try once more."), status)


@dataclass(frozen=True, slots=True)
class Pages:
    """Answers the payer's browser."""

    store: Store
    settings: Settings
    deliverer: Deliverer

    def show(self, order_id: str, request: Request, now: float) -> Response:
        """Show the card form, or why there is none."""
        order = self.store.order(order_id)
        if order is None:
            return not_found()
        if order.status is OrderStatus.CREATED:
            failure = self._failure(order, request.query.get("failed", ""))
            return _html(order, payment_page(order, failure, utc(now).date()))
        return self._closed(order)

    def pay(self, order_id: str, request: Request, now: float) -> Response:
        """Take a card: ask the shop by Check, then ask for a code, charge or decline."""
        order = self.store.order(order_id)
        if order is None:
            return not_found()
        try:
            card = read_card(_form(request), utc(now).date())
        except Refusal as refusal:
            return self._mistyped(order, str(refusal), now)
        try:
            with self.store.transaction():
                step = self._terminal(now).begin_payment(order_id, card)
        except Refusal:
            # Paid or cancelled meanwhile: the page says which.
            return redirect(f"/d/{order_id}")
        if step.notice_id is None:
            raise AssertionError("an attempt to pay always has a Check")
        reason = self.deliverer.ask(step.notice_id)
        with self.store.transaction():
            step = self._terminal(now).after_check(step.transaction, reason)
        return self._go_on(order, step)

    def ask_code(self, order_id: str, transaction_id: int) -> Response:
        """Show the page that stands for the payer's bank."""
        found = self._awaiting(order_id, transaction_id)
        if found is None:
            return redirect(f"/d/{order_id}") if self.store.order(order_id) else not_found()
        return _html(found, code_page(found, transaction_id, ""))

    def take_code(self, order_id: str, transaction_id: int, request: Request, now: float) -> Response:
        """Take the code or the refusal of the payer."""
        order = self._awaiting(order_id, transaction_id)
        if order is None:
            return redirect(f"/d/{order_id}") if self.store.order(order_id) else not_found()
        form = _form(request)
        passed = form.get("decision") != "decline"
        if passed and not form.get("code", "").strip():
            problem = translator(order.draft.culture)("Type a code; any will do.")
            return _html(order, code_page(order, transaction_id, problem), HTTPStatus.UNPROCESSABLE_ENTITY)
        try:
            with self.store.transaction():
                step = self._terminal(now).after_code(transaction_id, passed)
        except Refusal:
            # The same form was sent twice; the first one decided.
            return redirect(f"/d/{order_id}")
        return self._go_on(order, step)

    def _terminal(self, now: float) -> Terminal:
        return Terminal(self.store, self.settings.test_mode, now)

    def _go_on(self, order: Order, step: Step) -> Response:
        payment = step.transaction
        if payment.awaits_code:
            return redirect(f"/d/{order.id}/3ds/{payment.id}")
        if step.notice_id is not None:
            self.deliverer.wait_for_first_attempt(step.notice_id, _WAIT_FOR_SHOP)
        if payment.status is TransactionStatus.DECLINED:
            return redirect(f"/d/{order.id}?failed={payment.id}")
        return redirect(order.draft.success_url or f"/d/{order.id}")

    def _mistyped(self, order: Order, message: str, now: float) -> Response:
        if order.status is not OrderStatus.CREATED:
            return redirect(f"/d/{order.id}")
        body = payment_page(order, translator(order.draft.culture)(message), utc(now).date())
        return _html(order, body, HTTPStatus.UNPROCESSABLE_ENTITY)

    def _closed(self, order: Order) -> Response:
        culture, draft = order.draft.culture, order.draft
        if order.status is OrderStatus.PAID:
            back = draft.success_url or f"{web_origin(self.settings.notify_url)}/"
            title, text = "Already paid", "This order is paid. There is nothing more to do here."
        else:
            back = draft.fail_url or f"{web_origin(self.settings.notify_url)}/"
            title, text = "Payment cancelled", "The shop closed this order. It can no longer be paid."
        return _html(order, message_page(culture, title, text, back))

    def _failure(self, order: Order, transaction_id: str) -> str:
        payment = self._transaction(order, transaction_id)
        if payment is None or payment.reason is None:
            return ""
        return reason_text(payment.reason, translator(order.draft.culture))

    def _transaction(self, order: Order, text: str) -> Transaction | None:
        if not (text.isascii() and text.isdigit() and len(text) <= _MAX_ID_DIGITS):
            return None
        payment = self.store.transaction_by_id(int(text))
        return payment if payment and payment.order_number == order.number else None

    def _awaiting(self, order_id: str, transaction_id: int) -> Order | None:
        order = self.store.order(order_id)
        payment = self._transaction(order, str(transaction_id)) if order else None
        return order if payment and payment.awaits_code else None
