"""What the doctor finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: well, or not; ``note`` is well enough, with something to know."""

    name: str
    ok: bool
    detail: str
    note: bool = False


def weak(name: str, detail: str, *, production: bool) -> Finding:
    """A weakness: a fault in production, something to know in development."""
    return Finding(name, not production, detail, note=not production)
