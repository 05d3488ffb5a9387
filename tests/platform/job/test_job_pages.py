"""The pages of jobs: what is shown to whom, and what a form does."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import httpx
import pytest

from kamhub.app.work import JOBS as ALL_JOBS
from kamhub.kit.ids import new_id
from kamhub.kit.text import LOCALES, Locale
from kamhub.platform.job import words
from kamhub.platform.job.queue import enqueue
from kamhub.platform.job.store import fleet
from kamhub.platform.job.types import REASONS, Kind, Queue
from tests.asgi import Web
from tests.builders import World
from tests.platform.job.letters import dead_letter, done_job
from tests.platform.session.support import Browser

JOBS = "/office/jobs"
DEAD = "/office/jobs/dead"
SEND = Kind("notice.send", Queue.NOTICES, "tenant", frozenset({"message_id"}))


@pytest.fixture
async def owner(web: Web, world: World) -> Browser:
    return await Browser(web).signed_in("owner@main.example")


async def post(browser: Browser, path: str, **fields: str | list[str]) -> httpx.Response:
    return await browser.client.post(path, data={"csrf_token": browser.csrf, **fields})


async def shown(browser: Browser, path: str) -> str:
    reply = await browser.get(path)
    assert reply.status_code == 200, reply.text
    assert reply.headers["cache-control"] == "no-store"
    return text_of(reply.text)


def text_of(page: str) -> str:
    """What can be read, in a line."""
    main = page.partition("<main")[2]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


async def test_an_organisation_without_jobs_is_told_so(owner: Browser) -> None:
    page = await shown(owner, JOBS)
    assert "Nothing waits and nothing runs." in page
    assert "Nothing yet." in page
    assert "No worker is running, so nothing is done. Tell whoever runs this hub." in page
    assert "failed for good and wait" not in page
    assert "None. Everything that was to be done is done" in await shown(owner, DEAD)


async def test_what_waits_ended_and_failed_is_shown_with_the_workers_life_sign(
    web: Web, world: World, owner: Browser
) -> None:
    done_job(world, world.main)
    dead = dead_letter(world, world.main, kind="payment.send_refund", queue="payments")
    dead_letter(world, world.other, kind="organisation.invite")
    async with web.hub.database.tenant(world.main.id) as connection:
        await enqueue(
            connection,
            SEND,
            organisation_id=world.main.id,
            run_at=datetime(2020, 1, 1, tzinfo=UTC),
            message_id=str(new_id()),
        )
    [(worker_id,)] = world.rows(
        "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (%s) RETURNING id", web.clock.now()
    )
    async with web.hub.database.system() as connection:
        await fleet.introduce(
            connection, int(str(worker_id)), "a-host.example", 4242, "1", ["notices"], ["notice.send"]
        )
    page = await shown(owner, JOBS)
    assert "1 worker runs, last heard of 0 s ago" in page
    assert "a-host" not in page
    assert "Waiting: 1 Running: 0 Done: 1 Failed for good: 1 Discarded: 0" in page
    assert "Send a traveller a mail about the booking" in page
    assert "1 job failed for good and waits for a decision." in page
    assert re.search(r"Mails Waiting 1 Oldest \d+ days", page)
    assert "Send an invitation" not in page.partition("Look at them")[2]
    raw = (await owner.get(JOBS)).text
    assert f'href="{DEAD}/{dead}"' in raw
    assert re.search(r'<div [^>]*id="jobs-live"[^>]* hx-trigger="every 3s"[^>]* data-poll="seen"', raw)


async def test_the_list_of_jobs_is_narrowed(world: World, owner: Browser) -> None:
    done_job(world, world.main)
    dead_letter(world, world.main, kind="payment.send_refund", queue="payments")
    page = (await shown(owner, f"{JOBS}?status=done&kind=")).partition("How many")[0].rpartition("Jobs ")[2]
    assert "Send a traveller a mail about the booking" in page
    assert "Return money" not in page
    assert "Nothing fits these filters." in await shown(owner, f"{JOBS}?status=running")
    refused = await owner.get(f"{JOBS}?status=asleep")
    assert refused.status_code == 422
    assert "Choose one of the options." in refused.text


async def test_the_navigation_counts_the_dead_letters(world: World, owner: Browser) -> None:
    dead_letter(world, world.main)
    dead_letter(world, world.main)
    dead_letter(world, world.other)
    assert "Jobs 2 failed for good" in await shown(owner, DEAD)


async def test_a_dead_letter_is_explained(world: World, owner: Browser) -> None:
    dead = dead_letter(
        world, world.main, kind="payment.send_refund", queue="payments", reason="gave_up",
        error="<b>refused</b> for anna@example.org", refund_id="r-1", access_token="geheim-17",
    )  # fmt: skip
    reply = await owner.get(f"{DEAD}/{dead}")
    assert "<b>refused" not in reply.text
    page = text_of(reply.text)
    for part in (
        "Return money to a traveller",
        "The traveller does not get the money until this runs.",
        "It found that it can never succeed.",
        "&lt;b&gt;refused&lt;/b&gt; for •••",
        "Refund r-1",
        "access_token •••",
        "Attempt 2",
        "Attempt 1",
        "req-12345678",
        str(dead),
        "Traceback: line 7",
    ):
        assert part in page, part
    assert "geheim" not in page
    assert (await owner.get(f"{DEAD}/{new_id()}")).status_code == 404
    other = dead_letter(world, world.other)
    assert (await owner.get(f"{DEAD}/{other}")).status_code == 404


async def test_it_is_run_again(world: World, owner: Browser) -> None:
    dead = dead_letter(world, world.main)
    await owner.get(f"{DEAD}/{dead}")
    reply = await post(owner, f"{DEAD}/{dead}/retry")
    assert (reply.status_code, reply.headers["location"]) == (303, f"{DEAD}?done=retried&count=1")
    assert "1 job runs again." in await shown(owner, reply.headers["location"])
    assert world.rows("SELECT FROM dead_jobs") == []
    assert world.rows("SELECT (args ->> 'id')::uuid FROM procrastinate_jobs") == [(dead,)]
    assert (await post(owner, f"{DEAD}/{dead}/retry")).status_code == 404


async def test_it_is_discarded_with_a_reason_only(world: World, owner: Browser) -> None:
    dead = dead_letter(world, world.main)
    await owner.get(f"{DEAD}/{dead}")
    refused = await post(owner, f"{DEAD}/{dead}/discard", reason=" x ")
    assert refused.status_code == 422
    assert "At least 3 characters." in refused.text
    assert "<details open>" in refused.text
    assert (await post(owner, f"{DEAD}/{new_id()}/discard", reason="")).status_code == 404
    reply = await post(owner, f"{DEAD}/{dead}/discard", reason="phoned")
    assert "1 job is discarded." in await shown(owner, reply.headers["location"])
    assert world.rows("SELECT outcome, reason FROM job_history") == [("discarded", "phoned")]
    assert "A job that had failed was discarded" in await shown(owner, "/office/audit")
    assert "Reason : phoned" in (await shown(owner, f"{JOBS}?status=discarded")).replace("Reason:", "Reason :")


async def test_several_are_chosen(world: World, owner: Browser) -> None:
    letters = [dead_letter(world, world.main) for _ in range(4)]
    others = dead_letter(world, world.other)
    await owner.get(DEAD)
    nothing = await post(owner, f"{DEAD}/retry")
    assert nothing.status_code == 422
    assert "Choose at least one job." in nothing.text
    reply = await post(owner, f"{DEAD}/retry", ids=[str(letters[0]), str(letters[1]), str(others)])
    assert "2 jobs run again." in await shown(owner, reply.headers["location"])
    unexplained = await post(owner, f"{DEAD}/discard", ids=[str(letters[2])], reason="")
    assert unexplained.status_code == 422
    assert re.search(rf'value="{letters[2]}"[^>]* checked', unexplained.text)
    assert not re.search(rf'value="{letters[3]}"[^>]* checked', unexplained.text)
    reply = await post(owner, f"{DEAD}/discard", ids=[str(letters[2])], reason="phoned")
    assert reply.status_code == 303
    assert set(world.rows("SELECT id FROM dead_jobs")) == {(letters[3],), (others,)}
    assert (await post(owner, f"{DEAD}/retry", ids=[str(others)])).status_code == 404
    assert (await post(owner, f"{DEAD}/retry", ids=["<x>"])).status_code == 422


async def test_all_of_a_kind_a_portion_at_a_time(world: World, owner: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        dead_letter(world, world.main, kind="payment.send_refund")
    notice = dead_letter(world, world.main)
    page = await shown(owner, f"{DEAD}?kind=payment.send_refund")
    assert "3 jobs of this kind" in page
    assert "of this kind" not in await shown(owner, DEAD)
    monkeypatch.setattr("kamhub.platform.job.actions.MOST_AT_ONCE", 2)
    reply = await post(owner, f"{DEAD}/retry", kind="payment.send_refund")
    assert "2 jobs run again. 1 of this kind is left." in await shown(owner, reply.headers["location"])
    refused = await post(owner, f"{DEAD}/discard", kind="payment.send_refund", reason="")
    assert refused.status_code == 422
    assert "1 job of this kind" in refused.text
    reply = await post(owner, f"{DEAD}/discard", kind="payment.send_refund", reason="by hand")
    assert "1 job is discarded." in await shown(owner, reply.headers["location"])
    assert world.rows("SELECT id FROM dead_jobs") == [(notice,)]


async def test_a_manager_looks_and_does_not_decide(web: Web, world: World) -> None:
    dead = dead_letter(world, world.main)
    manager = await Browser(web).signed_in("manager@main.example")
    for path in (DEAD, f"{DEAD}/{dead}"):
        reply = await manager.get(path)
        assert reply.status_code == 200
        assert "An owner or administrator can run" in reply.text
        assert 'action="/office/jobs/dead/' not in reply.text.replace(f'action="{DEAD}/retry"', "")
        assert 'type="checkbox"' not in reply.text
    assert (await post(manager, f"{DEAD}/{dead}/retry")).status_code == 403
    assert (await post(manager, f"{DEAD}/discard", ids=[str(dead)], reason="phoned")).status_code == 403
    viewer = await Browser(web).signed_in("viewer@main.example")
    assert (await viewer.get(JOBS)).status_code == 403
    assert f'href="{JOBS}"' not in (await viewer.get("/office")).text
    assert f'href="{JOBS}"' in (await manager.get("/office")).text


async def test_a_form_of_another_site_does_nothing(world: World, owner: Browser) -> None:
    dead = dead_letter(world, world.main)
    assert (await owner.client.post(f"{DEAD}/{dead}/retry", data={"csrf_token": "x"})).status_code == 403
    assert len(world.rows("SELECT FROM dead_jobs")) == 1


@pytest.mark.parametrize("locale", LOCALES)
def test_everything_has_words(locale: Locale) -> None:
    told = {
        job.kind.name: (words.kind_name(job.kind.name, locale), words.undone(job.kind.name, locale)) for job in ALL_JOBS
    }
    unknown = words.undone("no.such_kind", locale)
    assert [kind for kind, (name, undone) in told.items() if name == kind or undone == unknown] == []
    assert set(words.kind_names(locale)) == set(told), "words.py names a kind that is no more"
    assert all(words.queue_name(queue, locale) != queue.value for queue in Queue)
    assert all(words.reason_text(reason, locale) != reason for reason in REASONS)
    arguments = {name for job in ALL_JOBS for name in job.kind.arguments}
    assert [name for name in arguments if words.argument_name(name, locale) == name] == []


@pytest.mark.parametrize("locale", LOCALES)
def test_the_words_are_in_the_readers_language(locale: Locale) -> None:
    cyrillic = [bool(re.search("[а-яё]", name, re.IGNORECASE)) for name in words.kind_names(locale).values()]
    assert all(cyrillic) if locale == "ru" else not any(cyrillic)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(-3, "0 s"), (59.9, "59 s"), (61, "1 min"), (3600, "1 h"), (47 * 3600, "47 h"), (48 * 3600, "2 days")],
)
def test_how_long_ago(seconds: float, told: str) -> None:
    assert words.age(seconds, "en") == told
