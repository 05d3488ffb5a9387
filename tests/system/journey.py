"""A traveller with a browser that runs no scripts: from the search to the ticket, and back out again."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from tests.system.product import Product, wait_for

PAYS = "4000000000003055"
PAYS_AFTER_CODE = "4242424242424242"
DECLINED = "4000056655665556"
_FORM = re.compile(r'<form method="post" action="([^"]+)"')
_SETTLED_WITHIN = 45.0  # seconds, on a busy machine; less than the minute after which the provider says it again

Json = dict[str, Any]


@dataclass(slots=True)
class Traveller:
    """One person with one booking. Not shared between threads."""

    product: Product
    name: str = "Алексей Чёрный"
    email: str = "alexey@traveller.example"
    http: httpx.Client = field(init=False)
    booking: Json = field(default_factory=dict)
    token: str = ""

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=self.product.url, timeout=30, headers={"Accept-Language": "ru"})

    def search(
        self, origin: str = "yelizovo-airport", destination: str = "paratunka", days_ahead: int = 5
    ) -> list[Json]:
        """The offers of a day, the first being the earliest."""
        day = (datetime.now(UTC) + timedelta(days=days_ahead)).date()
        reply = self.http.get(
            "/api/transfers/search",
            params={"from": origin, "to": destination, "date": day.isoformat(), "passengers": 3},
        )
        assert reply.status_code == 200, reply.text
        items: list[Json] = reply.json()["items"]
        return items

    def hold(self, departure_id: str, passengers: int = 2) -> None:
        """Hold seats for the whole way."""
        reply = self.http.post("/api/transfers/hold", json={"departure_id": departure_id, "passengers": passengers})
        assert reply.status_code == 201, reply.text
        self.booking = reply.json()
        self.token = self.booking["token"]

    def book(self) -> str:
        """Say who travels; returns the link to pay by, asking again until the provider has given one."""
        body = {
            "booking_id": self.booking["id"],
            "contact": {"name": self.name, "phone": "8 (914) 020-30-40", "email": self.email},
            "passenger_list": [{"name": self.name}, {"name": "Jane O’Neil", "kind": "child"}][
                : self.booking["passengers"]
            ],
        }

        def booked() -> bool:
            reply = self.http.post("/api/transfers/book", json=body, headers=self.rights())
            assert reply.status_code == 201, reply.text
            self.booking = reply.json()
            return self.booking["payment"] is not None

        wait_for(booked, _SETTLED_WITHIN, "there is a link to pay by")
        url: str = self.booking["payment"]["url"]
        return url

    def pay(self, url: str, card: str) -> httpx.Response:
        """Type a card into the provider's page; returns where the browser ends up before the shop's own page."""
        page = self.http.get(url)
        assert page.status_code == 200, page.text
        form = {
            "number": card,
            "expiry": f"12/{(datetime.now(UTC).year + 2) % 100}",
            "cvv": "123",
            "holder": "A CHERNY",
        }
        reply = self.http.post(urljoin(url, _action(page.text)), data=form)
        reply = self._follow(reply, url)
        if "/3ds/" in reply.url.path:
            reply = self._follow(
                self.http.post(urljoin(url, _action(reply.text)), data={"code": "1", "decision": "confirm"}), url
            )
        return reply

    def _follow(self, reply: httpx.Response, start: str) -> httpx.Response:
        """Follow redirects on the provider's own host; the one back to the shop is returned as it is."""
        while (
            reply.is_redirect and urlsplit(urljoin(start, reply.headers["location"])).netloc == urlsplit(start).netloc
        ):
            reply = self.http.get(urljoin(start, reply.headers["location"]))
        return reply

    def look(self) -> Json:
        """The booking as it is now."""
        reply = self.http.get(f"/api/transfers/bookings/{self.booking['id']}", headers=self.rights())
        assert reply.status_code == 200, reply.text
        self.booking = reply.json()
        return self.booking

    def wait(self, condition: Callable[[Json], bool], what: str, seconds: float = _SETTLED_WITHIN) -> Json:
        """Look until the condition holds."""
        wait_for(lambda: condition(self.look()), seconds, what)
        return self.booking

    def wait_status(self, status: str) -> Json:
        """Look until the booking is in that state."""
        return self.wait(lambda booking: bool(booking["status"] == status), f"the booking is {status}")

    def ticket(self, kind: str) -> httpx.Response:
        """The ticket as ``pdf`` or ``ics``."""
        return self.http.get(f"/api/transfers/bookings/{self.booking['id']}/ticket.{kind}", headers=self.rights())

    def cancel(self) -> Json:
        """Cancel; the reply."""
        reply = self.http.post(
            "/api/transfers/cancel",
            json={"booking_id": self.booking["id"], "reason": "планы изменились"},
            headers=self.rights(),
        )
        assert reply.status_code == 200, reply.text
        content: Json = reply.json()
        return content

    def rights(self) -> dict[str, str]:
        """The token of the booking."""
        return {"Authorization": f"Booking {self.token}"}


def _action(page: str) -> str:
    found = _FORM.search(page)
    assert found is not None, page
    return unescape(found[1])
