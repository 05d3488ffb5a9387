"""Short messages: one port, and the services that fit it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from kamhub.hub.notice.types import SmsProvider
from kamhub.platform.outbound.client import OutboundClient
from kamhub.platform.outbound.types import AnswerLost, NotReached

_FAULT = 500


class SmsRefused(Exception):
    """The service will not send it; the text is its reason."""


class SmsService(Protocol):
    """A way out for short messages."""

    async def send(self, phone: str, text: str) -> None:
        """Send to a phone (E.164). Raises ``SmsRefused`` for good, ``NotReached`` when nothing was sent, ``AnswerLost``
        when nobody knows."""
        ...


class SmsRu:
    """SMS.ru. Source: sms.ru/api/send. ``status_code`` 100 is "taken"; what costs nothing may be tried again."""

    _TAKEN = 100
    # No money at the moment, the service is busy, a fault of theirs: nothing was sent.
    _PASSING = frozenset({201, 220, 500, 505})

    def __init__(self, client: OutboundClient, key: str, sender: str | None) -> None:
        self._client = client
        self._key = key
        self._sender = sender

    async def send(self, phone: str, text: str) -> None:
        """As the port says."""
        form = {"api_id": self._key, "to": phone.removeprefix("+"), "msg": text, "json": "1"}
        if self._sender:
            form["from"] = self._sender
        answer = await self._client.post("/sms/send", data=form)
        if answer.status >= _FAULT:
            raise NotReached(f"SMS.ru answered {answer.status}")
        code = _code(answer.body)
        if code == self._TAKEN:
            code = _code(_first(answer.body.get("sms")))
        if code is None:
            raise AnswerLost("SMS.ru's answer cannot be read")
        if code in self._PASSING:
            raise NotReached(f"SMS.ru cannot send now ({code})")
        if code != self._TAKEN:
            raise SmsRefused(f"SMS.ru refused it ({code})")


def _code(body: object) -> int | None:
    found = body.get("status_code") if isinstance(body, Mapping) else None
    return found if isinstance(found, int) else None


def _first(body: object) -> object:
    """What is said of the one phone that was asked for."""
    return next(iter(body.values()), None) if isinstance(body, Mapping) else None


_SERVICES: Mapping[SmsProvider, Callable[[OutboundClient, str, str | None], SmsService]] = {"sms_ru": SmsRu}


def sms_service(provider: SmsProvider, client: OutboundClient, key: str, sender: str | None) -> SmsService:
    """The service of that name."""
    return _SERVICES[provider](client, key, sender)
