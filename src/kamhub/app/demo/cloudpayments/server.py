"""The HTTP server: routes, headers of every answer, start and stop."""

from __future__ import annotations

import re
import socketserver
import sys
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from . import pages
from .api import ENDPOINTS, Api, authorised, unauthorised
from .delivery import Deliverer
from .faults import Faults
from .pages import Pages
from .settings import Settings
from .store import Store
from .web import Request, Response, json_response, redirect, to_json

_MAX_BODY_BYTES = 256 * 1024
_STYLE = Path(__file__).with_name("static") / "style.css"
_PAGE = re.compile(r"/d/([A-Za-z0-9]{16})(/pay|/3ds/([0-9]{1,18}))?")
_HEADERS: Final = {
    "Content-Security-Policy": ("default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Standin:
    """The running stand-in. It listens once made; ``start`` begins to answer and to deliver."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        """Open the data file and the port: DataFileUnusable or OSError when that is impossible."""
        self._clock = clock
        self._settings = settings
        self.store = Store(settings.data_file)
        self.stopping = False
        try:
            self._server = _Server((settings.host, settings.port), self)
        except BaseException:
            self.store.close()
            raise
        self.base_url = f"http://{settings.host}:{self._server.server_address[1]}"
        faults = Faults()
        self._deliverer = Deliverer(self.store, settings, clock, faults)
        self._api = Api(self.store, settings, self.base_url, faults)
        self._pages = Pages(self.store, settings, self._deliverer)
        self._style = _STYLE.read_bytes()
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="server", daemon=True)

    def start(self) -> None:
        """Answer requests and deliver what an earlier run left."""
        self._deliverer.start()
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and delivering, without waiting for slow shops."""
        self.stopping = True
        self._server.shutdown()
        self._server.server_close()
        self._deliverer.stop()
        self.store.close()

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        if request.path in ENDPOINTS:
            if request.method != "POST":
                return _not_allowed("POST")
            response = self._api.call(request, self._clock())
            self._deliverer.wake()
            return response
        ordered: dict[str, Callable[[], Response]] = {
            "/demo/faults": lambda: self._api.order_fault(request),
            "/demo/faults/clear": lambda: self._api.clear_faults(request),
            "/demo/notifications/release": lambda: self._release(request),
        }
        if request.path in ordered:
            return ordered[request.path]() if request.method == "POST" else _not_allowed("POST")
        fixed: dict[str, Callable[[], Response]] = {
            "/": pages.index,
            "/style.css": lambda: Response(HTTPStatus.OK, self._style, "text/css; charset=utf-8"),
            "/demo/notifications": lambda: self._api.notifications(request),
        }
        found = _PAGE.fullmatch(request.path)
        if request.path in fixed:
            return fixed[request.path]() if request.method == "GET" else _not_allowed("GET")
        return self._payment_page(request, found) if found else pages.not_found()

    def _release(self, request: Request) -> Response:
        """Send what was held back; for tests, not part of CloudPayments."""
        if not authorised(request, self._settings):
            return unauthorised()
        return json_response(to_json({"released": self._deliverer.let_go()}))

    def _payment_page(self, request: Request, found: re.Match[str]) -> Response:
        order_id, step, transaction_id = found[1], found[2], found[3]
        is_post = request.method == "POST"
        if step is None:
            return _not_allowed("GET") if is_post else self._pages.show(order_id, request, self._clock())
        if step == "/pay":
            return self._pages.pay(order_id, request, self._clock()) if is_post else redirect(f"/d/{order_id}")
        if is_post:
            return self._pages.take_code(order_id, int(transaction_id), request, self._clock())
        return self._pages.ask_code(order_id, int(transaction_id))


def _not_allowed(method: str) -> Response:
    answer = pages.failed(HTTPStatus.METHOD_NOT_ALLOWED)
    return Response(answer.status, answer.body, answer.content_type, {**answer.headers, "Allow": method})


class _Server(ThreadingHTTPServer):
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], standin: Standin) -> None:
        self.standin = standin
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        # HTTPServer asks the resolver for its own name here, which can hang without a network.
        socketserver.TCPServer.server_bind(self)

    def handle_error(self, request: object, client_address: object) -> None:
        broken_off = isinstance(sys.exception(), ConnectionError | TimeoutError)
        if not broken_off and not self.standin.stopping:
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "CloudPayments-demo-stand-in"
    sys_version = ""
    timeout = 60
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        body = self._body()
        if body is None:
            return
        address = urlsplit(self.path)
        query = dict(reversed(parse_qsl(address.query, keep_blank_values=True)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, address.path, query, headers, body)
        try:
            response = self.server.standin.handle(request)
        except Exception:
            self._send(pages.failed(HTTPStatus.INTERNAL_SERVER_ERROR))
            raise
        self._send(response)

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not (length.isascii() and length.isdigit()):
            self.send_error(HTTPStatus.LENGTH_REQUIRED)
            return None
        if int(length) > _MAX_BODY_BYTES:
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return None
        return self.rfile.read(int(length))

    def send_error(self, code: int, *_: str | None, **__: str | None) -> None:
        # The base class calls this for a malformed request too, before there are headers.
        self.close_connection = True
        self._send(pages.failed(HTTPStatus(code)))

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in {**_HEADERS, **response.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(response.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(response.body)

    def log_message(self, *_: object) -> None:
        """Say nothing: a line per request would drown the output of the demo."""
