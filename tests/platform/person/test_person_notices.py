"""What people are told about their accounts, and in which words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

from argon2 import PasswordHasher

from kamhub.kit.clock import ManualClock
from kamhub.kit.text import LOCALES, Locale
from kamhub.platform.job.types import DONE, GiveUp, Outcome
from kamhub.platform.mail.types import MailMessage, MailRefused
from kamhub.platform.person import actions as accounts
from kamhub.platform.person import jobs
from kamhub.platform.person.notices import KINDS, NOTICE, compose
from kamhub.platform.person.passwords import needs_rehash
from kamhub.platform.person.services import People
from kamhub.platform.session.sign_in import sign_in
from kamhub.platform.session.types import Credentials
from tests.platform.person.support import PASSWORD, VISIT, identity_of, new_founder, one, run
from tests.work import work_off


@dataclass
class Post:
    """The context of the job, with a way out that keeps or refuses."""

    people: People
    refuses: bool = False
    sent: list[MailMessage] = field(default_factory=list)

    @property
    def mail(self) -> Post:
        return self

    async def send(self, message: MailMessage) -> None:
        if self.refuses:
            raise MailRefused("no such address")
        self.sent.append(message)


def texts() -> Iterator[tuple[str, Locale, str]]:
    for kind in KINDS:
        for locale in LOCALES:
            letter = compose(kind, "Анна", datetime(2026, 11, 24, 12, 5, tzinfo=UTC), "http://hub.test", locale)
            yield kind, locale, letter.heading


def test_every_notice_says_another_thing_in_each_language() -> None:
    headings = [heading for _, _, heading in texts()]
    assert len(set(headings)) == len(KINDS) * len(LOCALES)


async def notify(post: Post, *, crash: bool = False) -> list[Outcome]:
    """What the worker does with the waiting notice."""
    return await work_off(post.people.database, jobs.JOBS, post, crash=crash)


async def test_a_changed_password_is_told_by_mail(people: People, clock: ManualClock) -> None:
    account = new_founder(locale="en")
    identity = identity_of(people, await accounts.sign_up(people, account, VISIT))
    await accounts.change_password(people, identity, PASSWORD, "другой-мост-48", VISIT)
    (arguments,) = await one(people.database, "SELECT args FROM procrastinate_jobs WHERE task_name = %s", NOTICE.name)
    assert account.email not in str(arguments)
    post = Post(people)
    for _ in range(2):  # a job may run twice: the same mail
        await notify(post, crash=True)
    assert post.sent[0] == post.sent[1]
    assert (post.sent[0].recipient, post.sent[0].created_at) == (account.email, clock.now())
    assert "Your password was changed" in post.sent[0].subject
    assert "/password-reset" in post.sent[0].text

    [refused] = await notify(Post(people, refuses=True))
    assert isinstance(refused, GiveUp)
    set_argument = "UPDATE procrastinate_jobs SET args = jsonb_set(args, ARRAY['with', %s], to_jsonb(%s::text))"
    await run(people.database, set_argument, "kind", "something_else")
    [unknown] = await notify(post)
    assert isinstance(unknown, GiveUp)
    await run(people.database, set_argument, "kind", "password_changed")
    await run(people.database, set_argument, "person_id", str(uuid4()))
    assert await notify(post) == [DONE]
    assert len(post.sent) == 2


async def test_a_password_hashed_with_other_parameters_is_hashed_anew(people: People) -> None:
    account = new_founder()
    await accounts.sign_up(people, account, VISIT)
    old = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    await run(people.database, "UPDATE people SET password_hash = %s WHERE email = %s", old, account.email)
    await sign_in(people, Credentials(account.email, PASSWORD), VISIT)
    (stored,) = await one(people.database, "SELECT password_hash FROM people WHERE email = %s", account.email)
    assert needs_rehash(old)
    assert not needs_rehash(str(stored))
    await sign_in(people, Credentials(account.email, PASSWORD), VISIT)
