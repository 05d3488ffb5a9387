"""The page of cases: what waits for a person, and what may be done about it."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from pydantic import ValidationError

from kamhub.hub.money import case_actions, rules, store, words
from kamhub.hub.money.filters import read_filters
from kamhub.hub.money.forms import CaseParameters
from kamhub.hub.money.page_forms import ActPageForm, ClosePageForm
from kamhub.hub.services import Hub
from kamhub.kit.errors import Refusal
from kamhub.kit.text import Locale, mark
from kamhub.platform.access.pages import render_office
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.form_errors import form_errors
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.organisation import store as organisations
from kamhub.platform.person.types import Staff
from kamhub.platform.web.rules import rule

Asked = Request[Any, Any, Any]
SECTION = "/office/cases"
_CLOSED = mark("The case is closed.")
_DONE = mark("It is done, and the case is closed.")


@get(
    SECTION,
    opt=rule(access="staff", rate="page", permission="cases.read", body=CaseParameters, reply="page", refusals=(422,)),
)
async def cases(
    request: Asked, hub: Hub, staff: Staff, done: Annotated[str, QueryParameter(max_length=30)] = ""
) -> Response[Any]:
    """What waits for a person, then what was settled."""
    return await _page(request, hub, staff, done=done)


@post(
    f"{SECTION}/{{case_id:uuid}}/act",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission="cases.write",
        body=ActPageForm,
        reply="page",
        refusals=(404,),
        audit="case.acted",
    ),
)
async def act(request: Asked, hub: Hub, staff: Staff, case_id: UUID) -> Response[Any]:
    """Do one of the things that are offered."""
    await _require(hub, staff, case_id)
    try:
        form = ActPageForm.model_validate(dict(await request.form()))
        await case_actions.act(hub, staff, case_id, form.action)
    except ValidationError as error:
        return await _page(request, hub, staff, wrong=(case_id, {"action": _first(error, request)}))
    except Refusal as refusal:
        text = translator(locale_of(request)).gettext(refusal.detail)
        return await _page(request, hub, staff, wrong=(case_id, {"action": text.rstrip(".") + "."}))
    return Redirect(f"{SECTION}?done=acted", status_code=HTTP_303_SEE_OTHER)


@post(
    f"{SECTION}/{{case_id:uuid}}/close",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission="cases.write",
        body=ClosePageForm,
        reply="page",
        refusals=(404,),
        audit="case.closed",
    ),
)
async def close(request: Asked, hub: Hub, staff: Staff, case_id: UUID) -> Response[Any]:
    """Say in words how it was settled."""
    await _require(hub, staff, case_id)
    sent = await request.form()
    typed = str(sent.get("resolution", ""))
    try:
        form = ClosePageForm.model_validate(dict(sent))
        await case_actions.close(hub, staff, case_id, form.resolution)
    except ValidationError as error:
        wrong = {"resolution": _first(error, request)}
        return await _page(request, hub, staff, wrong=(case_id, wrong), typed=typed)
    except Refusal as refusal:
        text = translator(locale_of(request)).gettext(refusal.title) + "."
        return await _page(request, hub, staff, wrong=(case_id, {"action": text}))
    return Redirect(f"{SECTION}?done=closed", status_code=HTTP_303_SEE_OTHER)


async def _require(hub: Hub, staff: Staff, case_id: UUID) -> None:
    """Raise ``CaseNotFound``: of two refusals it goes before what is wrong with the rest."""
    async with hub.database.tenant(staff.organisation_id) as connection:
        await case_actions.require(connection, staff.organisation_id, case_id)


def _first(error: ValidationError, request: Asked) -> str:
    return next(iter(form_errors(error, locale_of(request)).values()))


async def _page(
    request: Asked,
    hub: Hub,
    staff: Staff,
    *,
    done: str = "",
    wrong: tuple[UUID, Mapping[str, str]] | None = None,
    typed: str = "",
) -> Response[Any]:
    locale, organisation_id = locale_of(request), staff.organisation_id
    asked, values, errors, narrowed = read_filters(request, CaseParameters, ("status", "kind", "text"))
    async with hub.database.tenant(organisation_id) as connection:
        zone = await organisations.zone(connection, organisation_id)
        found, total = await store.cases(
            connection, organisation_id, asked.wanted(zone), offset=asked.offset, limit=asked.page_size
        )
        bookings = [one.booking_id for one in found if one.booking_id]
        states = await store.booking_statuses(connection, organisation_id, bookings, hub.clock.now())
        waiting = await store.open_cases(connection, organisation_id)
    return await render_office(
        request,
        "money/cases.html",
        section=SECTION,
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if errors or wrong else HTTP_200_OK,
        done=_said(done, locale),
        cases=found,
        offers={
            one.id: rules.offered(one.kind, states.get(one.booking_id) if one.booking_id else None) for one in found
        },
        total=total,
        waiting=waiting,
        place=asked,
        values=values,
        errors=errors,
        narrowed=narrowed,
        wrong_id=wrong[0] if wrong else None,
        wrong=wrong[1] if wrong else {},
        typed=typed,
        zone=zone,
        **_words(locale),
        may_act="cases.write" in staff.permissions,
        url_path=SECTION,
    )


def _said(done: str, locale: Locale) -> str | None:
    sentence = {"closed": _CLOSED, "acted": _DONE}.get(done)
    return translator(locale).gettext(sentence) if sentence else None


def _words(locale: Locale) -> dict[str, Any]:
    """What kinds, actions and details are called in that language."""
    return {
        "kinds": words.case_kinds(locale),
        "title": lambda kind: words.case_title(kind, locale),
        "text": lambda kind: words.case_text(kind, locale),
        "action_name": lambda action: words.action_name(action, locale),
        "resolution": lambda text: words.resolution_text(text, locale),
        "details": lambda case: words.case_details(case, locale),
    }


HANDLERS = (cases, act, close)
