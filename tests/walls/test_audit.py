"""Whatever staff change is written down: every route that names a line for the log writes it, with who and from where."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kamhub.platform.embedded.types import ClusterAddress
from kamhub.platform.second_factor.rules import code_at, new_secret, step_at
from tests.walls import day, desk, knowledge, network, timetables
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
    replies: dict[str, str] = field(default_factory=dict)
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
        things = dict(house.main)
        for route in WRITING:
            house.main |= things
            body = prepared(house, route, insider.good(route))
            house.world.execute("TRUNCATE audit_events")
            headers = {"Accept": "text/csv"} if route.template == "/api/organisation/audit" else {}
            reply = await insider.call(route, body, headers=headers)
            found.statuses[str(route)] = reply.status_code
            found.replies[str(route)] = reply.text[:1000]
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
    world, action = house.world, route.rule.audit or ""
    if (of_the_day := day.prepared(house, action, body)) is not None:
        return of_the_day
    if (of_the_desk := desk.prepared(house, action, body)) is not None:
        return of_the_desk
    if (of_the_network := network.prepared(house, action, route.template, body)) is not None:
        return of_the_network
    if (of_knowledge := knowledge.prepared(house, action, route.template, body)) is not None:
        return of_knowledge
    timetables.prepare(world, action, house.main["timetable_id"])
    for group in (_of_people, _of_the_trip, _of_money, _of_messages):
        body = group(house, action, body)
    return body


def _of_people(house: House, action: str, body: Body) -> Body:
    """Members, what they sign in with, jobs, and what is left of a traveller."""
    world, owner = house.world, house.world.main.people["owner"]
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
    elif action == "personal_data.erased":  # nobody has to travel any more, and no money is on its way
        world.execute("UPDATE bookings SET status = 'cancelled'")
        world.execute("UPDATE refunds SET status = 'completed'")
    return body


def _of_the_trip(house: House, action: str, body: Body) -> Body:
    """Departures, moves and promo codes."""
    world = house.world
    if action == "booking.moved":  # to another departure than the one it is on
        return body | {"departure_id": str(world.departure(capacity=40))}
    if action == "disruption.decided":  # that nothing else here speaks of
        fresh = [str(world.departure(capacity=40))]
        return body | {name: fresh for name in ("departure_ids", "departures") if name in body}
    if action == "departure.cancelled":  # the house's own departure goes on running for the others
        house.main["departure_id"] = world.departure(capacity=40)
    elif action.startswith("promo_code."):  # as it was, and the only one of its name
        world.execute(
            "UPDATE promo_codes SET code = 'WALLS', value = 10, version = 1, "
            "archived_at = CASE WHEN id = %s THEN NULL ELSE now() END",
            house.main["promo_code_id"],
        )
    return body


def _of_money(house: House, action: str, body: Body) -> Body:
    """Refunds, cases, accounts, days of the provider."""
    world = house.world
    if action in {"refund.retried", "case.acted", "case.closed"}:  # refused, and waiting
        world.execute("UPDATE refunds SET status = 'refused'")
        world.execute("UPDATE cases SET closed_at = NULL")
        return body | ({"action": "retry_refund"} if "action" in body else {})
    if action == "payment_account.changed":  # of the version the body speaks of, and to something else
        world.execute(
            "UPDATE payment_accounts SET receipts = false, two_stage = false, vat = 'none', taxation_system = NULL"
        )
    elif action == "reconciliation.asked":  # not a day to come
        return body | {"date": "2026-11-20"}
    return body


def _of_messages(house: House, action: str, body: Body) -> Body:
    """Messages, their words and senders, and reviews."""
    world = house.world
    if action == "message.resent":  # gone out, and still true
        world.execute("UPDATE messages SET sent_at = %s", NOW)
        world.execute(
            "UPDATE bookings SET status = 'on_hold', expires_at = %s WHERE id = %s",
            NOW.replace(year=2099),
            house.main["booking_id"],
        )
    elif action.startswith("message_template."):  # as the page was made from, and own words there to be taken back
        world.execute("DELETE FROM message_templates")
        if action == "message_template.reset":
            world.execute(
                "INSERT INTO message_templates VALUES (%s, 'held', 'email', 'en', 'x', 'x', 1), (%s, 'held', 'email', 'ru', 'x', 'x', 1)",
                world.main.id,
                world.main.id,
            )
        return body | ({"version": 0} if "version" in body else {})
    elif action == "notice_settings.changed":
        world.execute("DELETE FROM notice_settings")
        return body | ({"version": 0} if "version" in body else {})
    elif action == "review.replied":
        world.execute("UPDATE reviews SET version = 1")
    return body


@pytest.mark.parametrize("route", WRITING, ids=str)
def test_the_line_is_written(written: Written, route: Route) -> None:
    assert written.statuses[str(route)] < 400, written.replies[str(route)]
    assert (route.rule.audit, True, True, True, True) in written.lines[str(route)]
