"""What each role may do: the one table. Names are ``thing.verb``.

``departures.all`` widens what else is granted to every departure of the organisation; a driver has the others
without it, which means: only on the departures they drive.
"""

from __future__ import annotations

from collections.abc import Mapping

from kamhub.platform.person.types import ROLES, Role

# Everyone with a valid token has it, also without an organisation.
SELF = "self"
# Every genuine key has it: what a key may ask about itself.
ANY_SCOPE = "any"

_READS = frozenset(
    {
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
)
_MANAGER = _READS | {
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
_DISPATCHER = _READS | {
    "departures.write",
    "assignments.write",
    "bookings.write",
    "bookings.decide",
    "boarding.write",
}
_DRIVER = frozenset({"departures.read", "manifest.read", "boarding.write"})

# What concerns the organisation itself and its people, and what a person has to answer for: no program discards a refund
# or says that money was paid out.
_OWNER = frozenset({"organisation.manage", "audit.read", "personal_data.manage", "jobs.manage", "ledger.write"})

ALL: frozenset[str] = _MANAGER | _DISPATCHER | _DRIVER | _OWNER | {SELF}

ROLE_PERMISSIONS: Mapping[Role, frozenset[str]] = {
    "owner": ALL,
    "admin": ALL,
    "manager": _MANAGER | {SELF},
    "dispatcher": _DISPATCHER | {SELF},
    "driver": _DRIVER | {SELF},
    "viewer": _READS | {SELF},
}


def permissions_of(role: Role | None) -> frozenset[str]:
    """Everything that role allows; without a role, what every signed-in person may do."""
    return frozenset({SELF}) if role is None else ROLE_PERMISSIONS[role]


def allows(role: Role | None, permission: str | None) -> bool:
    """Whether the role has that permission; a name that is not in the table is allowed to nobody."""
    return permission in permissions_of(role)


# What a key may be made for: the interfaces of programs, and every right of staff but those of owners.
INTERFACE_SCOPES: frozenset[str] = frozenset({"octo", "mcp"})
KEY_SCOPES: frozenset[str] = INTERFACE_SCOPES | (ALL - _OWNER - {SELF})


def as_role(text: object) -> Role | None:
    """The role of that name, None when there is none."""
    return next((role for role in ROLES if role == text), None)
