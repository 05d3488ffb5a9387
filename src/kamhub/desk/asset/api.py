"""Assets over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

from litestar import Request, delete, get, patch, post
from litestar.response import Stream
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED, HTTP_204_NO_CONTENT
from litestar.types import ASGIApp

from kamhub.desk.asset import actions
from kamhub.desk.asset.forms import AssetChangeForm, AssetParameters, UrlForm
from kamhub.desk.asset.replies import AssetListReply, AssetReply, BlockListReply
from kamhub.desk.asset.types import Asset
from kamhub.desk.asset.uploads import attachment, uploaded
from kamhub.desk.asset.views import asset_json, block_json
from kamhub.desk.services import Desk
from kamhub.platform.person.types import Staff
from kamhub.platform.web.edge import MAX_BODY_BYTES
from kamhub.platform.web.json import json_reply, list_reply, parse_json, read_body, validate
from kamhub.platform.web.problems import BodyTooLarge, MediaTypeUnsupported, locale_of_call
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import Documented, PageParameters
from kamhub.platform.web.versions import asked_version, etag, require_version

Asked = Request[Any, Any, Any]
READ, WRITE = "knowledge.read", "knowledge.write"
_ASSETS = "/api/assets"
_ASSET = f"{_ASSETS}/{{asset_id:uuid}}"
_AT_A_TIME = 262_144
# The handler counts the bytes itself and says what a file may weigh; the edge would only say that it is too much.
_LET_IN = 10**12


@get(
    _ASSETS,
    opt=rule(access="staff", rate="api", permission=READ, body=AssetParameters, reply=AssetListReply),
)
async def assets(request: Asked, desk: Desk, staff: Staff) -> ASGIApp:
    """The organisation's documents and addresses, the newest first."""
    asked = validate(AssetParameters, request.query_params)
    found, total = await actions.assets(desk, staff, asked.query(), offset=asked.offset, limit=asked.page_size)
    locale = locale_of_call(request.headers)
    return list_reply([asset_json(asset, locale) for asset in found], asked, total)


@post(
    _ASSETS,
    status_code=HTTP_201_CREATED,
    request_max_body_size=None,
    opt={
        **rule(
            access="staff",
            rate="upload",
            csrf="token",
            permission=WRITE,
            body=UrlForm,
            reply=AssetReply,
            refusals=(400, 404, 413, 415, 422, 503),
            audit="asset.added",
            most_bytes=_LET_IN,
        ),
        Documented.KEY: Documented(or_file=True, replies={HTTP_200_OK: AssetReply}),
    },
)
async def add(request: Asked, desk: Desk, staff: Staff) -> ASGIApp:
    """Take in a document as the field ``file`` of a form, at most 50 MB, or an address as JSON.

    It is read in the background: its ``status`` says how far it is. What the organisation has already is answered with 200.
    """
    if "multipart/form-data" in request.headers.get("content-type", ""):
        async with uploaded(request, desk.files) as upload:
            asset, made = await actions.add_file(
                desk, staff, upload.staged, upload.form.new(upload.name, upload.media_type)
            )
    else:
        form = parse_json(await _json_body(request), UrlForm)
        asset, made = await actions.add_url(desk, staff, form.new())
    return _reply(request, asset, HTTP_201_CREATED if made else HTTP_200_OK)


async def _json_body(request: Asked) -> bytes:
    """The edge lets files through here, so that JSON has to be bounded by itself."""
    content_type = request.headers.get("content-type", "")
    if content_type and "json" not in content_type:
        raise MediaTypeUnsupported
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY_BYTES:
            raise BodyTooLarge
    return bytes(body)


@get(_ASSET, opt=rule(access="staff", rate="api", permission=READ, reply=AssetReply))
async def show(request: Asked, desk: Desk, staff: Staff, asset_id: UUID) -> ASGIApp:
    """One of them: how far it is, or why it could not be read."""
    return _reply(request, await actions.asset(desk, staff, asset_id))


@patch(
    _ASSET,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body=AssetChangeForm,
        reply=AssetReply,
        refusals=(404, 412),
        audit="asset.changed",
    ),
)
async def change(request: Asked, desk: Desk, staff: Staff, asset_id: UUID) -> ASGIApp:
    """Change its name, its category, or how often an address is read again."""
    asked = asked_version(request)
    body = await read_body(request)
    require_version(asked, (await actions.asset(desk, staff, asset_id)).version)
    form = parse_json(body, AssetChangeForm)
    return _reply(request, await actions.change(desk, staff, asset_id, form.change(), asked))


@post(
    f"{_ASSET}/retry",
    status_code=HTTP_200_OK,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body="none",
        reply=AssetReply,
        audit="asset.retried",
    ),
)
async def retry(request: Asked, desk: Desk, staff: Staff, asset_id: UUID) -> ASGIApp:
    """Read it again from the beginning, whether it failed or not. What is being read already goes on."""
    return _reply(request, await actions.retry(desk, staff, asset_id))


@delete(
    _ASSET,
    status_code=HTTP_204_NO_CONTENT,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body="none",
        reply="none",
        audit="asset.removed",
    ),
)
async def remove(desk: Desk, staff: Staff, asset_id: UUID) -> None:
    """Remove it with everything that is known from it."""
    await actions.remove(desk, staff, asset_id)


@get(
    f"{_ASSET}/file",
    opt=rule(access="staff", rate="api", permission=READ, reply="file", refusals=(404, 409, 503)),
)
async def download(desk: Desk, staff: Staff, asset_id: UUID) -> Stream:
    """The file as it came, to be saved."""
    async with AsyncExitStack() as stack:
        asset, path = await stack.enter_async_context(actions.opened(desk, staff, asset_id))
        return Stream(
            _parts(path, stack.pop_all()),
            media_type="application/octet-stream",
            headers={"Content-Disposition": attachment(asset.name), "Content-Length": str(asset.size)},
        )


async def _parts(path: Path, stack: AsyncExitStack) -> AsyncIterator[bytes]:
    async with stack:
        with path.open("rb") as file:
            while part := await asyncio.to_thread(file.read, _AT_A_TIME):
                yield part


@get(
    f"{_ASSET}/text",
    opt=rule(
        access="staff", rate="api", permission=READ, body=PageParameters, reply=BlockListReply, refusals=(404, 409, 503)
    ),
)
async def text(request: Asked, desk: Desk, staff: Staff, asset_id: UUID) -> ASGIApp:
    """What was read from it, block by block; positions of pieces name these numbers."""
    asked = validate(PageParameters, request.query_params)
    blocks = (await actions.text(desk, staff, asset_id)).blocks
    shown = range(len(blocks))[asked.offset : asked.offset + asked.page_size]
    return list_reply([block_json(number, blocks[number]) for number in shown], asked, len(blocks))


def _reply(request: Asked, asset: Asset, status: int = HTTP_200_OK) -> ASGIApp:
    return json_reply(asset_json(asset, locale_of_call(request.headers)), status, etag(asset.version))


HANDLERS = (assets, add, show, change, retry, remove, download, text)
