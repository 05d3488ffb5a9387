"""Pages of an operator's people: the layout's own facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import Request, Response

from kamhub.platform.access.guard import current_identity
from kamhub.platform.access.permissions import permissions_of
from kamhub.platform.job import overview as job_overview
from kamhub.platform.person import actions as people_actions
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Account, Membership, Organisation, Role
from kamhub.platform.web.pages import render
from kamhub.platform.web.parts import failing_alone


@dataclass(frozen=True, slots=True)
class Viewer:
    """Whoever looks at the page."""

    account: Account
    place: Membership | None
    places: list[Membership]

    @property
    def name(self) -> str:
        return self.account.person.name

    @property
    def organisation(self) -> Organisation | None:
        return self.place.organisation if self.place else None

    @property
    def role(self) -> Role | None:
        return self.place.role if self.place else None

    @property
    def permissions(self) -> frozenset[str]:
        return permissions_of(self.role)


async def viewer_of(request: Request[Any, Any, Any]) -> Viewer:
    """The person whose session the guard has found. Raises ``Unauthenticated``."""
    identity = await current_identity(request)
    people: People = request.app.state.people
    account, places = await people_actions.me(people, identity)
    place = next((each for each in places if each.organisation.id == identity.organisation_id), None)
    return Viewer(account, place, places)


async def _dead_letters(request: Request[Any, Any, Any], viewer: Viewer) -> int:
    """How many failed jobs wait for a decision, told in the navigation to whoever may look at them."""
    if viewer.organisation is None or "jobs.read" not in viewer.permissions:
        return 0
    people: People = request.app.state.people
    async with failing_alone(request, "dead_letters"):  # no page goes down with a number in its navigation
        return await job_overview.dead_letters(people, viewer.organisation.id)
    return 0


async def render_office(
    request: Request[Any, Any, Any],
    template: str,
    *,
    section: str,
    status_code: int = 200,
    done: str | None = None,
    **context: object,
) -> Response[bytes]:
    """A page in the layout of the back office. ``section`` is the address marked in its navigation, ``done`` a sentence
    on what has just been done. What is shown is kept by no cache."""
    viewer = await viewer_of(request)
    context.setdefault("dead_letters", await _dead_letters(request, viewer))
    page = render(request, template, status_code=status_code, viewer=viewer, section=section, done=done, **context)
    page.headers["Cache-Control"] = "no-store"
    return page
