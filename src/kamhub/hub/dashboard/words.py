"""What the ways are called on which bookings come."""

from __future__ import annotations

from collections.abc import Mapping

from kamhub.hub.booking.types import Channel
from kamhub.kit.text import Locale, mark
from kamhub.platform.i18n.catalogue import translator

_CHANNELS: Mapping[Channel, str] = {
    "page": mark("Web page"),
    "api": mark("API"),
    "octo": mark("Resellers (OCTO)"),
    "mcp": mark("AI assistants"),
    "desk": mark("AI agent in a chat"),
    "staff": mark("Booked by staff"),
}


def channel_names(locale: Locale) -> dict[Channel, str]:
    """Every way by its name in that language."""
    words = translator(locale)
    return {channel: words.gettext(text) for channel, text in _CHANNELS.items()}
