"""Everybody who may knock at a route, and who the documents say is let in."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

from kamhub.kit.ids import new_id
from kamhub.platform.access.permissions import KEY_SCOPES, allows
from kamhub.platform.person.types import ROLES, Role
from kamhub.platform.session.tokens import issue_access_token
from kamhub.platform.session.types import Identity
from kamhub.platform.web.rules import RouteRule
from tests.walls.house import KEYS, NOW, House

Verdict = Literal["in", "401", "403", "404"]
Headers = Mapping[str, str]
NOBODY: Headers = {}
# Rights of every key that is one; no scope opens them.
ANY_KEY = "any"
ALONE = "person without organisation"


@dataclass(frozen=True, slots=True)
class Caller:
    """One who knocks."""

    name: str
    headers: Headers
    cookies: Headers
    role: Role | None = None
    scopes: frozenset[str] = frozenset()
    known: bool = False
    booking: Literal["this", "another"] | None = None

    def verdict(self, declared: RouteRule) -> Verdict:
        """What the documents say."""
        if declared.access in {"public", "page"}:
            return "in"
        if declared.access == "webhook":
            return "401"  # nobody here has a signature
        if declared.access == "booking":
            return {"this": "in", "another": "404"}.get(self.booking or "", "401")  # type: ignore[return-value]
        if self.scopes:
            if declared.permission not in {*self.scopes, ANY_KEY}:
                return "403"
            return "401" if declared.reply == "page" else "in"  # a page is for a person, who has to sign in
        if declared.access == "key" or not self.known:
            return "401"
        return "in" if allows(self.role, declared.permission) else "403"


def bearer(token: str) -> Headers:
    return {"Authorization": f"Bearer {token}"}


def part(data: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).decode().rstrip("=")


def callers(house: House) -> list[Caller]:
    """All of them; the first lists are those who come in nowhere but where everybody does."""
    main, other = house.world.main, house.world.other

    def token(role: Role, operator: object = main, *, age: timedelta = timedelta()) -> str:
        identity = Identity(operator.people[role], operator.id, role, operator.sessions[role])  # type: ignore[attr-defined]
        return issue_access_token(KEYS, identity, NOW - age)

    good = token("owner")
    head, claims, signature = good.split(".")
    middle = len(signature) // 2
    tampered = signature[:middle] + ("A" if signature[middle] != "A" else "B") + signature[middle + 1 :]
    every = sorted(KEY_SCOPES)
    strangers: dict[str, Headers] = {
        "nobody": NOBODY,
        "expired token": bearer(token("owner", age=timedelta(seconds=900))),
        "tampered token": bearer(f"{head}.{claims}.{tampered}"),
        "token signed with none": bearer(f"{part({'alg': 'none', 'typ': 'JWT'})}.{claims}."),
        "ended session": bearer(_ended(house)),
        "revoked key": bearer(house.key(main, every, revoked_at=NOW)),
        "expired key": bearer(house.key(main, every, expires_at=NOW)),
    }
    nothing: Headers = {}
    return [
        *(Caller(name, headers, nothing) for name, headers in strangers.items()),
        Caller("unknown cookie", nothing, {"session": "chosen-by-somebody-else"}),
        Caller("traveller of this booking", _booking(house.booking_token), nothing, booking="this"),
        Caller("traveller of another booking", _booking(house.other_booking_token), nothing, booking="another"),
        *(Caller(role, bearer(token(role)), nothing, role, known=True) for role in ROLES),
        *(
            Caller(f"{role} in a browser", nothing, {"session": house.browser(main, role)}, role, known=True)
            for role in ("owner", "driver")
        ),
        Caller("other organisation's owner", bearer(token("owner", other)), nothing, "owner", known=True),
        Caller(ALONE, bearer(_alone(house)), nothing, known=True),
        Caller("key for all", bearer(house.key(main, every)), nothing, scopes=KEY_SCOPES),
        *(
            Caller(f"key for {scope} alone", bearer(house.key(main, [scope])), nothing, scopes=frozenset({scope}))
            for scope in ("mcp", "octo", "bookings.read")
        ),
    ]


def _booking(token: str) -> Headers:
    return {"Authorization": f"Booking {token}"}


def _session(house: House, person: UUID, organisation: UUID | None, ended: bool) -> UUID:
    session = new_id()
    house.world.execute(
        "INSERT INTO sessions (id, person_id, organisation_id, kind, created_at, last_seen_at, expires_at, ended_at) "
        "VALUES (%s, %s, %s, 'token', %s, %s, %s, %s)",
        session, person, organisation, NOW, NOW, NOW.replace(year=2099), NOW if ended else None,
    )  # fmt: skip
    return session


def _ended(house: House) -> str:
    """A young token of a session that is over."""
    main = house.world.main
    session = _session(house, main.people["owner"], main.id, ended=True)
    return issue_access_token(KEYS, Identity(main.people["owner"], main.id, "owner", session), NOW)


def _alone(house: House) -> str:
    person = new_id()
    house.world.execute(
        "INSERT INTO people (id, email, name, password_hash) VALUES (%s, 'alone@people.example', 'Anna', 'x')", person
    )
    session = _session(house, person, None, ended=False)
    return issue_access_token(KEYS, Identity(person, None, None, session), NOW)
