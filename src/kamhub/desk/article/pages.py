"""The pages of articles: the list, one of them at a place, its editor, its versions."""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from pydantic import ValidationError

from kamhub.desk.article import actions
from kamhub.desk.article.api import READ, WRITE
from kamhub.desk.article.forms import (
    ArticleBringBackForm,
    ArticleEditForm,
    ArticleForm,
    ArticlePageParameters,
    ArticleParameters,
    ArticlePreviewForm,
    ArticleStartParameters,
)
from kamhub.desk.article.types import Article, ArticleFacts, ArticleNotFound, ArticleVersion, VersionNotFound
from kamhub.desk.category import actions as categories
from kamhub.desk.category.types import CategoryNotFound
from kamhub.desk.citation import actions as citations
from kamhub.desk.citation.rules import stretch
from kamhub.desk.extraction.actions import read_markdown
from kamhub.desk.extraction.types import Block, Unreadable
from kamhub.hub.services import Hub
from kamhub.kit.text import mark
from kamhub.platform.access.pages import render_office
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.organisation.actions import zone_of
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Staff
from kamhub.platform.web.json import validate
from kamhub.platform.web.pages import errors_of, said, sentence_of
from kamhub.platform.web.problems import InputInvalid
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import VersionForm
from kamhub.platform.web.versions import VersionStale, page_version

Asked = Request[Any, Any, Any]
SECTION = "/office/knowledge/articles"
_ARTICLE = f"{SECTION}/{{article_id:uuid}}"
_NAMES = ("title", "body", "category_id", "status")
_DONE: Mapping[str, str] = {
    "added": mark("The article is saved."),
    "changed": mark("The changes are saved as a new version."),
    "brought_back": mark("The older version is the present one again."),
    "removed": mark("The article is removed."),
}
Done = Annotated[str, QueryParameter(max_length=30)]


@get(
    SECTION,
    opt=rule(access="staff", rate="page", permission=READ, body=ArticleParameters, reply="page", refusals=(422,)),
)
async def articles(request: Asked, hub: Hub, people: People, staff: Staff, done: Done = "") -> Response[Any]:
    """The articles there are, the last changed first."""
    errors: dict[str, str] = {}
    try:
        asked = validate(ArticleParameters, request.query_params)
    except InputInvalid as error:
        errors, asked = errors_of(error, locale_of(request)), ArticleParameters()
    found, total = await actions.articles(hub, staff, asked.query(), offset=asked.offset, limit=asked.page_size)
    chosen = {"q": asked.q, "category_id": asked.category_id, "status": asked.status}
    narrowed = urlencode({name: value for name, value in chosen.items() if value})
    return await _render(
        request,
        hub,
        people,
        staff,
        "article/articles.html",
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK,
        done=said(request, _DONE, done),
        articles=found,
        total=total,
        asked=asked,
        errors=errors,
        narrowed=f"{narrowed}&" if narrowed else "",
    )


@get(
    f"{SECTION}/new",
    opt=rule(access="staff", rate="page", permission=WRITE, body=ArticleStartParameters, reply="page", refusals=(422,)),
)
async def new(request: Asked, hub: Hub, people: People, staff: Staff) -> Response[Any]:
    """The editor of a new article; what a search did not find may be its title already."""
    try:
        start = validate(ArticleStartParameters, request.query_params)
    except InputInvalid:
        start = ArticleStartParameters()
    values = {"title": start.title, "category_id": str(start.category_id or ""), "status": "published"}
    return await _editor(request, hub, people, staff, None, values)


@post(
    SECTION,
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=ArticleForm,
        reply="page",
        refusals=(404, 422),
        audit="article.added",
    ),
)
async def add(request: Asked, hub: Hub, people: People, staff: Staff) -> Response[Any]:
    """Save a new article."""
    values = await _sent(request)
    try:
        made = await actions.add(hub, staff, ArticleForm.model_validate(values).facts())
    except (ValidationError, CategoryNotFound) as error:
        return await _editor(request, hub, people, staff, None, values, errors=_wrong(request, error))
    return _to(f"/{made.id}?done=added")


