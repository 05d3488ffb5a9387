"""Presets and the refusal."""

from __future__ import annotations

from dataclasses import dataclass

from kamhub.kit.errors import Refusal
from kamhub.kit.text import mark


class RateLimited(Refusal):
    code = "rate_limited"
    status = 429
    title = mark("Too many requests; wait a moment and try again")


class LimiterUnavailable(Refusal):
    code = "limiter_unavailable"
    status = 503
    title = mark("Sign-in is closed for a moment, because attempts cannot be counted")


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left to a caller: ``limit`` in ``window`` seconds, ``remaining`` now, one more in ``reset`` seconds."""

    limit: int
    window: int
    remaining: int
    reset: int

    def headers(self) -> list[tuple[bytes, bytes]]:
        """``RateLimit-*`` fields (draft-ietf-httpapi-ratelimit-headers)."""
        return [
            (b"ratelimit-limit", str(self.limit).encode()),
            (b"ratelimit-policy", f"{self.limit};w={self.window}".encode()),
            (b"ratelimit-remaining", str(self.remaining).encode()),
            (b"ratelimit-reset", str(self.reset).encode()),
        ]
