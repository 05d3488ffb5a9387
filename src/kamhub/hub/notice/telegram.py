"""Telegram: the bot's calls, and the link by which a traveller lets the bot write to them.

Source: core.telegram.org/bots/api. A bot cannot begin a chat: whoever wants messages presses Start in it, and comes with the
token of our link. The bot's own token stands in the address of every call; so no error here names an address.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.mail.letter import Button
from kamhub.platform.outbound.client import OutboundClient
from kamhub.platform.outbound.types import Answer, AnswerLost, NotReached

_PURPOSE = "telegram-link"
_MAC_BYTES = 24  # with the id 54 characters: Telegram takes 64
_TOO_MANY, _BLOCKED, _BAD_REQUEST = 429, 403, 400
_FAULT = 500
_USUAL_WAIT = 30  # seconds, when it does not say
_LONGEST_WAIT = 3_600


class TelegramLater(Exception):
    """Too many messages; it may be tried again after ``seconds``."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Telegram asks to wait {seconds} s")
        self.seconds = seconds

    def due(self, now: datetime) -> datetime:
        """When it may be tried again."""
        return now + timedelta(seconds=self.seconds)


class TelegramBlocked(Exception):
    """Whoever is in that chat does not want messages of the bot any more."""


class TelegramRefused(Exception):
    """Telegram will not do it; the text is what it says."""


def start_token(keys: KeyRing, organisation_id: UUID, booking_id: UUID) -> str:
    """What the link to the bot carries: the booking, signed for its organisation; only letters, digits, ``-`` and ``_``."""
    mac = keys.sign(_PURPOSE, organisation_id.bytes + booking_id.bytes)[:_MAC_BYTES]
    return base64.urlsafe_b64encode(booking_id.bytes + mac).decode().rstrip("=")


def booking_of(keys: KeyRing, organisation_id: UUID, token: str) -> UUID | None:
    """The booking a link was made for; None for a token that is not ours, or is another operator's."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    booking, mac = raw[:16], raw[16:]
    good = len(mac) == _MAC_BYTES and keys.verify(_PURPOSE, organisation_id.bytes + booking, mac)
    return UUID(bytes=booking) if good else None


class TelegramBot:
    """The calls of one bot."""

    def __init__(self, client: OutboundClient, token: str) -> None:
        self._client = client
        self._token = token

    async def send(self, chat_id: int, text: str, html: str | None, buttons: Sequence[Button]) -> None:
        """Write into a chat. What Telegram cannot read is sent once more as plain text with its links written out.

        Raises ``TelegramLater``, ``TelegramBlocked``, ``TelegramRefused``, ``NotReached``, ``AnswerLost``.
        """
        rich: dict[str, object] = {"text": text if html is None else html}
        if html is not None:
            rich["parse_mode"] = "HTML"
        if buttons:
            rich["reply_markup"] = {"inline_keyboard": [[{"text": one.text, "url": one.url}] for one in buttons]}
        answer = await self._call("sendMessage", {"chat_id": chat_id, **rich})
        if answer.status == _BAD_REQUEST:
            links = "\n".join(f"{one.text}: {one.url}" for one in buttons)
            room = 4_096 - len(links) - 2
            answer = await self._call("sendMessage", {"chat_id": chat_id, "text": f"{text[:room]}\n\n{links}"})
        if answer.status == _BLOCKED:
            raise TelegramBlocked(_description(answer))
        _require_well(answer)

    async def name(self) -> str:
        """The bot's own name, without ``@``. Raises as ``send``."""
        answer = await self._call("getMe", {})
        _require_well(answer)
        found = answer.body.get("result")
        name = found.get("username") if isinstance(found, Mapping) else None
        if not isinstance(name, str) or not name.isascii() or not name.replace("_", "").isalnum():
            raise TelegramRefused("the bot has no name")
        return name

    async def call_us_at(self, url: str, secret: str) -> None:
        """Have the bot's news sent to that address, with the secret in a header. Raises as ``send``."""
        asked = {"url": url, "secret_token": secret, "allowed_updates": ["message", "my_chat_member"]}
        _require_well(await self._call("setWebhook", {**asked, "max_connections": 5}))

    async def _call(self, method: str, content: Mapping[str, object]) -> Answer:
        answer = await self._client.post(f"/bot{self._token}/{method}", content=content)
        if answer.status == _TOO_MANY:
            raise TelegramLater(_wait(answer.body))
        if answer.status >= _FAULT:
            raise NotReached(f"Telegram answered {answer.status}")
        return answer


def _wait(body: Mapping[str, Any]) -> int:
    found = body.get("parameters")
    asked = found.get("retry_after") if isinstance(found, Mapping) else None
    return min(max(asked, 1), _LONGEST_WAIT) if isinstance(asked, int) else _USUAL_WAIT


def _require_well(answer: Answer) -> None:
    if answer.body.get("ok") is True:
        return
    if answer.status < _BAD_REQUEST:
        raise AnswerLost("Telegram's answer cannot be read")
    raise TelegramRefused(_description(answer))


def _description(answer: Answer) -> str:
    said = answer.body.get("description")
    return str(said)[:200] if said else f"Telegram answered {answer.status}"
