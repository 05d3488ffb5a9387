"""What the state is called, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping

from kamhub.hub.integrity.store.promises import INVARIANTS
from kamhub.kit.text import Locale, mark
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.service_call.types import Service

_SERVICES: Mapping[Service, str] = {
    "cloudpayments": mark("Payment service (CloudPayments)"),
    "email": mark("Mail to travellers"),
    "telegram": mark("Telegram bot"),
    "sms": mark("Short messages"),
    "reranking": mark("Model that reads what the search finds"),
}
_PROMISES = {one.name: one.promise for one in INVARIANTS}


def service_name(service: Service, locale: Locale) -> str:
    """What a service is called."""
    return translator(locale).gettext(_SERVICES[service])


def promise(name: str, locale: Locale) -> str:
    """What is promised, as a part of a sentence; a promise of another version by its own name."""
    known = _PROMISES.get(name)
    return translator(locale).gettext(known) if known else name
