"""The switch of language, on every page."""

from typing import Annotated, Literal

from litestar import get
from litestar.datastructures import Cookie
from litestar.params import QueryParameter
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER

from kamhub.platform.i18n.choice import LOCALE_COOKIE
from kamhub.platform.web.rules import rule

_YEAR = 365 * 24 * 3600


@get("/locale/{chosen:str}", opt=rule(access="page", rate="page", reply="none"), status_code=HTTP_303_SEE_OTHER)
async def switch_locale(
    chosen: Literal["ru", "en"],
    way_back: Annotated[str, QueryParameter(name="next", max_length=2000)] = "/",
) -> Redirect:
    """Keep the choice for a year and go back to where the reader was."""
    cookie = Cookie(key=LOCALE_COOKIE, value=chosen, path="/", max_age=_YEAR, samesite="lax", httponly=True)
    return Redirect(own_path(way_back), status_code=HTTP_303_SEE_OTHER, cookies=[cookie])


def own_path(target: str) -> str:
    """The target when it is a path of this site, else ``/``; browsers read ``//`` and ``/\\`` as a host."""
    safe = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if safe else "/"
