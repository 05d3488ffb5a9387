"""Calling any route by somebody who may, with a body as the attacker wants it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote, urlencode
from uuid import UUID, uuid4

import httpx

from kamhub.hub.booking.actions import cookie_name
from kamhub.hub.payment.signature import sign
from kamhub.kit.ids import new_id
from kamhub.platform.access.permissions import KEY_SCOPES
from kamhub.platform.mailed_link.forms import ResetForm
from kamhub.platform.mailed_link.rules import token_of as link_token
from kamhub.platform.mailed_link.types import Purpose
from kamhub.platform.organisation.rules import token_of as invitation_token
from kamhub.platform.session.forms import SignInForm
from kamhub.platform.session.tokens import issue_access_token
from kamhub.platform.session.types import Identity
from tests.builders import PASSWORD
from tests.walls import network, timetables
from tests.walls.fields import Body, flat, good
from tests.walls.house import KEYS, NOW, House, Route

FORM = "application/x-www-form-urlencoded"
_BOUNDARY = "a-boundary-that-no-attack-holds"
MULTIPART = f"multipart/form-data; boundary={_BOUNDARY}"
# What routes take that are sent a file and nothing else.
FILES: dict[str, tuple[str, bytes]] = {
    "/api/places/{place_id}/photo": network.PHOTO,
    "/office/places/{place_id}/photo": network.PHOTO,
    "/api/timetables/import": ("text/csv", timetables.TABLE),
    "/api/timetables/import/preview": ("text/csv", timetables.TABLE),
}
# Forms with files among their fields.
FORMS_WITH_FILES = frozenset({"/office/knowledge/assets"})


@dataclass(slots=True)
class Insider:
    """Everything that opens a door: the owner's token and browser, a key, the right to a booking."""

    house: House
    session: str = field(init=False)
    key: str = field(init=False)
    refresh_token: str = ""

    def __post_init__(self) -> None:
        self.session = self.house.browser(self.house.world.main, "owner")
        self.key = self.house.key(self.house.world.main, sorted(KEY_SCOPES))

    async def prepare(self) -> None:
        """Sign in as a program does; then keep who may come in."""
        known = {"email": self.house.world.main.owner_email, "password": PASSWORD}
        reply = await self.house.client.post("/api/auth/signin", json=known)
        self.refresh_token = reply.json()["refresh_token"]
        self.house.keep()

    @property
    def bearer(self) -> str:
        """The owner's token."""
        main = self.house.world.main
        identity = Identity(main.people["owner"], main.id, "owner", main.sessions["owner"])
        return f"Bearer {issue_access_token(KEYS, identity, NOW)}"

    def opens(self, route: Route) -> tuple[dict[str, str], dict[str, str]]:
        """Headers and cookies with which that route lets one in."""
        headers: dict[str, str] = {}
        cookies = {cookie_name(UUID(self.house.main["booking_id"])): self.house.booking_token}
        access = route.rule.access
        if access == "booking" or str(route) == "POST /api/transfers/book":
            headers["Authorization"] = f"Booking {self.house.booking_token}"
        elif access == "key":
            headers["Authorization"] = f"Bearer {self.key}"
        elif access == "staff" and route.template.startswith("/api/"):
            headers["Authorization"] = self.bearer
        elif access == "staff":
            cookies["session"] = self.session
        if route.changes and route.rule.csrf == "form":
            cookies["csrf_token"] = headers["X-CSRF-Token"] = self.house.csrf(cookies.get("session"))
        return headers, cookies

    def good(self, route: Route) -> Body:
        """A body that the route takes, with the tokens that open things."""
        values = good(self.house, route)
        if "refresh_token" in values:
            values["refresh_token"] = self.refresh_token
        if route.rule.body_model is SignInForm:
            values.pop("code")
        if route.rule.body_model in {SignInForm, ResetForm}:
            values["email"] = self.house.world.main.owner_email
        if "token" in values:
            values["token"] = self.link_token(route.template)
        return values

    def link_token(self, address: str) -> str:
        """The token of a mail whose link leads there."""
        house = self.house
        if "invitation" in address:
            return invitation_token(KEYS, house.world.main.id, house.main["invitation_id"])
        purpose: Purpose = "password_reset" if "password-reset" in address else "email_confirmation"
        link = new_id()
        house.world.execute(
            "INSERT INTO mailed_links (id, purpose, person_id, created_at, expires_at) VALUES (%s, %s, %s, %s, %s)",
            link, purpose, house.world.main.people["dispatcher"], NOW, NOW.replace(year=2099),
        )  # fmt: skip
        return link_token(KEYS, purpose, link)

    async def call(
        self,
        route: Route,
        body: Body | None = None,
        *,
        headers: Mapping[str, str | bytes] | None = None,
        path: str | None = None,
        sent: tuple[str, bytes] | None = None,
    ) -> httpx.Response:
        """Call it; ``body`` is that of its model, good unless given, ``sent`` a content type and raw bytes instead."""
        house = self.house
        values = self.good(route) if body is None else body
        own, cookies = self.opens(route)
        address = path or house.path(route)
        content = b""
        if sent is not None:
            own["Content-Type"], content = sent
        elif route.template in FILES:
            own["Content-Type"], content = FILES[route.template]
        elif not route.changes:
            address += f"?{encoded(values)}" if values else ""
        elif route.template in FORMS_WITH_FILES:
            own["Content-Type"], content = MULTIPART, with_a_file(values)
        elif route.rule.csrf in {"form", "signature"}:
            own["Content-Type"], content = FORM, encoded(values).encode()
        elif route.rule.body_model is not None:
            own["Content-Type"], content = "application/json", as_json(values)
        if route.rule.access == "webhook":
            own["Content-HMAC"] = sign(house.world.main.api_secret, content)
        own["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        told = [
            (name.encode(), text.encode() if isinstance(text, str) else text)
            for name, text in {**own, **(headers or {})}.items()
        ]
        reply = await house.client.request(route.method, address, headers=told, content=content)
        house.client.cookies.clear()
        return reply


