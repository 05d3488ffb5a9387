"""Sessions as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel

from kamhub.platform.session.types import Session, SessionKind


class SessionView(BaseModel):
    """One sign-in of the person who asks; ``current`` is the one they ask with."""

    id: UUID
    kind: SessionKind
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    address: str | None
    user_agent: str | None
    current: bool

    @classmethod
    def of(cls, session: Session, current: UUID) -> Self:
        """That session."""
        return cls(
            id=session.id,
            kind=session.kind,
            created_at=session.created_at,
            last_seen_at=session.last_seen_at,
            expires_at=session.expires_at,
            address=session.address,
            user_agent=session.user_agent,
            current=session.id == current,
        )


class SessionList(BaseModel):
    """Where the person is signed in, last used first; one page holds all."""

    items: list[SessionView]
    page: int
    page_size: int
    total: int
