"""Browsers and programs that call the running application from an address of their own."""

from __future__ import annotations

from typing import Any

import httpx

from kamhub.platform.web.edge import Edge
from tests.asgi import ORIGIN, Web
from tests.builders import PASSWORD

AGENT = "a browser of the tests"


class Browser:
    """Keeps cookies and sends forms with the token of its page; follows no redirect by itself."""

    def __init__(self, web: Web, address: str = "203.0.113.7", *, origin: str = ORIGIN) -> None:
        app = Edge(web.app, production=web.app.state.settings.production)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(address, 50_000))  # type: ignore[arg-type]
        headers = {"Accept-Language": "en", "User-Agent": AGENT}
        self.client = httpx.AsyncClient(transport=transport, base_url=origin, headers=headers)

    @property
    def csrf(self) -> str:
        """The token of its forms."""
        return self.client.cookies["csrf_token"]

    @property
    def session(self) -> str | None:
        """The token of its session."""
        return self.client.cookies.get("session") or self.client.cookies.get("__Host-session")

    async def get(self, path: str) -> httpx.Response:
        """Open a page."""
        return await self.client.get(path)

    async def send(self, path: str, **fields: str) -> httpx.Response:
        """Send a form of ours."""
        if "csrf_token" not in self.client.cookies:
            await self.get("/api/csrf-token")
        return await self.client.post(path, data={"csrf_token": self.csrf, **fields})

    async def sign_in(self, email: str, password: str = PASSWORD, **fields: str) -> httpx.Response:
        """Give e-mail and password to the page."""
        return await self.send("/signin", email=email, password=password, **fields)

    async def signed_in(self, email: str, password: str = PASSWORD) -> Browser:
        """The same browser, let in."""
        reply = await self.sign_in(email, password)
        assert (reply.status_code, reply.headers["location"]) == (303, "/office"), reply.text
        return self


def bearer(token: str) -> dict[str, str]:
    """The header of a program."""
    return {"Authorization": f"Bearer {token}"}


async def tokens_of(web: Web, email: str, password: str = PASSWORD) -> dict[str, Any]:
    """What a program gets that signs in."""
    reply = await web.client.post("/api/auth/signin", json={"email": email, "password": password})
    assert reply.status_code == 200, reply.text
    signed_in: dict[str, Any] = reply.json()
    return signed_in
