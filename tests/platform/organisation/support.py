"""Staff of a world, lines of its log, and the mails that were asked for."""

from __future__ import annotations

from dataclasses import dataclass, field

from kamhub.platform.access.permissions import permissions_of
from kamhub.platform.audit.types import Trail
from kamhub.platform.job.types import Outcome
from kamhub.platform.mail.types import MailMessage
from kamhub.platform.organisation.jobs import JOBS
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Role, Staff
from tests.builders import Operator, World
from tests.work import work_off


def staff_of(operator: Operator, role: Role) -> Staff:
    """That operator's person of that role, as the guard would let them in."""
    trail = Trail("person", operator.people[role], role.title(), "203.0.113.7", "tests", "request-1")
    return Staff(operator.id, permissions_of(role), trail, role)


def role_of(world: World, operator: Operator, person: str) -> str | None:
    """The role that the person of that role at first has now."""
    rows = world.rows(
        "SELECT role FROM memberships WHERE organisation_id = %s AND person_id = %s",
        operator.id,
        operator.people[person],
    )
    return str(rows[0][0]) if rows else None


def lines(world: World, operator: Operator) -> list[tuple[object, ...]]:
    """``action, object_id, before, after`` of the organisation's log, the oldest first; sign-ins left out."""
    return world.rows(
        "SELECT action, object_id, before, after FROM audit_events WHERE organisation_id = %s "
        "AND action NOT LIKE 'session.%%' ORDER BY id",
        operator.id,
    )


@dataclass(slots=True)
class Post:
    """The context of the mail job, with a way out that keeps what goes through it."""

    people: People
    sent: list[MailMessage] = field(default_factory=list)
    ends: list[Outcome] = field(default_factory=list)

    @property
    def mail(self) -> Post:
        """The way out."""
        return self

    async def send(self, message: MailMessage) -> None:
        """Keep it."""
        self.sent.append(message)

    async def deliver(self, world: World) -> list[MailMessage]:
        """Run every mail job that was asked for, in order; returns what they sent."""
        self.sent.clear()
        self.ends = await work_off(self.people.database, JOBS, self)
        return self.sent


def token_in(mail: MailMessage) -> str:
    """The token of the link in that mail."""
    start = mail.text.index("/invitation?token=") + len("/invitation?token=")
    return mail.text[start:].split()[0]
