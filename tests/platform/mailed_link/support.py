"""The worker's part of a mailed link: jobs that are run, mails that are kept."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from kamhub.platform.job.types import Outcome
from kamhub.platform.mail.types import MailMessage
from kamhub.platform.mailed_link import jobs
from kamhub.platform.person.services import People
from tests.work import work_off


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
    ends: list[Outcome] = field(default_factory=list)

    async def run_jobs(self, *, crash: bool = False) -> list[MailMessage]:
        """Do the waiting jobs as the worker would; the mails of this run."""
        before = len(self.mail.mails)
        self.ends = await work_off(self.people.database, jobs.JOBS, self, crash=crash)
        return self.mail.mails[before:]


def token_in(mail: MailMessage) -> str:
    """The token of the one link in the mail; asserts that text and HTML have the same."""
    token: str
    [token] = set(re.findall(r"token=([\w%-]+)", mail.text))
    assert mail.html is not None
    assert set(re.findall(r"token=([\w%-]+)", mail.html)) == {token}
    return token
