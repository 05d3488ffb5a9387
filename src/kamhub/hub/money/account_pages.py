"""The page on which an owner says how the payment account works."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER
from pydantic import ValidationError

from kamhub.hub.money import words
from kamhub.hub.money.page_forms import AccountPageForm
from kamhub.hub.payment import actions as payments
from kamhub.hub.payment import store
from kamhub.hub.payment.types import AccountChange
from kamhub.hub.services import Hub
from kamhub.platform.access.pages import render_office
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.form_errors import form_errors
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.person.types import Staff
from kamhub.platform.web.rules import rule
from kamhub.platform.web.versions import VersionStale

Asked = Request[Any, Any, Any]
_PATH = "/office/payments/account"
_SECTION = "/office/payments"
_MANAGE = "organisation.manage"


@get(_PATH, opt=rule(access="staff", rate="page", permission=_MANAGE, reply="page"))
async def account(request: Asked, hub: Hub, staff: Staff) -> Response[Any]:
    """How the payment account works."""
    return await _page(request, hub, staff)


@post(
    _PATH,
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=_MANAGE,
        body=AccountPageForm,
        reply="page",
        refusals=(404,),
        audit="payment_account.changed",
    ),
)
async def change(request: Asked, hub: Hub, staff: Staff) -> Response[Any]:
    """Change it, unless somebody else has since the page was opened."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        rows = await store.list_accounts(connection)
    if not rows:
        return await _page(request, hub, staff)
    try:
        form = AccountPageForm.model_validate(dict(await request.form()))
        wanted: AccountChange = {
            "receipts": form.receipts == "yes",
            "two_stage": form.two_stage == "yes",
            "vat": form.vat,
            "taxation_system": form.taxation_system,
        }
        await payments.change_account(hub, staff, rows[0].id, wanted, frozenset({f'"{form.version}"'}))
    except ValidationError as error:
        return await _page(request, hub, staff, error=next(iter(form_errors(error, locale_of(request)).values())))
    except VersionStale as stale:
        text = translator(locale_of(request)).gettext(stale.title) + "."
        return await _page(request, hub, staff, error=text, status=stale.status)
    return Redirect(f"{_SECTION}?done=changed", status_code=HTTP_303_SEE_OTHER)


async def _page(
    request: Asked, hub: Hub, staff: Staff, *, error: str | None = None, status: int = 422
) -> Response[Any]:
    async with hub.database.tenant(staff.organisation_id) as connection:
        rows = await store.list_accounts(connection)
    return await render_office(
        request,
        "money/account.html",
        section=_SECTION,
        status_code=status if error else HTTP_200_OK,
        account=rows[0] if rows else None,
        rates=words.vat_names(locale_of(request)),
        taxes=words.taxation_names(locale_of(request)),
        error=error,
        url_path=_PATH,
    )


HANDLERS = (account, change)
