"""What the actions on people and organisations work with; made once a process and handed to handlers and jobs."""

from __future__ import annotations

from dataclasses import dataclass

from kamhub.kit.clock import Clock
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.database.pool import Database
from kamhub.platform.limit.limiter import Limiter


@dataclass(frozen=True, slots=True)
class People:
    """The services. ``limiter`` is None where limits are switched off; ``public_url`` has no trailing slash."""

    database: Database
    clock: Clock
    keys: KeyRing
    limiter: Limiter | None = None
    public_url: str = ""
    production: bool = False
