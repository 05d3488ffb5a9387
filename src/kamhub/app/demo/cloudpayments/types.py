"""Orders, transactions, notifications and the words CloudPayments uses for them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum


class OrderStatus(StrEnum):
    """Whether a payment link can still be paid."""

    CREATED = "Created"
    PAID = "Paid"
    CANCELLED = "Cancelled"


class TransactionStatus(StrEnum):
    """Status of a transaction, as in replies and notifications."""

    AWAITING = "AwaitingAuthentication"
    AUTHORIZED = "Authorized"
    COMPLETED = "Completed"
    CANCELLED = "Cancelled"
    DECLINED = "Declined"

    @property
    def code(self) -> int:
        """StatusCode of the same status."""
        return list(TransactionStatus).index(self) + 1


class Operation(StrEnum):
    """OperationType of a transaction."""

    PAYMENT = "Payment"
    REFUND = "Refund"


class Kind(StrEnum):
    """Type of a notification; its value is the last segment of the address it is sent to."""

    CHECK = "check"
    PAY = "pay"
    FAIL = "fail"
    CONFIRM = "confirm"
    REFUND = "refund"
    CANCEL = "cancel"
    RECEIPT = "receipt"


class NoticeState(StrEnum):
    """What became of a notification."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


class Reason(Enum):
    """Why a payment was declined: ReasonCode and Reason. The 30xx come from the shop's answer to Check."""

    WRONG_ORDER = (3001, "InvalidOrderNumber")
    WRONG_ACCOUNT = (3002, "InvalidAccountId")
    WRONG_AMOUNT = (3003, "InvalidAmount")
    EXPIRED = (3004, "OrderExpired")
    ODD_ANSWER = (3005, "UnexpectedAnswer")
    UNAVAILABLE = (3006, "HandlerUnavailable")
    HTTP_ERROR = (3007, "HandlerError")
    NOT_ACCEPTED = (3008, "PaymentNotAccepted")
    INVALID_TRANSACTION = (5012, "InvalidTransaction")
    INSUFFICIENT_FUNDS = (5051, "InsufficientFunds")
    AUTHENTICATION_FAILED = (5206, "AuthenticationFailed")

    @property
    def code(self) -> int:
        """ReasonCode."""
        return self.value[0]

    @property
    def title(self) -> str:
        """Reason, one word."""
        return self.value[1]

    @classmethod
    def of(cls, code: int) -> Reason:
        """Find the reason with this ReasonCode; KeyError when there is none."""
        return {reason.code: reason for reason in cls}[code]


@dataclass(frozen=True, slots=True)
class OrderDraft:
    """What ``orders/create`` was asked for. ``amount`` is in minor units (kopecks)."""

    amount: int
    currency: str
    description: str
    email: str
    phone: str
    invoice_id: str
    account_id: str
    culture: str
    require_confirmation: bool
    success_url: str
    fail_url: str
    json_data: str


@dataclass(frozen=True, slots=True)
class Order:
    """A payment link. ``created_at`` is seconds since the epoch."""

    number: int
    id: str
    draft: OrderDraft
    status: OrderStatus
    created_at: float


@dataclass(frozen=True, slots=True)
class Card:
    """What may be kept of a card: never the whole number, never the code on its back."""

    first_six: str
    last_four: str
    brand: str
    expiry: str
    holder: str
    approves: bool
    three_ds: bool


@dataclass(frozen=True, slots=True)
class Transaction:
    """A payment or a refund. Amounts are minor units; ``parent_id`` is the payment a refund belongs to."""

    id: int
    order_number: int
    operation: Operation
    parent_id: int | None
    amount: int
    status: TransactionStatus
    card: Card
    awaits_code: bool
    reason: Reason | None
    json_data: str
    created_at: float
    confirmed_at: float | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """A fiscal receipt. ``amount`` is minor units; ``kind`` is Income or IncomeReturn."""

    number: int
    id: str
    kind: str
    invoice_id: str
    account_id: str
    amount: int
    body: str
    created_at: float


@dataclass(frozen=True, slots=True)
class Notice:
    """A notification to send. ``next_at`` is None when nothing more will be sent."""

    id: int
    kind: Kind
    transaction_id: int
    invoice_id: str
    body: str
    state: NoticeState
    attempts: int
    next_at: float | None


@dataclass(frozen=True, slots=True)
class Reply:
    """What the shop answered to one attempt; ``status`` is None when there was no answer at all."""

    status: int | None
    text: str


class FaultKind(StrEnum):
    """What can go wrong on purpose. Of calls: answered late; not carried out, with a 5xx; refused; carried out, and the
    answer lost. Of notifications: never sent; sent twice; kept until they are let go, the last one first."""

    SLOW = "slow"
    FAIL = "fail"
    REFUSE = "refuse"
    LOSE_ANSWER = "lose_answer"
    LOSE = "lose"
    REPEAT = "repeat"
    HOLD = "hold"


@dataclass(slots=True)
class Fault:
    """A fault to come: at calls of ``path`` or notifications of ``kind`` (empty: of any), ``count`` more times."""

    what: FaultKind
    where: str
    count: int
    seconds: float = 0.0
    status: int = 503
    message: str = "Refused by the test"


class Refusal(Exception):
    """A request that is understood and refused; the message goes to the caller."""
