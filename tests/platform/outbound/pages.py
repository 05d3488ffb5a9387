"""A web site on this machine that misbehaves as it is told to."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from kamhub.platform.outbound.addresses import AddressPolicy
from kamhub.platform.outbound.guarded import GuardedFetcher

LOOPBACK = AddressPolicy((ipaddress.ip_network("127.0.0.0/8"),))


@dataclass
class Page:
    """An answer. ``pause``: seconds before each part of the body."""

    status: str = "200 OK"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: tuple[bytes, ...] = (b"hello",)
    pause: float = 0.0


@dataclass
class Site:
    """``pages`` by path; ``asked`` are the heads of the requests that came."""

    port: int = 0
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def url(self, path: str = "/", host: str = "site.test") -> str:
        return f"http://{host}:{self.port}{path}"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.asked.append(head)
            page = self.pages.get(head.split(" ")[1], Page("404 Not Found"))
            headers = "".join(f"{name}: {text}\r\n" for name, text in page.headers.items())
            writer.write(f"HTTP/1.1 {page.status}\r\n{headers}Connection: close\r\n\r\n".encode())
            for part in page.body:
                await asyncio.sleep(page.pause)
                writer.write(part)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def site() -> AsyncIterator[Site]:
    """Open until the block ends."""
    opened = Site()
    server = await asyncio.start_server(opened.answer, "127.0.0.1", 0)
    opened.port = server.sockets[0].getsockname()[1]
    try:
        yield opened
    finally:
        server.close()


def names(**addresses: str) -> Callable[[str, int], object]:
    """A resolver that knows these names alone, dots written as underscores."""
    known = {name.replace("_", "."): address.split() for name, address in addresses.items()}

    async def resolve(host: str, port: int) -> list[str]:
        if host not in known:
            raise OSError("unknown name")
        return known[host]

    return resolve


def fetcher(**more: object) -> GuardedFetcher:
    """One to which ``site.test`` is this machine, which it may read."""
    settings: dict[str, object] = {"policy": LOOPBACK, "resolve": names(site_test="127.0.0.1"), **more}
    return GuardedFetcher(**settings)  # type: ignore[arg-type]
