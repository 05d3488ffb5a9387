"""The pages of jobs: how they are doing, and the dead letters that wait for a decision."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from pydantic import ValidationError

from kamhub.kit.text import Locale
from kamhub.platform.access.pages import render_office
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.form_errors import form_errors
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.job import actions, overview, words
from kamhub.platform.job.actions import Chosen, Handled
from kamhub.platform.job.api import MANAGE, READ
from kamhub.platform.job.forms import ChoiceForm, DeadParameters, DiscardChoiceForm, DiscardForm, JobParameters
from kamhub.platform.job.types import DeadJob
from kamhub.platform.monitoring.masks import mask, mask_text
from kamhub.platform.organisation.actions import zone_of
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Staff
from kamhub.platform.web.rules import rule

Asked = Request[Any, Any, Any]
SECTION = "/office/jobs"
DEAD = "/office/jobs/dead"
_LATE = 300.0  # seconds that a job may be due before the page says so
Done = Annotated[str, QueryParameter(max_length=30)]
Number = Annotated[int, QueryParameter(ge=0, le=1_000_000)]


@get(
    SECTION,
    opt=rule(access="staff", rate="page", permission=READ, body=JobParameters, reply="page", refusals=(422,)),
)
async def jobs(request: Asked, people: People, staff: Staff) -> Response[Any]:
    """What waits, runs and ended; the page looks again by itself."""
    locale = locale_of(request)
    values = {name: request.query_params.get(name, "") for name in ("status", "kind")}
    errors: dict[str, str] = {}
    try:
        asked = JobParameters.model_validate(dict(request.query_params))
    except ValidationError as error:
        errors, asked = form_errors(error, locale), JobParameters()
    found = await overview.jobs(
        people, staff, asked.wanted(), offset=asked.offset, limit=asked.page_size, most=overview.MOST_COUNTED
    )
    now, sign = people.clock.now(), await overview.life_sign(people)
    return await _render(
        request,
        people,
        staff,
        "job/jobs.html",
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK,
        found=found,
        most=overview.MOST_COUNTED,
        place=asked,
        values=values,
        errors=errors,
        narrowed=urlencode({name: value for name, value in values.items() if value and not errors}),
        queues=await overview.queues(people, staff),
        late=_LATE,
        sign=sign,
        heard=None if sign.last_heard is None else words.age((now - sign.last_heard).total_seconds(), locale),
    )


@get(
    DEAD,
    opt=rule(access="staff", rate="page", permission=READ, body=DeadParameters, reply="page", refusals=(422,)),
)
async def dead(
    request: Asked, people: People, staff: Staff, done: Done = "", count: Number = 0, left: Number = 0
) -> Response[Any]:
    """The dead letters, and what may be done with several."""
    said = _said(done, Handled(count, left), locale_of(request))
    return await _dead(request, people, staff, request.query_params, said=said)


@get(
    f"{DEAD}/{{job_id:uuid}}",
    opt=rule(access="staff", rate="page", permission=READ, reply="page", refusals=(404,)),
)
async def letter(request: Asked, people: People, staff: Staff, job_id: UUID) -> Response[Any]:
    """One dead letter: what it was to do, why it failed, and what may be done now."""
    return await _letter(request, people, staff, job_id)


@post(
    f"{DEAD}/{{job_id:uuid}}/retry",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=MANAGE,
        body="none",
        reply="none",
        refusals=(404,),
        audit="job.retried",
    ),
)
async def retry(people: People, staff: Staff, job_id: UUID) -> Redirect:
    """Run it again."""
    return _back("retried", await actions.retry_chosen(people, staff, Chosen((job_id,))))


@post(
    f"{DEAD}/{{job_id:uuid}}/discard",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=MANAGE,
        body=DiscardForm,
        reply="page",
        refusals=(404,),
        audit="job.discarded",
    ),
)
async def discard(request: Asked, people: People, staff: Staff, job_id: UUID) -> Response[Any]:
    """Give it up, with the reason."""
    reason = str((await request.form()).get("reason", ""))
    try:
        form = DiscardForm.model_validate({"reason": reason})
    except ValidationError as error:
        errors = form_errors(error, locale_of(request))
        return await _letter(request, people, staff, job_id, reason=reason, errors=errors)
    return _back("discarded", await actions.discard_chosen(people, staff, Chosen((job_id,)), form.reason))


@post(
    f"{DEAD}/retry",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=MANAGE,
        body=ChoiceForm,
        reply="page",
        refusals=(404,),
        audit="job.retried",
    ),
)
async def retry_many(request: Asked, people: People, staff: Staff) -> Response[Any]:
    """Run the chosen ones again, or all of a kind."""
    ids, kind, _ = await _sent(request)
    try:
        form = ChoiceForm.model_validate({"ids": ids, "kind": kind})
    except ValidationError as error:
        return await _refused(request, people, staff, error, ids=ids, kind=kind)
    return _back("retried", await actions.retry_chosen(people, staff, form.chosen()), kind)


@post(
    f"{DEAD}/discard",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=MANAGE,
        body=DiscardChoiceForm,
        reply="page",
        refusals=(404,),
        audit="job.discarded",
    ),
)
async def discard_many(request: Asked, people: People, staff: Staff) -> Response[Any]:
    """Give the chosen ones up, or all of a kind, with the reason."""
    ids, kind, reason = await _sent(request)
    try:
        form = DiscardChoiceForm.model_validate({"ids": ids, "kind": kind, "reason": reason})
    except ValidationError as error:
        return await _refused(request, people, staff, error, ids=ids, kind=kind, reason=reason)
    return _back("discarded", await actions.discard_chosen(people, staff, form.chosen(), form.reason), kind)


async def _sent(request: Asked) -> tuple[list[str], str, str]:
    """Ids, kind and reason, as the form has them."""
    sent = await request.form()
    return [str(one) for one in sent.getall("ids", [])], str(sent.get("kind", "")), str(sent.get("reason", ""))


def _back(done: str, handled: Handled, kind: str = "") -> Redirect:
    told = {"done": done, "count": handled.count} | ({"left": handled.left} if handled.left else {})
    return Redirect(
        f"{DEAD}?{urlencode(told | ({'kind': kind} if kind and handled.left else {}))}",
        status_code=HTTP_303_SEE_OTHER,
    )


def _said(done: str, handled: Handled, locale: Locale) -> str | None:
    """What has just been done, as a sentence."""
    catalogue = translator(locale)
    if done == "retried":
        text = catalogue.ngettext("%(num)s job runs again.", "%(num)s jobs run again.", handled.count)
    elif done == "discarded":
        text = catalogue.ngettext("%(num)s job is discarded.", "%(num)s jobs are discarded.", handled.count)
    else:
        return None
    said = text % {"num": handled.count}
    if handled.left:
        more = catalogue.ngettext("%(num)s of this kind is left.", "%(num)s of this kind are left.", handled.left)
        said += " " + more % {"num": handled.left}
    return said


async def _refused(
    request: Asked,
    people: People,
    staff: Staff,
    error: ValidationError,
    *,
    ids: list[str],
    kind: str,
    reason: str = "",
) -> Response[Any]:
    """The list again, with what was chosen and written, and what is wrong with it."""
    locale = locale_of(request)
    errors = {field.partition(".")[0]: text for field, text in form_errors(error, locale).items()}
    if not ids and not kind:
        errors["choice"] = translator(locale).gettext("Choose at least one job.")
    elif set(errors) - {"reason"}:
        errors["choice"] = errors.get("ids") or errors.get("kind") or errors.get("body", "")
    return await _dead(request, people, staff, {"kind": kind}, chosen=ids, reason=reason, errors=errors)


async def _dead(
    request: Asked,
    people: People,
    staff: Staff,
    query: Mapping[str, str],
    *,
    said: str | None = None,
    chosen: list[str] | None = None,
    reason: str = "",
    errors: Mapping[str, str] | None = None,
) -> Response[Any]:
    values = {name: query.get(name, "") for name in ("kind", "q")}
    wrong = dict(errors or {})
    try:
        asked = DeadParameters.model_validate(dict(query))
    except ValidationError as error:
        wrong, asked = form_errors(error, locale_of(request)), DeadParameters()
    found = await overview.dead(people, staff, asked.wanted(), offset=asked.offset, limit=asked.page_size)
    return await _render(
        request,
        people,
        staff,
        "job/dead.html",
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if wrong else HTTP_200_OK,
        done=said,
        letters=[(one, mask_text(one.error)) for one in found.letters],
        total=found.total,
        kinds=dict(found.kinds),
        of_kind=dict(found.kinds).get(asked.kind or "", 0),
        place=asked,
        values=values,
        chosen=chosen or [],
        reason=reason,
        errors=wrong,
        narrowed=urlencode({name: value for name, value in values.items() if value}),
        url_path=DEAD if request.method != "GET" else str(request.url.path) + _query_of(request),
    )


def _query_of(request: Asked) -> str:
    return f"?{request.url.query}" if request.url.query else ""


async def _letter(
    request: Asked,
    people: People,
    staff: Staff,
    job_id: UUID,
    *,
    reason: str = "",
    errors: Mapping[str, str] | None = None,
) -> Response[Any]:
    found, failures = await overview.letter(people, staff, job_id)
    return await _render(
        request,
        people,
        staff,
        "job/letter.html",
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK,
        letter=found,
        error=mask_text(found.error),
        trace=mask_text(found.traceback),
        arguments=_arguments(found, locale_of(request)),
        failures=failures,
        reason=reason,
        errors=errors or {},
        url_path=f"{DEAD}/{job_id}",
    )


def _arguments(letter: DeadJob, locale: Locale) -> list[tuple[str, str]]:
    masked = mask(letter.arguments)
    told = masked.items() if isinstance(masked, Mapping) else ()
    return [(words.argument_name(str(name), locale), str(value)) for name, value in told]


async def _render(request: Asked, people: People, staff: Staff, template: str, **context: Any) -> Response[Any]:
    """A page of this section with the words and the zone that all of them need."""
    locale = locale_of(request)
    zone = await zone_of(people, staff.organisation_id)

    def local(at: datetime) -> datetime:
        return at.astimezone(zone)

    return await render_office(
        request,
        template,
        section=SECTION,
        local=local,
        dead_letters=await overview.dead_letters(people, staff.organisation_id),
        manages=MANAGE in staff.permissions,
        kind_names=words.kind_names(locale),
        kind_name=lambda kind: words.kind_name(kind, locale),
        undone=lambda kind: words.undone(kind, locale),
        queue_name=lambda queue: words.queue_name(queue, locale),
        reason_text=lambda reason: words.reason_text(reason, locale),
        status_names=words.status_names(locale),
        age=lambda seconds: words.age(seconds, locale),
        **context,
    )


HANDLERS = (jobs, dead, letter, retry, discard, retry_many, discard_many)
