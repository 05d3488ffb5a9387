"""Columns of encrypted secrets, and what their rotation did."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EncryptedColumn:
    """Where secrets are kept: names of this program only, never of a caller. ``key`` are the columns of the primary key."""

    table: str
    key: tuple[str, ...]
    column: str

    def __str__(self) -> str:
        return f"{self.table}.{self.column}"


@dataclass(frozen=True, slots=True)
class Rotation:
    """How many secrets were encrypted anew, were current already, and could not be read with any key that is known."""

    rotated: int = 0
    current: int = 0
    unreadable: int = 0

    def __add__(self, other: Rotation) -> Rotation:
        return Rotation(self.rotated + other.rotated, self.current + other.current, self.unreadable + other.unreadable)
