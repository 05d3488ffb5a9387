"""Whatever file was sent."""

from __future__ import annotations

from kamhub.hub.timetable.exchange import csv_file, gtfs_read
from kamhub.hub.timetable.exchange.types import MOST_BYTES, Feed, FileUnreadable


def read(content: bytes) -> Feed:
    """A ZIP file as a GTFS feed, anything else as a table. Raises ``FileUnreadable``."""
    if not content or len(content) > MOST_BYTES:
        raise FileUnreadable
    return gtfs_read.read(content) if content.startswith(b"PK") else csv_file.read(content)
