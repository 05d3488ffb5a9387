"""The wall before every staff route: a valid access token, then the permission the route's rule names."""

from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from kamhub.platform.person.permissions import allows
from kamhub.platform.person.services import People
from kamhub.platform.person.tokens import read_access_token
from kamhub.platform.person.types import Identity, Staff
from kamhub.platform.web.problems import PermissionMissing, Unauthenticated
from kamhub.platform.web.rules import rule_of

_IDENTITY = "identity"
_STAFF = "staff"


async def staff_guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Application-wide guard: checks the routes whose rule says ``staff``.

    The organisation and the role come from the token alone. Needs ``app.state.people``. Raises
    ``Unauthenticated``, then ``PermissionMissing``.
    """
    declared = rule_of(handler)
    if declared is None or declared.access != "staff":
        return
    people: People = connection.app.state.people
    identity = read_access_token(people.keys, _bearer(connection), people.clock.now())
    if not allows(identity.role, declared.permission):
        raise PermissionMissing
    state = connection.scope["state"]
    state[_IDENTITY] = identity
    if identity.organisation_id is not None and identity.role is not None:
        state[_STAFF] = Staff(identity.person_id, identity.organisation_id, identity.role)


async def current_staff(request: Request[Any, Any, Any]) -> Staff:
    """Dependency of staff handlers. Raises ``Unauthenticated`` where no guard has let anybody in."""
    staff = request.scope["state"].get(_STAFF)
    if not isinstance(staff, Staff):
        raise Unauthenticated
    return staff


async def current_identity(request: Request[Any, Any, Any]) -> Identity:
    """Dependency of handlers with the permission ``self``: the person may be without an organisation."""
    identity = request.scope["state"].get(_IDENTITY)
    if not isinstance(identity, Identity):
        raise Unauthenticated
    return identity


def _bearer(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated
    return token.strip()
