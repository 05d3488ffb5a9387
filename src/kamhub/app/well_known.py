"""Where to report a weakness (RFC 9116)."""

from datetime import timedelta
from typing import Any

from litestar import MediaType, Request, Response, get

from kamhub.platform.settings import Settings
from kamhub.platform.web.problems import NotFound
from kamhub.platform.web.rules import rule

_VALID_DAYS = 180


@get("/.well-known/security.txt", opt=rule(access="page", rate="page", reply="text", refusals=(404,)))
async def security_txt(request: Request[Any, Any, Any]) -> Response[str]:
    """The contact of this installation; 404 where none is set."""
    settings: Settings = request.app.state.settings
    if settings.security_contact is None:
        raise NotFound
    expires = (request.app.state.clock.now() + timedelta(days=_VALID_DAYS)).strftime("%Y-%m-%dT%H:%M:%SZ")
    lines = [f"Contact: {settings.security_contact}", f"Expires: {expires}", "Preferred-Languages: ru, en"]
    return Response("\n".join([*lines, ""]), media_type=MediaType.TEXT)


HANDLERS = (security_txt,)
