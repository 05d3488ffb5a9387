"""The pages of money: what is shown, and forms without a script."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest

from tests.hub.money.support import Desk
from tests.hub.money.test_money_api import whole
from tests.hub.payment.support import Provider, refusal
from tests.platform.session.support import Browser

PAGES = (
    "/office/payments", "/office/payments/refunds", "/office/payments/account", "/office/cases", "/office/ledger",
    "/office/ledger/statement", "/office/ledger/payouts", "/office/reconciliation",
)  # fmt: skip
FILES = (
    "/office/payments/payments.csv", "/office/payments/refunds.csv", "/office/ledger/ledger.csv",
    "/office/ledger/statement.csv",
)  # fmt: skip


@pytest.fixture
async def browser(desk: Desk) -> Browser:
    return await Browser(desk.web).signed_in("owner@main.example")


async def post(browser: Browser, path: str, **fields: str) -> tuple[int, str]:
    reply = await browser.client.post(path, data={"csrf_token": browser.csrf, **fields})
    return reply.status_code, reply.text if reply.status_code != 303 else reply.headers["location"]


async def test_every_page_empty_and_full(desk: Desk, browser: Browser, service: Provider) -> None:
    for page in PAGES:
        assert (await browser.get(page)).status_code == 200, page
    assert "Nothing yet. The first paid booking is shown here." in (await browser.get(PAGES[0])).text
    booking = await desk.paid(TotalFee="20.00")
    await desk.tell("pay", booking, TransactionId="1500")
    await desk.paid(Amount="1.00")
    service.failures.append(refusal("Not enough money"))
    await desk.work()
    for page in PAGES:
        reply = await browser.get(page)
        assert reply.status_code == 200, page
        assert "{{" not in reply.text
    assert booking["code"] in (await browser.get("/office/payments")).text
    assert "Not enough money" in (await browser.get("/office/payments/refunds")).text
    for file in FILES:
        assert (await browser.get(file)).headers["content-type"].startswith("text/csv"), file
    for page in ("/office/payments", "/office/payments/refunds", "/office/cases", "/office/ledger"):
        assert (await browser.get(f"{page}?from=nonsense")).status_code == 422, page
    assert (await browser.get("/office/ledger/statement?from=nonsense")).status_code == 422


async def test_a_refund_is_looked_at_before_it_is_made(desk: Desk, browser: Browser) -> None:
    booking = await desk.paid()
    page = f"/office/payments/{desk.payment(booking)}"
    assert 'value="2500.00"' in (await browser.get(page)).text
    status, text = await post(browser, f"{page}/refund", amount="1 000,50", reason="late bus")
    assert status == 200
    assert "1\u202f000,50" in text or "1,000.50" in text
    assert desk.world.rows("SELECT count(*) FROM refunds") == [(0,)]
    assert await post(browser, f"{page}/refund", amount="1 000,50", reason="late bus", sure="yes") == (
        303,
        f"{page}?done=refunded",
    )
    assert "on its way back" in (await browser.get(f"{page}?done=refunded")).text
    assert desk.world.rows("SELECT amount, reason FROM refunds") == [(100_050, "late bus")]
    await desk.work()
    assert whole(desk)


@pytest.mark.parametrize(
    ("amount", "reason", "said"),
    [
        ("", "late bus", "Fill this in"), ("nonsense", "late bus", "Write an amount"), ("2500.01", "late bus", "more than is left"),
        ("100", "", "f-reason-error"),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_a_refund_is_said_beside_it(
    desk: Desk, browser: Browser, amount: str, reason: str, said: str
) -> None:
    booking = await desk.paid()
    page = f"/office/payments/{desk.payment(booking)}"
    for sure in ({}, {"sure": "yes"}):
        status, text = await post(browser, f"{page}/refund", amount=amount, reason=reason, **sure)
        assert status == 422
        assert said in text or "f-amount-error" in text


async def test_a_chargeback_from_the_page(desk: Desk, browser: Browser) -> None:
    booking = await desk.paid()
    page = f"/office/payments/{desk.payment(booking)}"
    for wrong in ("x", "9999999"):
        assert (await post(browser, f"{page}/chargeback", amount=wrong))[0] == 422
    assert (await post(browser, f"{page}/chargeback", amount="100", note="bank"))[0] == 303
    assert "Chargeback" in (await browser.get(page)).text
    assert (await browser.get(f"/office/payments/{uuid4()}")).status_code == 404


async def test_a_refused_refund_is_asked_for_again_from_the_page(
    desk: Desk, browser: Browser, service: Provider
) -> None:
    booking = await desk.paid()
    page = f"/office/payments/{desk.payment(booking)}"
    await post(browser, f"{page}/refund", amount="100", reason="sorry", sure="yes")
    service.failures.append(refusal("Not enough money"))
    await desk.work()
    found = re.search(r"/office/payments/refunds/[0-9a-f-]+/retry", (await browser.get(page)).text)
    assert found
    assert (await post(browser, found[0]))[0] == 303
    await desk.work()
    assert "returned" in (await browser.get(page)).text


async def test_cases_are_decided_on_their_page(desk: Desk, browser: Browser) -> None:
    await desk.paid(Amount="1.00")
    await desk.paid(Amount="2.00")
    ids = [row[0] for row in desk.world.rows("SELECT id FROM cases ORDER BY opened_at, id")]
    assert "2 cases wait for a decision" in (await browser.get("/office/cases")).text
    assert (await post(browser, f"/office/cases/{ids[0]}/act", action="nonsense"))[0] == 422
    status, text = await post(browser, f"/office/cases/{ids[0]}/act", action="retry_refund")
    assert (status, "This is not offered" in text) == (422, True)
    assert await post(browser, f"/office/cases/{ids[0]}/act", action="accept") == (303, "/office/cases?done=acted")
    status, text = await post(browser, f"/office/cases/{ids[1]}/close", resolution="x")
    assert (status, "resolution" in text) == (422, True)
    assert (await post(browser, f"/office/cases/{ids[1]}/close", resolution="called her"))[0] == 303
    assert (await post(browser, f"/office/cases/{ids[1]}/close", resolution="called her"))[0] == 422
    page = (await browser.get("/office/cases?done=closed")).text
    assert "No case waits" in page
    assert "called her" in page
    assert "Accept what was paid" in page
    for verb, fields in (("act", {"action": "nothing"}), ("close", {"resolution": "called her"})):
        assert (await post(browser, f"/office/cases/{uuid4()}/{verb}", **fields))[0] == 404


async def test_the_payment_account_is_set_on_its_page(desk: Desk, browser: Browser) -> None:
    page = "/office/payments/account"
    assert (await post(browser, page, version="1", receipts="yes"))[0] == 303
    assert desk.world.rows("SELECT receipts, two_stage FROM payment_accounts") == [(True, False)]
    assert (await post(browser, page, version="1"))[0] == 412
    assert (await post(browser, page, version="2", receipts="yes", vat="22", taxation_system="usn_income"))[0] == 303
    taxes = "SELECT receipts, vat, taxation_system FROM payment_accounts"
    assert desk.world.rows(taxes) == [(True, "22", "usn_income")]
    shown = (await browser.get(page)).text
    assert '<option value="22" selected>22 %</option>' in shown
    assert '<option value="122">22/122</option>' in shown
    version = shown.partition('name="version" value="')[2].partition('"')[0]
    assert (await post(browser, page, version=version, vat="18"))[0] == 422
    assert (await post(browser, page, version=version, taxation_system=""))[0] == 303
    assert desk.world.rows(taxes) == [(False, "none", None)]
    assert (await post(browser, page, version="x"))[0] == 422
    desk.world.execute("UPDATE payment_accounts SET archived_at = now()")
    assert "There is no payment account" in (await browser.get(page)).text
    assert (await post(browser, page, version="1"))[0] == 200


async def test_payouts_are_written_down(desk: Desk, browser: Browser) -> None:
    page = "/office/ledger/payouts"
    days = {"from_date": "2026-11-01", "to_date": "2026-11-24"}
    status, text = await post(browser, page, amount="100", **days)
    assert (status, "does not hold that much" in text) == (422, True)
    await desk.paid()
    for wrong in ({"amount": "x"}, {"from_date": "2026-11-25"}, {"to_date": ""}):
        assert (await post(browser, page, **{"amount": "100", **days, **wrong}))[0] == 422
    assert (await post(browser, page, amount="2 000", reference="№ 7", **days))[0] == 303
    shown = (await browser.get(f"{page}?done=recorded")).text
    assert "№ 7" in shown
    assert "The payout is written down." in shown
    assert whole(desk)


async def test_a_day_is_compared_from_the_page(desk: Desk, browser: Browser) -> None:
    page = "/office/reconciliation"
    for wrong in ("", "2026-11-25"):
        assert (await post(browser, page, date=wrong))[0] == 422
    assert (await post(browser, page, date="2026-11-24"))[0] == 303
    shown = (await browser.get(f"{page}?done=asked")).text
    found = re.search(rf"{page}/[0-9a-f-]{{36}}", shown)
    assert found
    assert "being compared" in (await browser.get(found[0])).text
    assert (await browser.get(f"{page}/{uuid4()}")).status_code == 404
