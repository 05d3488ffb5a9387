"""The wall before every route of staff and keys: who is it, then whether they may."""

from typing import Any
from uuid import UUID

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from structlog.contextvars import bind_contextvars

from kamhub.platform.access.permissions import ANY_SCOPE, permissions_of
from kamhub.platform.api_key import rules as key_rules
from kamhub.platform.api_key import store as key_store
from kamhub.platform.audit.types import Trail
from kamhub.platform.limit.guard import CALLER, count
from kamhub.platform.person.services import People
from kamhub.platform.person.types import Staff
from kamhub.platform.session import rules as session_rules
from kamhub.platform.session import store as session_store
from kamhub.platform.session.cookie import session_token
from kamhub.platform.session.tokens import digest, read_access_token
from kamhub.platform.session.types import Identity, Standing, Visit
from kamhub.platform.session.visit import visit_of
from kamhub.platform.web.csrf import HEADER, Csrf
from kamhub.platform.web.problems import PermissionMissing, Unauthenticated
from kamhub.platform.web.rules import RouteRule, rule_of

_IDENTITY = "identity"
_STAFF = "staff"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

Call = ASGIConnection[Any, Any, Any, Any]


async def access_guard(connection: Call, handler: BaseRouteHandler) -> None:
    """Guard of routes whose rule says ``staff`` or ``key``.

    Organisation, role and scopes come from a live session or a genuine key alone. Needs ``app.state.people``. Raises
    ``Unauthenticated``, then ``PermissionMissing``. Who is not let in is counted by address, so that nobody may try
    without end.
    """
    declared = rule_of(handler)
    if declared is None or declared.access not in {"staff", "key"}:
        return
    try:
        permissions = await _admit(connection, declared)
    except Unauthenticated:
        await count(connection, declared)
        raise
    if declared.permission not in permissions:
        raise PermissionMissing
    if declared.reply == "page" and not isinstance(connection.scope["state"].get(_IDENTITY), Identity):
        raise Unauthenticated("Pages are for people; a key opens the API")


async def current_staff(request: Request[Any, Any, Any]) -> Staff:
    """Dependency of staff handlers. Raises ``Unauthenticated`` where no guard has let anybody in, ``PermissionMissing`` for
    somebody who works in no organisation: with the permission ``self`` they come as far as here."""
    state = request.scope["state"]
    staff = state.get(_STAFF)
    if isinstance(staff, Staff):
        return staff
    if isinstance(state.get(_IDENTITY), Identity):
        raise PermissionMissing
    raise Unauthenticated


async def current_identity(request: Request[Any, Any, Any]) -> Identity:
    """Dependency of handlers with the permission ``self``: a person, perhaps without an organisation."""
    identity = request.scope["state"].get(_IDENTITY)
    if not isinstance(identity, Identity):
        raise Unauthenticated
    return identity


async def staff_if_any(request: Request[Any, Any, Any], permission: str) -> Staff | None:
    """Who asks an open route, when they show a token of staff that has that right; a bad one is as good as none there."""
    declared = rule_of(request.route_handler)
    if declared is None or "authorization" not in request.headers:
        return None
    try:
        permissions = await _admit(request, declared)
    except Unauthenticated:
        return None
    staff = request.scope["state"].get(_STAFF)
    return staff if isinstance(staff, Staff) and permission in permissions else None


async def _admit(connection: Call, declared: RouteRule) -> frozenset[str]:
    """Find out who it is and leave it in the request's state. Returns what they may do. Raises ``Unauthenticated``."""
    token = _bearer(connection)
    if token is not None and key_rules.looks_like_key(token):
        return await _admit_key(connection, token)
    if declared.access == "key":
        raise Unauthenticated("A valid API key is needed")
    people: People = connection.app.state.people
    now = people.clock.now()
    cookie = None if token is not None else session_token(connection)
    if token is None and cookie is None:
        raise Unauthenticated
    identity = read_access_token(people.keys, token, now) if token is not None else None
    async with people.database.system() as database:
        if identity is not None:
            standing = await session_store.standing(database, identity.session_id, now)
        else:
            standing = await session_store.standing_of_browser(database, digest(cookie or ""), now)
        if standing is not None and session_rules.should_note(standing.last_seen_at, now):
            lifetime, idle = session_rules.BROWSER_LIFETIME.days, session_rules.BROWSER_IDLE.days
            await session_store.note_seen(database, standing.session_id, now, lifetime, idle)
    if standing is None or (identity is not None and not _same(identity, standing)):
        raise Unauthenticated("This session has ended; sign in again")
    if cookie is not None and declared.csrf == "token" and str(connection.scope.get("method")) not in _SAFE_METHODS:
        # A browser sends its cookie by itself: another site may have made it do so.
        csrf: Csrf = connection.app.state.csrf
        csrf.check(connection, connection.headers.get(HEADER, ""))
    return _let_in(connection, standing)


async def _admit_key(connection: Call, key: str) -> frozenset[str]:
    people: People = connection.app.state.people
    now = people.clock.now()
    async with people.database.system() as database:
        holder = await key_store.holder(database, key_rules.digest(key), now)
        if holder is None:
            raise Unauthenticated("This API key is not valid, has expired or was revoked")
        if key_rules.should_note(holder.last_used_at, now):
            await key_store.note_used(database, holder.organisation_id, holder.key_id, now)
    visit = visit_of(connection)
    trail = Trail("key", holder.key_id, holder.name, visit.address, visit.user_agent, visit.request_id)
    state = connection.scope["state"]
    state[CALLER] = f"key:{holder.key_id}"
    bind_contextvars(key_id=str(holder.key_id), organisation_id=str(holder.organisation_id))
    state[_STAFF] = Staff(holder.organisation_id, holder.scopes, trail)
    return holder.scopes | {ANY_SCOPE}


def _let_in(connection: Call, standing: Standing) -> frozenset[str]:
    state = connection.scope["state"]
    state[CALLER] = f"person:{standing.person_id}"
    # Every line of the log, and every fault, says whose request it was.
    bind_contextvars(person_id=str(standing.person_id))
    state[_IDENTITY] = Identity(standing.person_id, standing.organisation_id, standing.role, standing.session_id)
    permissions = permissions_of(standing.role)
    if standing.organisation_id is not None:
        bind_contextvars(organisation_id=str(standing.organisation_id))
        trail = trail_of(standing.person_id, standing.person_name, visit_of(connection))
        state[_STAFF] = Staff(standing.organisation_id, permissions, trail, standing.role)
    return permissions


def trail_of(person_id: UUID, name: str, visit: Visit) -> Trail:
    """That person at that place, for the log."""
    return Trail("person", person_id, name, visit.address, visit.user_agent, visit.request_id)


def _same(identity: Identity, standing: Standing) -> bool:
    return (identity.person_id, identity.organisation_id) == (standing.person_id, standing.organisation_id)


def _bearer(connection: Call) -> str | None:
    """The bearer token; None when the header is missing. Another scheme raises ``Unauthenticated``."""
    header = connection.headers.get("authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated
    return token.strip()
