"""What a process tells of itself as the system sees it, whichever of ours it is."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Info, ProcessCollector, generate_latest

import kamhub
from kamhub.platform.monitoring.sentry import Part


def process_text(part: Part) -> bytes:
    """Version, processor time, memory, open files and the moment it was started, in Prometheus' text format."""
    registry = CollectorRegistry()
    ProcessCollector(namespace="kamhub", registry=registry)
    build = Info("kamhub_build", "Which program this is.", registry=registry)
    build.info({"version": kamhub.__version__, "part": part})
    return generate_latest(registry)
