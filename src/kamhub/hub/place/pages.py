"""The pages of places, and the photo that travellers see."""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from pydantic import ValidationError

from kamhub.hub.place import actions
from kamhub.hub.place.api import READ, WRITE
from kamhub.hub.place.forms import HOME_ZONE, PlaceEditForm, PlaceForm, PlaceParameters
from kamhub.hub.place.rules import slug_from
from kamhub.hub.place.types import KeptPlace, PlaceChange, SlugTaken
from kamhub.hub.place.uploads import photo_reply, read_file
from kamhub.hub.services import Hub
from kamhub.kit.text import mark
from kamhub.platform.access.pages import render_office
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.person.types import Staff
from kamhub.platform.web.pages import errors_of, said, sentence_of
from kamhub.platform.web.problems import BodyTooLarge, InputInvalid
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import VersionForm
from kamhub.platform.web.versions import VersionStale, page_version

Asked = Request[Any, Any, Any]
_SECTION = "/office/places"
_PLACE = f"{_SECTION}/{{place_id:uuid}}"
_DONE: Mapping[str, str] = {
    "added": mark("The place is added."),
    "changed": mark("The changes are saved."),
    "archived": mark("The place is archived."),
    "restored": mark("The place is back."),
    "photo_saved": mark("The photo is saved."),
    "photo_removed": mark("The photo is removed."),
}
_NAMES = ("slug", "name.ru", "name.en", "lat", "lng", "meeting_point.ru", "meeting_point.en", "time_zone")
# Of Russia from west to east; a place elsewhere gets its zone through the API.
_ZONES = (
    "Europe/Kaliningrad",
    "Europe/Moscow",
    "Europe/Samara",
    "Asia/Yekaterinburg",
    "Asia/Omsk",
    "Asia/Krasnoyarsk",
    "Asia/Irkutsk",
    "Asia/Yakutsk",
    "Asia/Vladivostok",
    "Asia/Magadan",
    HOME_ZONE,
)
_HOUR = "public, max-age=3600"
Done = Annotated[str, QueryParameter(max_length=30)]


@get(
    _SECTION,
    opt=rule(access="staff", rate="page", permission=READ, body=PlaceParameters, reply="page", refusals=(422,)),
)
async def places(request: Asked, hub: Hub, staff: Staff, done: Done = "") -> Response[Any]:
    """The places there are to use, own and shared."""
    try:
        asked = PlaceParameters.model_validate(dict(request.query_params))
    except ValidationError:
        asked = PlaceParameters()
    found, total = await actions.places(hub, staff, asked.query(), offset=asked.offset, limit=asked.page_size)
    narrowed = {"q": asked.q, "archived": "true" if asked.archived else "", "own": "true" if asked.own else ""}
    chosen = {name: value for name, value in narrowed.items() if value}
    return await render_office(
        request,
        "place/places.html",
        section=_SECTION,
        done=said(request, _DONE, done),
        places=found,
        total=total,
        asked=asked,
        narrowed=f"{urlencode(chosen)}&" if chosen else "",
        writes=WRITE in staff.permissions,
    )


@get(f"{_SECTION}/new", opt=rule(access="staff", rate="page", permission=WRITE, reply="page"))
async def new(request: Asked) -> Response[Any]:
    """The form that adds a place."""
    return await _new(request, {"time_zone": HOME_ZONE}, {})


@post(
    _SECTION,
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=PlaceForm,
        reply="page",
        refusals=(409, 422),
        audit="place.added",
    ),
)
async def add(request: Asked, hub: Hub, staff: Staff) -> Response[Any]:
    """Add a place and show it."""
    values = await _sent(request)
    try:
        made = await actions.add(hub, staff, PlaceForm.model_validate(_nested(values)).facts())
    except ValidationError as error:
        return await _new(request, values, errors_of(error, locale_of(request)))
    except SlugTaken as refusal:
        return await _new(request, values, {"slug": sentence_of(request, refusal)}, refusal.status)
    return _to(f"{made.id}?done=added")


