"""Pages of payments and refunds."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from litestar.types import ASGIApp
from pydantic import ValidationError

from kamhub.hub.ledger.page_forms import read_amount
from kamhub.hub.money import account_pages, actions, api, case_pages, store, words
from kamhub.hub.money.filters import read_filters
from kamhub.hub.money.forms import PaymentParameters, RefundParameters
from kamhub.hub.money.page_forms import ChargebackPageForm, RefundPageForm
from kamhub.hub.money.types import MoneyQuery, NothingToReturn, RefundTooLarge
from kamhub.hub.receipt import store as receipts
from kamhub.hub.services import Hub
from kamhub.kit.money import Money
from kamhub.kit.text import Locale, mark
from kamhub.platform.access.pages import render_office
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.form_errors import form_errors
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.organisation import store as organisations
from kamhub.platform.person.types import Staff
from kamhub.platform.web.json import validate
from kamhub.platform.web.rules import rule

Asked = Request[Any, Any, Any]
SECTION = "/office/payments"
_REFUNDS = f"{SECTION}/refunds"
Done = Annotated[str, QueryParameter(max_length=30)]
_DONE: Mapping[str, str] = {
    "refunded": mark("The money is on its way back."),
    "retried": mark("The refund is asked for again."),
    "charged_back": mark("The chargeback is written down, and a case is open for it."),
    "changed": mark("The payment account works as you set it."),
}


def said(request: Asked, done: str) -> str | None:
    """What has just been done, as a sentence."""
    return translator(locale_of(request)).gettext(_DONE[done]) if done in _DONE else None


@get(
    SECTION,
    opt=rule(
        access="staff", rate="page", permission="payments.read", body=PaymentParameters, reply="page", refusals=(422,)
    ),
)
async def payments(request: Asked, hub: Hub, staff: Staff, done: Done = "") -> Response[Any]:
    """What came in, the latest first."""
    names = ("status", "from", "to", "text")
    asked, values, errors, narrowed = read_filters(request, PaymentParameters, names)
    organisation_id = staff.organisation_id
    async with hub.database.tenant(organisation_id) as connection:
        zone = await organisations.zone(connection, organisation_id)
        found, total = await store.payments(
            connection, organisation_id, asked.wanted(zone), offset=asked.offset, limit=asked.page_size
        )
        waiting = await store.open_cases(connection, organisation_id)
    return await render_office(
        request,
        "money/payments.html",
        section=SECTION,
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK,
        done=said(request, done),
        payments=found,
        total=total,
        place=asked,
        values=values,
        errors=errors,
        narrowed=narrowed,
        zone=zone,
        statuses=words.payment_statuses(locale_of(request)),
        waiting=waiting,
        url_path=SECTION,
    )


@get(
    f"{SECTION}/payments.csv",
    opt=rule(
        access="staff", rate="page", permission="payments.read", body=PaymentParameters, reply="csv", refusals=(422,)
    ),
)
async def payments_file(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """The same as a file."""
    return await api.payments_file(request, hub, staff, validate(PaymentParameters, request.query_params))


@get(
    _REFUNDS,
    opt=rule(
        access="staff", rate="page", permission="refunds.read", body=RefundParameters, reply="page", refusals=(422,)
    ),
)
async def refunds(request: Asked, hub: Hub, staff: Staff, done: Done = "") -> Response[Any]:
    """What goes or went back, the latest first."""
    names = ("status", "from", "to", "text")
    asked, values, errors, narrowed = read_filters(request, RefundParameters, names)
    organisation_id = staff.organisation_id
    async with hub.database.tenant(organisation_id) as connection:
        zone = await organisations.zone(connection, organisation_id)
        found, total = await store.refunds(
            connection, organisation_id, asked.wanted(zone), offset=asked.offset, limit=asked.page_size
        )
    return await render_office(
        request,
        "money/refunds.html",
        section=SECTION,
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK,
        done=said(request, done),
        refunds=found,
        total=total,
        place=asked,
        values=values,
        errors=errors,
        narrowed=narrowed,
        zone=zone,
        statuses=words.refund_statuses(locale_of(request)),
        may_return="refunds.write" in staff.permissions,
        url_path=_REFUNDS,
    )


@get(
    f"{SECTION}/refunds.csv",
    opt=rule(
        access="staff", rate="page", permission="refunds.read", body=RefundParameters, reply="csv", refusals=(422,)
    ),
)
async def refunds_file(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """The same as a file."""
    return await api.refunds_file(request, hub, staff, validate(RefundParameters, request.query_params))


@get(
    f"{SECTION}/{{payment_id:uuid}}",
    opt=rule(access="staff", rate="page", permission="payments.read", reply="page", refusals=(404,)),
)
async def payment(request: Asked, hub: Hub, staff: Staff, payment_id: UUID, done: Done = "") -> Response[Any]:
    """One payment: what it is, what went back of it, and the form that returns more."""
    return await _payment(request, hub, staff, payment_id, done=done)


@post(
    f"{SECTION}/{{payment_id:uuid}}/refund",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="creation",
        csrf="form",
        permission="refunds.write",
        body=RefundPageForm,
        reply="page",
        refusals=(404,),
        audit="refund.requested",
    ),
)
async def make_refund(request: Asked, hub: Hub, staff: Staff, payment_id: UUID) -> Response[Any]:
    """Show what a refund comes to; carry it out when the reader has seen that."""
    sent = await request.form()
    values = {name: str(sent.get(name, "")) for name in ("amount", "reason")}
    try:
        form = RefundPageForm.model_validate(dict(sent))
        amount = read_amount(form.amount)
        if form.sure != "yes":
            return await _payment(request, hub, staff, payment_id, values=values, preview=amount)
        await actions.refund(hub, staff, payment_id=payment_id, amount=amount, reason=form.reason)
    except ValidationError as error:
        errors = form_errors(error, locale_of(request))
        return await _payment(request, hub, staff, payment_id, values=values, errors=errors)
    except (RefundTooLarge, NothingToReturn) as refusal:
        errors = {"amount": translator(locale_of(request)).gettext(refusal.title) + "."}
        return await _payment(request, hub, staff, payment_id, values=values, errors=errors)
    return Redirect(f"{SECTION}/{payment_id}?done=refunded", status_code=HTTP_303_SEE_OTHER)


@post(
    f"{SECTION}/{{payment_id:uuid}}/chargeback",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="creation",
        csrf="form",
        permission="refunds.write",
        body=ChargebackPageForm,
        reply="page",
        refusals=(404,),
        audit="payment.charged_back",
    ),
)
async def chargeback(request: Asked, hub: Hub, staff: Staff, payment_id: UUID) -> Response[Any]:
    """Write down that the payer's bank took money back."""
    sent = await request.form()
    typed = {name: str(sent.get(name, "")) for name in ("amount", "note")}
    values = {"chargeback": typed["amount"], "note": typed["note"]}
    try:
        form = ChargebackPageForm.model_validate(dict(sent))
        amount = read_amount(form.amount)
        await actions.charge_back(hub, staff, payment_id, amount=amount, note=form.note or None)
    except ValidationError as error:
        found = form_errors(error, locale_of(request))
        errors = {"chargeback" if name == "amount" else name: text for name, text in found.items()}
        return await _payment(request, hub, staff, payment_id, values=values, errors=errors)
    except (RefundTooLarge, NothingToReturn) as refusal:
        errors = {"chargeback": translator(locale_of(request)).gettext(refusal.title) + "."}
        return await _payment(request, hub, staff, payment_id, values=values, errors=errors)
    return Redirect(f"{SECTION}/{payment_id}?done=charged_back", status_code=HTTP_303_SEE_OTHER)


