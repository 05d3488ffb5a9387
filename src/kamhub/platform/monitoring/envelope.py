"""What a browser, or the doctor, hands us for Sentry: envelopes, judged before they are passed on. Pure.

An envelope is a line of JSON about itself, then pairs of a line of JSON about an item and the item.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

MEDIA_TYPE = "application/x-sentry-envelope"
MOST_BYTES = 600_000
_LONGEST_LINE = 16_384
_MOST_ITEMS = 20
# What our own page sends: faults, traces, and replays of pages with their texts masked.
KINDS = frozenset({"event", "transaction", "replay_event", "replay_recording"})


class EnvelopeRefused(Exception):
    """It is not one of ours; the text says why."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where envelopes of a DSN go: ``origin`` (``https://host``), ``path`` below it, and the ``key`` that lets them in."""

    origin: str
    path: str
    key: str


def address_of(dsn: str) -> Address:
    """Of a DSN that ``check_dsn`` has accepted."""
    parts = urlsplit(dsn)
    before, _, number = parts.path.rpartition("/")
    host = parts.netloc.rpartition("@")[2]
    return Address(f"{parts.scheme}://{host}", f"{before}/api/{number}/envelope/", parts.username or "")


def judge(body: bytes, dsn: str) -> None:
    """Raises ``EnvelopeRefused`` for what is too long, cannot be read, is for another DSN, or no kind our pages send."""
    if len(body) > MOST_BYTES:
        raise EnvelopeRefused("too long")
    first, position = _line(body, 0)
    if first.get("dsn") != dsn:
        raise EnvelopeRefused("not for our project")
    items = 0
    while position < len(body):
        header, position = _line(body, position)
        items += 1
        if items > _MOST_ITEMS or header.get("type") not in KINDS:
            raise EnvelopeRefused("an item that our pages do not send")
        position = _end_of_item(body, position, header.get("length"))
    if not items:
        raise EnvelopeRefused("empty")


def _line(body: bytes, start: int) -> tuple[dict[str, Any], int]:
    """The JSON object of the line, and where the next begins."""
    end = body.find(b"\n", start)
    end = len(body) if end < 0 else end
    if end - start > _LONGEST_LINE:
        raise EnvelopeRefused("a line that is too long")
    try:
        found = json.loads(body[start:end])
    except (ValueError, RecursionError):
        raise EnvelopeRefused("not JSON") from None
    if not isinstance(found, dict):
        raise EnvelopeRefused("not an object")
    return found, end + 1


def _end_of_item(body: bytes, start: int, length: object) -> int:
    """Where the next item begins: after so many bytes, or after the line when the length is not told."""
    if length is None:
        end = body.find(b"\n", start)
        return len(body) if end < 0 else end + 1
    if not isinstance(length, int) or not 0 <= length <= len(body) - start:
        raise EnvelopeRefused("a length that is not")
    if body[start + length : start + length + 1] not in {b"", b"\n"}:
        raise EnvelopeRefused("a length that is not")
    return start + length + 1
