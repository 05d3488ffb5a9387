"""Where objects live."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class S3Address:
    """Where the objects live and how to sign. ``endpoint`` None is Amazon's own."""

    bucket: str
    prefix: str
    region: str
    endpoint: str | None
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)

    @property
    def root(self) -> str:
        """What every key begins with: empty, or the prefix with a slash behind it."""
        prefix = self.prefix.strip("/")
        return f"{prefix}/" if prefix else ""
