"""The API: credentials, encodings, orders, idempotency, look-ups."""

from __future__ import annotations

import uuid

import httpx
import pytest

from .support import PUBLIC_ID, SECRET, Api, Clock, World

PATHS = [
    "/test",
    "/orders/create",
    "/orders/cancel",
    "/payments/refund",
    "/payments/confirm",
    "/payments/void",
    "/payments/get",
    "/payments/find",
    "/v2/payments/find",
    "/payments/list",
]


@pytest.mark.parametrize("path", PATHS)
def test_wrong_credentials(api: Api, path: str) -> None:
    assert api.browser.post(path).status_code == httpx.codes.UNAUTHORIZED
    for auth in ((PUBLIC_ID, "wrong"), ("wrong", SECRET)):
        assert api.browser.post(path, auth=auth).status_code == httpx.codes.UNAUTHORIZED
    assert api.http.get(path).status_code == httpx.codes.METHOD_NOT_ALLOWED


def test_notifications_need_credentials(api: Api) -> None:
    assert api.browser.get("/demo/notifications").status_code == httpx.codes.UNAUTHORIZED
    broken = api.browser.get("/demo/notifications", headers={"Authorization": "Basic %%%"})
    assert broken.status_code == httpx.codes.UNAUTHORIZED


def test_health(api: Api) -> None:
    reply = api.call("/test", {})
    assert reply["Success"] is True
    uuid.UUID(str(reply["Message"]))


@pytest.mark.parametrize("as_form", [True, False])
def test_order_in_both_encodings(api: Api, as_form: bool) -> None:
    fields = {"Amount": "10.50", "Description": "Трансфер", "JsonData": '{"a": 1}', "InvoiceId": "BK-7"}
    sent = {"data": fields} if as_form else {"json": fields}
    reply = api.http.post("/orders/create", data=sent.get("data"), json=sent.get("json")).json()
    assert reply["Success"] is True
    model = reply["Model"]
    assert (model["Amount"], model["Currency"]) == (10.5, "RUB")
    assert (model["Status"], model["StatusCode"]) == ("Created", 0)
    assert model["Url"] == f"{str(api.http.base_url).rstrip('/')}/d/{model['Id']}"
    assert model["CreatedDate"].startswith("/Date(")
    assert isinstance(model["Number"], int)
    assert isinstance(model["InternalId"], int)


@pytest.mark.parametrize(
    "change",
    [
        {"Amount": 0},
        {"Description": ""},
        {"Currency": "rub"},
        {"SuccessRedirectUrl": "javascript:alert(1)"},
        {"JsonData": "{"},
        {"SendSms": True, "SendViber": True},
    ],
)
def test_wrong_orders_are_refused(api: Api, change: dict[str, object]) -> None:
    fields = {"Amount": 10, "Description": "x"} | change
    reply = api.call("/orders/create", fields)
    assert reply["Success"] is False
    assert reply["Message"]
    assert "Model" not in reply


@pytest.mark.parametrize("field", [b'"InvoiceId":"\\ud800"', b'"JsonData":{"k":"\\ud800"}', b'"Email":"\\u0000"'])
def test_characters_that_are_not_text_are_refused(api: Api, field: bytes) -> None:
    body = b'{"Amount":10,"Description":"x",' + field + b"}"
    reply = api.http.post("/orders/create", content=body, headers={"Content-Type": "application/json"})
    assert reply.json()["Success"] is False


@pytest.mark.parametrize("body", [b"{", b"[]", b"[" * 100_000, b"\xff\xfe"])
def test_unreadable_json(api: Api, body: bytes) -> None:
    reply = api.http.post("/orders/create", content=body, headers={"Content-Type": "application/json"})
    assert reply.status_code == httpx.codes.BAD_REQUEST


def test_too_large_body(api: Api) -> None:
    assert api.http.post("/test", content=b"x" * 300_000).status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE


def test_request_id_replays_for_an_hour(world: World) -> None:
    clock = Clock()
    api = world.start(clock=clock)
    order: dict[str, object] = {"Amount": 10, "Description": "x"}
    first = api.call("/orders/create", order, request_id="r-1")
    clock.now += 3599
    assert api.call("/orders/create", order, request_id="r-1") == first
    assert api.call("/orders/create", order, request_id="r-2") != first
    clock.now += 1
    assert api.call("/orders/create", order, request_id="r-1") != first


def test_repeated_refund_moves_money_once(api: Api) -> None:
    api.pay(api.order())
    refund: dict[str, object] = {"TransactionId": api.find()["TransactionId"], "Amount": 400}
    first = api.call("/payments/refund", refund, request_id="refund-1")
    assert first["Success"] is True
    assert api.call("/payments/refund", refund, request_id="refund-1") == first
    rest = {**refund, "Amount": 1100}
    assert api.call("/payments/refund", rest, request_id="refund-2")["Success"] is True


def test_refusals_are_replayed_and_wrong_credentials_are_not(api: Api) -> None:
    headers = {"X-Request-ID": "r-9"}
    assert api.browser.post("/test", headers=headers).status_code == httpx.codes.UNAUTHORIZED
    refused = api.call("/payments/find", {"InvoiceId": "BK-1"}, request_id="r-9")
    assert refused == {"Success": False, "Message": "Not found"}
    api.pay(api.order())
    assert api.call("/payments/find", {"InvoiceId": "BK-1"}, request_id="r-9") == refused


def test_cancelled_order(api: Api) -> None:
    page = api.order()
    order_id = page.rsplit("/", 1)[1]
    assert api.call("/orders/cancel", {"Id": order_id}) == {"Success": True, "Message": None}
    assert api.call("/orders/cancel", {"Id": order_id})["Success"] is True
    assert api.call("/orders/cancel", {"Id": "nothing"}) == {"Success": False, "Message": "Not found"}
    assert "Оплата отменена" in api.browser.get(page).text
    assert api.pay(page).headers["location"] == page
    assert api.call("/payments/find", {"InvoiceId": "BK-1"})["Success"] is False


def test_paid_order_cannot_be_cancelled(api: Api) -> None:
    page = api.order()
    api.pay(page)
    assert api.call("/orders/cancel", {"Id": page.rsplit("/", 1)[1]})["Success"] is False


def test_list_of_a_day(world: World) -> None:
    clock = Clock()
    api = world.start(clock=clock)
    api.pay(api.order(InvoiceId="first"))
    clock.now += 24 * 3600
    api.pay(api.order(InvoiceId="second"))

    def invoices(day: str, zone: str) -> list[object]:
        rows = api.call("/payments/list", {"Date": day, "TimeZone": zone})["Model"]
        assert isinstance(rows, list)
        return [row["InvoiceId"] for row in rows]

    assert invoices("2026-11-24", "UTC") == ["first"]
    assert invoices("2026-11-25", "PETT") == ["second"]
    assert api.call("/payments/list", {"Date": "soon"})["Success"] is False
