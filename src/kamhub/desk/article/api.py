"""Articles over HTTP."""

from typing import Any
from uuid import UUID

from litestar import Request, delete, get, patch, post
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED, HTTP_204_NO_CONTENT
from litestar.types import ASGIApp

from kamhub.desk.article import actions
from kamhub.desk.article.forms import ArticleChangeForm, ArticleForm, ArticleParameters, BringBackForm
from kamhub.desk.article.replies import ArticleListReply, ArticleReply, ArticleVersionListReply
from kamhub.desk.article.views import COLUMNS, article_cells, article_json, summary_json, version_json
from kamhub.hub.services import Hub
from kamhub.platform.person.types import Staff
from kamhub.platform.web.csv import MOST_ROWS, csv_reply, wants_csv
from kamhub.platform.web.json import json_reply, list_reply, parse_json, read_body, read_json, validate
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import PageParameters
from kamhub.platform.web.versions import asked_version, etag, require_version

Asked = Request[Any, Any, Any]
READ, WRITE = "knowledge.read", "knowledge.write"
_ARTICLES = "/api/knowledge/articles"
_ARTICLE = f"{_ARTICLES}/{{article_id:uuid}}"


@get(
    _ARTICLES,
    opt=rule(access="staff", rate="api", permission=READ, body=ArticleParameters, reply=ArticleListReply),
)
async def articles(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """The organisation's articles without their texts, the last changed first."""
    asked = validate(ArticleParameters, request.query_params)
    if wants_csv(request):
        found, _ = await actions.articles(hub, staff, asked.query(), limit=MOST_ROWS)
        return csv_reply(request, "articles.csv", COLUMNS, map(article_cells, found))
    found, total = await actions.articles(hub, staff, asked.query(), offset=asked.offset, limit=asked.page_size)
    return list_reply([summary_json(article) for article in found], asked, total)


@post(
    _ARTICLES,
    status_code=HTTP_201_CREATED,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body=ArticleForm,
        reply=ArticleReply,
        refusals=(404,),
        audit="article.added",
    ),
)
async def add(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """Write an article; a published one can be found within seconds."""
    form = await read_json(request, ArticleForm)
    made = await actions.add(hub, staff, form.facts())
    return json_reply(article_json(made), HTTP_201_CREATED, etag(made.version))


@get(_ARTICLE, opt=rule(access="staff", rate="api", permission=READ, reply=ArticleReply))
async def show(hub: Hub, staff: Staff, article_id: UUID) -> ASGIApp:
    """One article."""
    found = await actions.article(hub, staff, article_id)
    return json_reply(article_json(found), headers=etag(found.version))


@patch(
    _ARTICLE,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body=ArticleChangeForm,
        reply=ArticleReply,
        refusals=(412,),
        audit="article.changed",
    ),
)
async def change(request: Asked, hub: Hub, staff: Staff, article_id: UUID) -> ASGIApp:
    """Save an article as its next version."""
    asked = asked_version(request)
    body = await read_body(request)
    require_version(asked, (await actions.article(hub, staff, article_id)).version)
    form = parse_json(body, ArticleChangeForm)
    changed = await actions.change(hub, staff, article_id, form.change(), asked)
    return json_reply(article_json(changed), headers=etag(changed.version))


@delete(
    _ARTICLE,
    status_code=HTTP_204_NO_CONTENT,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body="none",
        reply="none",
        refusals=(412,),
        audit="article.removed",
    ),
)
async def remove(request: Asked, hub: Hub, staff: Staff, article_id: UUID) -> None:
    """Remove an article for good, and with it what searches find of it."""
    await actions.remove(hub, staff, article_id, asked_version(request))


@get(
    f"{_ARTICLE}/versions",
    opt=rule(access="staff", rate="api", permission=READ, body=PageParameters, reply=ArticleVersionListReply),
)
async def versions(request: Asked, hub: Hub, staff: Staff, article_id: UUID) -> ASGIApp:
    """What was saved of an article, the latest first."""
    asked = validate(PageParameters, request.query_params)
    found = await actions.versions(hub, staff, article_id)
    shown = found[asked.offset : asked.offset + asked.page_size]
    return list_reply([version_json(version) for version in shown], asked, len(found))


@post(
    f"{_ARTICLE}/bring-back",
    status_code=HTTP_200_OK,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body=BringBackForm,
        reply=ArticleReply,
        refusals=(404, 412),
        audit="article.changed",
    ),
)
async def bring_back(request: Asked, hub: Hub, staff: Staff, article_id: UUID) -> ASGIApp:
    """Save an older version's title and text as the next version."""
    asked = asked_version(request)
    body = await read_body(request)
    require_version(asked, (await actions.article(hub, staff, article_id)).version)
    form = parse_json(body, BringBackForm)
    changed = await actions.bring_back(hub, staff, article_id, form.version, asked)
    return json_reply(article_json(changed), headers=etag(changed.version))


HANDLERS = (articles, add, show, change, remove, versions, bring_back)
