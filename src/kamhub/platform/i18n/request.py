"""The language of a request."""

from __future__ import annotations

from typing import Any

from litestar.connection import ASGIConnection

from kamhub.kit.text import Locale
from kamhub.platform.i18n.choice import LOCALE_COOKIE, choose_locale


def locale_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Locale:
    """The language this reader gets."""
    return choose_locale(connection.cookies.get(LOCALE_COOKIE), connection.headers.get("accept-language"))
