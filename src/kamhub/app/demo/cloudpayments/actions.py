"""The verbs. Each is called inside ``store.transaction()``, and refuses before it writes anything.

A change of state and the notification it causes are saved together, so that a crash loses neither.
"""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, replace

from .notices import notice_body
from .store import Store
from .types import (
    Card,
    Kind,
    Operation,
    Order,
    OrderDraft,
    OrderStatus,
    Reason,
    Refusal,
    Transaction,
    TransactionStatus,
)

_ID_LETTERS = string.ascii_letters + string.digits
_ID_LENGTH = 16
_REFUND_SECONDS = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Step:
    """A transaction after a verb, and the notification it caused."""

    transaction: Transaction
    notice_id: int | None


@dataclass(frozen=True, slots=True)
class Terminal:
    """The demo account on which the verbs work at the instant ``now``."""

    store: Store
    test_mode: bool
    now: float

    def create_order(self, draft: OrderDraft) -> Order:
        """Make a payment link."""
        order_id = "".join(secrets.choice(_ID_LETTERS) for _ in range(_ID_LENGTH))
        return self.store.add_order(order_id, draft, self.now)

    def cancel_order(self, order_id: str) -> None:
        """Close a payment link that is not paid; cancelling twice is harmless."""
        order = self.store.order(order_id)
        if order is None:
            raise Refusal("Not found")
        if order.status is OrderStatus.PAID:
            raise Refusal("The order is already paid")
        self.store.set_order_status(order, OrderStatus.CANCELLED)

    def begin_payment(self, order_id: str, card: Card) -> Step:
        """Start an attempt to pay; the notification is the Check, which the caller sends."""
        order = self.store.order(order_id)
        if order is None or order.status is not OrderStatus.CREATED:
            raise Refusal("The order cannot be paid")
        payment = self.store.add_transaction(
            Transaction(
                id=0,
                order_number=order.number,
                operation=Operation.PAYMENT,
                parent_id=None,
                amount=order.draft.amount,
                status=TransactionStatus.AWAITING,
                card=card,
                awaits_code=False,
                reason=None,
                json_data=order.draft.json_data,
                created_at=self.now,
                confirmed_at=None,
            )
        )
        return Step(payment, self._notify(Kind.CHECK, order, payment, send=False))

    def after_check(self, payment: Transaction, reason: Reason | None) -> Step:
        """Go on with a payment whose Check was answered: decline, ask for the code, or charge."""
        if reason is not None:
            return self._decline(payment, reason)
        if payment.card.three_ds:
            return Step(self.store.save_transaction(replace(payment, awaits_code=True)), None)
        return self._charge(payment)

    def after_code(self, transaction_id: int, passed: bool) -> Step:
        """End the 3-D Secure step of a payment; Refusal when it does not wait for a code."""
        payment = self.store.transaction_by_id(transaction_id)
        if payment is None or not payment.awaits_code:
            raise Refusal("The payment does not wait for a code")
        payment = replace(payment, awaits_code=False)
        return self._charge(payment) if passed else self._decline(payment, Reason.AUTHENTICATION_FAILED)

    def _charge(self, payment: Transaction) -> Step:
        order = self.store.order_of(payment)
        if order.status is not OrderStatus.CREATED:
            # Another tab paid, or the shop cancelled, while this attempt was under way.
            return self._decline(payment, Reason.INVALID_TRANSACTION)
        if not payment.card.approves:
            return self._decline(payment, Reason.INSUFFICIENT_FUNDS)
        held = order.draft.require_confirmation
        charged = self.store.save_transaction(
            replace(
                payment,
                status=TransactionStatus.AUTHORIZED if held else TransactionStatus.COMPLETED,
                confirmed_at=None if held else self.now,
            )
        )
        self.store.set_order_status(order, OrderStatus.PAID)
        return Step(charged, self._notify(Kind.PAY, order, charged))

    def _decline(self, payment: Transaction, reason: Reason) -> Step:
        declined = self.store.save_transaction(replace(payment, status=TransactionStatus.DECLINED, reason=reason))
        return Step(declined, self._notify(Kind.FAIL, self.store.order_of(declined), declined))

    def confirm(self, transaction_id: int, amount: int, json_data: str) -> Step:
        """Take all or a part of a held amount."""
        payment = self._held(transaction_id)
        if amount > payment.amount:
            raise Refusal("Amount is more than was authorised")
        confirmed = self.store.save_transaction(
            replace(
                payment,
                amount=amount,
                status=TransactionStatus.COMPLETED,
                confirmed_at=self.now,
                json_data=json_data or payment.json_data,
            )
        )
        return Step(confirmed, self._notify(Kind.CONFIRM, self.store.order_of(payment), confirmed))

    def void(self, transaction_id: int) -> Step:
        """Let go of a held amount."""
        payment = self._held(transaction_id)
        order = self.store.order_of(payment)
        voided = self.store.save_transaction(replace(payment, status=TransactionStatus.CANCELLED))
        self.store.set_order_status(order, OrderStatus.CANCELLED)
        return Step(voided, self._notify(Kind.CANCEL, order, voided))

    def _held(self, transaction_id: int) -> Transaction:
        payment = self.payment(transaction_id)
        if payment.status is not TransactionStatus.AUTHORIZED:
            raise Refusal("The payment is not authorised")
        return payment

    def refund(self, transaction_id: int, amount: int, json_data: str) -> Step:
        """Give back all or a part of a completed payment, as a transaction of its own."""
        payment = self.payment(transaction_id)
        if payment.status is not TransactionStatus.COMPLETED:
            raise Refusal("The payment is not completed")
        if self.now - payment.created_at > _REFUND_SECONDS:
            raise Refusal("The payment is more than a year old")
        if amount > payment.amount - self.store.refunded(payment):
            raise Refusal("Amount is more than is left of the payment")
        refund = self.store.add_transaction(
            replace(
                payment,
                operation=Operation.REFUND,
                parent_id=payment.id,
                amount=amount,
                json_data=json_data or payment.json_data,
                created_at=self.now,
                confirmed_at=self.now,
            )
        )
        return Step(refund, self._notify(Kind.REFUND, self.store.order_of(payment), refund))

    def payment(self, transaction_id: int) -> Transaction:
        """Find a payment (not a refund); Refusal when there is none."""
        payment = self.store.transaction_by_id(transaction_id)
        if payment is None or payment.operation is not Operation.PAYMENT:
            raise Refusal("Transaction not found")
        return payment

    def _notify(self, kind: Kind, order: Order, transaction: Transaction, *, send: bool = True) -> int:
        body = notice_body(kind, order, transaction, self.test_mode, self.now)
        return self.store.add_notice(kind, transaction.id, order.draft.invoice_id, body, self.now if send else None)
