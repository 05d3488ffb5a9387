"""Search as JSON."""

from litestar import Request, get
from litestar.types import ASGIApp

from kamhub.hub.departure.views import offer_json
from kamhub.hub.search import actions
from kamhub.hub.search.forms import SearchParameters, same_place
from kamhub.hub.search.replies import SearchReply
from kamhub.hub.search.types import Place, SearchResult
from kamhub.hub.services import Hub
from kamhub.platform.web.json import json_reply, validate
from kamhub.platform.web.problems import InputInvalid
from kamhub.platform.web.rules import rule


@get(
    "/api/transfers/search",
    opt=rule(access="public", rate="public", body=SearchParameters, reply=SearchReply, refusals=(404,)),
)
async def search(request: Request, hub: Hub) -> ASGIApp:
    """Departures of a day between two places, with the seats that are free this moment."""
    asked = validate(SearchParameters, request.query_params)
    result = await actions.find_offers(hub, asked.query())
    if result.origin.id == result.destination.id:  # given once by id and once by slug
        raise InputInvalid([same_place()])
    return json_reply(result_json(result, asked.passengers), headers={"Cache-Control": "max-age=1"})


def place_json(place: Place) -> dict[str, object]:
    """A place of the catalogue."""
    return {
        "id": str(place.id),
        "slug": place.slug,
        "name": place.name.as_json(),
        "meeting_point": place.meeting_point.as_json() if place.meeting_point else None,
        "lat": place.latitude,
        "lng": place.longitude,
        "time_zone": place.time_zone,
    }


def result_json(result: SearchResult, passengers: int) -> dict[str, object]:
    """``items`` as a list of the contract, and ``near_dates`` when the day is empty."""
    items = [offer_json(offer, passengers) for offer in result.offers]
    return {
        "items": items,
        "page": 1,
        "page_size": max(len(items), 1),
        "total": len(items),
        "near_dates": [day.isoformat() for day in result.near_dates],
    }


HANDLERS = (search,)