@post(
    f"{SECTION}/preview",
    status_code=HTTP_200_OK,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=ArticlePreviewForm,
        reply="page",
        refusals=(404, 422),
        audit="article.previewed",
    ),
)
async def preview(request: Asked, hub: Hub, people: People, staff: Staff) -> Response[Any]:
    """How the text in the editor is read; nothing is saved."""
    values = await _sent(request)
    sent = await request.form()
    known = {name: str(sent.get(name, "")) for name in ("article_id", "version")}
    try:
        form = ArticlePreviewForm.model_validate(values | known)
        article = await actions.note_preview(hub, staff, form.article_id, form.facts())
    except (ValidationError, CategoryNotFound) as error:
        article = await _known(hub, staff, known["article_id"])
        version = page_version(known)
        return await _editor(
            request, hub, people, staff, article, values, errors=_wrong(request, error), version=version
        )
    return await _editor(request, hub, people, staff, article, values, shown=_read(form.body), version=form.version)


@get(
    _ARTICLE,
    opt=rule(
        access="staff", rate="page", permission=READ, body=ArticlePageParameters, reply="page", refusals=(404, 422)
    ),
)
async def show(
    request: Asked, hub: Hub, people: People, staff: Staff, article_id: UUID, done: Done = ""
) -> Response[Any]:
    """One article, or one of its older versions, at the place of a chunk."""
    return await _show(request, hub, people, staff, article_id, done=said(request, _DONE, done))


@get(f"{_ARTICLE}/edit", opt=rule(access="staff", rate="page", permission=WRITE, reply="page", refusals=(404,)))
async def edit(request: Asked, hub: Hub, people: People, staff: Staff, article_id: UUID) -> Response[Any]:
    """The editor of an article."""
    article = await actions.article(hub, staff, article_id)
    return await _editor(request, hub, people, staff, article, _texts(article.facts))


@post(
    _ARTICLE,
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=ArticleEditForm,
        reply="page",
        refusals=(404, 412, 422),
        audit="article.changed",
    ),
)
async def change(request: Asked, hub: Hub, people: People, staff: Staff, article_id: UUID) -> Response[Any]:
    """Save an article as its next version."""
    article = await actions.article(hub, staff, article_id)
    values, version = await _sent(request), page_version(await request.form())
    try:
        facts = ArticleForm.model_validate(values).facts()
        await actions.change(hub, staff, article_id, lambda _: facts, version)
    except (ValidationError, CategoryNotFound, VersionStale) as error:
        status = error.status if isinstance(error, VersionStale) else HTTP_422_UNPROCESSABLE_ENTITY
        return await _editor(
            request, hub, people, staff, article, values, errors=_wrong(request, error), version=version, status=status
        )
    return _to(f"/{article_id}?done=changed")


@post(
    f"{_ARTICLE}/bring-back",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=ArticleBringBackForm,
        reply="page",
        refusals=(404, 412),
        audit="article.changed",
    ),
)
async def bring_back(request: Asked, hub: Hub, people: People, staff: Staff, article_id: UUID) -> Response[Any]:
    """Make an older version the next one."""
    await actions.article(hub, staff, article_id)
    sent = await request.form()
    try:
        number = page_version({"version": sent.get("number", "")})
        await actions.bring_back(hub, staff, article_id, number, page_version(sent))
    except (VersionStale, VersionNotFound) as refusal:
        wrong = sentence_of(request, refusal)
        return await _show(request, hub, people, staff, article_id, wrong=wrong, status=refusal.status)
    return _to(f"/{article_id}?done=brought_back")


@post(
    f"{_ARTICLE}/remove",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=VersionForm,
        reply="page",
        refusals=(404, 412),
        audit="article.removed",
    ),
)
async def remove(request: Asked, hub: Hub, people: People, staff: Staff, article_id: UUID) -> Response[Any]:
    """Remove an article for good."""
    await actions.article(hub, staff, article_id)
    try:
        await actions.remove(hub, staff, article_id, page_version(await request.form()))
    except VersionStale as refusal:
        wrong = sentence_of(request, refusal)
        return await _show(request, hub, people, staff, article_id, wrong=wrong, status=refusal.status)
    return _to("?done=removed")


