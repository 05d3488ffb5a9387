"""Notifications over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote_plus, urlencode
from uuid import uuid4

import httpx
import pytest

from kamhub.hub.payment.signature import sign
from tests.asgi import Web
from tests.builders import World
from tests.hub.payment.support import BODIES, FORM, Till


@dataclass
class Hook:
    """The address the provider calls."""

    web: Web
    world: World

    async def post(self, kind: str, body: bytes, account: object = None, **headers: str) -> httpx.Response:
        address = f"/api/webhooks/cloudpayments/{account or self.world.main.account}/{kind}"
        sent = {"content-type": FORM} | headers
        raw = [(name.encode(), value.encode()) for name, value in sent.items()]
        return await self.web.client.post(address, content=body, headers=raw)

    async def signed(self, kind: str, fields: dict[str, str]) -> httpx.Response:
        body = urlencode(fields).encode()
        return await self.post(kind, body, **{"content-hmac": sign(self.world.main.api_secret, body)})


@pytest.fixture
def hook(web: Web, world: World) -> Hook:
    return Hook(web, world)


async def test_a_booking_is_paid_over_http(hook: Hook, till: Till) -> None:
    booking = await till.booked()
    about = {"InvoiceId": booking.code, "AccountId": str(booking.id)}
    for kind in ("check", "pay", "pay"):
        reply = await hook.signed(kind, BODIES[kind] | about)
        assert (reply.status_code, reply.json()) == (200, {"code": 0})
        assert reply.headers["content-type"] == "application/json"
    assert till.booking(booking) == ("confirmed", 250_000, None)


async def test_the_fallback_header_and_json(hook: Hook, till: Till) -> None:
    booking = await till.booked()
    body = urlencode(BODIES["check"] | {"InvoiceId": booking.code, "Description": "Поездка в горы"}).encode()
    decoded = sign(hook.world.main.api_secret, unquote_plus(body.decode()).encode())
    assert (await hook.post("check", body, **{"x-content-hmac": decoded})).json() == {"code": 0}
    document = b'{"TransactionId": 5, "Amount": 2500, "Currency": "RUB", "InvoiceId": "%s"}' % booking.code.encode()
    signature = sign(hook.world.main.api_secret, document)
    reply = await hook.post("check", document, **{"content-type": "application/json", "content-hmac": signature})
    assert reply.json() == {"code": 0}


@pytest.mark.parametrize("kind", BODIES)
async def test_unsigned_is_401(hook: Hook, kind: str) -> None:
    body = urlencode(BODIES[kind]).encode()
    for headers in ({}, {"content-hmac": sign("forged", body)}, {"content-hmac": "ключ"}):
        reply = await hook.post(kind, body, **headers)
        assert (reply.status_code, reply.json()["code"]) == (401, "signature_invalid")


async def test_an_unknown_account_is_401_and_an_unknown_kind_404(hook: Hook) -> None:
    body = urlencode(BODIES["pay"]).encode()
    signature = {"content-hmac": sign(hook.world.main.api_secret, body)}
    assert (await hook.post("pay", body, uuid4(), **signature)).status_code == 401
    for kind in ("Pay", "payout", "pay%20", "..%2Fpay"):
        assert (await hook.post(kind, body, **signature)).status_code == 404
    assert (await hook.post("pay", body, "not-an-id", **signature)).status_code == 404
    address = f"/api/webhooks/cloudpayments/{hook.world.main.account}/pay"
    assert (await hook.web.client.get(address, headers=signature)).status_code == 405


GARBAGE = [
    b"",
    b"\x00",
    b"\xff\xff",
    b"{",
    b"[]",
    b"a",
    "Сумма=1".encode("cp1251"),
    b"TransactionId=1&InvoiceId=%00&Amount=0",
    b"&" * 5000,
    b'{"a":' * 5000,
]


async def test_signed_garbage_is_answered_and_stores_nothing(hook: Hook, till: Till) -> None:
    before = till.snapshot()
    for kind in BODIES:
        for body in GARBAGE:
            reply = await hook.post(kind, body, **{"content-hmac": sign(hook.world.main.api_secret, body)})
            assert (reply.status_code, reply.json()) == (200, {"code": 13 if kind == "check" else 0}), (kind, body)
    assert till.snapshot() == before


async def test_any_text_in_any_field_is_answered(hook: Hook, till: Till) -> None:
    texts = ["\x00", "AB\x00CD", "\ud800", "🚌" * 300, "'; DROP TABLE payments; --", "<b>", "ل", "\u202e"]
    number = 0
    for name in ("InvoiceId", "AccountId", "CardType", "PaymentMethod", "CardLastFour", "Name", "Data"):
        for text in texts:
            number += 1
            fields = BODIES["pay"] | {"InvoiceId": "NOSUCH22", "TransactionId": str(number), name: text}
            body = urlencode(fields, errors="surrogatepass").encode()
            reply = await hook.post("pay", body, **{"content-hmac": sign(hook.world.main.api_secret, body)})
            assert (reply.status_code, reply.json()) == (200, {"code": 0}), (name, text)
    assert till.cases() == ["unknown_booking"] * number


async def test_a_body_of_megabytes_is_413(hook: Hook) -> None:
    body = b"a=" + b"b" * 2_000_000
    reply = await hook.post("pay", body, **{"content-hmac": sign(hook.world.main.api_secret, body)})
    assert reply.status_code == 413


async def test_terminals_are_listed_without_their_secrets(web: Web, world: World) -> None:
    reply = await web.client.get("/api/payment-accounts", headers=web.staff(world.main, "viewer"))
    assert reply.json() == {
        "items": [
            {
                "account_id": str(world.main.account),
                "public_id": "pk_test",
                "mode": "demo",
                "receipts": False,
                "two_stage": False,
                "vat": "none",
                "taxation_system": None,
            }
        ],
        "page": 1,
        "page_size": 50,
        "total": 1,
    }
    assert (await web.client.get("/api/payment-accounts", headers=web.staff(world.other))).json()["items"] == []
    assert (await web.client.get("/api/payment-accounts", headers=web.staff(world.main, "driver"))).status_code == 403
    assert (await web.client.get("/api/payment-accounts")).status_code == 401
