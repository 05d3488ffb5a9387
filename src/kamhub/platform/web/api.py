"""The token a script needs to send our forms."""

from litestar import Request, Response, get

from kamhub.platform.web.csrf import Csrf
from kamhub.platform.web.rules import rule
from kamhub.platform.web.schemas import Reply


class CsrfTokenReply(Reply):
    """The token, to be sent back."""

    csrf_token: str


@get("/api/csrf-token", opt=rule(access="public", rate="public", reply=CsrfTokenReply))
async def csrf_token(request: Request) -> Response[dict[str, str]]:
    """The CSRF token of this browser, to be sent back as ``X-CSRF-Token`` or form field; sets its cookie."""
    csrf: Csrf = request.app.state.csrf
    token, cookie = csrf.token_for(request)
    return Response({"csrf_token": token}, cookies=[cookie] if cookie else None, headers={"Cache-Control": "no-store"})


HANDLERS = (csrf_token,)
