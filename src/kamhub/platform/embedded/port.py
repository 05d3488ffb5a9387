"""Choosing a TCP port on the loopback address."""

from __future__ import annotations

import random
import socket

from kamhub.platform.embedded.address import HOST
from kamhub.platform.embedded.types import EmbeddedDatabaseError

# Below the range from which systems take ports for outgoing connections: one of those could otherwise sit on
# our port while the server restarts.
_RANGE = range(15432, 32000)


def is_free(port: int) -> bool:
    """True when nothing listens on `port` of the loopback address."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """A port on which nothing listens. Raises EmbeddedDatabaseError when none is found."""
    for _ in range(200):
        port = random.choice(_RANGE)  # noqa: S311 - not a secret
        if is_free(port):
            return port
    raise EmbeddedDatabaseError(f"no free port was found between {_RANGE.start} and {_RANGE.stop}")
