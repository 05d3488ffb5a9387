"""`kamhub web`: one web process."""

from __future__ import annotations

import gc
import signal
import socket
import time
from pathlib import Path
from threading import Event
from types import FrameType
from typing import NoReturn

import uvicorn

from kamhub.app.asgi import WebConfig, create_app
from kamhub.app.commands.target import fail, require_schema, require_target
from kamhub.app.wiring import key_ring
from kamhub.platform.live.hub import end_streams
from kamhub.platform.monitoring import sentry, traces
from kamhub.platform.monitoring.logs import configure_logging
from kamhub.platform.web.rules import RouteWithoutRule

GRACE_SECONDS = 6


def web(host: str, port: int, data_dir: Path | None, *, share_port: bool = False) -> None:
    """Serve pages and API until SIGTERM."""
    target = require_target(data_dir)
    configure_logging(target.settings)
    sentry.start(target.settings, "web")
    traces.start(target.settings, "web")
    require_schema(target.app_url, role="kamhub_system")
    public_url = target.settings.public_url or f"http://{host}:{port}"
    config = WebConfig(
        target.settings, target.app_url, key_ring(target.settings, target.data_dir), public_url, target.data_dir
    )
    try:
        app = create_app(config)
    except RouteWithoutRule as missing:
        fail(f"A route is not guarded: {missing}")
    _spare_the_collector()
    server = _Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            access_log=False,
            log_config=None,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
            backlog=4096,
        ),
        config.leaving,
        target.settings.drain_seconds,
    )
    _end_well()
    try:
        server.run(sockets=[_shared_socket(host, port)] if share_port else None)
    finally:
        sentry.stop()
        traces.stop()


class _Server(uvicorn.Server):
    """Says that it leaves before it does, and ends what stays open by itself: it would wait for that until its grace is over.

    While it drains it answers everybody, is not ready, and closes each connection with its next reply: a proxy goes
    elsewhere before there is nobody to connect to. A second signal ends the draining.
    """

    def __init__(self, config: uvicorn.Config, leaving: Event, drain_seconds: float) -> None:
        super().__init__(config)
        self._leaving = leaving
        self._drain_seconds = drain_seconds
        self._leave_at: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        end_streams()
        if self._drain_seconds and self._leave_at is None and self.started:
            self._leaving.set()
            self._captured_signals.append(sig)
            self.config.encoded_headers.append((b"connection", b"close"))
            self._leave_at = time.monotonic() + self._drain_seconds
        else:
            super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        if self._leave_at is not None and time.monotonic() >= self._leave_at and not self.should_exit:
            end_streams()  # those who came back while it drained
            self.should_exit = True
        return await super().on_tick(counter)


def _end_well() -> None:
    """Being asked to end is no failure. The server raises the signal again after its clean shutdown; it lands here."""

    def leave(_signum: int, _frame: object) -> NoReturn:
        raise SystemExit(0)

    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, leave)


def _shared_socket(host: str, port: int) -> socket.socket:
    """A listening socket that other web processes may open too; the kernel deals connections out among them."""
    shared = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    shared.bind((host, port))
    return shared


def _spare_the_collector() -> None:
    """What was made at start lives for ever: the garbage collector need not walk it again with every few requests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