@get(_PLACE, opt=rule(access="staff", rate="page", permission=READ, reply="page", refusals=(404,)))
async def show(request: Asked, hub: Hub, staff: Staff, place_id: UUID, done: Done = "") -> Response[Any]:
    """One place: its facts and its photo, to change when it is one's own."""
    return await _page(request, hub, staff, place_id, done=done)


@post(
    _PLACE,
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=PlaceEditForm,
        reply="page",
        refusals=(404, 409, 412, 422),
        audit="place.changed",
    ),
)
async def change(request: Asked, hub: Hub, staff: Staff, place_id: UUID) -> Response[Any]:
    """Save what was changed."""
    await actions.own_place(hub, staff, place_id)
    values, version = await _sent(request), page_version(await request.form())
    try:
        form = PlaceForm.model_validate(_nested(values))
        await actions.change(hub, staff, place_id, PlaceChange(lambda _: form.facts()), version)
    except ValidationError as error:
        errors = errors_of(error, locale_of(request))
        return await _page(request, hub, staff, place_id, values=values, errors=errors)
    except (SlugTaken, VersionStale) as refusal:
        errors = {"slug" if isinstance(refusal, SlugTaken) else "form": sentence_of(request, refusal)}
        return await _page(request, hub, staff, place_id, values=values, errors=errors, status=refusal.status)
    return _to(f"{place_id}?done=changed")


@post(
    f"{_PLACE}/archive",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body=VersionForm,
        reply="page",
        refusals=(404, 412),
        audit="place.archived",
    ),
)
async def archive(request: Asked, hub: Hub, staff: Staff, place_id: UUID) -> Response[Any]:
    """Put the place away."""
    try:
        await actions.archive(hub, staff, place_id, page_version(await request.form()))
    except VersionStale as refusal:
        errors = {"form": sentence_of(request, refusal)}
        return await _page(request, hub, staff, place_id, errors=errors, status=refusal.status)
    return Redirect(f"{_SECTION}?done=archived", status_code=HTTP_303_SEE_OTHER)


@post(
    f"{_PLACE}/restore",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body="none",
        reply="none",
        refusals=(404, 409),
        audit="place.changed",
    ),
)
async def restore(request: Asked, hub: Hub, staff: Staff, place_id: UUID) -> Response[Any]:
    """Bring the place back, unless another one has its slug."""
    try:
        await actions.change(hub, staff, place_id, PlaceChange(lambda facts: facts, archived=False), None)
    except SlugTaken as refusal:
        errors = {"form": sentence_of(request, refusal)}
        return await _page(request, hub, staff, place_id, errors=errors, status=refusal.status)
    return _to(f"{place_id}?done=restored")


@post(
    f"{_PLACE}/photo",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="upload",
        csrf="form",
        permission=WRITE,
        body="none",
        reply="page",
        refusals=(404, 413, 422),
        audit="place.photo_saved",
    ),
)
async def save_photo(request: Asked, hub: Hub, staff: Staff, place_id: UUID) -> Response[Any]:
    """Keep a photo of the meeting point."""
    await actions.own_place(hub, staff, place_id)
    try:
        await actions.save_photo(hub, staff, place_id, await read_file(request))
    except InputInvalid as refusal:
        return await _page(request, hub, staff, place_id, errors=errors_of(refusal, locale_of(request)))
    except BodyTooLarge as refusal:
        errors = {"file": sentence_of(request, refusal)}
        return await _page(request, hub, staff, place_id, errors=errors, status=refusal.status)
    return _to(f"{place_id}?done=photo_saved")


