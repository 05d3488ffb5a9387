"""What can be wrong with the database, told in one sentence."""

from __future__ import annotations

from kamhub.kit.errors import Refusal
from kamhub.kit.text import mark


class DatabaseUnavailable(Refusal):
    code = "database_unavailable"
    status = 503
    title = mark("The database cannot be reached right now; try again in a moment")

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"Retry-After": "2"})


class DatabaseUnsuitable(Exception):
    """The server answers but is not one this product runs on: too old, no pgvector, a schema of another version."""
