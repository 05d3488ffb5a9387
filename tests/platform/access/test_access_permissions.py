"""The table of roles, row by row."""

from __future__ import annotations

import pytest

from kamhub.platform.access.permissions import (
    ALL,
    INTERFACE_SCOPES,
    KEY_SCOPES,
    SELF,
    allows,
    as_role,
    permissions_of,
)
from kamhub.platform.person.types import ROLES, Role

READS = {
    "network.read",
    "fleet.read",
    "timetable.read",
    "prices.read",
    "departures.read",
    "departures.all",
    "manifest.read",
    "bookings.read",
    "payments.read",
    "refunds.read",
    "cases.read",
    "dashboard.read",
    "notices.read",
    "reviews.read",
    "knowledge.read",
}
MANAGES = {
    "network.write",
    "fleet.write",
    "timetable.write",
    "prices.write",
    "refunds.write",
    "cases.write",
    "notices.write",
    "reviews.write",
    "knowledge.write",
    "jobs.read",
}
DISPATCHES = {"departures.write", "assignments.write", "bookings.write", "bookings.decide", "boarding.write"}
GOVERNS = {"organisation.manage", "audit.read", "personal_data.manage", "jobs.manage", "ledger.write"}
EXPECTED: dict[Role, set[str]] = {
    "owner": READS | MANAGES | DISPATCHES | GOVERNS,
    "admin": READS | MANAGES | DISPATCHES | GOVERNS,
    "manager": READS | MANAGES,
    "dispatcher": READS | DISPATCHES,
    "driver": {"departures.read", "manifest.read", "boarding.write"},
    "viewer": READS,
}


@pytest.mark.parametrize("role", ROLES)
def test_each_role_has_exactly_its_permissions(role: Role) -> None:
    assert permissions_of(role) == EXPECTED[role] | {SELF}
    for permission in ALL:
        assert allows(role, permission) == (permission in EXPECTED[role] | {SELF})


def test_without_a_role_a_person_has_only_themselves() -> None:
    assert permissions_of(None) == {SELF}


@pytest.mark.parametrize("role", [*ROLES, None])
def test_a_permission_that_is_not_in_the_table_is_allowed_to_nobody(role: Role | None) -> None:
    assert not allows(role, "bookings.raed")
    assert not allows(role, None)


def test_only_known_roles_are_read() -> None:
    assert [as_role(role) for role in ROLES] == list(ROLES)
    assert [as_role(other) for other in ("Owner", "", "root", None, 1, ["owner"])] == [None] * 6


def test_a_key_governs_nobody_and_is_nobody() -> None:
    assert READS | MANAGES | DISPATCHES | {"octo", "mcp"} == KEY_SCOPES
    assert not KEY_SCOPES & (GOVERNS | {SELF})
    # An interface is no right of staff: no role opens it.
    assert not any(allows(role, scope) for role in ROLES for scope in INTERFACE_SCOPES)
