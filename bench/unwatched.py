"""The same web process without what watching costs a request: no metrics are counted and no line of a request is written.

Run as ``python -m bench.unwatched --port N --share-port``; shows what watching costs.
"""

from __future__ import annotations

import sys
from typing import Any

from kamhub.app.cli import app
from kamhub.hub.seats.engine import SeatEngine
from kamhub.platform.web.edge import Edge


def nothing(*_: Any) -> None:
    """Count nothing, write nothing."""


if __name__ == "__main__":
    SeatEngine._count = nothing  # type: ignore[method-assign,assignment]
    Edge._account = nothing  # type: ignore[method-assign,assignment]
    app(["web", *sys.argv[1:]])
