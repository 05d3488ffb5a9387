"""Payments, refunds, chargebacks and money taken by hand, over HTTP."""

from __future__ import annotations

import csv
import io
from uuid import uuid4

import pytest

from kamhub.hub.integrity.store.promises import INVARIANTS
from tests.hub.money.support import Desk
from tests.hub.payment.support import Provider, refusal

RUB = {"currency": "RUB"}


def whole(desk: Desk) -> bool:
    return [promise.name for promise in INVARIANTS if desk.world.rows(promise.query) != [(0,)]] == []


async def test_payments_are_listed_and_told_one_by_one(desk: Desk) -> None:
    booking = await desk.paid()
    await desk.paid(Amount="1.00")
    listed = (await desk.get("/api/payments")).json()
    assert (listed["total"], len(listed["items"])) == (2, 2)
    payment = desk.payment(booking)
    one = await desk.get(f"/api/payments/{payment}", role="viewer")
    assert one.headers["etag"].startswith('"')
    told = one.json()
    assert told["booking"] == {"id": booking["id"], "code": booking["code"]}
    assert (told["status"], told["accepted"], told["left"]) == ("completed", True, RUB | {"amount": 250_000})
    assert [event["after"] for event in told["history"]] == ["completed"]
    assert (await desk.get(f"/api/payments/{uuid4()}")).status_code == 404


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("status=completed", 2), ("status=declined", 0), ("status=", 2), ("date=2026-11-24", 2), ("date=2026-11-25", 0),
        ("from=2026-11-24&to=2026-11-24", 2), ("to=2026-11-23", 0), ("text=1001", 1), ("text=1", 0), ("text=слово", 0),
        ("page_size=1&page=2", 1),
    ],
)  # fmt: skip
async def test_lists_are_narrowed(desk: Desk, query: str, count: int) -> None:
    await desk.paid()
    await desk.paid()
    assert len((await desk.get(f"/api/payments?{query}")).json()["items"]) == count


async def test_a_booking_is_found_by_its_code(desk: Desk) -> None:
    booking = await desk.paid()
    await desk.paid()
    for query in (f"text={booking['code'].lower()}", f"booking_id={booking['id']}"):
        [found] = (await desk.get(f"/api/payments?{query}")).json()["items"]
        assert found["booking"]["id"] == booking["id"]


async def test_days_in_the_wrong_order(desk: Desk) -> None:
    assert (await desk.get("/api/payments?from=2026-11-25&to=2026-11-24")).status_code == 422


@pytest.mark.parametrize("path", ["payments", "refunds", "cases"])
async def test_lists_are_files_too(desk: Desk, path: str) -> None:
    booking = await desk.paid()
    await desk.post("/api/refunds", {"booking_id": booking["id"], "amount": 100, "reason": "=sorry"})
    await desk.tell("pay", booking, TransactionId="1500")
    reply = await desk.get(f"/api/{path}", accept="text/csv")
    assert reply.headers["content-type"].startswith("text/csv")
    lines = reply.text.strip().splitlines()
    assert len(lines) > 1
    assert booking["code"] in reply.text
    assert ",=sorry" not in reply.text


async def test_a_file_has_every_line_there_is(desk: Desk) -> None:
    """More than two batches; the lines of one moment are told apart by their ids."""
    many, moment = 2100, "'2026-11-24T00:00:00Z'::timestamptz + n / 700 * interval '1 second'"
    every, operator = f"generate_series(1, {many}) n", desk.world.main
    for statement in (
        f"""INSERT INTO payments (organisation_id, id, account_id, transaction_id, amount, currency, status, received_at, test, accepted)
            SELECT %s, gen_random_uuid(), '{operator.account}', n, 100, 'RUB', 'completed', {moment}, true, false FROM {every}""",
        """INSERT INTO refunds (organisation_id, id, payment_id, amount, currency, reason, requested_at, status)
           SELECT organisation_id, gen_random_uuid(), id, 100, 'RUB', 'x', received_at, 'refused' FROM payments
           WHERE organisation_id = %s""",
        """INSERT INTO cases (organisation_id, id, kind, payment_id, details, opened_at)
           SELECT organisation_id, gen_random_uuid(), 'chargeback', id, '{}', received_at FROM payments
           WHERE organisation_id = %s""",
        f"""INSERT INTO ledger_entries (organisation_id, id, at, kind, source)
            SELECT %s, gen_random_uuid(), {moment}, 'charge', n::text FROM {every}""",
    ):
        desk.world.execute(statement, operator.id)
    desk.world.execute(
        "INSERT INTO ledger_lines SELECT organisation_id, id, account, amount, 'RUB' FROM ledger_entries, "
        "(VALUES ('provider', 1), ('travellers', -1)) x (account, amount)"
    )
    for path, each in (("payments", 1), ("refunds", 1), ("cases", 1), ("ledger", 2)):
        reply = await desk.get(f"/api/{path}", accept="text/csv")
        assert reply.headers["content-type"] == "text/csv; charset=utf-8"
        rows = list(csv.reader(io.StringIO(reply.text)))[1:]
        assert (len(rows), len({row[-1] for row in rows})) == (many * each, many), path
        assert [row[0] for row in rows] == sorted((row[0] for row in rows), reverse=True), path
    narrowed = await desk.get("/api/payments?text=7", accept="text/csv")
    assert len(narrowed.text.strip().splitlines()) == 2


