"""What a contestant has to be able to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

Connection = AsyncConnection[TupleRow]
State = Literal["waiting", "running", "failed", "aborted"]

# Jobs a worker process runs at once, and connections each of its pools may open.
CONCURRENCY, POOL = 20, 5


@dataclass(frozen=True, slots=True)
class Ask:
    """A job to enqueue. Jobs of the same ``item`` are wanted in order; None has no order. ``seconds`` it takes."""

    kind: str
    number: int
    item: int | None = None
    seconds: float = 0.0
    tomorrow: bool = False


@dataclass(frozen=True, slots=True)
class Left:
    """A job that is not done, as the contestant's own tables tell it; ``error`` is the text kept of its failure."""

    state: State
    error: str | None = None


class Contestant(Protocol):
    """A way to run jobs on PostgreSQL."""

    @property
    def name(self) -> str:
        """Its column in the table."""

    @property
    def order(self) -> str:
        """Its means to keep the jobs of one item in order; empty when it has none."""

    def missing(self) -> str:
        """One sentence on how to install what it needs; empty when everything is there."""

    async def install(self, connection: Connection) -> None:
        """Make its tables in an empty database."""

    async def enqueue(self, connection: Connection, asks: Sequence[Ask]) -> None:
        """Insert the jobs in the caller's transaction, which the caller ends."""

    def program(self) -> list[str]:
        """Arguments of the interpreter that start a worker process; the address of the database comes after them."""

    def environment(self) -> Mapping[str, str]:
        """What its processes need beside the usual environment."""

    async def left(self, connection: Connection) -> dict[int, Left]:
        """By number, the jobs that it has not finished well."""
