"""Reviews over HTTP, for the operator's people."""

from uuid import UUID

from litestar import Request, get, post
from litestar.status_codes import HTTP_200_OK
from litestar.types import ASGIApp

from kamhub.hub.review import actions
from kamhub.hub.review.forms import ReviewAnswerForm, ReviewParameters
from kamhub.hub.review.replies import ReviewListReply, ReviewReply
from kamhub.hub.review.store import MOST_COUNTED
from kamhub.hub.review.views import REVIEW_COLUMNS, review_cells, review_json
from kamhub.hub.services import Hub
from kamhub.platform.person.types import Staff
from kamhub.platform.session.api import NOT_STORED
from kamhub.platform.web.csv import csv_reply, wants_csv
from kamhub.platform.web.json import json_reply, list_reply, read_json, validate
from kamhub.platform.web.rules import rule
from kamhub.platform.web.versions import asked_version, etag, require_version

READ, WRITE = "reviews.read", "reviews.write"
_REVIEWS = "/api/reviews"


@get(
    _REVIEWS,
    opt=rule(
        access="staff",
        rate="api",
        permission=READ,
        body=ReviewParameters,
        reply=ReviewListReply,
        refusals=(401, 403, 422),
    ),
)
async def reviews(request: Request, hub: Hub, staff: Staff) -> ASGIApp:
    """What travellers said, the newest first; all of it in a file for whoever asks for ``text/csv``."""
    asked = validate(ReviewParameters, request.query_params)
    if wants_csv(request):
        found, _ = await actions.reviews(hub, staff, asked.wanted(), offset=0, limit=MOST_COUNTED)
        return csv_reply(request, "reviews.csv", REVIEW_COLUMNS, [review_cells(one) for one in found])
    found, total = await actions.reviews(hub, staff, asked.wanted(), offset=asked.offset, limit=asked.page_size)
    return list_reply([review_json(one) for one in found], asked, total, NOT_STORED)


@get(
    f"{_REVIEWS}/{{review_id:uuid}}",
    opt=rule(access="staff", rate="api", permission=READ, reply=ReviewReply, refusals=(401, 403, 404)),
)
async def review(hub: Hub, staff: Staff, review_id: UUID) -> ASGIApp:
    """One review."""
    found = await actions.review(hub, staff, review_id)
    return json_reply(review_json(found), headers={**NOT_STORED, **etag(found.version)})


@post(
    f"{_REVIEWS}/{{review_id:uuid}}/reply",
    status_code=HTTP_200_OK,
    opt=rule(
        access="staff",
        rate="api",
        csrf="token",
        permission=WRITE,
        body=ReviewAnswerForm,
        reply=ReviewReply,
        refusals=(400, 401, 403, 404, 412, 415, 422),
        audit="review.replied",
    ),
)
async def reply(request: Request, hub: Hub, staff: Staff, review_id: UUID) -> ASGIApp:
    """Answer a review for everybody to read; null takes the answer back."""
    asked = asked_version(request)
    require_version(asked, (await actions.review(hub, staff, review_id)).version)
    form = await read_json(request, ReviewAnswerForm)
    changed = await actions.reply(hub, staff, review_id, form.reply, asked)
    return json_reply(review_json(changed), headers={**NOT_STORED, **etag(changed.version)})


HANDLERS = (reviews, review, reply)
