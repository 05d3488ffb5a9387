"""The state of the hub: every part says how things are, and one that fails leaves the others alone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from kamhub.hub.integrity import actions as integrity
from kamhub.hub.integrity.types import Invariant
from kamhub.hub.status import actions
from kamhub.hub.status.types import PARTS
from kamhub.kit.ids import new_id
from kamhub.platform.job.queue import enqueue
from kamhub.platform.job.types import Kind, Queue
from tests.asgi import Web
from tests.builders import World
from tests.hub.payment.support import Provider, Till
from tests.platform.job.letters import dead_letter
from tests.platform.job.test_job_pages import shown
from tests.platform.session.support import Browser

PAGE = "/office/status"
API = "/api/status"
PARTIAL = {"HX-Request": "true"}
SEND = Kind("notice.send", Queue.NOTICES, "tenant", frozenset({"message_id"}))
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def owner(web: Web, world: World) -> Browser:
    return await Browser(web).signed_in("owner@main.example")


async def told(web: Web, world: World) -> dict[str, Any]:
    reply = await web.client.get(API, headers=web.staff(world.main))
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def look(_done: int, _total: int, _what: str) -> None:
    """Nobody looks at the progress."""


def parts_of(page: str) -> dict[str, str]:
    """The parts of the page, by name."""
    pieces = re.split(r'<div id="part-(\w+)" class="contents">', page)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


async def test_a_fresh_hub_says_what_there_is_and_is_not_yet(web: Web, world: World, owner: Browser) -> None:
    world.execute("UPDATE installation SET created_at = %s", web.clock.now())
    page = await shown(owner, PAGE)
    for sentence in (
        "Last check of everything not yet", "Last backup none yet", "No worker is running, so nothing is done.",
        "Payment service (CloudPayments) not used yet", "Mail to travellers not used yet", "Redis, which counts calls not used",
    ):  # fmt: skip
        assert sentence in page
    assert "Telegram bot" not in page, "there is none"
    found = await told(web, world)
    assert found["failing"] == []
    assert (found["integrity"]["last_run"], found["integrity"]["overdue"]) == (None, False)
    assert found["services"] == {"database": "well", "migrations": "well", "queue": "well", "redis": "unused"}
    assert [one["service"] for one in found["providers"]["providers"]] == ["cloudpayments", "email"]


async def test_one_part_that_fails_says_so_and_the_others_are_there(
    web: Web, world: World, owner: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_look: actions.Looking) -> Any:
        raise RuntimeError("nobody expected this")

    with monkeypatch.context() as broken:
        broken.setitem(actions.LOADERS, "queue", fail)
        page = await owner.get(PAGE)
        assert page.status_code == 200
        parts = parts_of(page.text)
        assert list(parts) == list(PARTS)
        assert [name for name, part in parts.items() if "data-part-failed" in part] == ["queue"]
        assert 'href="/office/status/queue"' in parts["queue"]
        assert page.headers["x-request-id"] in parts["queue"]
        assert "nobody expected this" not in page.text
        again = await owner.client.get(f"{PAGE}/queue", headers=PARTIAL)
        assert (again.status_code, "data-part-failed" in again.text) == (200, True)
        found = await told(web, world)
        assert (found["failing"], found["queue"], found["backups"]["on"]) == (["queue"], None, True)
    again = await owner.client.get(f"{PAGE}/queue", headers=PARTIAL)
    assert again.text.startswith('<div id="part-queue"')
    assert "data-part-failed" not in again.text
    assert again.headers["cache-control"] == "no-store"


async def test_without_a_script_a_part_leads_to_its_page(owner: Browser) -> None:
    reply = await owner.get(f"{PAGE}/backups")
    assert (reply.status_code, reply.headers["location"]) == (303, f"{PAGE}#part-backups")
    assert (await owner.get(f"{PAGE}/everything")).status_code == 404


async def test_a_broken_promise_is_told_in_a_sentence(web: Web, world: World, owner: Browser) -> None:
    await integrity.check(web.hub, look)
    page = await shown(owner, PAGE)
    assert "16 promises are kept" in page
    assert "does not hold" not in page
    departure = world.departure()
    world.execute("UPDATE departures SET taken = '{1,0,0}' WHERE id = %s", departure)
    await integrity.check(web.hub, look)
    page = await shown(owner, PAGE)
    assert "1 promise does not hold." in page
    assert "the seats counted on every leg are exactly those of its bookings: 1 place, since" in page
    found = (await told(web, world))["integrity"]
    assert (found["broken"], len(found["checks"])) == (1, 16)
    await integrity.check(web.hub, look, [Invariant("unreadable", "it can be read", "SELECT count(*) FROM nowhere")])
    assert "1 promise could not be checked the last time." in await shown(owner, PAGE)


async def test_owners_have_the_promises_checked_now_and_not_again_at_once(
    web: Web, world: World, owner: Browser
) -> None:
    async def ask(browser: Browser) -> httpx.Response:
        return await browser.client.post(f"{PAGE}/check", data={"csrf_token": browser.csrf})

    reply = await ask(owner)
    assert (reply.status_code, reply.headers["location"]) == (303, f"{PAGE}?done=asked")
    assert world.rows("SELECT task_name, lock FROM procrastinate_jobs") == [
        ("integrity.check", "timetable:integrity.check")
    ]
    assert "The promises are being checked." in await shown(owner, f"{PAGE}?done=asked")
    refused = await ask(owner)
    assert refused.status_code == 409
    assert "It is being checked already, or was checked a moment ago." in refused.text
    world.execute("DELETE FROM procrastinate_jobs")
    await integrity.check(web.hub, look)
    assert (await ask(owner)).status_code == 409
    assert "Check now" not in await shown(owner, PAGE)
    manager = await Browser(web).signed_in("manager@main.example")
    assert "Check now" not in await shown(manager, PAGE)
    assert (await ask(manager)).status_code == 403
    assert [row[0] for row in world.rows("SELECT action FROM audit_events WHERE action = 'integrity.asked'")] == [
        "integrity.asked"
    ]


async def test_jobs_of_ones_own_are_counted_and_dead_letters_linked(web: Web, world: World, owner: Browser) -> None:
    async with web.hub.database.tenant(world.main.id) as connection:
        await enqueue(connection, SEND, organisation_id=world.main.id, message_id=str(new_id()))
    async with web.hub.database.tenant(world.other.id) as connection:
        await enqueue(connection, SEND, organisation_id=world.other.id, message_id=str(new_id()))
    world.execute("UPDATE procrastinate_jobs SET scheduled_at = now() - interval '7 minutes'")
    dead_letter(world, world.main)
    page = await owner.get(PAGE)
    assert "Longest wait" in page.text
    assert 'href="/office/jobs/dead"' in parts_of(page.text)["queue"]
    found = (await told(web, world))["queue"]
    assert (found["waiting"], found["running"], found["dead"]) == (1, 0, 1)
    assert found["oldest_waiting_seconds"] >= 7 * 60


async def test_how_the_payment_service_answers_is_remembered(web: Web, world: World, service: Provider) -> None:
    till = Till(web.hub, world, service)
    await till.booked()
    providers = (await told(web, world))["providers"]
    assert providers["account"] is True
    [payments, _] = providers["providers"]
    answered = datetime.fromisoformat(payments["answered_at"])
    assert (payments["health"], answered, payments["failed_at"]) == ("well", web.clock.now(), None)


async def test_the_model_that_reads_is_there_as_long_as_it_is_set(web: Web, world: World, owner: Browser) -> None:
    await web.hub.calls.failed(world.main.id, "reranking", "judge was answered with 401")
    name = "Model that reads what the search finds"
    assert name not in await shown(owner, PAGE), "it is set no more"
    state = web.app.state
    state.settings = state.settings.model_copy(update={"reranking_url": "https://models.example.org/v1/rerank"})
    assert f"{name} does not answer" in await shown(owner, PAGE)
    [*_, reranking] = (await told(web, world))["providers"]["providers"]
    assert (reranking["service"], reranking["health"], reranking["error"]) == (
        "reranking",
        "failing",
        "judge was answered with 401",
    )


async def test_money_in_doubt_is_told_after_a_while(web: Web, world: World, owner: Browser) -> None:
    world.execute(
        "INSERT INTO payments (organisation_id, id, account_id, transaction_id, amount, currency, status, test, accepted, received_at) "
        "VALUES (%s, uuidv7(), %s, 1, 100, 'RUB', 'completed', false, false, %s)",
        world.main.id, world.main.account, web.clock.now(),
    )  # fmt: skip
    insert = (
        "INSERT INTO refunds (organisation_id, id, payment_id, amount, currency, status, reason, requested_at) "
        "SELECT organisation_id, uuidv7(), id, 50, 'RUB', 'requested', 'x', %s FROM payments"
    )
    world.execute(insert, web.clock.now() - 9 * MINUTE)
    assert "in doubt" not in await shown(owner, PAGE)
    since = web.clock.now() - 11 * MINUTE
    world.execute(insert, since)
    assert "1 refund is in doubt." in await shown(owner, PAGE)
    doubt = (await told(web, world))["providers"]["in_doubt"]
    assert (doubt["refunds"], doubt["payments"]) == (1, 0)
    assert datetime.fromisoformat(doubt["since"]) == since.astimezone(UTC)


async def test_a_database_that_is_not_as_it_must_be_is_told(web: Web, world: World, owner: Browser) -> None:
    world.execute("UPDATE schema_migrations SET oldest_program = 9000, version = 9000 WHERE version = 20")
    page = await shown(owner, PAGE)
    assert "Something that the hub needs is not there. Tell whoever runs this hub." in page
    assert (await told(web, world))["services"]["migrations"] == "away"
