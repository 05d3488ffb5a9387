"""Passing envelopes on to Sentry: the pages speak to us alone, and no address of a visitor goes along."""

from __future__ import annotations

import json
from datetime import datetime
from uuid import UUID

from kamhub.platform.monitoring import sentry
from kamhub.platform.monitoring.envelope import MEDIA_TYPE, address_of
from kamhub.platform.outbound.client import OutboundClient
from kamhub.platform.outbound.types import Answer

_SECONDS = 5.0


async def pass_on(envelope: bytes, dsn: str) -> Answer:
    """What Sentry says to it. Raises ``NotReached`` or ``AnswerLost``."""
    to = address_of(dsn)
    auth = f"Sentry sentry_version=7, sentry_client={sentry.release()}, sentry_key={to.key}"
    async with OutboundClient(to.origin, timeout_seconds=_SECONDS) as client:
        return await client.post_bytes(to.path, envelope, {"Content-Type": MEDIA_TYPE, "X-Sentry-Auth": auth})


async def send_trial(dsn: str, number: UUID, environment: str, now: datetime) -> Answer:
    """Send a fault that is none, under that id. Raises ``NotReached`` or ``AnswerLost``."""
    event = {
        "event_id": number.hex,
        "timestamp": now.timestamp(),
        "platform": "python",
        "level": "info",
        "environment": environment,
        "release": sentry.release(),
        "server_name": "doctor",
        "exception": {"values": [{"type": "TrialFault"}]},
    }
    lines = ({"event_id": number.hex, "sent_at": now.isoformat()}, {"type": "event"}, event)
    return await pass_on("\n".join(json.dumps(line) for line in lines).encode(), dsn)
