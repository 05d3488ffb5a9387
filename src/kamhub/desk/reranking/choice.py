"""Which reranker an installation has, by its settings."""

from __future__ import annotations

from kamhub.desk.reranking.remote import RemoteReranker
from kamhub.desk.reranking.types import Reranker
from kamhub.platform.settings import Settings


def reranker_of(settings: Settings) -> Reranker | None:
    """The API that is set; None when none is: no such model runs here."""
    if not settings.reranking_url or not settings.reranking_model:
        return None
    key = settings.reranking_key.get_secret_value() if settings.reranking_key else None
    return RemoteReranker(
        settings.reranking_url,
        settings.reranking_model,
        key,
        settings.reranking_enough,
        settings.reranking_seconds,
    )
