"""Start the stand-in: ``python -m kamhub.app.demo.cloudpayments --help``."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Sequence

from .server import Standin
from .settings import StartRefused, read_settings
from .store import DataFileUnusable

_REFUSED = 2


def main(argv: Sequence[str]) -> int:
    """Run until SIGTERM or SIGINT and give the exit status: 0, or 2 when the start is refused."""
    asked_to_stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: asked_to_stop.set())
    try:
        settings = read_settings(argv, os.environ)
        standin = Standin(settings)
    except (StartRefused, DataFileUnusable) as refusal:
        print(refusal, file=sys.stderr)
        return _REFUSED
    except OSError as error:
        print(f"Cannot listen: {error}.", file=sys.stderr)
        return _REFUSED
    standin.start()
    print(f"ready {standin.base_url}", flush=True)
    asked_to_stop.wait()
    standin.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