async def test_a_part_goes_back_then_the_rest(desk: Desk, service: Provider) -> None:
    booking = await desk.paid()
    part = await desk.post("/api/refunds", {"booking_id": booking["id"], "amount": 100_000, "reason": "late bus"})
    assert part.status_code == 201
    assert part.json()["status"] == "requested"
    await desk.work()
    one = (await desk.get(f"/api/refunds/{part.json()['id']}")).json()
    assert (one["status"], one["amount"]) == ("completed", RUB | {"amount": 100_000})
    too_much = await desk.post(
        "/api/refunds", {"booking_id": booking["id"], "amount": RUB | {"amount": 150_001}, "reason": "more"}
    )
    assert (too_much.status_code, too_much.json()["code"]) == (409, "refund_too_large")
    assert too_much.json()["left"] == RUB | {"amount": 150_000}
    rest = await desk.post("/api/refunds", {"payment_id": str(desk.payment(booking)), "reason": "all of it"})
    assert rest.json()["amount"] == RUB | {"amount": 150_000}
    await desk.work()
    again = await desk.post("/api/refunds", {"booking_id": booking["id"], "reason": "once more"})
    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_return")
    assert len([path for path, _, _ in service.calls if path == "/payments/refund"]) == 2
    assert len((await desk.get("/api/refunds?status=completed")).json()["items"]) == 2
    assert whole(desk)


