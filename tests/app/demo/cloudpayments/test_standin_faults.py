"""Faults on order, the paged list, and the cash register."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from .support import Api, Clock, Shop, World


def order(api: Api, **fault: object) -> None:
    assert api.call("/demo/faults", {name: str(value) for name, value in fault.items()})["Success"]


def paid(api: Api, shop: Shop, **fields: object) -> int:
    api.pay(api.order(**fields))
    shop.wait_for("pay")
    return int(str(api.find()["TransactionId"]))


def test_a_call_that_fails_is_not_carried_out(api: Api, shop: Shop) -> None:
    number = paid(api, shop)
    order(api, what="fail", where="/payments/refund", count=2, status=502)
    for _ in range(2):
        refused = api.http.post("/payments/refund", json={"TransactionId": number, "Amount": 1})
        assert refused.status_code == httpx.codes.BAD_GATEWAY
    assert api.call("/payments/refund", {"TransactionId": number, "Amount": 1500})["Success"]


def test_an_answer_that_is_lost_is_replayed(api: Api, shop: Shop) -> None:
    number = paid(api, shop)
    order(api, what="lose_answer", where="/payments/refund", status=504)
    body: dict[str, object] = {"TransactionId": number, "Amount": 1000}
    headers = {"X-Request-ID": "once"}
    assert api.http.post("/payments/refund", json=body, headers=headers).status_code == httpx.codes.GATEWAY_TIMEOUT
    first = api.call("/payments/refund", body, "once")
    assert first["Success"]
    assert not api.call("/payments/refund", body, "twice")["Success"], "1,000 of 1,500 went back already"


def test_a_call_is_refused_or_late(api: Api, shop: Shop) -> None:
    number = paid(api, shop)
    order(api, what="refuse", message="Not today")
    assert api.call("/payments/void", {"TransactionId": number})["Message"] == "Not today"
    order(api, what="slow", seconds="0.05")
    began = time.monotonic()
    assert api.call("/test", {})["Success"]
    assert time.monotonic() - began >= 0.05
    order(api, what="fail", count=9)
    assert api.http.post("/demo/faults/clear").status_code == httpx.codes.OK
    assert api.call("/test", {})["Success"]


def test_a_notification_is_lost(api: Api, shop: Shop) -> None:
    order(api, what="lose", where="pay")
    api.pay(api.order())
    api.call("/payments/refund", {"TransactionId": api.find()["TransactionId"], "Amount": 1})
    shop.wait_for("refund")
    assert shop.of("pay") == []


def test_a_notification_comes_twice(api: Api, shop: Shop) -> None:
    order(api, what="repeat", where="pay")
    api.pay(api.order())
    first, second = shop.wait_for("pay", 2)
    assert first.body == second.body


def test_notifications_come_in_another_order(api: Api, shop: Shop) -> None:
    order(api, what="hold", where="pay")
    order(api, what="hold", where="refund")
    api.pay(api.order())
    api.call("/payments/refund", {"TransactionId": api.find()["TransactionId"], "Amount": 1})
    released = 0
    while released < 2:
        released += int(api.http.post("/demo/notifications/release").json()["released"])
    assert [one.kind for one in shop.received if one.kind != "check"] in (["refund", "pay"], ["pay", "refund"])
    assert all(one["state"] == "delivered" for one in api.notifications())


@pytest.mark.parametrize("path", ["/demo/faults", "/demo/faults/clear", "/demo/notifications/release"])
def test_faults_need_credentials(api: Api, path: str) -> None:
    assert api.browser.post(path).status_code == httpx.codes.UNAUTHORIZED
    assert api.http.get(path).status_code == httpx.codes.METHOD_NOT_ALLOWED


@pytest.mark.parametrize(
    "fault", [{}, {"what": "odd"}, {"what": "slow", "count": "x"}, {"what": "fail", "status": "7"}]
)
def test_faults_that_make_no_sense(api: Api, fault: dict[str, str]) -> None:
    assert api.http.post("/demo/faults", json=fault).status_code == httpx.codes.BAD_REQUEST


def test_the_list_has_pages(api: Api, shop: Shop) -> None:
    number = paid(api, shop)
    span = {"CreatedDateGte": "2020-01-01T00:00:00Z", "CreatedDateLte": "2099-01-01T00:00:00"}
    listed: Any = api.call("/v2/payments/list", {**span, "PageNumber": 1})["Model"]
    assert [one["TransactionId"] for one in listed] == [number]
    assert api.call("/v2/payments/list", {**span, "PageNumber": 2})["Model"] == []
    assert not api.call("/v2/payments/list", {**span, "CreatedDateGte": "x", "PageNumber": 1})["Success"]


RECEIPT: dict[str, object] = {
    "Type": "Income",
    "InvoiceId": "BK-1",
    "CustomerReceipt": {"Items": [{"label": "Трансфер", "price": 1500, "quantity": 1, "amount": 1500}]},
}


def test_a_receipt_is_made_and_told(world: World) -> None:
    clock = Clock()
    api, shop = world.start(clock=clock), world.shop
    paid(api, shop)
    number = api.model("/kkt/receipt", RECEIPT)["Id"]
    assert api.call("/kkt/receipt/status/get", {"Id": number})["Model"] == "Queued"
    clock.now += 2
    assert api.call("/kkt/receipt/status/get", {"Id": number})["Model"] == "Processed"
    [told] = shop.wait_for("receipt")
    assert (told.fields["Id"], told.fields["Amount"], told.fields["Type"]) == (number, "1500.00", "Income")
    assert api.call("/kkt/receipt/status/get", {"Id": "x"})["Model"] == "NotFound"
    assert api.call("/kkt/receipt", RECEIPT | {"InvoiceId": "BK-2"})["Success"], "told to nobody"


@pytest.mark.parametrize(
    "change",
    [
        {"Type": "Odd"}, {"CustomerReceipt": {}}, {"CustomerReceipt": {"Items": []}}, {"CustomerReceipt": {"Items": [1]}},
        {"CustomerReceipt": {"Items": [{"label": "x", "amount": "y"}]}}, {"CustomerReceipt": {"Items": [{"label": "x", "amount": 0}]}},
    ],
)  # fmt: skip
def test_a_receipt_no_register_would_make(api: Api, change: dict[str, object]) -> None:
    assert not api.call("/kkt/receipt", RECEIPT | change)["Success"]
