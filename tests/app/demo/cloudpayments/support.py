"""A shop that receives notifications, a clock to move by hand, and the shop's calls to the stand-in."""

from __future__ import annotations

import json
import threading
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl

import httpx

from kamhub.app.demo.cloudpayments.server import Standin
from kamhub.app.demo.cloudpayments.settings import Settings

PUBLIC_ID = "pk_demo"
SECRET = "s3cret-api"
DEADLINE = 10.0
OK = (200, '{"code":0}')
VISA_OK = "4000000000003055"
VISA_OK_3DS = "4242424242424242"
VISA_POOR = "4000056655665556"
MIR_POOR_3DS = "2202202202202200"


@dataclass(frozen=True)
class Received:
    """One notification as it reached the shop."""

    kind: str
    headers: dict[str, str]
    body: bytes

    @property
    def fields(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


class Shop:
    """Answers notifications as told: ``answers[kind]`` is used up first, then ``{"code":0}``."""

    def __init__(self) -> None:
        self.answers: dict[str, deque[tuple[int, str]]] = defaultdict(deque)
        self.received: list[Received] = []
        self.open_gate = threading.Event()
        self.open_gate.set()
        self._changed = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hooks"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                kind = self.path.rsplit("/", 1)[1]
                status, text = shop.take(Received(kind, dict(self.headers.items()), body))
                self.send_response(status)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler

    def take(self, notification: Received) -> tuple[int, str]:
        if notification.kind != "check":
            self.open_gate.wait(DEADLINE)
        with self._changed:
            self.received.append(notification)
            self._changed.notify_all()
            answers = self.answers[notification.kind]
            return answers.popleft() if answers else OK

    def of(self, kind: str) -> list[Received]:
        with self._changed:
            return [item for item in self.received if item.kind == kind]

    def wait_for(self, kind: str, count: int = 1) -> list[Received]:
        with self._changed:
            enough = self._changed.wait_for(lambda: len(self.of(kind)) >= count, DEADLINE)
        assert enough, f"{len(self.of(kind))} of {count} {kind} notifications came"
        return self.of(kind)

    def close(self) -> None:
        self.open_gate.set()
        self._server.shutdown()
        self._server.server_close()


@dataclass
class Clock:
    """Seconds since the epoch, moved by hand: 2026-11-24 00:00 UTC at first."""

    now: float = 1_795_478_400.0

    def __call__(self) -> float:
        return self.now


class Api:
    """The shop's calls to the stand-in and the payer's browser."""

    def __init__(self, base_url: str) -> None:
        self.http = httpx.Client(base_url=base_url, auth=(PUBLIC_ID, SECRET), timeout=DEADLINE)
        self.browser = httpx.Client(base_url=base_url, timeout=DEADLINE)

    def close(self) -> None:
        self.http.close()
        self.browser.close()

    def call(self, path: str, fields: dict[str, object], request_id: str = "") -> dict[str, object]:
        headers = {"X-Request-ID": request_id} if request_id else {}
        response = self.http.post(path, json=fields, headers=headers)
        assert response.status_code == httpx.codes.OK
        reply = response.json()
        assert isinstance(reply, dict)
        return reply

    def model(self, path: str, fields: dict[str, object]) -> dict[str, object]:
        model = self.call(path, fields)["Model"]
        assert isinstance(model, dict)
        return model

    def order(self, **fields: object) -> str:
        """Make an order and give the path of its payment page."""
        wanted: dict[str, object] = {
            "Amount": 1500,
            "Description": "Трансфер",
            "InvoiceId": "BK-1",
            "Email": "a@b.example",
        }
        return str(httpx.URL(str(self.model("/orders/create", wanted | fields)["Url"])).path)

    def pay(self, page: str, number: str = VISA_OK) -> httpx.Response:
        form = {"number": number, "expiry": "12/40", "cvv": "123", "holder": "IVAN PETROV"}
        return self.browser.post(f"{page}/pay", data=form)

    def code(self, address: str, decision: str = "confirm", code: str = "1234") -> httpx.Response:
        return self.browser.post(address, data={"decision": decision, "code": code})

    def find(self, invoice_id: str = "BK-1", path: str = "/payments/find") -> dict[str, object]:
        return self.model(path, {"InvoiceId": invoice_id})

    def notifications(self, invoice_id: str = "BK-1") -> list[dict[str, object]]:
        reply = self.http.get("/demo/notifications", params={"invoice_id": invoice_id})
        items = json.loads(reply.text)["items"]
        assert isinstance(items, list)
        return items


@dataclass
class World:
    """A shop and stand-ins that work for it; everything is closed at the end of the test."""

    folder: Path
    shop: Shop = field(default_factory=Shop)
    standins: list[Standin] = field(default_factory=list)
    apis: list[Api] = field(default_factory=list)

    def start(
        self,
        *,
        notify_url: str = "",
        test_mode: bool = True,
        clock: Callable[[], float] | None = None,
    ) -> Api:
        """Start a stand-in on the data file of this test; waits between attempts are 2000 times shorter."""
        settings = Settings(
            host="127.0.0.1",
            port=0,
            data_file=self.folder / "state" / "standin.sqlite3",
            public_id=PUBLIC_ID,
            api_secret=SECRET,
            notify_url=notify_url or self.shop.url,
            test_mode=test_mode,
            retry_scale=0.0005,
            reply_timeout=DEADLINE,
        )
        standin = Standin(settings, clock) if clock else Standin(settings)
        standin.start()
        self.standins.append(standin)
        self.apis.append(Api(standin.base_url))
        return self.apis[-1]

    def stop_last(self) -> None:
        self.apis.pop().close()
        self.standins.pop().stop()

    def close(self) -> None:
        self.shop.open_gate.set()
        while self.standins:
            self.stop_last()
        self.shop.close()
