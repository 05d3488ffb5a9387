"""An alert is told once each way, again after a day, and when it is over; in words that somebody can act on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from kamhub.kit.text import Locale, mark
from kamhub.platform.alert import actions, rules, store
from kamhub.platform.alert.jobs import JOBS
from kamhub.platform.alert.types import Alert, Alerting, AlertKind, AlertNotSent, Recipients
from kamhub.platform.database.pool import Database
from kamhub.platform.job.types import Done, GiveUp
from kamhub.platform.mail.types import MailMessage, MailRefused
from tests.hub.notice.messengers import Messengers, messengers, telegram_says
from tests.work import work_off

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
TOKEN = "123456789:alerts-of-the-tests-abcdefghijklmno"
KIND = AlertKind("test.broken", mark("Old backups could not be removed: %(error)s"), "well", "docs/runbooks/x.md#y")


@dataclass
class Context:
    """What the jobs work with: mails are kept, ``refuse`` makes the mail server refuse them."""

    alerts: Alerting
    sent: list[MailMessage] = field(default_factory=list)
    refuse: bool = False

    @property
    def mail(self) -> Context:
        return self

    async def send(self, message: MailMessage) -> None:
        if self.refuse:
            raise MailRefused("no")
        self.sent.append(message)


@pytest.fixture
async def services() -> AsyncIterator[Messengers]:
    async with messengers() as running:
        yield running


@pytest.fixture
def context(services: Messengers) -> Context:
    return Context(alerting(services.url))


def alerting(url: str, locale: Locale = "en") -> Alerting:
    to = Recipients(("one@example.org", "two@example.org"), url, "-100200", TOKEN)
    return Alerting(to, {KIND.name: KIND}, "https://hub.example", locale)


async def raised(database: Database, at: datetime, error: str = "disk full", about: str = "") -> bool:
    async with database.system() as connection:
        return await actions.raise_alert(connection, KIND, at, about=about, error=error)


async def recovered(database: Database, at: datetime) -> bool:
    async with database.system() as connection:
        return await actions.recover(connection, KIND, at)


async def test_it_is_told_to_everybody_by_every_way(database: Database, context: Context, services: Messengers) -> None:
    assert await raised(database, NOW)
    assert [type(end) for end in await work_off(database, JOBS, context)] == [Done, Done]
    [message] = services.of(f"/bot{TOKEN}/sendMessage")
    assert message["chat_id"] == "-100200"
    for words in ("Old backups could not be removed: disk full", "https://hub.example", "docs/runbooks/x.md#y"):
        assert words in message["text"]
    assert [mail.recipient for mail in context.sent] == ["one@example.org", "two@example.org"]
    assert context.sent[0].subject.startswith("Alert: Old backups could not be removed")
    assert len({mail.message_id for mail in context.sent}) == 2


async def test_the_same_again_is_only_counted_until_a_day_is_over(database: Database) -> None:
    assert await raised(database, NOW)
    assert not await raised(database, NOW + timedelta(minutes=1), "still")
    assert await raised(database, NOW + DAY)
    assert not await raised(database, NOW + DAY + timedelta(minutes=1))
    assert await raised(database, NOW, about="another thing")
    async with database.system() as connection:
        known = await store.find(connection, KIND.name, "")
        assert known is not None
        assert (known.times, known.raised_at) == (4, NOW)
        assert [alert.about for alert in await store.open_alerts(connection)] == ["", "another thing"]


async def test_its_end_is_told_once(database: Database, context: Context, services: Messengers) -> None:
    assert not await recovered(database, NOW)
    await raised(database, NOW)
    await work_off(database, JOBS, context)
    assert await recovered(database, NOW + DAY)
    assert not await recovered(database, NOW + DAY)
    await work_off(database, JOBS, context)
    assert len(services.of("/sendMessage")) == 2
    assert services.of("/sendMessage")[1]["text"].startswith("Over: ")
    assert await raised(database, NOW + 2 * DAY), "wrong again is told again"


async def test_a_way_that_is_closed_does_not_keep_the_other(
    database: Database, context: Context, services: Messengers
) -> None:
    services.told = [telegram_says(429, "Too Many Requests")]
    await raised(database, NOW)
    with pytest.raises(AlertNotSent, match="Telegram answered 429: Too Many Requests") as failure:
        await work_off(database, JOBS, context)
    assert TOKEN not in str(failure.value)
    await work_off(database, JOBS, context)
    assert len(services.of("/sendMessage")) == 2
    assert len(context.sent) == 2


async def test_a_service_that_is_away_is_tried_again(database: Database, context: Context) -> None:
    context.alerts = alerting("http://127.0.0.1:9")
    await raised(database, NOW)
    with pytest.raises(AlertNotSent, match=r"127\.0\.0\.1:9"):
        await work_off(database, JOBS, context)


async def test_nobody_to_tell_is_no_failure_and_a_refused_mail_is_the_end(database: Database) -> None:
    silent = Context(Alerting(Recipients(), {KIND.name: KIND}, "https://hub.example", "en"))
    await raised(database, NOW)
    assert [type(end) for end in await work_off(database, JOBS, silent)] == [Done, Done]
    await raised(database, NOW, about="x")
    refusing = Context(alerting("http://127.0.0.1:9"), refuse=True)
    refusing.alerts = Alerting(Recipients(("one@example.org",)), {KIND.name: KIND}, "https://hub.example", "en")
    assert [type(end) for end in await work_off(database, JOBS, refusing)] == [Done, GiveUp]


async def test_a_kind_that_is_no_more_is_given_up(database: Database) -> None:
    await raised(database, NOW)
    unknowing = Context(Alerting(Recipients(), {}, "https://hub.example", "en"))
    assert [type(end) for end in await work_off(database, JOBS, unknowing)] == [GiveUp, GiveUp]


async def test_secrets_and_people_are_masked(database: Database) -> None:
    await raised(database, NOW, "postgresql://owner:top-secret@db.example/x anna@example.org")
    async with database.system() as connection:
        known = await store.find(connection, KIND.name, "")
    assert known is not None
    assert "top-secret" not in known.facts["error"]
    assert "anna@" not in known.facts["error"]


def test_it_is_told_in_the_language_of_the_installation() -> None:
    alert = Alert(KIND.name, "", {"error": "нет места"}, NOW, NOW, 1)
    subject, paragraphs = rules.words(KIND, alert, "raised", "https://hub.example", "ru")
    assert subject.startswith("Тревога: ")
    assert "нет места" in paragraphs[0]
    assert not any("Since" in line for line in paragraphs)
