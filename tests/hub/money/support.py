"""Paid bookings behind the running application."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from kamhub.hub.payment import jobs
from kamhub.hub.payment.signature import sign
from tests.asgi import Web
from tests.builders import World
from tests.hub.payment.support import BODIES
from tests.work import work_off

CONTACT = {"name": "Анна Ёлкина", "phone": "+79141234567", "email": "anna@example.org"}


class Desk:
    """The application as staff use it."""

    def __init__(self, web: Web, world: World) -> None:
        self.web, self.world = web, world
        self.transaction = 1000

    @property
    def hub(self) -> Any:
        return self.web.hub

    async def booked(self, passengers: int = 1) -> dict[str, Any]:
        body = {"departure_id": str(self.world.departure()), "passengers": passengers, "contact": CONTACT}
        reply = await self.web.client.post("/api/transfers/book", json=body)
        assert reply.status_code == 201, reply.text
        return dict(reply.json())

    async def tell(self, kind: str, booking: dict[str, Any], **changes: str) -> None:
        fields = BODIES[kind] | {"InvoiceId": booking["code"], "AccountId": booking["id"]}
        fields["Amount"] = f"{booking['total']['amount'] / 100:.2f}"
        body = urlencode(fields | changes).encode()
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "content-hmac": sign(self.world.main.api_secret, body),
        }
        path = f"/api/webhooks/cloudpayments/{self.world.main.account}/{kind}"
        reply = await self.web.client.post(path, content=body, headers=headers)
        assert reply.json() == {"code": 0}

    async def paid(self, **changes: str) -> dict[str, Any]:
        booking = await self.booked()
        self.transaction += 1
        await self.tell("pay", booking, **{"TransactionId": str(self.transaction), **changes})
        return booking

    async def get(self, path: str, role: str = "owner", **headers: str) -> Any:
        given = self.web.staff(self.world.main, role) | headers  # type: ignore[arg-type]
        return await self.web.client.get(path, headers=given)

    async def post(self, path: str, body: Any = None, role: str = "owner", **headers: str) -> Any:
        given = self.web.staff(self.world.main, role) | headers  # type: ignore[arg-type]
        return await self.web.client.post(path, json=body, headers=given)

    async def work(self) -> None:
        await work_off(self.hub.database, jobs.JOBS, self)

    def payment(self, booking: dict[str, Any]) -> UUID:
        row = self.world.rows("SELECT id FROM payments WHERE booking_id = %s ORDER BY received_at", UUID(booking["id"]))
        assert isinstance(row[0][0], UUID)
        return row[0][0]
