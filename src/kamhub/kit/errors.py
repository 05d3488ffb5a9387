"""The base of every refusal the product makes on purpose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class Refusal(Exception):
    """A decision, not a fault: it has a stable code, an HTTP status and a sentence for the reader.

    Subclasses are named as facts (``HoldExpired``) and set ``code``, ``status`` and ``title``; ``extra`` holds further
    fields of the problem document (RFC 9457), ``headers`` those of the reply.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "The request was refused"

    def __init__(
        self,
        detail: str | None = None,
        *,
        extra: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.extra: dict[str, object] = dict(extra or {})
        self.headers: dict[str, str] = dict(headers or {})