async def _show(
    request: Asked,
    hub: Hub,
    people: People,
    staff: Staff,
    article_id: UUID,
    *,
    done: str | None = None,
    wrong: str | None = None,
    status: int = HTTP_200_OK,
) -> Response[Any]:
    article = await actions.article(hub, staff, article_id)
    versions = await actions.versions(hub, staff, article_id)
    try:
        asked = validate(ArticlePageParameters, request.query_params)
    except InputInvalid:
        asked = ArticlePageParameters()
    older = _older(versions, article, asked.version)
    place = None if older else await citations.place_in(hub, staff, "article", article_id, asked.chunk)
    blocks = _read(older.body if older else article.facts.body)
    return await _render(
        request,
        hub,
        people,
        staff,
        "article/article.html",
        status_code=status,
        done=done,
        wrong=wrong,
        article=article,
        versions=versions,
        older=older,
        shown=stretch(blocks, place, asked.at, asked.row) if blocks else None,
        chunk=asked.chunk,
        moved=asked.chunk is not None and place is None and older is None,
    )


def _older(versions: list[ArticleVersion], article: Article, number: int | None) -> ArticleVersion | None:
    """The version that was asked for, unless it is the present one. Raises ``VersionNotFound``."""
    if number is None or number == article.version:
        return None
    found = next((one for one in versions if one.version == number), None)
    if found is None:
        raise VersionNotFound
    return found


def _read(body: str) -> tuple[Block, ...]:
    """What is read of Markdown; nothing where it has no text."""
    try:
        return read_markdown(body).blocks
    except Unreadable:
        return ()


async def _editor(
    request: Asked,
    hub: Hub,
    people: People,
    staff: Staff,
    article: Article | None,
    values: Mapping[str, str],
    *,
    errors: Mapping[str, str] | None = None,
    shown: tuple[Block, ...] | None = None,
    version: int | None = None,
    status: int | None = None,
) -> Response[Any]:
    return await _render(
        request,
        hub,
        people,
        staff,
        "article/editor.html",
        status_code=status or (HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK),
        article=article,
        version=version or (article.version if article else None),
        values={name: values.get(name, "") for name in _NAMES},
        errors=errors or {},
        looked=shown is not None,
        shown=stretch(shown) if shown else None,
        url_path=f"{SECTION}/{article.id}/edit" if article else f"{SECTION}/new",
    )


async def _render(
    request: Asked, hub: Hub, people: People, staff: Staff, template: str, **context: Any
) -> Response[Any]:
    """A page of this section, with the tree of categories and the zone that all of them need."""
    zone = await zone_of(people, staff.organisation_id)
    return await render_office(
        request,
        template,
        section=SECTION,
        branches=await categories.categories(hub, staff),
        local=lambda at: at.astimezone(zone),
        writes=WRITE in staff.permissions,
        **context,
    )


async def _known(hub: Hub, staff: Staff, article_id: str) -> Article | None:
    """The article of an editor; None of a new one. Raises ``ArticleNotFound``."""
    try:
        return await actions.article(hub, staff, UUID(article_id)) if article_id else None
    except ValueError:
        raise ArticleNotFound from None


async def _sent(request: Asked) -> dict[str, str]:
    sent = await request.form()
    return {name: str(sent.get(name, "")) for name in _NAMES}


def _texts(facts: ArticleFacts) -> dict[str, str]:
    category = str(facts.category_id or "")
    return {"title": facts.title, "body": facts.body, "category_id": category, "status": facts.status}


def _wrong(request: Asked, error: ValidationError | CategoryNotFound | VersionStale) -> dict[str, str]:
    """Field → sentence."""
    if isinstance(error, ValidationError):
        return errors_of(error, locale_of(request))
    return {"category_id" if isinstance(error, CategoryNotFound) else "form": sentence_of(request, error)}


def _to(rest: str) -> Redirect:
    return Redirect(f"{SECTION}{rest}", status_code=HTTP_303_SEE_OTHER)


HANDLERS = (articles, new, add, preview, show, edit, change, bring_back, remove)
