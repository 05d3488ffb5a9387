"""From where a request comes."""

from __future__ import annotations

from typing import Any

from litestar.connection import ASGIConnection

from kamhub.platform.limit.rules import caller_address
from kamhub.platform.session.types import Visit

_LONGEST_AGENT = 300


def visit_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Visit:
    """Address by the trusted proxies only, the browser's own word on what it is, and the request id."""
    client = connection.scope.get("client")
    trusted = connection.app.state.settings.trusted_networks
    forwarded = connection.headers.getall("x-forwarded-for", []) if trusted else []
    agent = connection.headers.get("user-agent", "")
    printable = "".join(character for character in agent if character.isprintable())[:_LONGEST_AGENT]
    address = caller_address(client[0] if client else "", forwarded, trusted)
    return Visit(
        None if address == "unknown" else address,
        printable or None,
        connection.scope.get("state", {}).get("request_id"),
    )
