"""The whole street: the running application on a real socket, the stand-in of CloudPayments beside it, and people who book.

Nothing is known here that a person, the operator's staff or the payment service would not know, but for what is stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import uvicorn

from kamhub.app.demo.cloudpayments.server import Standin
from kamhub.app.demo.cloudpayments.settings import Settings
from kamhub.hub.integrity.store.promises import INVARIANTS
from kamhub.hub.payment.client import CloudPaymentsClient, ProviderUnavailable
from kamhub.hub.payment.jobs import JOBS as PAYMENT_JOBS
from kamhub.hub.receipt.jobs import JOBS as RECEIPT_JOBS
from kamhub.hub.reconciliation.jobs import JOBS as RECONCILIATION_JOBS
from kamhub.hub.services import Hub
from kamhub.kit.clock import ManualClock
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.job.types import Job
from kamhub.platform.web.edge import Edge
from tests.asgi import Web, serve
from tests.builders import World
from tests.work import work_off

JOBS: tuple[Job[Any], ...] = (*PAYMENT_JOBS, *RECEIPT_JOBS, *RECONCILIATION_JOBS)
NAMES = [job.kind.name for job in JOBS]
GOOD, POOR = "4000000000003055", "4000056655665556"
CONTACT = {"name": "Анна Ёлкина", "phone": "+79141234567", "email": "anna@example.org"}
IMPATIENCE = 0.3
# A provider is asked about what began a moment ago only later.
NOT_FRESH = timedelta(minutes=11)


class Killed(asyncio.CancelledError):
    """The process dies at this moment; nobody who catches errors can hold it up."""


class Wire(httpx.AsyncBaseTransport):
    """The way to the payment service. It can be cut, and whoever calls can die before or after a call of some path."""

    def __init__(self) -> None:
        self.address = httpx.URL("http://127.0.0.1:9")
        self.cut = False
        # A path, and "before" or "after".
        self.death: tuple[str, str] | None = None
        self._inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        request.url = self.address.copy_with(path=path)
        if self.cut:
            raise httpx.ConnectError("the wire is cut")
        if self.death == (path, "before"):
            self.death = None
            raise Killed
        response = await self._inner.handle_async_request(request)
        if self.death == (path, "after"):
            self.death = None
            await response.aread()
            raise Killed
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


@dataclass
class Trip:
    """A booking as its traveller has it."""

    id: UUID
    code: str
    token: str
    link: str


@dataclass
class Street:
    """Everybody together. ``wire`` is the hub's way to the service, ``service`` the operator's cabinet of it."""

    web: Web
    world: World
    clock: ManualClock
    wire: Wire
    service: httpx.AsyncClient
    trips: list[Trip] = field(default_factory=list)

    @property
    def hub(self) -> Hub:
        return self.web.hub

    async def fault(self, what: str, where: str, **more: object) -> None:
        """Have something go wrong at the service."""
        order = {"what": what, "where": where} | {name: str(value) for name, value in more.items()}
        assert (await self.service.post("/demo/faults", json=order)).status_code == httpx.codes.OK

    async def well(self) -> None:
        """Nothing goes wrong any more."""
        await self.service.post("/demo/faults/clear")
        self.wire.cut, self.wire.death = False, None

    async def book(self) -> Trip:
        body = {"departure_id": str(self.world.departure()), "passengers": 1, "contact": CONTACT}
        reply = await self.web.client.post("/api/transfers/book", json=body)
        return self.trip(reply)

    def trip(self, reply: httpx.Response) -> Trip:
        """The booking of a reply, with the link it must have."""
        assert reply.status_code == httpx.codes.CREATED, reply.text
        booking = reply.json()
        link = httpx.URL(booking["payment"]["url"]).path
        self.trips.append(Trip(UUID(booking["id"]), booking["code"], booking["token"], link))
        return self.trips[-1]

    async def pay(self, trip: Trip, card: str = GOOD) -> None:
        """On the payment page, by card."""
        form = {"number": card, "expiry": "12/40", "cvv": "123", "holder": "ANNA"}
        assert (await self.service.post(f"{trip.link}/pay", data=form)).status_code < httpx.codes.BAD_REQUEST

    async def decide(self, trip: Trip, action: str) -> None:
        await self.staff("/api/transfers/confirm", {"booking_id": str(trip.id), "action": action})

    async def cancel(self, trip: Trip) -> None:
        headers = {"Authorization": f"Booking {trip.token}"}
        reply = await self.web.client.post("/api/transfers/cancel", json={"booking_id": str(trip.id)}, headers=headers)
        assert reply.status_code == httpx.codes.OK, reply.text

    async def staff(self, path: str, body: Mapping[str, object]) -> Any:
        reply = await self.web.client.post(path, json=body, headers=self.web.staff(self.world.main))
        assert reply.is_success, reply.text
        return reply.json()

    async def cabinet(self, path: str, trip: Trip) -> None:
        """What somebody does in the cabinet of the service, without the hub."""
        found = (await self.service.post("/payments/find", json={"InvoiceId": trip.code})).json()["Model"]
        body = {"TransactionId": found["TransactionId"], "Amount": found["Amount"]}
        assert (await self.service.post(path, json=body)).json()["Success"]

    async def reconcile(self) -> None:
        """The night after: the day is held against the list of the service."""
        self.clock.advance(NOT_FRESH)
        await self.staff("/api/reconciliations", {"date": str((self.clock.now() + timedelta(hours=12)).date())})
        await self.quiet()

    async def work(self, *, crash: bool = False) -> None:
        """Every waiting job once; one that fails waits again."""
        await work_off(self.hub.database, JOBS, self, crash=crash)

    def waiting(self) -> int:
        query = "SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo' AND task_name = ANY (%s)"
        return int(str(self.world.rows(query, NAMES)[0][0]))

    async def quiet(self) -> None:
        """Until there is nothing to do for the workers and nothing to tell for the service; a minute a round."""
        for _ in range(15):
            with suppress(ProviderUnavailable):
                await self.work()
            self.clock.advance(timedelta(minutes=1))
            await self.told()
            if not self.waiting():
                return
        raise AssertionError("the jobs do not end")

    async def told(self) -> None:
        """What was held back is let go, and everything that is due has been delivered."""
        await self.service.post("/demo/notifications/release")
        await until(self._nothing_due)

    async def _nothing_due(self) -> bool:
        now = self.clock.now().timestamp()
        await self.service.post("/test")  # the service looks at its clock when it is called
        notices = [one for trip in self.trips[-2:] for one in await self.notices(trip)]
        return not any(one["state"] == "waiting" and one["next_at"] and one["next_at"] <= now for one in notices)

    async def notices(self, trip: Trip) -> list[dict[str, Any]]:
        reply = await self.service.get("/demo/notifications", params={"invoice_id": trip.code})
        return list(reply.json()["items"])

    async def wrong(self, trip: Trip, end: tuple[object, ...], cases: set[str], receipts: list[str]) -> list[str]:
        """What of the end is not as it should be: nothing, when each thing happened once, on both sides."""
        theirs, ours = await self._theirs(trip), self._ours(trip)
        state = self.world.rows("SELECT status, paid, refunded FROM bookings WHERE id = %s", trip.id)[0]
        confirmed = "SELECT count(*) FROM booking_events WHERE booking_id = %s AND to_status = 'confirmed'"
        opened = "SELECT DISTINCT kind FROM cases WHERE booking_id = %s OR booking_id IS NULL"
        made = sorted(one["fields"]["Type"] for one in await self.notices(trip) if one["kind"] == "receipt")
        telling = "SELECT count(*) - count(DISTINCT kind) FROM messages WHERE booking_id = %s"
        known = {
            "state": (state, end),
            "both sides": (ours, theirs),
            "cases": ({str(row[0]) for row in self.world.rows(opened, trip.id)}, cases),
            "receipts": (made, sorted(receipts)),
            "confirmed": (self.world.rows(confirmed, trip.id)[0][0] <= 1, True),  # type: ignore[operator]
            "told once": (self.world.rows(telling, trip.id)[0][0], 0),
            "ledger": (self._held(trip), sum(amount for _, amount, _ in theirs)),
        }
        return [f"{name}: {is_so!r}, not {should!r}" for name, (is_so, should) in known.items() if is_so != should]

    def broken(self) -> list[str]:
        """Names of the promises of ``kamhub check`` that are broken."""
        return [one.name for one in INVARIANTS if self.world.rows(one.query) != [(0,)]]

    async def _theirs(self, trip: Trip) -> set[tuple[int, int, str]]:
        span = {"CreatedDateGte": "2020-01-01T00:00:00Z", "CreatedDateLte": "2099-01-01T00:00:00Z", "PageNumber": 1}
        listed = (await self.service.post("/v2/payments/list", json=span)).json()["Model"]
        return {
            (one["TransactionId"], round(one["Amount"] * 100) * (-1 if one["OperationType"] == "Refund" else 1), "")
            for one in listed
            if one["InvoiceId"] == trip.code and one["Status"] == "Completed"
        }

    def _ours(self, trip: Trip) -> set[tuple[int, int, str]]:
        query = """SELECT transaction_id, amount, '' FROM payments WHERE booking_id = %s AND status = 'completed'
            UNION ALL SELECT refund_transaction_id, -amount, CASE WHEN status = 'completed' THEN '' ELSE status END
            FROM refunds WHERE booking_id = %s"""
        rows = self.world.rows(query, trip.id, trip.id)
        assert len(rows) == len(set(rows)), rows
        return {(row[0], row[1], row[2]) for row in rows}  # type: ignore[misc]

    def _held(self, trip: Trip) -> int:
        query = """SELECT coalesce(sum(l.amount), 0)::bigint FROM ledger_entries e JOIN ledger_lines l ON l.entry_id = e.id
            WHERE e.booking_id = %s AND l.account IN ('provider', 'provider_fees')"""
        return int(str(self.world.rows(query, trip.id)[0][0]))


async def until(holds: Callable[[], Awaitable[bool]], tries: int = 2000) -> None:
    """Wait for a condition."""
    for _ in range(tries):
        if await holds():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it does not come about")


@asynccontextmanager
async def street(
    database_url: str, keys: KeyRing, clock: ManualClock, data_dir: Path, world: World
) -> AsyncIterator[Street]:
    """Both programs, running; the operator has a cash register."""
    world.execute("UPDATE payment_accounts SET receipts = true, vat = '22'")
    wire = Wire()
    async with serve(database_url, keys, clock, data_dir, provider=wire) as web:
        impatient = CloudPaymentsClient("http://provider.test", timeout_seconds=IMPATIENCE, transport=wire)
        web.app.state.hub = replace(web.app.state.hub, provider=impatient)
        async with _listening(web) as port, _standin(port, clock, data_dir, world) as address:
            wire.address = httpx.URL(address)
            async with httpx.AsyncClient(base_url=address, auth=("pk_test", world.main.api_secret)) as service:
                yield Street(web, world, clock, wire, service)
        await impatient.close()


@asynccontextmanager
async def _listening(web: Web) -> AsyncIterator[int]:
    edge: Any = Edge(web.app, production=False)
    server = uvicorn.Server(uvicorn.Config(edge, port=0, lifespan="off", access_log=False, log_level="error"))
    running = asyncio.create_task(server.serve())

    async def started() -> bool:
        return server.started

    await until(started)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await running


@asynccontextmanager
async def _standin(port: int, clock: ManualClock, folder: Path, world: World) -> AsyncIterator[str]:
    standin = Standin(
        Settings(
            host="127.0.0.1",
            port=0,
            data_file=folder / "standin.sqlite3",
            public_id="pk_test",
            api_secret=world.main.api_secret,
            notify_url=f"http://127.0.0.1:{port}/api/webhooks/cloudpayments/{world.main.account}",
        ),
        clock=lambda: clock.now().timestamp(),
    )
    standin.start()
    try:
        yield standin.base_url
    finally:
        await asyncio.to_thread(standin.stop)
