"""The guarded client."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Mapping
from functools import cache
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
import structlog

from kamhub.platform.monitoring import traces
from kamhub.platform.outbound.types import Answer, AnswerLost, NotReached

log = structlog.get_logger(__name__)

MOST_BYTES = 256_000
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


@cache
def trust() -> ssl.SSLContext:
    """The certificates that are believed. Made once a process: reading them takes longer than many a call."""
    return ssl.create_default_context()


class OutboundClient:
    """Calls under one address; ``async with`` closes its connections."""

    def __init__(
        self,
        base_url: str,
        *,
        timeout_seconds: float = 15.0,
        connect_seconds: float = 5.0,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._most_bytes = most_bytes
        self._base = base_url.rstrip("/")
        self._host = urlsplit(self._base).netloc.rpartition("@")[2]
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(timeout_seconds, connect=connect_seconds),
            follow_redirects=False,
            trust_env=False,
            verify=trust(),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def post(
        self, path: str, *, data: Mapping[str, str] | None = None, content: Mapping[str, object] | None = None
    ) -> Answer:
        """Send a form (``data``) or JSON (``content``). Raises ``NotReached`` or ``AnswerLost``."""
        return await self._post(path, data=data, json=content)

    async def post_bytes(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send that as it is. Raises ``NotReached`` or ``AnswerLost``."""
        return await self._post(path, content=body, headers=headers)

    async def _post(self, path: str, **what: Any) -> Answer:
        started, status = time.perf_counter(), 0
        try:
            with traces.span("POST", "client", {"server.address": self._host}) as span:
                async with self._http.stream("POST", self._base + path, **what) as reply:
                    status = reply.status_code
                    traces.answered(span, status)
                    return Answer(status, _object(await self._read(reply)), reply.headers)
        except _NOT_SENT as error:
            raise NotReached(f"{self._host}: {type(error).__name__}") from None
        except httpx.HTTPError as error:
            raise AnswerLost(f"{self._host}: {type(error).__name__}") from None
        finally:
            # With the request's or job's id bound to it; the path may hold a secret.
            log.info("outbound_call", host=self._host, status=status, seconds=round(time.perf_counter() - started, 3))

    async def _read(self, reply: httpx.Response) -> bytes:
        read = bytearray()
        async for part in reply.aiter_bytes():
            read += part
            if len(read) > self._most_bytes:
                raise AnswerLost(f"{self._host}: the answer is too long")
        return bytes(read)


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
