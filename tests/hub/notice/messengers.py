"""Stand-ins of Telegram and of SMS.ru: real servers on a free port of this machine, which answer as they are told to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

# What is told instead of an answer.
HANG_UP = "hang up"
SLOW = "slow"


@dataclass
class Call:
    """What came in."""

    path: str
    content: dict[str, Any]


@dataclass
class Reply:
    """What goes out."""

    status: int = 200
    body: Mapping[str, Any] | bytes = field(default_factory=dict)
    headers: str = ""


@dataclass
class Messengers:
    """Both services at one address. ``told`` is used up first, one a call; ``slow`` is how long a slow answer takes."""

    calls: list[Call] = field(default_factory=list)
    told: list[Reply | str] = field(default_factory=list)
    slow: float = 30.0
    url: str = ""

    def of(self, method: str) -> list[dict[str, Any]]:
        """What was asked by calls whose path ends so."""
        return [call.content for call in self.calls if call.path.endswith(method)]

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one call."""
        try:
            call = await _read(reader)
            self.calls.append(call)
            reply = self.told.pop(0) if self.told else _usual(call)
            if reply == SLOW:
                await asyncio.sleep(self.slow)
            elif isinstance(reply, Reply):
                body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
                head = f"HTTP/1.1 {reply.status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{reply.headers}\r\n"
                writer.write(head.encode() + body)
                await writer.drain()
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Call:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    lines = head.splitlines()
    length = next((int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length:")), 0)
    body = (await reader.readexactly(length)).decode()
    content = json.loads(body) if body.startswith("{") else dict(parse_qsl(body))
    return Call(lines[0].split()[1], content)


def _usual(call: Call) -> Reply:
    if call.path.endswith("getMe"):
        return Reply(body={"ok": True, "result": {"id": 1, "is_bot": True, "username": "kamchatka_bot"}})
    if call.path.endswith("/sms/send"):
        sms = {call.content["to"]: {"status": "OK", "status_code": 100, "sms_id": "1"}}
        return Reply(body={"status": "OK", "status_code": 100, "sms": sms, "balance": 100.0})
    return Reply(body={"ok": True, "result": {}})


def telegram_says(status: int, description: str, **parameters: int) -> Reply:
    """A refusal of Telegram."""
    return Reply(status, {"ok": False, "error_code": status, "description": description, "parameters": parameters})


def sms_says(code: int, *, of_phone: bool = False) -> Reply:
    """A code of SMS.ru, of the whole call or of the one phone in it."""
    one = {"status": "ERROR", "status_code": code}
    return Reply(body={"status": "OK", "status_code": 100, "sms": {"79141234567": one}} if of_phone else one)


@asynccontextmanager
async def messengers() -> AsyncIterator[Messengers]:
    """Both, listening until the block ends."""
    services = Messengers()
    tasks: set[asyncio.Task[None]] = set()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(services.handle(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(begin, "127.0.0.1", 0)
    services.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield services
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
