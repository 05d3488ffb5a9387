"""Places over HTTP: by name for everybody, and those an organisation keeps for itself."""

from typing import Any
from uuid import UUID

from litestar import Request, delete, get, patch, post
from litestar.status_codes import HTTP_201_CREATED, HTTP_204_NO_CONTENT
from litestar.types import ASGIApp

from kamhub.hub.place import actions
from kamhub.hub.place.forms import PlaceChangeForm, PlaceForm, PlaceParameters
from kamhub.hub.place.replies import KeptPlaceReply, PhotoReply, PlaceListReply
from kamhub.hub.place.uploads import MEDIA_TYPES, read_file
from kamhub.hub.place.views import COLUMNS, kept_place_json, photo_json, place_cells
from kamhub.hub.search import actions as search
from kamhub.hub.search.api import place_json
from kamhub.hub.services import Hub
from kamhub.platform.access.guard import staff_if_any
from kamhub.platform.person.types import Staff
from kamhub.platform.web.csv import MOST_ROWS, csv_reply, wants_csv
from kamhub.platform.web.json import json_reply, list_reply, parse_json, read_body, read_json, validate
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import Documented
from kamhub.platform.web.versions import asked_version, etag, require_version

Asked = Request[Any, Any, Any]
READ, WRITE = "network.read", "network.write"
_PLACES = "/api/places"
_PLACE = f"{_PLACES}/{{place_id:uuid}}"
_PHOTO = f"{_PLACE}/photo"


@get(_PLACES, opt=rule(access="public", rate="public", body=PlaceParameters, reply=PlaceListReply))
async def places(request: Asked, hub: Hub) -> ASGIApp:
    """Places by name in either language, forgiving typing; with a token of staff all those they may use."""
    asked = validate(PlaceParameters, request.query_params)
    staff = await staff_if_any(request, READ)
    if staff is None:
        near = await search.find_places(hub, asked.q, asked.limit)
        items = [place_json(place) for place in near]
        return json_reply({"items": items, "page": 1, "page_size": asked.limit, "total": len(items)})
    if wants_csv(request):
        found, _ = await actions.places(hub, staff, asked.query(), limit=MOST_ROWS)
        return csv_reply(request, "places.csv", COLUMNS, map(place_cells, found))
    found, total = await actions.places(hub, staff, asked.query(), offset=asked.offset, limit=asked.page_size)
    return list_reply([kept_place_json(place) for place in found], asked, total)


@post(
    _PLACES,
    status_code=HTTP_201_CREATED,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body=PlaceForm,
        reply=KeptPlaceReply,
        refusals=(409,),
        audit="place.added",
    ),
)
async def add(request: Asked, hub: Hub, staff: Staff) -> ASGIApp:
    """Add a place of one's own."""
    form = await read_json(request, PlaceForm)
    made = await actions.add(hub, staff, form.facts())
    return json_reply(kept_place_json(made), HTTP_201_CREATED, etag(made.version))


@get(_PLACE, opt=rule(access="staff", rate="api", permission=READ, reply=KeptPlaceReply))
async def show(hub: Hub, staff: Staff, place_id: UUID) -> ASGIApp:
    """One place, own or of the catalogue."""
    found = await actions.place(hub, staff, place_id)
    return json_reply(kept_place_json(found), headers=etag(found.version))


@patch(
    _PLACE,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body=PlaceChangeForm,
        reply=KeptPlaceReply,
        refusals=(409, 412),
        audit="place.changed",
    ),
)
async def change(request: Asked, hub: Hub, staff: Staff, place_id: UUID) -> ASGIApp:
    """Change a place of one's own."""
    asked = asked_version(request)
    body = await read_body(request)
    require_version(asked, (await actions.own_place(hub, staff, place_id)).version)
    form = parse_json(body, PlaceChangeForm)
    changed = await actions.change(hub, staff, place_id, form.change(), asked)
    return json_reply(kept_place_json(changed), headers=etag(changed.version))


@delete(
    _PLACE,
    status_code=HTTP_204_NO_CONTENT,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body="none",
        reply="none",
        refusals=(412,),
        audit="place.archived",
    ),
)
async def archive(request: Asked, hub: Hub, staff: Staff, place_id: UUID) -> None:
    """Put a place of one's own away; departures that stop there go on."""
    await actions.archive(hub, staff, place_id, asked_version(request))


@post(
    _PHOTO,
    status_code=HTTP_201_CREATED,
    opt={
        **rule(
            access="staff",
            rate="upload",
            csrf="token",
            permission=WRITE,
            body="none",
            reply=PhotoReply,
            refusals=(400, 422),
            audit="place.photo_saved",
        ),
        Documented.KEY: Documented(files=MEDIA_TYPES),
    },
)
async def save_photo(request: Asked, hub: Hub, staff: Staff, place_id: UUID) -> ASGIApp:
    """Keep a photo of the meeting point: the image as the body, or a form with the field ``file``; at most 8 MB."""
    await actions.own_place(hub, staff, place_id)
    photo = await actions.save_photo(hub, staff, place_id, await read_file(request))
    return json_reply(photo_json(place_id, photo), HTTP_201_CREATED)


@delete(
    _PHOTO,
    status_code=HTTP_204_NO_CONTENT,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body="none",
        reply="none",
        audit="place.photo_removed",
    ),
)
async def remove_photo(hub: Hub, staff: Staff, place_id: UUID) -> None:
    """Take the photo away."""
    await actions.remove_photo(hub, staff, place_id)


HANDLERS = (places, add, show, change, archive, save_photo, remove_photo)
