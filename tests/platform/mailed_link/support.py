"""The worker's part of a mailed link: jobs that are run, mails that are kept."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from kamhub.platform.mail.types import MailMessage
from kamhub.platform.mailed_link import jobs
from kamhub.platform.mailed_link.actions import SEND
from kamhub.platform.person.services import People


@dataclass
class Outbox:
    """Keeps the mails, or fails the way it is told to."""

    mails: list[MailMessage] = field(default_factory=list)
    failure: Exception | None = None

    async def send(self, message: MailMessage) -> None:
        if self.failure is not None:
            raise self.failure
        self.mails.append(message)


@dataclass
class Context:
    people: People
    mail: Outbox = field(default_factory=Outbox)

    async def run_jobs(self) -> list[MailMessage]:
        """Do the waiting jobs as the worker would; the mails of this run."""
        async with self.people.database.system() as connection:
            rows = await connection.execute(
                "SELECT args FROM procrastinate_jobs WHERE task_name = %s ORDER BY id", (SEND,)
            )
            waiting = [row[0] for row in await rows.fetchall()]
        before = len(self.mail.mails)
        for arguments in waiting:
            await jobs.send(self, **arguments)
        return self.mail.mails[before:]


def token_in(mail: MailMessage) -> str:
    """The token of the one link in the mail; asserts that text and HTML have the same."""
    token: str
    [token] = set(re.findall(r"token=([\w%-]+)", mail.text))
    assert mail.html is not None
    assert set(re.findall(r"token=([\w%-]+)", mail.html)) == {token}
    return token
