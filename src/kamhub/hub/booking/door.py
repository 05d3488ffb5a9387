"""How a page of a booking lets its traveller in: the token of a mail's link becomes a cookie, and leaves the address."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request
from litestar.datastructures import Cookie
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER

from kamhub.hub.booking.actions import cookie_name, open_token
from kamhub.hub.booking.tokens import BookingAccess
from kamhub.hub.services import Hub

MAX_TOKEN = 500
_HALF_YEAR = 183 * 24 * 3600


def access_of(request: Request[Any, Any, Any], hub: Hub, booking_id: UUID) -> BookingAccess:
    """The right in this browser's cookie. Raises ``BookingTokenInvalid`` or ``BookingNotFound``."""
    return open_token(hub, request.cookies.get(cookie_name(booking_id)), booking_id)


def let_in(hub: Hub, booking_id: UUID, token: str, path: str) -> Redirect:
    """To that page with the right in a cookie; no referrer may carry the token away. Raises as ``access_of``."""
    open_token(hub, token, booking_id)
    cookie = Cookie(
        key=cookie_name(booking_id),
        value=token,
        path=f"/booking/{booking_id}",
        max_age=_HALF_YEAR,
        httponly=True,
        samesite="lax",
        secure=hub.production,
    )
    headers = {"Referrer-Policy": "no-referrer"}
    return Redirect(path, status_code=HTTP_303_SEE_OTHER, cookies=[cookie], headers=headers)