async def test_a_repeat_with_the_same_key_is_the_same_refund(desk: Desk) -> None:
    booking = await desk.paid()
    body = {"booking_id": booking["id"], "amount": 1000, "reason": "coffee"}
    key = {"Idempotency-Key": "one"}
    first, second = [await desk.post("/api/refunds", body, **key) for _ in range(2)]
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    other = await desk.post("/api/refunds", body | {"amount": 2000}, **key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")


async def test_what_cannot_be_returned(desk: Desk) -> None:
    unpaid = await desk.booked()
    assert (await desk.post("/api/refunds", {"booking_id": unpaid["id"], "reason": "why not"})).status_code == 409
    assert (await desk.post("/api/refunds", {"booking_id": str(uuid4()), "reason": "why not"})).status_code == 404
    assert (await desk.post("/api/refunds", {"payment_id": str(uuid4()), "reason": "why not"})).status_code == 404
    assert (await desk.post("/api/refunds", {"reason": "why not"})).status_code == 422
    assert (await desk.post("/api/refunds", {"booking_id": str(uuid4()), "reason": ""})).status_code == 404
    assert (await desk.post("/api/refunds", {"payment_id": str(uuid4()), "amount": -1})).status_code == 404
    assert (await desk.post("/api/refunds", {"booking_id": unpaid["id"], "amount": 0})).status_code == 422
    assert (await desk.post("/api/refunds", {"booking_id": "x", "amount": 0})).status_code == 422
    assert (await desk.post("/api/refunds", {}, role="dispatcher")).status_code == 403
    assert (await desk.get(f"/api/refunds/{uuid4()}")).status_code == 404


async def test_a_refused_refund_is_asked_for_again(desk: Desk, service: Provider) -> None:
    booking = await desk.paid()
    made = (await desk.post("/api/refunds", {"booking_id": booking["id"], "reason": "sorry"})).json()
    assert (await desk.post(f"/api/refunds/{made['id']}/retry")).json()["code"] == "refund_not_refused"
    service.failures.append(refusal("Not enough money"))
    await desk.work()
    refused = (await desk.get(f"/api/refunds/{made['id']}")).json()
    assert (refused["status"], refused["error"]) == ("refused", "Not enough money")
    again = await desk.post(f"/api/refunds/{made['id']}/retry")
    assert again.json()["status"] == "requested"
    await desk.work()
    assert (await desk.get(f"/api/refunds/{made['id']}")).json()["status"] == "completed"
    requests = {request for path, _, request in service.calls if path == "/payments/refund"}
    assert len(requests) == 2, "a refusal would be replayed under the old id"
    [case] = (await desk.get("/api/cases")).json()["items"]
    assert (case["status"], case["resolution"]) == ("closed", "retry_refund")
    assert (await desk.post(f"/api/refunds/{uuid4()}/retry")).status_code == 404
    assert whole(desk)


async def test_a_chargeback_is_a_loss_and_a_case(desk: Desk) -> None:
    booking = await desk.paid()
    payment = desk.payment(booking)
    reply = await desk.post(f"/api/payments/{payment}/chargeback", {"amount": 100_000, "note": "disputed"})
    assert reply.json()["charged_back"] == RUB | {"amount": 100_000}
    assert (await desk.post(f"/api/payments/{payment}/chargeback", {"amount": 150_001})).status_code == 409
    assert (await desk.post(f"/api/payments/{payment}/chargeback", {})).json()["left"] == RUB | {"amount": 0}
    assert (await desk.post(f"/api/payments/{payment}/chargeback", {})).json()["code"] == "nothing_to_return"
    assert (await desk.post(f"/api/payments/{uuid4()}/chargeback", {})).status_code == 404
    cases = (await desk.get("/api/cases?kind=chargeback")).json()["items"]
    assert len(cases) == 2
    assert whole(desk)


async def test_cash_is_taken_and_given_back(desk: Desk) -> None:
    booking = await desk.booked()
    path = f"/api/bookings/{booking['id']}/collect"
    taken = await desk.post(path, role="dispatcher")
    assert (taken.json()["collected"], taken.json()["due"]) == (RUB | {"amount": 250_000}, RUB | {"amount": 0})
    assert (await desk.post(path)).json()["code"] == "nothing_due"
    back = await desk.post(path, {"back": True, "amount": 50_000})
    assert back.json()["due"] == RUB | {"amount": 50_000}
    assert (await desk.post(path, {"amount": 50_001})).json()["code"] == "more_than_due"
    await desk.post(path, {"till": "bank"})
    balances = {
        row["account"]: row["amount"]["amount"] for row in (await desk.get("/api/ledger/balances")).json()["balances"]
    }
    assert balances == {"cash": 200_000, "bank": 50_000, "travellers": -250_000}
    assert (await desk.post(f"/api/bookings/{uuid4()}/collect")).status_code == 404
    assert whole(desk)


async def test_the_payment_account_is_set_by_its_owner(desk: Desk) -> None:
    path = f"/api/payment-accounts/{desk.world.main.account}"
    seen = await desk.get(path)
    assert (seen.json()["receipts"], seen.json()["two_stage"]) == (False, False)
    headers = desk.web.staff(desk.world.main)
    patch = desk.web.client.patch
    changed = await patch(path, json={"two_stage": True}, headers=headers | {"If-Match": seen.headers["etag"]})
    assert changed.json()["two_stage"] is True
    stale = await patch(path, json={"receipts": True}, headers=headers | {"If-Match": seen.headers["etag"]})
    assert (stale.status_code, stale.json()["code"]) == (412, "version_stale")
    assert (await patch(path, json={"receipts": True}, headers=headers)).json()["two_stage"] is True
    taxes = {"vat": "22", "taxation_system": "osn"}
    told = (await patch(path, json=taxes, headers=headers)).json()
    assert {name: told[name] for name in (*taxes, "receipts", "two_stage")} == taxes | {
        "receipts": True,
        "two_stage": True,
    }
    assert (await patch(path, json={"vat": None, "taxation_system": None}, headers=headers)).json()["vat"] == "22"
    after = (await desk.get(path)).json()
    assert (after["vat"], after["taxation_system"]) == ("22", None)
    for wrong in ({"vat": "18"}, {"vat": 22}, {"taxation_system": "envd"}, {"rate": "22"}):
        assert (await patch(path, json=wrong, headers=headers)).status_code == 422, wrong
    assert (await patch(f"/api/payment-accounts/{uuid4()}", json={}, headers=headers)).status_code == 404
    manager = desk.web.staff(desk.world.main, "manager")
    assert (await patch(path, json={"receipts": True}, headers=manager)).status_code == 403