@post(
    f"{_REFUNDS}/{{refund_id:uuid}}/retry",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission="refunds.write",
        body="none",
        reply="none",
        refusals=(404, 409),
        audit="refund.retried",
    ),
)
async def retry_refund(hub: Hub, staff: Staff, refund_id: UUID) -> Redirect:
    """Ask again for a refused refund."""
    made = await actions.retry(hub, staff, refund_id)
    return Redirect(f"{SECTION}/{made.payment_id}?done=retried", status_code=HTTP_303_SEE_OTHER)


async def _payment(
    request: Asked,
    hub: Hub,
    staff: Staff,
    payment_id: UUID,
    *,
    done: str = "",
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    preview: Money | None = None,
) -> Response[Any]:
    locale, organisation_id = locale_of(request), staff.organisation_id
    async with hub.database.tenant(organisation_id) as connection:
        found = await api.require_payment(connection, organisation_id, payment_id)
        query = MoneyQuery(payment_id=payment_id)
        history = await store.payment_events(connection, organisation_id, payment_id)
        returned, _ = await store.refunds(connection, organisation_id, query, offset=0, limit=200)
        waiting, _ = await store.cases(connection, organisation_id, query, offset=0, limit=50)
        made = await receipts.of_booking(connection, organisation_id, found.booking_id) if found.booking_id else []
        zone = await organisations.zone(connection, organisation_id)
    wrong = dict(errors or {})
    if preview is not None and preview.amount > found.left.amount:
        wrong["amount"] = translator(locale).gettext(RefundTooLarge.title) + "."
    return await render_office(
        request,
        "money/payment.html",
        section=SECTION,
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if wrong else HTTP_200_OK,
        done=said(request, done),
        payment=found,
        history=history,
        refunds=returned,
        cases=waiting,
        receipts=made,
        preview=None if wrong else preview,
        values=values or {},
        errors=wrong,
        zone=zone,
        may_return="refunds.write" in staff.permissions,
        money=lambda amount: Money(amount, found.amount.currency),
        url_path=f"{SECTION}/{payment_id}",
        **_names(locale),
    )


def _names(locale: Locale) -> dict[str, Any]:
    """What states and cases are called in that language."""
    return {
        "status_name": lambda status: words.payment_status(status, locale),
        "refund_status": lambda status: words.refund_status(status, locale),
        "case_title": lambda kind: words.case_title(kind, locale),
    }


HANDLERS = (
    payments,
    payments_file,
    refunds,
    refunds_file,
    payment,
    make_refund,
    chargeback,
    retry_refund,
    *account_pages.HANDLERS,
    *case_pages.HANDLERS,
)
