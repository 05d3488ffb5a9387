"""The pages of documents: the list, taking in files and addresses, one of them with its text at a place."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.status_codes import (
    HTTP_200_OK,
    HTTP_303_SEE_OTHER,
    HTTP_422_UNPROCESSABLE_ENTITY,
    HTTP_503_SERVICE_UNAVAILABLE,
)
from pydantic import ValidationError

from kamhub.desk.asset import actions, page_uploads
from kamhub.desk.asset.api import READ, WRITE
from kamhub.desk.asset.forms import AssetEditForm, AssetPageForm, AssetPageParameters, FilesPageForm, UrlPageForm
from kamhub.desk.asset.types import MOST_BYTES, STATUSES, Asset, AssetNotRead, FilesAway
from kamhub.desk.asset.uploads import FIELD
from kamhub.desk.asset.words import why_failed
from kamhub.desk.category import actions as categories
from kamhub.desk.category.types import CategoryNotFound
from kamhub.desk.citation import actions as citations
from kamhub.desk.citation.forms import CitationParameters
from kamhub.desk.citation.rules import stretch
from kamhub.desk.citation.types import Stretch
from kamhub.desk.services import Desk
from kamhub.kit.text import mark
from kamhub.platform.access.pages import render_office
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.organisation.actions import zone_of
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Staff
from kamhub.platform.web.json import validate
from kamhub.platform.web.pages import errors_of, render, said, sentence_of
from kamhub.platform.web.problems import InputInvalid
from kamhub.platform.web.rules import rule
from kamhub.platform.web.versions import VersionStale, page_version

Asked = Request[Any, Any, Any]
SECTION = "/office/knowledge/assets"
_ASSET = f"{SECTION}/{{asset_id:uuid}}"
# What reading makes something of; the browser offers only these, and the content decides.
EXTENSIONS = ("pdf", "docx", "xlsx", "csv", "txt", "md", "html", "htm")
# How often an address may be read again, in hours.
HOURS = (24, 168, 720)
_CHOOSE = mark("Choose at least one file.")
_DONE: Mapping[str, str] = {
    "added": mark("Taken in. Reading has begun; this page follows it."),
    "known": mark("This address is among your documents already."),
    "changed": mark("The changes are saved."),
    "again": mark("It is being read again."),
    "removed": mark("The document is removed, with everything that was known from it."),
}
_FIELDS = ("name", "category_id", "reread_hours")
Done = Annotated[str, QueryParameter(max_length=30)]


@get(
    SECTION,
    opt=rule(access="staff", rate="page", permission=READ, body=AssetPageParameters, reply="page", refusals=(422,)),
)
async def assets(request: Asked, desk: Desk, people: People, staff: Staff, done: Done = "") -> Response[Any]:
    """The documents and addresses there are, the newest first; those that are being read are followed."""
    errors: dict[str, str] = {}
    try:
        asked = validate(AssetPageParameters, request.query_params)
    except InputInvalid as error:
        errors, asked = errors_of(error, locale_of(request)), AssetPageParameters()
    found, total = await actions.assets(desk, staff, asked.query(), offset=asked.offset, limit=asked.page_size)
    chosen = {"q": asked.q, "category_id": asked.category_id, "status": asked.status}
    narrowed = urlencode({name: value for name, value in chosen.items() if value})
    return await _render(
        request,
        desk,
        people,
        staff,
        "asset/assets.html",
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK,
        done=said(request, _DONE, done),
        assets=found,
        total=total,
        asked=asked,
        errors=errors,
        statuses=STATUSES,
        narrowed=f"{narrowed}&" if narrowed else "",
    )


@get(f"{SECTION}/new", opt=rule(access="staff", rate="page", permission=WRITE, reply="page"))
async def new(request: Asked, desk: Desk, people: People, staff: Staff) -> Response[Any]:
    """Where files are dropped and addresses written."""
    return await _new(request, desk, people, staff)


@post(
    SECTION,
    status_code=HTTP_303_SEE_OTHER,
    request_max_body_size=None,
    opt=rule(
        access="staff",
        rate="upload",
        csrf="form",
        permission=WRITE,
        body=FilesPageForm,
        reply="page",
        refusals=(404, 413, 422, 503),
        audit="asset.added",
        most_bytes=page_uploads.MOST_AT_ONCE,
    ),
)
async def add_files(request: Asked, desk: Desk, people: People, staff: Staff) -> Response[Any]:
    """Take in the files of a form; those that are refused are told of, the others are read."""
    sent = await request.form()
    values = {"category_id": str(sent.get("category_id", ""))}
    files = await page_uploads.chosen(request)
    if not files:
        errors = {FIELD: translator(locale_of(request)).gettext(_CHOOSE)}
        return await _new(request, desk, people, staff, values=values, errors=errors)
    try:
        category_id = FilesPageForm.model_validate(values).category_id
        taken = [await page_uploads.take(desk, staff, file, category_id) for file in files]
    except (ValidationError, CategoryNotFound) as error:
        return await _new(request, desk, people, staff, values=values, errors=_wrong(request, error))
    refused = [(name, sentence_of(request, refusal)) for name, refusal in taken if refusal is not None]
    if refused:
        status = max(refusal.status for _, refusal in taken if refusal is not None)
        return await _new(
            request, desk, people, staff, values=values, refused=refused, all_files=len(taken), status=status
        )
    return _to("?done=added")


@post(
    f"{SECTION}/url",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=UrlPageForm,
        reply="page",
        refusals=(404, 422),
        audit="asset.added",
    ),
)
async def add_url(request: Asked, desk: Desk, people: People, staff: Staff) -> Response[Any]:
    """Take in an address, to be read once or again and again."""
    sent = await request.form()
    values = {name: str(sent.get(name, "")) for name in ("url", "category_id", "reread_hours")}
    try:
        asset, made = await actions.add_url(desk, staff, UrlPageForm.model_validate(values).new())
    except (ValidationError, CategoryNotFound) as error:
        wrong = {f"url.{field}": text for field, text in _wrong(request, error).items()}
        return await _new(request, desk, people, staff, values=values, errors=wrong)
    return _to(f"/{asset.id}?done={'added' if made else 'known'}")


@get(
    f"{_ASSET}/row",
    opt=rule(access="staff", rate="page", permission=READ, reply="page", refusals=(404,)),
)
async def row(request: Asked, desk: Desk, people: People, staff: Staff, asset_id: UUID) -> Response[Any]:
    """How one of them stands, as the list shows it; a page that follows it asks for this part."""
    return await _part(request, desk, people, staff, asset_id, "asset/row.html")


@get(
    f"{_ASSET}/standing",
    opt=rule(access="staff", rate="page", permission=READ, reply="page", refusals=(404,)),
)
async def standing(request: Asked, desk: Desk, people: People, staff: Staff, asset_id: UUID) -> Response[Any]:
    """The same, as its own page shows it."""
    return await _part(request, desk, people, staff, asset_id, "asset/standing.html")


@get(
    _ASSET,
    opt=rule(access="staff", rate="page", permission=READ, body=CitationParameters, reply="page", refusals=(404, 422)),
)
async def show(
    request: Asked, desk: Desk, people: People, staff: Staff, asset_id: UUID, done: Done = ""
) -> Response[Any]:
    """One document: how it stands, what was read from it, at the place of a chunk."""
    return await _show(request, desk, people, staff, asset_id, done=said(request, _DONE, done))


@post(
    _ASSET,
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=AssetEditForm,
        reply="page",
        refusals=(404, 412, 422),
        audit="asset.changed",
    ),
)
async def change(request: Asked, desk: Desk, people: People, staff: Staff, asset_id: UUID) -> Response[Any]:
    """Change its name, its category, or how often it is read again."""
    await actions.asset(desk, staff, asset_id)
    sent = await request.form()
    values, version = {name: str(sent.get(name, "")) for name in _FIELDS}, page_version(sent)
    try:
        await actions.change(desk, staff, asset_id, AssetPageForm.model_validate(values).change(), version)
    except (ValidationError, CategoryNotFound, VersionStale) as error:
        status = error.status if isinstance(error, VersionStale) else HTTP_422_UNPROCESSABLE_ENTITY
        known = {**values, "version": str(version)}
        return await _show(
            request, desk, people, staff, asset_id, values=known, errors=_wrong(request, error), refused=status
        )
    return _to(f"/{asset_id}?done=changed")


@post(
    f"{_ASSET}/retry",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body="none",
        reply="none",
        refusals=(404,),
        audit="asset.retried",
    ),
)
async def retry(desk: Desk, staff: Staff, asset_id: UUID) -> Redirect:
    """Read it again from the beginning."""
    await actions.retry(desk, staff, asset_id)
    return _to(f"/{asset_id}?done=again")


@post(
    f"{_ASSET}/remove",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body="none",
        reply="none",
        refusals=(404,),
        audit="asset.removed",
    ),
)
async def remove(desk: Desk, staff: Staff, asset_id: UUID) -> Redirect:
    """Remove it with everything that is known from it."""
    await actions.remove(desk, staff, asset_id)
    return _to("?done=removed")


async def _new(
    request: Asked,
    desk: Desk,
    people: People,
    staff: Staff,
    *,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    refused: Sequence[tuple[str, str]] = (),
    all_files: int = 0,
    status: int | None = None,
) -> Response[Any]:
    return await _render(
        request,
        desk,
        people,
        staff,
        "asset/new.html",
        status_code=status or (HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK),
        values=values or {},
        errors=errors or {},
        refused=refused,
        taken=all_files - len(refused),
        hours=HOURS,
        extensions=EXTENSIONS,
        most_bytes=MOST_BYTES,
        most_at_once=page_uploads.MOST_AT_ONCE,
        url_path=f"{SECTION}/new",
    )


async def _show(
    request: Asked,
    desk: Desk,
    people: People,
    staff: Staff,
    asset_id: UUID,
    *,
    done: str | None = None,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    refused: int | None = None,
) -> Response[Any]:
    asset = await actions.asset(desk, staff, asset_id)
    try:
        asked = validate(CitationParameters, request.query_params)
    except InputInvalid:
        asked = CitationParameters()
    place = await citations.place_in(desk.hub, staff, "asset", asset_id, asked.chunk)
    shown: Stretch | None = None
    status, away = HTTP_200_OK, False
    try:
        shown = stretch((await actions.text(desk, staff, asset_id)).blocks, place, asked.at, asked.row)
    except AssetNotRead:
        pass
    except FilesAway:
        status, away = HTTP_503_SERVICE_UNAVAILABLE, True
    return await _render(
        request,
        desk,
        people,
        staff,
        "asset/asset.html",
        status_code=refused or status,
        done=done,
        asset=asset,
        shown=shown,
        away=away,
        chunk=asked.chunk,
        moved=asked.chunk is not None and place is None and shown is not None,
        values=values or _texts(asset),
        errors=errors or {},
        hours=HOURS,
        url_path=f"{SECTION}/{asset_id}",
    )


async def _part(
    request: Asked, desk: Desk, people: People, staff: Staff, asset_id: UUID, template: str
) -> Response[Any]:
    asset = await actions.asset(desk, staff, asset_id)
    shared = await _shared(request, desk, people, staff)
    page = render(request, template, asset=asset, **shared)
    page.headers["Cache-Control"] = "no-store"
    return page


async def _render(
    request: Asked, desk: Desk, people: People, staff: Staff, template: str, **context: Any
) -> Response[Any]:
    """A page of this section."""
    shared = await _shared(request, desk, people, staff)
    return await render_office(request, template, section=SECTION, **shared, **context)


async def _shared(request: Asked, desk: Desk, people: People, staff: Staff) -> dict[str, Any]:
    """What all of them need: the tree of categories, the zone, the sentences on failures."""
    zone, locale = await zone_of(people, staff.organisation_id), locale_of(request)
    return {
        "branches": await categories.categories(desk.hub, staff),
        "local": lambda at: at.astimezone(zone),
        "why": lambda asset: why_failed(asset.error, asset.error_facts, locale),
        "writes": WRITE in staff.permissions,
    }


def _texts(asset: Asset) -> dict[str, str]:
    return {
        "name": asset.name,
        "category_id": str(asset.category_id or ""),
        "reread_hours": str(asset.reread_hours or ""),
        "version": str(asset.facts_version),
    }


def _wrong(request: Asked, error: ValidationError | CategoryNotFound | VersionStale) -> dict[str, str]:
    """Field → sentence."""
    if isinstance(error, ValidationError):
        return errors_of(error, locale_of(request))
    return {"category_id" if isinstance(error, CategoryNotFound) else "form": sentence_of(request, error)}


def _to(rest: str) -> Redirect:
    return Redirect(f"{SECTION}{rest}", status_code=HTTP_303_SEE_OTHER)


HANDLERS = (assets, new, add_files, add_url, row, standing, show, change, retry, remove)
