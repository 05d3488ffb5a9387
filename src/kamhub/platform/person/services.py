"""What the actions on people work with; made once a process and handed to every handler."""

from __future__ import annotations

from dataclasses import dataclass

from kamhub.kit.clock import Clock
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.database.pool import Database


@dataclass(frozen=True, slots=True)
class People:
    """The services of this feature."""

    database: Database
    clock: Clock
    keys: KeyRing