@post(
    f"{_PLACE}/photo/remove",
    status_code=HTTP_303_SEE_OTHER,
    opt=rule(
        access="staff",
        rate="page",
        csrf="form",
        permission=WRITE,
        body="none",
        reply="none",
        refusals=(404,),
        audit="place.photo_removed",
    ),
)
async def remove_photo(hub: Hub, staff: Staff, place_id: UUID) -> Redirect:
    """Take the photo away."""
    await actions.remove_photo(hub, staff, place_id)
    return _to(f"{place_id}?done=photo_removed")


@get(f"{_PLACE}/photo.jpg", opt=rule(access="staff", rate="page", permission=READ, reply="file", refusals=(404,)))
async def own_photo(request: Asked, hub: Hub, staff: Staff, place_id: UUID) -> Response[bytes]:
    """The photo of a place of one's own, before any route stops there."""
    return photo_reply(request, await actions.own_photo(hub, staff, place_id), "private, no-cache")


@get("/places/{place_id:uuid}/photo.jpg", opt=rule(access="page", rate="page", reply="file", refusals=(404,)))
async def photo(request: Asked, hub: Hub, place_id: UUID) -> Response[bytes]:
    """The photo of a meeting point."""
    return photo_reply(request, await actions.public_photo(hub, place_id), _HOUR)


async def _page(
    request: Asked,
    hub: Hub,
    staff: Staff,
    place_id: UUID,
    *,
    done: str = "",
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    status: int | None = None,
) -> Response[Any]:
    place = await actions.place(hub, staff, place_id)
    return await render_office(
        request,
        "place/place.html",
        section=_SECTION,
        status_code=status or (HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK),
        done=said(request, _DONE, done),
        place=place,
        values=_filled(values or _texts(place)),
        errors=errors or {},
        zones=sorted({*_ZONES, place.facts.time_zone}),
        writes=place.own and WRITE in staff.permissions,
        url_path=f"{_SECTION}/{place_id}",
    )


async def _new(
    request: Asked, values: Mapping[str, str], errors: Mapping[str, str], status: int | None = None
) -> Response[Any]:
    return await render_office(
        request,
        "place/new.html",
        section=_SECTION,
        status_code=status or (HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK),
        values=_filled(values),
        errors=errors,
        zones=sorted(_ZONES),
        url_path=f"{_SECTION}/new",
    )


async def _sent(request: Asked) -> dict[str, str]:
    sent = await request.form()
    return {name: str(sent.get(name, "")) for name in _NAMES}


def _nested(values: Mapping[str, str]) -> dict[str, object]:
    """The fields of a page as a program would send them; a decimal comma is a point, an empty slug comes from the name."""
    meeting = {language: values[f"meeting_point.{language}"] for language in ("ru", "en")}
    return {
        "slug": values["slug"].strip() or slug_from(values["name.en"]),
        "name": {"ru": values["name.ru"], "en": values["name.en"]},
        "lat": values["lat"].replace(",", "."),
        "lng": values["lng"].replace(",", "."),
        "meeting_point": meeting if any(text.strip() for text in meeting.values()) else None,
        "time_zone": values["time_zone"],
    }


def _texts(place: KeptPlace) -> dict[str, str]:
    facts, meeting = place.facts, place.facts.meeting_point
    texts = {"slug": facts.slug, "name.ru": facts.name.ru, "name.en": facts.name.en, "time_zone": facts.time_zone}
    texts |= {"lat": str(facts.latitude), "lng": str(facts.longitude)}
    if meeting:  # the same words twice: the English ones were left empty
        texts |= {"meeting_point.ru": meeting.ru, "meeting_point.en": meeting.en if meeting.en != meeting.ru else ""}
    return texts


def _filled(values: Mapping[str, str]) -> dict[str, str]:
    return {name: values.get(name, "") for name in _NAMES}


def _to(rest: str) -> Redirect:
    return Redirect(f"{_SECTION}/{rest}", status_code=HTTP_303_SEE_OTHER)


HANDLERS = (
    places,
    new,
    add,
    show,
    change,
    archive,
    restore,
    save_photo,
    remove_photo,
    own_photo,
    photo,
)
