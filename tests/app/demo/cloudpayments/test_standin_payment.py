"""The life of a payment: page, Check, 3-D Secure, Pay and Fail, confirm, void and refund."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from urllib.parse import unquote_plus

import httpx
import pytest

from .support import MIR_POOR_3DS, SECRET, VISA_OK_3DS, VISA_POOR, Api, Received, Shop, World

BANNER = "DEMO: no real money"


def assert_signed(notification: Received) -> None:
    def digest(text: bytes) -> str:
        return base64.b64encode(hmac.new(SECRET.encode(), text, hashlib.sha256).digest()).decode()

    decoded = unquote_plus(notification.body.decode()).encode()
    assert notification.headers["Content-HMAC"] == digest(notification.body)
    assert notification.headers["X-Content-HMAC"] == digest(decoded)
    assert notification.headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_one_stage_payment(api: Api, shop: Shop) -> None:
    page = api.order(
        AccountId="user+42", JsonData={"k": "а"}, SuccessRedirectUrl="http://127.0.0.1:8000/booking?paid=1"
    )
    done = api.pay(page)
    assert done.status_code == httpx.codes.SEE_OTHER
    assert done.headers["location"] == "http://127.0.0.1:8000/booking?paid=1"
    assert [item.kind for item in shop.received] == ["check", "pay"], "Pay comes before the payer goes back"
    check, pay = shop.received
    for notification in shop.received:
        assert_signed(notification)
    assert pay.fields["TransactionId"] == check.fields["TransactionId"]
    assert {
        "Amount": "1500.00",
        "Currency": "RUB",
        "PaymentAmount": "1500.00",
        "InvoiceId": "BK-1",
        "AccountId": "user+42",
        "Email": "a@b.example",
        "CardFirstSix": "400000",
        "CardLastFour": "3055",
        "CardType": "Visa",
        "CardExpDate": "12/40",
        "Status": "Completed",
        "OperationType": "Payment",
        "TestMode": "1",
        "Name": "IVAN PETROV",
        "Description": "Трансфер",
    }.items() <= pay.fields.items()
    assert json.loads(pay.fields["Data"]) == {"k": "а"}
    assert "GatewayName" in pay.fields
    assert "GatewayName" not in check.fields
    model = api.find()
    assert (model["Status"], model["StatusCode"], model["Amount"]) == ("Completed", 3, 1500)
    assert model["JsonData"] == '{"k": "а"}'
    assert api.model("/payments/get", {"TransactionId": model["TransactionId"]}) == model


def test_paid_page_says_so_and_takes_no_second_payment(api: Api, shop: Shop) -> None:
    page = api.order()
    assert api.pay(page).headers["location"] == page
    assert "Уже оплачено" in api.browser.get(page).text
    assert api.pay(page).headers["location"] == page
    assert len(shop.of("check")) == 1


def test_decline_and_another_card(api: Api, shop: Shop) -> None:
    page = api.order(FailRedirectUrl="http://127.0.0.1:8000/failed")
    declined = api.pay(page, VISA_POOR)
    shown = api.browser.get(declined.headers["location"]).text
    assert "Недостаточно средств на карте." in shown
    assert 'href="http://127.0.0.1:8000/failed"' in shown
    fail = shop.wait_for("fail")[0]
    assert_signed(fail)
    assert (fail.fields["Reason"], fail.fields["ReasonCode"]) == ("InsufficientFunds", "5051")
    reply = api.call("/payments/find", {"InvoiceId": "BK-1"})
    assert reply["Success"] is False
    assert reply["Message"] is None
    assert api.find()["Status"] == "Declined"
    api.pay(page)
    assert api.find()["Status"] == "Completed"


@pytest.mark.parametrize(
    ("number", "decision", "status", "kind", "code"),
    [
        (VISA_OK_3DS, "confirm", "Completed", "pay", None),
        (VISA_OK_3DS, "decline", "Declined", "fail", "5206"),
        (MIR_POOR_3DS, "confirm", "Declined", "fail", "5051"),
    ],
)
def test_three_d_secure(
    api: Api, shop: Shop, number: str, decision: str, status: str, kind: str, code: str | None
) -> None:
    page = api.order()
    bank = api.pay(page, number).headers["location"]
    assert BANNER in api.browser.get(bank).text
    assert api.find()["Status"] == "AwaitingAuthentication"
    assert api.call("/payments/find", {"InvoiceId": "BK-1"})["Success"] is False
    assert api.code(bank, code="").status_code == httpx.codes.UNPROCESSABLE_ENTITY
    api.code(bank, decision)
    assert api.find()["Status"] == status
    assert shop.wait_for(kind)[0].fields.get("ReasonCode") == code
    assert api.code(bank).headers["location"] == page, "a second answer changes nothing"
    assert len(shop.of("pay")) + len(shop.of("fail")) == 1


def test_code_of_another_order_is_not_taken(api: Api) -> None:
    bank = api.pay(api.order(), VISA_OK_3DS).headers["location"]
    other = api.order(InvoiceId="BK-2")
    assert api.code(f"{other}/3ds/{bank.rsplit('/', 1)[1]}").headers["location"] == other
    assert api.find()["Status"] == "AwaitingAuthentication"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((200, '{"code":10}'), "3001"),
        ((200, '{"code":12}'), "3003"),
        ((200, '{"code":20}'), "3004"),
        ((200, "fine"), "3005"),
        ((504, ""), "3007"),
        ((200, '{"code":13}'), "3008"),
    ],
)
def test_check_decides(api: Api, shop: Shop, answer: tuple[int, str], code: str) -> None:
    shop.answers["check"].append(answer)
    location = api.pay(api.order(), VISA_OK_3DS).headers["location"]
    assert "failed=" in location
    assert shop.wait_for("fail")[0].fields["ReasonCode"] == code
    assert not shop.of("pay")
    assert len(shop.of("check")) == 1, "Check is never repeated"


def test_unreachable_shop_declines(world: World, free_port: int) -> None:
    api = world.start(notify_url=f"http://127.0.0.1:{free_port}/hooks")
    page = api.order(CultureName="en-US")
    shown = api.browser.get(api.pay(page).headers["location"]).text
    assert "The shop does not answer." in shown
    assert api.find()["ReasonCode"] == 3006


def test_cancelled_while_the_bank_asks(api: Api, shop: Shop) -> None:
    page = api.order()
    bank = api.pay(page, VISA_OK_3DS).headers["location"]
    api.call("/orders/cancel", {"Id": page.rsplit("/", 1)[1]})
    api.code(bank)
    assert api.find()["Status"] == "Declined"
    assert not shop.of("pay")


def test_two_tabs_pay_once(api: Api, shop: Shop) -> None:
    page = api.order()
    tabs = [api.pay(page, VISA_OK_3DS).headers["location"] for _ in range(2)]
    for bank in tabs:
        api.code(bank)
    assert len(shop.wait_for("pay")) == 1
    assert shop.wait_for("fail")[0].fields["ReasonCode"] == "5012"


def test_two_stage_confirm_takes_a_part(api: Api, shop: Shop) -> None:
    api.pay(api.order(RequireConfirmation=True))
    pay = shop.wait_for("pay")[0]
    assert pay.fields["Status"] == "Authorized"
    assert shop.of("check")[0].fields["Status"] == "Authorized"
    payment = int(pay.fields["TransactionId"])
    refund = api.call("/payments/refund", {"TransactionId": payment, "Amount": 1})
    assert refund["Success"] is False, "held money is voided, not refunded"
    assert api.call("/payments/confirm", {"TransactionId": payment, "Amount": 1500.01})["Success"] is False
    assert api.call("/payments/confirm", {"TransactionId": payment, "Amount": 1000})["Success"] is True
    confirm = shop.wait_for("confirm")[0]
    assert_signed(confirm)
    assert (confirm.fields["Status"], confirm.fields["Amount"]) == ("Completed", "1000.00")
    assert not {"OperationType", "GatewayName"} & confirm.fields.keys()
    assert api.find()["Amount"] == 1000
    assert api.call("/payments/void", {"TransactionId": payment})["Success"] is False


def test_two_stage_void(api: Api, shop: Shop) -> None:
    page = api.order(RequireConfirmation="true")
    api.pay(page)
    payment = api.find()["TransactionId"]
    assert api.call("/payments/void", {"TransactionId": payment}) == {"Success": True, "Message": None}
    cancel = shop.wait_for("cancel")[0]
    assert (cancel.fields["TransactionId"], cancel.fields["Amount"]) == (str(payment), "1500.00")
    assert api.find()["Status"] == "Cancelled"
    assert "Оплата отменена" in api.browser.get(page).text
    assert api.call("/payments/confirm", {"TransactionId": payment, "Amount": 1})["Success"] is False


def test_refunds_in_parts(api: Api, shop: Shop) -> None:
    api.pay(api.order(JsonData={"k": 1}))
    payment = api.find()["TransactionId"]

    def refund(amount: object) -> dict[str, object]:
        return api.call("/payments/refund", {"TransactionId": payment, "Amount": amount})

    first = refund(500.5)["Model"]
    assert isinstance(first, dict)
    assert first["TransactionId"] != payment
    assert refund(1000)["Success"] is False
    assert refund(999.5)["Success"] is True
    assert refund(0.01)["Success"] is False
    notifications = shop.wait_for("refund", 2)
    part = next(item for item in notifications if item.fields["Amount"] == "500.50")
    assert_signed(part)
    assert part.fields["PaymentTransactionId"] == str(payment)
    assert part.fields["TransactionId"] == str(first["TransactionId"])
    assert part.fields["OperationType"] == "Refund"
    assert part.fields["InvoiceId"] == "BK-1"
    assert api.find()["TransactionId"] == payment, "the first version of find sees payments only"
    assert api.find(path="/v2/payments/find")["OperationType"] == "Refund"
    assert api.find()["Refunded"] is True
    again = api.call("/payments/refund", {"TransactionId": first["TransactionId"], "Amount": 1})
    assert again["Success"] is False, "a refund cannot be refunded"


@pytest.mark.parametrize(("mode", "sent"), [(True, "1"), (False, "0")])
def test_test_mode_is_sent(world: World, mode: bool, sent: str) -> None:
    api = world.start(test_mode=mode)
    api.pay(api.order())
    assert {item.fields["TestMode"] for item in world.shop.received} == {sent}


def test_pages_are_demo_strict_and_in_the_payers_language(api: Api) -> None:
    page = api.order(Description="<b>x</b>", SuccessRedirectUrl="http://127.0.0.1:8000/ok")
    english = api.order(InvoiceId="BK-2", CultureName="en-US")
    answers = [
        api.browser.get("/"),
        api.browser.get("/nothing"),
        api.browser.get("/d/AAAAAAAAAAAAAAAA"),
        api.browser.put("/"),
        api.browser.get(page),
        api.browser.get(english),
        api.pay(page, "4000 0000 0000 3056"),
        api.browser.get(api.pay(page, VISA_OK_3DS).headers["location"]),
    ]
    for answer in answers:
        assert BANNER in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "<script" not in answer.text
        assert "<b>" not in answer.text
    assert answers[6].status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert "Проверьте номер карты." in answers[6].text
    assert "form-action 'self' http://127.0.0.1:8000" in answers[4].headers["content-security-policy"]
    assert 'lang="ru"' in answers[4].text
    assert "1\u00a0500,00\u00a0₽" in answers[4].text
    assert 'lang="en"' in answers[5].text
    assert "1,500.00 RUB" in answers[5].text
    assert "4000 0000 0000 3056" not in answers[6].text, "a mistyped number is not shown again"
    assert api.browser.get("/style.css").headers["content-type"].startswith("text/css")
