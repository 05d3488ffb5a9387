"""The traveller's right to one booking, without an account.

A token is ``base64url(organisation id ‖ booking id ‖ HMAC)``: it is verified without a look-up, it names the tenant whose
rows may be read, and a repeat of the request that made the booking gets the same one.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from uuid import UUID

from kamhub.hub.booking.types import BookingNotFound, BookingTokenInvalid
from kamhub.platform.crypto.keys import KeyRing

_PURPOSE = "booking-token"
_MAC_BYTES = 24


@dataclass(frozen=True, slots=True)
class BookingAccess:
    """A verified right to see and change one booking, and who has it, for the history."""

    organisation_id: UUID
    booking_id: UUID
    actor: str = "traveller"


class BookingTokens:
    """Issues and reads tokens with the keys of the installation."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    def issue(self, organisation_id: UUID, booking_id: UUID) -> str:
        """The token of that booking; always the same one."""
        message = organisation_id.bytes + booking_id.bytes
        mac = self._keys.sign(_PURPOSE, message)[:_MAC_BYTES]
        return base64.urlsafe_b64encode(message + mac).decode().rstrip("=")

    def read(self, token: str | None) -> BookingAccess:
        """What the token gives access to. Raises ``BookingTokenInvalid``."""
        try:
            raw = base64.b64decode((token or "") + "=" * (-len(token or "") % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise BookingTokenInvalid from None
        message, mac = raw[:32], raw[32:]
        if len(mac) != _MAC_BYTES or not self._keys.verify(_PURPOSE, message, mac):
            raise BookingTokenInvalid
        return BookingAccess(UUID(bytes=message[:16]), UUID(bytes=message[16:]))

    def open(self, token: str | None, booking_id: UUID) -> BookingAccess:
        """The same for one booking: a good token of another booking raises ``BookingNotFound``."""
        access = self.read(token)
        if access.booking_id != booking_id:
            raise BookingNotFound
        return access
