"""As much of an SMTP server as a client needs (RFC 5321), with replies that can be bent."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self


class SmtpServer:
    """Listens on loopback in a thread. ``replies`` maps a command, or ``greeting``, to another answer."""

    def __init__(self, replies: dict[str, str]) -> None:
        self.commands: list[str] = []
        self.mails: list[bytes] = []
        self._replies = replies
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._connection: socket.socket | None = None
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        if self._connection is not None:
            with contextlib.suppress(OSError):
                self._connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)

    def _serve(self) -> None:
        try:
            self._connection, _ = self._listener.accept()
            with self._connection, self._connection.makefile("rwb", buffering=0) as stream:
                self._talk(stream)
        except OSError:
            return

    def _talk(self, stream: socket.SocketIO) -> None:
        greeting = self._replies.get("greeting", "220 ready")
        if not greeting:
            stream.read(1)
            return
        stream.write(f"{greeting}\r\n".encode())
        while line := stream.readline():
            command = line.decode().strip()
            self.commands.append(command)
            verb = command[:4].upper()
            if verb == "DATA":
                stream.write(b"354 go on\r\n")
                self.mails.append(self._read_mail(stream))
            stream.write(f"{self._replies.get(verb, '250 well')}\r\n".encode())
            if verb == "QUIT":
                return

    @staticmethod
    def _read_mail(stream: socket.SocketIO) -> bytes:
        lines = []
        while (line := stream.readline()) != b".\r\n":
            lines.append(line)
        return b"".join(lines)
