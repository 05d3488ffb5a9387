"""Access tokens: signed, for 15 minutes. Refresh tokens and the cookies of browsers: opaque, stored as a digest."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import jwt

from kamhub.kit.ids import new_id
from kamhub.platform.access.permissions import as_role
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.session.types import Identity
from kamhub.platform.web.problems import Unauthenticated

ACCESS_SECONDS = 900

_PURPOSE = "access-token"
_ALGORITHM = "HS256"
_PARTY = "kamhub"
_OPAQUE_BYTES = 32
# How far the clocks of two machines of one installation may differ.
_CLOCK_SKEW_SECONDS = 60
# Times are judged below, by the clock that is handed in.
_OPTIONS = jwt.types.Options(
    require=["iss", "aud", "sub", "sid", "iat", "exp", "jti"], verify_exp=False, verify_iat=False, verify_nbf=False
)


def issue_access_token(keys: KeyRing, identity: Identity, now: datetime) -> str:
    """A JWT (RFC 7519) with ``iss, aud, sub, sid, iat, exp, jti``, and ``org, role`` for a member."""
    issued = int(now.timestamp())
    claims: dict[str, object] = {
        "iss": _PARTY,
        "aud": _PARTY,
        "sub": str(identity.person_id),
        "sid": str(identity.session_id),
        "iat": issued,
        "exp": issued + ACCESS_SECONDS,
        "jti": str(new_id()),
    }
    if identity.organisation_id is not None:
        claims |= {"org": str(identity.organisation_id), "role": identity.role}
    return jwt.encode(claims, keys.keys(_PURPOSE)[0], algorithm=_ALGORITHM)


def read_access_token(keys: KeyRing, token: str, now: datetime) -> Identity:
    """Who the token speaks for. Raises ``Unauthenticated``."""
    claims = _verified_claims(keys, token)
    issued, expires = claims["iat"], claims["exp"]
    if not isinstance(issued, int) or not isinstance(expires, int):
        raise Unauthenticated
    seconds = now.timestamp()
    if seconds >= expires or expires - issued > ACCESS_SECONDS:
        raise Unauthenticated("The access token has expired")
    if issued > seconds + _CLOCK_SKEW_SECONDS:
        raise Unauthenticated
    return _identity(claims)


def new_opaque_token() -> str:
    """A fresh opaque token: 32 random bytes in base64url."""
    return secrets.token_urlsafe(_OPAQUE_BYTES)


def digest(opaque_token: str) -> bytes:
    """What is stored of an opaque token: SHA-256, enough for 256 random bits."""
    return hashlib.sha256(opaque_token.encode()).digest()


def _verified_claims(keys: KeyRing, token: str) -> Mapping[str, object]:
    for key in keys.keys(_PURPOSE):
        try:
            claims: Mapping[str, object] = jwt.decode(
                token, key, algorithms=[_ALGORITHM], audience=_PARTY, issuer=_PARTY, options=_OPTIONS
            )
        except jwt.InvalidSignatureError:
            continue
        except jwt.InvalidTokenError:
            break
        return claims
    raise Unauthenticated


def _identity(claims: Mapping[str, object]) -> Identity:
    try:
        person_id, session_id = UUID(str(claims["sub"])), UUID(str(claims["sid"]))
        if "org" not in claims:
            return Identity(person_id, None, None, session_id)
        organisation_id = UUID(str(claims["org"]))
    except ValueError:
        raise Unauthenticated from None
    role = as_role(claims.get("role"))
    if role is None:
        raise Unauthenticated
    return Identity(person_id, organisation_id, role, session_id)
