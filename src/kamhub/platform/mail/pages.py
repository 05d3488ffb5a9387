"""The mails of a development installation, to read in the browser. Not registered in production."""

from pathlib import Path
from typing import Any

from litestar import Request, Response, get

from kamhub.platform.mail.actions import FOLDER
from kamhub.platform.mail.folder import list_mails, read_mail
from kamhub.platform.web.pages import render
from kamhub.platform.web.problems import NotFound
from kamhub.platform.web.rules import rule

_PAGE = rule(access="page", rate="page", reply="page")


@get("/dev/mail", opt=_PAGE, sync_to_thread=True)
def mails(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The newest mails."""
    return render(request, "mail/list.html", mails=list_mails(_folder(request)))


@get("/dev/mail/{name:str}", opt=_PAGE, sync_to_thread=True)
def mail(request: Request[Any, Any, Any], name: str) -> Response[bytes]:
    """One mail. Raises ``NotFound``."""
    found = read_mail(_folder(request), name)
    if found is None:
        raise NotFound
    return render(request, "mail/mail.html", mail=found)


def _folder(request: Request[Any, Any, Any]) -> Path:
    data_dir: Path = request.app.state.data_dir
    return data_dir / FOLDER


HANDLERS = (mails, mail)
