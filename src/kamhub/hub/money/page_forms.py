"""What comes in from the pages of money."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from kamhub.hub.ledger.page_forms import Roubles
from kamhub.hub.money.forms import Reason
from kamhub.hub.money.types import CaseAction
from kamhub.hub.payment.types import TaxationSystem, Vat
from kamhub.platform.web.schemas import BlankIsNone, PageForm, Text


class RefundPageForm(PageForm):
    """A refund from the page of a payment: shown first, carried out when the reader is ``sure``."""

    amount: Roubles
    reason: Reason
    sure: Literal["yes", ""] = ""


class ChargebackPageForm(PageForm):
    """A chargeback from the page of a payment."""

    amount: Roubles
    note: Annotated[str, Field(max_length=500), Text] = ""


class ClosePageForm(PageForm):
    """How a case was settled."""

    resolution: Reason


class ActPageForm(PageForm):
    """What to do about a case."""

    action: CaseAction


class AccountPageForm(PageForm):
    """How a terminal works; a box that is not ticked is not sent."""

    receipts: Literal["yes", ""] = ""
    two_stage: Literal["yes", ""] = ""
    vat: Vat = "none"
    taxation_system: Annotated[TaxationSystem | None, BlankIsNone] = None
    version: Annotated[int, Field(ge=0, le=1000)]
