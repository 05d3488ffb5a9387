"""A model behind an API: a server of its own on this machine."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

Reply = tuple[int, object]
SILENT: Reply = (0, None)  # not an answer: nothing is said until the caller hangs up
DRIBBLING: Reply = (0, " ")  # a byte now and then, without end


@asynccontextmanager
async def api(*answers: Callable[[dict[str, Any]], Reply] | Reply) -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
    """A server that gives one answer after the other, the last one for ever; yields its address and what it was asked."""
    asked: list[dict[str, Any]] = []
    left = list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := (await reader.readuntil(b"\r\n\r\n")).decode() if not reader.at_eof() else "":
            lines = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
            body = json.loads(await reader.readexactly(int(lines["content-length"])))
            asked.append({**body, "path": head.split()[1], "key": lines.get("authorization")})
            answer = left.pop(0) if len(left) > 1 else left[0]
            status, content = answer(body) if callable(answer) else answer
            if status == 0:
                await _until_hung_up(reader, writer, content)
                break
            data = json.dumps(content).encode()
            writer.write(
                f"HTTP/1.1 {status} X\r\nContent-Length: {len(data)}\r\nConnection: close\r\n\r\n".encode() + data
            )
            await writer.drain()
            break
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/v1", asked
    finally:
        server.close()


async def _until_hung_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, content: object) -> None:
    if content is None:
        await reader.read()
        return
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    gone = asyncio.create_task(reader.read())
    while not (await asyncio.wait({gone}, timeout=0.02))[0]:
        writer.write(str(content).encode())
