"""Log lines: JSON in production, readable in development. Ids only, never a name, phone, e-mail, token or body.

Whatever gets into a line nevertheless, as in the words of a library's error, is masked before it is written.
"""

from __future__ import annotations

import logging
import sys

import structlog
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from kamhub.platform.monitoring.masks import mask_event
from kamhub.platform.monitoring.sentry import tell_logged
from kamhub.platform.settings import Settings


def note_retry(details: RetryDetails) -> None:
    """A call to another system is tried again; without what it was called with, which is people's."""
    structlog.get_logger("kamhub.retry").warning(
        "retry", call=details.name, number=details.retry_num, error=type(details.caused_by).__name__
    )


def configure_logging(settings: Settings) -> None:
    """Send everything, the libraries' lines too, to standard error in one shape."""
    set_on_retry_hooks([note_retry])  # the library's own would log the arguments of the call
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        tell_logged,
        # Here and not in the renderer, so that a trace is a text by the time it is masked; without the local variables.
        structlog.processors.format_exc_info,
    ]
    renderer: structlog.types.Processor = structlog.processors.JSONRenderer()
    if not settings.production:
        renderer = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, mask_event, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        # A handler of the library's own would write past the masks.
        library = logging.getLogger(name)
        library.handlers, library.propagate, library.disabled = [], True, False
    for noisy in ("httpx", "httpcore", "psycopg.pool", "uvicorn.error", "procrastinate", "fontTools"):
        logging.getLogger(noisy).setLevel(max(level, logging.WARNING))
