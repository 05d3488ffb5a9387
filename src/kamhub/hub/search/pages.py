"""The traveller's way to a departure: home, a day's results, one departure."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Request, Response, get
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from pydantic import ValidationError

from kamhub.hub.departure.types import Offer
from kamhub.hub.place.actions import photo_address
from kamhub.hub.search import actions
from kamhub.hub.search.forms import MAX_PASSENGERS, same_place
from kamhub.hub.search.page_forms import SearchForm, raw_search
from kamhub.hub.search.types import Place, PlaceNotFound, SearchResult
from kamhub.hub.services import Hub
from kamhub.kit.ids import new_id
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.form_errors import form_errors
from kamhub.platform.i18n.request import locale_of
from kamhub.platform.web.pages import render
from kamhub.platform.web.rules import rule

HOME_ZONE = "Asia/Kamchatka"
_DAYS_AROUND = timedelta(days=3)
Asked = Request[Any, Any, Any]
PAGE = rule(access="page", rate="page", reply="page")


@get("/", opt=PAGE)
async def home(request: Asked, hub: Hub) -> Response[Any]:
    """Search, and the places people go to most."""
    places = await actions.popular_places(hub)
    today = _today(hub, places)
    values = {"date": today.isoformat(), "passengers": "1"}
    return render(
        request,
        "search/home.html",
        places=places,
        values=values,
        errors={},
        today=today,
        max_passengers=MAX_PASSENGERS,
    )


@get("/search", opt=rule(access="page", rate="page", body=SearchForm, reply="page"))
async def results(request: Asked, hub: Hub) -> Response[Any]:
    """The departures of a day. Places typed as words are found first, then the address is the lasting one."""
    sent = raw_search(request.query_params)
    try:
        form = SearchForm.model_validate(sent)
    except ValidationError as error:
        return await _asked_wrong(request, hub, sent, form_errors(error, locale_of(request)))
    try:
        found = await actions.find_offers(hub, form.query(form.origin, form.destination))
    except PlaceNotFound:
        return await _find_places(request, hub, form, sent)
    if found.origin.id == found.destination.id:  # given once by id and once by slug
        fault = same_place()
        return await _asked_wrong(request, hub, sent, {fault.field: fault.sentence(locale_of(request))})
    return await _results(request, hub, sent, form=form, result=found, errors={})


@get("/departures/{departure_id:uuid}", opt=PAGE)
async def departure(
    request: Asked,
    hub: Hub,
    departure_id: UUID,
    origin: Annotated[str | None, QueryParameter(name="from", max_length=100)] = None,
    destination: Annotated[str | None, QueryParameter(name="to", max_length=100)] = None,
    passengers: Annotated[int, QueryParameter(ge=1, le=MAX_PASSENGERS)] = 1,
) -> Response[Any]:
    """One departure: its stops, free seats leg by leg, the price, the button that holds."""
    details = await actions.departure_details(hub, departure_id, origin, destination, passengers)
    now = hub.clock.now()
    return render(
        request,
        "search/departure.html",
        details=details,
        photo=await photo_address(hub, details.offer.stretch.origin.place_id),
        passengers=passengers,
        sale=sale_state(details.offer, passengers, now),
        key=new_id(),
        search_url=search_url(details.offer, passengers),
        max_passengers=MAX_PASSENGERS,
    )


def sale_state(offer: Offer, passengers: int, now: datetime) -> str:
    """Why the seats can or cannot be held: ``open``, ``too_few``, ``sold_out``, ``closed``, ``cancelled``."""
    if offer.status == "cancelled":
        return "cancelled"
    if offer.status == "closed" or now >= offer.sales_close_at:
        return "closed"
    if offer.seats_available == 0:
        return "sold_out"
    return "open" if offer.seats_available >= passengers else "too_few"


def search_url(offer: Offer, passengers: int) -> str:
    """The search that shows the day of this offer."""
    stretch = offer.stretch
    asked = {
        "from": stretch.origin.slug,
        "to": stretch.destination.slug,
        "date": stretch.departs_at.date().isoformat(),
        "passengers": passengers,
    }
    return f"/search?{urlencode(asked)}"


async def _find_places(request: Asked, hub: Hub, form: SearchForm, sent: dict[str, object]) -> Response[Any]:
    """Send the reader to the same search between the places meant, or say which one we do not know."""
    meant = {"from": await _meant(hub, form.origin), "to": await _meant(hub, form.destination)}
    known = {field: place.slug for field, place in meant.items() if place is not None}
    if len(known) == len(meant) and any(sent[field] != slug for field, slug in known.items()):
        return Redirect(f"/search?{urlencode(sent | known, doseq=True)}", status_code=HTTP_303_SEE_OTHER)
    sentence = translator(locale_of(request)).gettext("We do not know this place. Try another spelling.")
    return await _asked_wrong(request, hub, sent, {field: sentence for field in meant if field not in known})


async def _meant(hub: Hub, text: str) -> Place | None:
    return next(iter(await actions.find_places(hub, text, 1)), None)


async def _asked_wrong(request: Asked, hub: Hub, sent: dict[str, object], errors: dict[str, str]) -> Response[Any]:
    return await _results(request, hub, sent, form=None, result=None, errors=errors)


async def _results(
    request: Asked,
    hub: Hub,
    sent: dict[str, object],
    *,
    form: SearchForm | None,
    result: SearchResult | None,
    errors: dict[str, str],
) -> Response[Any]:
    """The whole page, or only the block that htmx swaps."""
    partial = request.headers.get("HX-Request-Type") == "partial"
    places = await actions.popular_places(hub)
    today = _today(hub, [result.origin] if result else places)
    return render(
        request,
        "search/_results.html" if partial else "search/results.html",
        status_code=HTTP_422_UNPROCESSABLE_ENTITY if errors else HTTP_200_OK,
        form=form,
        result=result,
        values=sent,
        errors=errors,
        places=places,
        days=_week_around(form.day, today) if form else [],
        today=today,
        max_passengers=MAX_PASSENGERS,
    )


def _today(hub: Hub, places: list[Place]) -> date:
    zone = places[0].time_zone if places else HOME_ZONE
    return hub.clock.now().astimezone(ZoneInfo(zone)).date()


def _week_around(day: date, today: date) -> list[date]:
    """The day with three on either side; a week from today where some of them would be over."""
    first = max(day - _DAYS_AROUND, today)
    return [first + timedelta(days=step) for step in range(7)]


HANDLERS = (home, results, departure)