def encoded(values: Body) -> str:
    """As a form or a query; a lone surrogate U+DC80 … U+DCFF stands for a byte that is no UTF-8."""
    return "&".join(f"{_percent(name)}={_percent(text)}" for name, text in flat(values))


def _percent(text: str) -> str:
    return quote(_raw(text), safe="")


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape" if _broken(text) else "surrogatepass")


def with_a_file(values: Body) -> bytes:
    """As a form with a file of a text that nobody has sent before."""
    parts = [(f'name="{name}"', _raw(text)) for name, text in flat(values)]
    parts.append(('name="file"; filename="skis.txt"', f"Лыжи берём: {uuid4()}.".encode()))
    told = b"".join(
        f"--{_BOUNDARY}\r\nContent-Disposition: form-data; ".encode() + _raw(named) + b"\r\n\r\n" + content + b"\r\n"
        for named, content in parts
    )
    return told + f"--{_BOUNDARY}--\r\n".encode()


def as_json(values: Body) -> bytes:
    """As JSON; surrogates are escapes, but those that stand for bytes are these bytes."""
    text = json.dumps(values)
    raw = json.dumps(values, ensure_ascii=False)
    return raw.encode("utf-8", "surrogateescape") if _broken(raw) else text.encode()


def _broken(text: str) -> bool:
    return any("\udc80" <= character <= "\udcff" for character in text)


async def raw_get(house: House, raw_path: str, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
    """Status and body of a GET whose path goes in exactly as written, as a server would hand it on."""
    path, _, query = raw_path.partition("?")
    scope: dict[str, Any] = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": unquote(path), "raw_path": path.encode("latin-1"), "query_string": query.encode(), "root_path": "",
        "headers": [(b"host", b"hub.test"), *((k.lower().encode(), v.encode()) for k, v in (headers or {}).items())],
        "client": ("203.0.113.7", 50_000), "server": ("hub.test", 80), "state": {},
    }  # fmt: skip
    told: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        told.append(message)

    transport: Any = house.client._transport
    await transport.app(scope, receive, send)
    return int(told[0]["status"]), b"".join(message.get("body", b"") for message in told[1:])


def query(**values: str) -> str:
    """``?name=value``."""
    return f"?{urlencode(values)}"
