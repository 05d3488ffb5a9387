"""Requests as the application takes them."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.datastructures import FormMultiDict

from kamhub.kit.text import mark
from kamhub.platform.web.problems import BodyUnreadable

_NO_TEXT = mark("A field of the form is not text in UTF-8")


class FormRequest(Request[Any, Any, Any]):
    """A request whose form is text, or refused."""

    async def form(self) -> FormMultiDict:
        """The form that was sent. Raises ``BodyUnreadable``."""
        try:
            return await super().form()
        # Bytes that are no text, and a charset that nobody has heard of: the library decodes what it is told to.
        except (UnicodeDecodeError, LookupError):
            raise BodyUnreadable(_NO_TEXT) from None
