"""One address before a server that moves, resets or vanishes."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import socket
import struct
import threading
from types import TracebackType
from typing import Self

_SO_ATTACH_FILTER, _SO_DETACH_FILTER = 26, 27
_DROP_ALL = struct.pack("HBBI", 0x06, 0, 0, 0)  # the packet filter "return 0": keep nothing of any packet
_CHUNK = 65_536


class Forwarder:
    """Passes connections on to ``target``, from a thread of its own."""

    def __init__(self, target: int) -> None:
        self.target = target
        self._pairs: dict[asyncio.Task[None], tuple[socket.socket, socket.socket]] = {}
        self._lost: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._listener.setblocking(False)
        self.port = int(self._listener.getsockname()[1])
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="forwarder", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._begin(), self._loop).result(5)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def point_to(self, target: int) -> None:
        """The server is elsewhere from now on; connections to the old one are cut."""
        self.target = target
        self.cut()

    def cut(self) -> None:
        """Reset every connection at both ends."""
        self._call(self._reset)

    def vanish(self) -> None:
        """Swallow every packet of every connection, and those that would make new ones: no end, no reset, no answer.

        The connections of now never come back. Raises ``PermissionError`` where the kernel does not allow it.
        """
        self._call(self._swallow)

    def come_back(self) -> None:
        """Take new connections again."""
        self._listener.setsockopt(socket.SOL_SOCKET, _SO_DETACH_FILTER, 0)

    def _call(self, function: object) -> None:
        async def call() -> None:
            function()  # type: ignore[operator]

        asyncio.run_coroutine_threadsafe(call(), self._loop).result(5)

    async def _begin(self) -> None:
        self._accepting = asyncio.create_task(self._accept())

    async def _end(self) -> None:
        self._accepting.cancel()
        self._reset()
        await asyncio.gather(self._accepting, *self._pairs, return_exceptions=True)
        for each in (self._listener, *self._lost):
            each.close()

    def _reset(self) -> None:
        for task, pair in self._pairs.items():
            with contextlib.suppress(OSError):  # it has just ended by itself
                for each in pair:
                    each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            task.cancel()

    def _swallow(self) -> None:
        _drop_packets(self._listener)
        for task, pair in self._pairs.items():
            for each in pair:
                if each.fileno() >= 0:
                    _drop_packets(each)
                    # A copy keeps the connection open for the kernel when the task closes its own.
                    self._lost.append(each.dup())
            task.cancel()

    async def _accept(self) -> None:
        while True:
            client, _ = await self._loop.sock_accept(self._listener)
            client.setblocking(False)
            server = socket.socket()
            server.setblocking(False)
            for each in (client, server):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            task = self._loop.create_task(self._pass(client, server))
            self._pairs[task] = (client, server)
            task.add_done_callback(lambda ended: self._pairs.pop(ended, None))

    async def _pass(self, client: socket.socket, server: socket.socket) -> None:
        with client, server, contextlib.suppress(OSError):
            await self._loop.sock_connect(server, ("127.0.0.1", self.target))
            ways = [
                asyncio.ensure_future(self._pump(client, server)),
                asyncio.ensure_future(self._pump(server, client)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)

    async def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        while data := await self._loop.sock_recv(source, _CHUNK):
            await self._loop.sock_sendall(sink, data)


def can_vanish() -> bool:
    """Whether the kernel lets this account drop the packets of its own connections."""
    with socket.socket() as tried:
        try:
            _drop_packets(tried)
        except PermissionError:
            return False
    return True


def _drop_packets(connection: socket.socket) -> None:
    """The kernel drops what arrives, unseen and unacknowledged, as a failing network would."""
    code = ctypes.create_string_buffer(_DROP_ALL)
    program = struct.pack("HL", 1, ctypes.addressof(code))
    connection.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)
