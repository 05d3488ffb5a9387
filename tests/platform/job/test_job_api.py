"""Jobs over HTTP: what is seen by whom, and what becomes of dead letters."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from kamhub.kit.ids import new_id
from kamhub.platform.job.queue import enqueue
from kamhub.platform.job.types import Kind, Queue
from kamhub.platform.person.types import Role
from tests.asgi import Web
from tests.builders import Operator, World
from tests.platform.job.letters import dead_letter, done_job

JOBS = "/api/jobs"
DEAD = "/api/jobs/dead"
SEND = Kind("notice.send", Queue.NOTICES, "tenant", frozenset({"message_id"}))
REASON = "the traveller was phoned"


async def waiting_job(web: Web, operator: Operator) -> UUID:
    async with web.hub.database.tenant(operator.id) as connection:
        return await enqueue(connection, SEND, organisation_id=operator.id, message_id=str(new_id()))


async def got(web: Web, path: str, **query: str) -> dict[str, Any]:
    reply = await web.client.get(path, params=query, headers=web.staff(main(web)))
    assert reply.status_code == 200, reply.text
    told: dict[str, Any] = reply.json()
    return told


def main(web: Web) -> Operator:
    operator: Operator = web.app.state.main_operator
    return operator


@pytest.fixture
def house(web: Web, world: World) -> Web:
    web.app.state["main_operator"] = world.main
    return web


def lines(world: World) -> list[tuple[object, ...]]:
    """The log, as far as jobs are concerned."""
    return world.rows(
        "SELECT action, object_id, after ->> 'kind', after ->> 'reason', actor_kind FROM audit_events "
        "WHERE object_kind = 'job' ORDER BY id"
    )


async def test_the_list_has_every_state_with_counts(house: Web, world: World) -> None:
    waiting = await waiting_job(house, world.main)
    done, dead = (
        done_job(world, world.main),
        dead_letter(world, world.main, kind="payment.send_refund", queue="payments"),
    )
    done_job(world, world.other)
    dead_letter(world, world.other)
    dead_letter(world, None, kind="mailed_link.send")
    told = await got(house, JOBS)
    assert {item["id"]: item["status"] for item in told["items"]} == {
        str(waiting): "waiting",
        str(done): "done",
        str(dead): "dead",
    }
    assert told["counts"] == {"waiting": 1, "running": 0, "done": 1, "dead": 1, "discarded": 0}
    assert (told["page"], told["page_size"], told["total"]) == (1, 50, 3)
    assert told["items"][0].keys() == {
        "id", "kind", "queue", "status", "run_at", "attempts", "enqueued_at", "request_id", "error", "progress",
    }  # fmt: skip
    [item] = (await got(house, JOBS, status="dead"))["items"]
    assert (item["kind"], item["queue"], item["attempts"], item["request_id"]) == (
        "payment.send_refund",
        "payments",
        2,
        "req-12345678",
    )
    assert item["error"].startswith("MailRefused")


async def test_filters_narrow_items_and_total(house: Web, world: World) -> None:
    for _ in range(3):
        done_job(world, world.main)
    dead_letter(world, world.main, kind="payment.send_refund", queue="payments")
    assert (await got(house, JOBS, status="done", page_size="2"))["total"] == 3
    assert len((await got(house, JOBS, status="done", page_size="2", page="2"))["items"]) == 1
    assert (await got(house, JOBS, kind="payment.send_refund"))["total"] == 1
    assert (await got(house, JOBS, queue="notices"))["counts"]["done"] == 3
    assert (await got(house, JOBS, queue="crm"))["items"] == []
    reply = await house.client.get(JOBS, params={"status": "asleep"}, headers=house.staff(world.main))
    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, "status")


async def test_one_job_tells_its_failed_runs(house: Web, world: World) -> None:
    dead = dead_letter(world, world.main)
    told = await got(house, f"{JOBS}/{dead}")
    assert (told["status"], [failure["attempt"] for failure in told["failures"]]) == ("dead", [2, 1])
    assert told["failures"][0].keys() == {"at", "attempt", "error", "traceback"}
    waiting = await waiting_job(house, world.main)
    assert (await got(house, f"{JOBS}/{waiting}"))["status"] == "waiting"


async def test_a_dead_letter_is_told_with_its_secrets_masked(house: Web, world: World) -> None:
    dead = dead_letter(
        world,
        world.main,
        error="refused anna@example.org",
        lock="booking:7",
        message_id="m-1",
        access_token="geheim-17",
    )
    told = await got(house, f"{DEAD}/{dead}")
    assert told["arguments"] == {"message_id": "m-1", "access_token": "•••"}
    assert (told["reason"], told["lock"], told["traceback"]) == ("out_of_attempts", "booking:7", "Traceback: line 7")
    assert [failure["attempt"] for failure in told["failures"]] == [2, 1]
    [item] = (await got(house, DEAD))["items"]
    assert (item["id"], item["arguments"]) == (str(dead), told["arguments"])
    assert "geheim" not in str(told) + str(item)
    assert "anna@" not in str(told["error"]) + str(item)


async def test_dead_letters_are_found_by_kind_and_text(house: Web, world: World) -> None:
    refund = dead_letter(world, world.main, kind="payment.send_refund", error="Timeout 100%")
    notice = dead_letter(world, world.main)
    dead_letter(world, world.other)
    found = {
        name: [item["id"] for item in (await got(house, DEAD, **query))["items"]]
        for name, query in {
            "all": {},
            "kind": {"kind": "payment.send_refund"},
            "text": {"q": "mailrefused"},
            "percent": {"q": "%"},
            "id": {"q": str(refund)[-12:]},
            "none": {"q": "no such thing"},
        }.items()
    }
    assert {name: set(ids) for name, ids in found.items()} == {
        "all": {str(refund), str(notice)},
        "kind": {str(refund)},
        "text": {str(notice)},
        "percent": {str(refund)},
        "id": {str(refund)},
        "none": set(),
    }


async def test_a_retry_puts_it_back_under_its_own_id_and_is_written_down(house: Web, world: World) -> None:
    dead = dead_letter(world, world.main, lock="booking:7")
    reply = await house.client.post(f"{DEAD}/{dead}/retry", headers=house.staff(world.main))
    assert (reply.status_code, reply.json()["id"], reply.json()["status"]) == (200, str(dead), "waiting"), reply.text
    assert (await got(house, DEAD))["total"] == 0
    assert world.rows("SELECT task_name, lock, (args ->> 'organisation')::uuid FROM procrastinate_jobs") == [
        ("notice.send", "booking:7", world.main.id)
    ]
    assert lines(world) == [("job.retried", str(dead), "notice.send", None, "person")]
    again = await house.client.post(f"{DEAD}/{dead}/retry", headers=house.staff(world.main))
    assert (again.status_code, again.json()["code"]) == (404, "dead_job_not_found")


@pytest.mark.parametrize("way", ["query", "body"])
async def test_a_discarded_one_is_kept_with_the_reason(house: Web, world: World, way: str) -> None:
    dead = dead_letter(world, world.main)
    sent: dict[str, Any] = {"params" if way == "query" else "json": {"reason": f"  {REASON} "}}
    reply = await house.client.request("DELETE", f"{DEAD}/{dead}", headers=house.staff(world.main), **sent)
    assert (reply.status_code, reply.content) == (204, b""), reply.text
    told = await got(house, f"{JOBS}/{dead}")
    assert (told["status"], told["error"]) == ("discarded", REASON)
    assert lines(world) == [("job.discarded", str(dead), "notice.send", REASON, "person")]


async def test_a_program_need_not_say_why(house: Web, world: World) -> None:
    dead = dead_letter(world, world.main)
    reply = await house.client.delete(f"{DEAD}/{dead}", headers=house.staff(world.main))
    assert reply.status_code == 204, reply.text
    assert lines(world) == [("job.discarded", str(dead), "notice.send", "not said", "person")]


@pytest.mark.parametrize("reason", ["", "  x ", "x" * 501])
async def test_a_reason_that_is_none_is_refused(house: Web, world: World, reason: str) -> None:
    dead = dead_letter(world, world.main)
    for sent in ({"params": {"reason": reason}}, {"json": {"reason": reason}}):
        reply = await house.client.request("DELETE", f"{DEAD}/{dead}", headers=house.staff(world.main), **sent)  # type: ignore[arg-type]
        assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, "reason"), reply.text
    assert (await got(house, DEAD))["total"] == 1
    assert lines(world) == []


async def test_many_at_once_by_ids_and_by_kind(house: Web, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = house.staff(world.main, "admin")
    mine = [dead_letter(world, world.main) for _ in range(3)]
    others = dead_letter(world, world.other)
    reply = await house.client.post(
        f"{DEAD}/retry", json={"ids": [str(mine[0]), str(mine[0]), str(others)]}, headers=headers
    )
    assert (reply.status_code, reply.json()) == (200, {"retried": 1, "left": 0}), reply.text
    monkeypatch.setattr("kamhub.platform.job.actions.MOST_AT_ONCE", 1)
    for left in (1, 0):
        reply = await house.client.post(
            f"{DEAD}/discard", json={"kind": "notice.send", "reason": REASON}, headers=headers
        )
        assert reply.json() == {"discarded": 1, "left": left}
    reply = await house.client.post(f"{DEAD}/retry", json={"kind": "notice.send"}, headers=headers)
    assert reply.json() == {"retried": 0, "left": 0}
    assert world.rows("SELECT id FROM dead_jobs") == [(others,)]
    assert [line[:2] for line in lines(world)] == [
        ("job.retried", str(mine[0])),
        ("job.discarded", str(mine[1])),
        ("job.discarded", str(mine[2])),
    ]


async def test_what_is_chosen_is_chosen_one_way(house: Web, world: World) -> None:
    headers = house.staff(world.main)
    one = str(dead_letter(world, world.main))
    bodies: tuple[dict[str, Any], ...] = (
        {},
        {"ids": []},
        {"ids": [one], "kind": "notice.send"},
        {"ids": ["x"]},
        {"ids": [str(new_id()) for _ in range(201)]},
    )
    for body in bodies:
        reply = await house.client.post(f"{DEAD}/retry", json=body, headers=headers)
        assert reply.status_code == 422, body
    assert (await got(house, DEAD))["total"] == 1


async def test_another_organisations_jobs_are_not_there(house: Web, world: World) -> None:
    headers = house.staff(world.other)
    dead, done = dead_letter(world, world.main), done_job(world, world.main)
    installation = dead_letter(world, None, kind="mailed_link.send")
    for path in (f"{JOBS}/{done}", f"{JOBS}/{dead}", f"{DEAD}/{dead}", f"{DEAD}/{installation}"):
        assert (await house.client.get(path, headers=headers)).status_code == 404
    for one in (dead, installation):
        assert (await house.client.post(f"{DEAD}/{one}/retry", headers=headers)).status_code == 404
        assert (await house.client.request("DELETE", f"{DEAD}/{one}", headers=headers)).status_code == 404
        reply = await house.client.post(f"{DEAD}/retry", json={"ids": [str(one)]}, headers=headers)
        assert reply.status_code == 404
    assert (await house.client.get(JOBS, headers=headers)).json()["total"] == 0
    assert len(world.rows("SELECT FROM dead_jobs")) == 2


async def test_who_may_look_may_not_always_decide(house: Web, world: World) -> None:
    dead = dead_letter(world, world.main)
    roles: dict[Role, tuple[int, int]] = {
        "owner": (200, 200), "admin": (200, 404), "manager": (200, 403), "dispatcher": (403, 403), "viewer": (403, 403),
    }  # fmt: skip
    for role, expected in roles.items():
        headers = house.staff(world.main, role)
        looked = await house.client.get(JOBS, headers=headers)
        decided = await house.client.post(f"{DEAD}/{dead}/retry", headers=headers)
        assert (looked.status_code, decided.status_code) == expected, role
