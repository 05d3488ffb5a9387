"""What pages have to tell Sentry comes through here: strict pages speak to their own origin, and blockers let it be."""

from __future__ import annotations

from litestar import Request, Response, post

from kamhub.kit.errors import Refusal
from kamhub.kit.text import mark
from kamhub.platform.monitoring import relay
from kamhub.platform.monitoring.envelope import MEDIA_TYPE, MOST_BYTES, EnvelopeRefused, judge
from kamhub.platform.outbound.types import AnswerLost, NotReached
from kamhub.platform.web.problems import BodyTooLarge, NotFound, RequestInvalid
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import Documented

# What Sentry says of how much more it wants to hear.
_PASSED_BACK = ("retry-after", "x-sentry-rate-limits")


class SentryUnavailable(Refusal):
    code = "sentry_unavailable"
    status = 503
    title = mark("Reports of faults cannot be passed on right now")


@post(
    "/api/monitoring",
    status_code=204,
    opt={
        **rule(
            access="public",
            rate="public",
            csrf="anonymous",
            body="none",
            reply="none",
            refusals=(400, 404, 413, 429, 503),
        ),
        Documented.KEY: Documented(media_types=(MEDIA_TYPE,)),
    },
)
async def envelope(request: Request) -> Response[None]:
    """Pass an envelope of our own page on to the project of this installation; 404 when there is none.

    Answered 204, or with the status and the limits that Sentry gives.
    """
    dsn = request.app.state.settings.sentry_dsn
    if dsn is None:
        raise NotFound
    body = await request.body()
    if len(body) > MOST_BYTES:
        raise BodyTooLarge
    try:
        judge(body, dsn.get_secret_value())
        answer = await relay.pass_on(body, dsn.get_secret_value())
    except EnvelopeRefused as refused:
        raise RequestInvalid(str(refused)) from None
    except (NotReached, AnswerLost):
        raise SentryUnavailable from None
    headers = {name: answer.headers[name] for name in _PASSED_BACK if name in answer.headers}
    status = answer.status if answer.status in {413, 429} else 204 if answer.status < 300 else 503
    return Response(None, status_code=status, headers=headers)


HANDLERS = (envelope,)
