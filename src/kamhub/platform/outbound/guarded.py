"""Reading what a person named by its address: from the public network alone, bounded in size and time.

The name is looked up here and the connection goes to the very address that was judged, so that a name cannot lead elsewhere
the second time. Redirects are followed by hand and each is judged again. Nothing of ours is sent along.
"""

from __future__ import annotations

import asyncio
import socket
import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias
from urllib.parse import urljoin

import httpx
import structlog

from kamhub.platform.outbound.addresses import AddressPolicy, Target, UrlFault, target_of
from kamhub.platform.outbound.client import trust

log = structlog.get_logger(__name__)

Resolve: TypeAlias = Callable[[str, int], Awaitable[list[str]]]
FetchReason: TypeAlias = Literal[
    "url_not_allowed", "url_not_reachable", "url_status", "url_too_many_redirects", "url_too_large", "url_too_slow",
    "url_encoding",
]  # fmt: skip
MOST_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NOT_CHANGED = 304
# A server in trouble, or one that asks us to come later.
_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
_AT_A_TIME = 65_536
_GZIP = 16 + zlib.MAX_WBITS


class FetchRefused(Exception):
    """It was not read. ``again``: it may well be another time. ``facts`` fill the sentence that tells why."""

    def __init__(
        self, reason: FetchReason, facts: Mapping[str, str | int] | None = None, *, again: bool = False
    ) -> None:
        super().__init__(reason)
        self.reason: FetchReason = reason
        self.facts: Mapping[str, str | int] = dict(facts or {})
        self.again = again


@dataclass(frozen=True, slots=True)
class Known:
    """What an earlier reading was told of its version (RFC 9110, 8.8)."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """What is at an address. ``changed`` False: it is as it was, and ``parts`` gives nothing. ``url`` is where it was in
    the end, ``media_type`` what its server calls it."""

    changed: bool
    url: str
    media_type: str | None
    known: Known
    parts: AsyncIterator[bytes]


async def look_up(host: str, port: int) -> list[str]:
    """Addresses of a name, by the machine's own resolver. Raises ``OSError``."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class GuardedFetcher:
    """``most`` bytes, after unpacking; ``seconds`` for everything, redirects and body included."""

    def __init__(
        self,
        *,
        policy: AddressPolicy | None = None,
        resolve: Resolve = look_up,
        most: int = 50_000_000,
        seconds: float = 60.0,
        connect_seconds: float = 10.0,
    ) -> None:
        self._policy = policy or AddressPolicy()
        self._resolve = resolve
        self._most = most
        self._seconds = seconds
        self._timeout = httpx.Timeout(15.0, connect=connect_seconds)

    @asynccontextmanager
    async def fetch(self, url: str, known: Known | None = None) -> AsyncIterator[Fetched]:
        """What is there, to be read within the block. Raises ``FetchRefused``, also while its parts are read."""
        started = time.perf_counter()
        try:
            async with asyncio.timeout(self._seconds), self._client() as client:
                reply, where = await self._follow(client, url, known or Known())
                try:
                    yield self._fetched(reply, where, known or Known())
                finally:
                    await reply.aclose()
        except TimeoutError:
            raise FetchRefused("url_too_slow", {"seconds": int(self._seconds)}, again=True) from None
        except httpx.TimeoutException:
            raise FetchRefused("url_too_slow", {"seconds": int(self._seconds)}, again=True) from None
        except httpx.HTTPError:
            raise FetchRefused("url_not_reachable", again=True) from None
        finally:
            log.info("outbound_read", seconds=round(time.perf_counter() - started, 3))

    def _client(self) -> httpx.AsyncClient:
        # A fresh one every time: it remembers no cookie, and no connection that was made for another name.
        return httpx.AsyncClient(timeout=self._timeout, follow_redirects=False, trust_env=False, verify=trust())

    async def _follow(self, client: httpx.AsyncClient, url: str, known: Known) -> tuple[httpx.Response, str]:
        for _ in range(MOST_REDIRECTS + 1):
            reply = await self._ask(client, url, known)
            if reply.status_code not in _REDIRECTS:
                return reply, url
            await reply.aclose()
            url = urljoin(url, reply.headers.get("location", ""))
        raise FetchRefused("url_too_many_redirects", {"most": MOST_REDIRECTS})

    async def _ask(self, client: httpx.AsyncClient, url: str, known: Known) -> httpx.Response:
        target = target_of(url)
        if isinstance(target, str):
            raise FetchRefused("url_not_allowed", {"why": target})
        address = await self._judged(target)
        host = f"[{address}]" if ":" in address else address
        request = client.build_request(
            "GET",
            f"{target.scheme}://{host}:{target.port}{target.path}",
            headers={
                "Host": target.authority,
                "User-Agent": "kamhub",
                "Accept": "*/*",
                "Accept-Encoding": "gzip",
                **_conditions(known),
            },
            # The certificate is that of the name, not of the number.
            extensions={"sni_hostname": target.host} if target.scheme == "https" else {},
        )
        return await client.send(request, stream=True)

    async def _judged(self, target: Target) -> str:
        """The address to call, one of those that all may be called. Raises ``FetchRefused``."""
        try:
            addresses = await self._resolve(target.host, target.port)
        except (OSError, UnicodeError):
            raise FetchRefused("url_not_reachable", again=True) from None
        if not addresses:
            raise FetchRefused("url_not_reachable", again=True)
        fault: UrlFault | None = self._policy.fault_of(target, addresses)
        if fault is not None:
            raise FetchRefused("url_not_allowed", {"why": fault})
        return addresses[0]

    def _fetched(self, reply: httpx.Response, url: str, known: Known) -> Fetched:
        if reply.status_code == _NOT_CHANGED and (known.etag or known.last_modified):
            return Fetched(False, url, None, known, _nothing())
        if reply.status_code != 200:
            raise FetchRefused("url_status", {"status": reply.status_code}, again=reply.status_code in _LATER)
        now = Known(reply.headers.get("etag"), reply.headers.get("last-modified"))
        media_type = reply.headers.get("content-type", "").partition(";")[0].strip().lower() or None
        return Fetched(True, url, media_type, now, self._parts(reply))

    async def _parts(self, reply: httpx.Response) -> AsyncIterator[bytes]:
        unpack = _unpacker(reply.headers.get("content-encoding", ""))
        announced = reply.headers.get("content-length", "")
        if announced.isdigit() and int(announced[:18]) > self._most:
            raise FetchRefused("url_too_large", {"bytes": self._most})
        size = 0
        async for raw in reply.aiter_raw(_AT_A_TIME):
            for part in unpack(raw):
                size += len(part)
                if size > self._most:
                    raise FetchRefused("url_too_large", {"bytes": self._most})
                yield part


def _conditions(known: Known) -> dict[str, str]:
    asked = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in asked.items() if value}


def _unpacker(encoding: str) -> Callable[[bytes], Any]:
    """Parts of a body as they were before they were packed, never more than a little at a time."""
    match encoding.strip().lower():
        case "" | "identity":
            return lambda raw: [raw]
        case "gzip" | "x-gzip":
            return _gunzip(zlib.decompressobj(_GZIP))
    raise FetchRefused("url_encoding")


def _gunzip(packed: Any) -> Callable[[bytes], Any]:
    def unpack(raw: bytes) -> Any:
        try:
            while raw:
                yield packed.decompress(raw, _AT_A_TIME)
                raw = packed.unconsumed_tail
        except zlib.error:
            raise FetchRefused("url_encoding") from None

    return unpack


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""  # what makes it give parts
