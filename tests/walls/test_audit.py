"""Whatever staff change is written down: every route that names a line for the log writes it, with who and from where."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kamhub.platform.embedded.types import ClusterAddress
from kamhub.platform.second_factor.rules import code_at, new_secret, step_at
from tests.walls.calls import Insider
from tests.walls.fields import Body
from tests.walls.house import KEYS, NOW, House, Route, fresh_database, furnished, kill, routes

# What removes the traveller comes last: the others have a booking to speak of.
WRITING = sorted(
    (route for route in routes() if route.rule.audit is not None),
    key=lambda route: route.rule.audit == "personal_data.erased",
)


@dataclass(slots=True)
class Written:
    """What each route answered, and the lines that came of it."""

    statuses: dict[str, int] = field(default_factory=dict)
    lines: dict[str, list[tuple[object, ...]]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def written(postgres: ClusterAddress, tmp_path_factory: pytest.TempPathFactory) -> Written:
    """One walk over all of them, as the owner, each with a body that it takes."""
    with fresh_database(postgres) as (owner_url, app_url):
        return asyncio.run(_walk(owner_url, app_url, tmp_path_factory.mktemp("audit")))


async def _walk(owner_url: str, app_url: str, data_dir: Path) -> Written:
    found = Written()
    async with furnished(owner_url, app_url, data_dir) as house:
        insider = Insider(house)
        await insider.prepare()
        for route in WRITING:
            body = prepared(house, route, insider.good(route))
            house.world.execute("TRUNCATE audit_events")
            headers = {"Accept": "text/csv"} if route.template == "/api/organisation/audit" else {}
            reply = await insider.call(route, body, headers=headers)
            found.statuses[str(route)] = reply.status_code
            found.lines[str(route)] = house.world.rows(
                "SELECT action, organisation_id = %s, actor_id = %s, request_id IS NOT NULL, address IS NOT NULL "
                "FROM audit_events",
                house.world.main.id,
                house.world.main.people["owner"],
            )
            house.heal()
    return found


def prepared(house: House, route: Route, body: Body) -> Body:
    """The state and the body in which that route succeeds, where a good body alone is not enough."""
    world, owner, action = house.world, house.world.main.people["owner"], route.rule.audit or ""
    if action == "member.left":  # not the last owner
        world.execute("UPDATE memberships SET role = 'owner' WHERE person_id = %s", world.main.people["admin"])
    elif action == "member.role_changed":  # to another than they have
        return body | {"role": "manager"}
    elif action.startswith("job."):  # there to be decided about
        kill(world, world.main, house.main["job_id"])
    elif action == "email_confirmation.asked":
        world.execute("UPDATE people SET email_confirmed_at = NULL WHERE id = %s", owner)
    elif action.startswith("second_factor.") and "code" in body:
        begun = action == "second_factor.enabled"
        secret = new_secret()
        world.execute(
            "UPDATE people SET totp_secret = %s, totp_enabled_at = %s WHERE id = %s",
            KEYS.encrypt(secret),
            None if begun else NOW,
            owner,
        )
        return body | {"code": code_at(secret, step_at(NOW))}
    elif action == "personal_data.erased":  # nobody has to travel any more
        world.execute("UPDATE bookings SET status = 'cancelled'")
    return body


@pytest.mark.parametrize("route", WRITING, ids=str)
def test_the_line_is_written(written: Written, route: Route) -> None:
    assert written.statuses[str(route)] < 400
    assert (route.rule.audit, True, True, True, True) in written.lines[str(route)]
