"""Which embedders an installation has, by its settings."""

from __future__ import annotations

from kamhub.desk.embedding.local import LocalUse
from kamhub.desk.embedding.remote import RemoteEmbedder
from kamhub.desk.embedding.types import Embedder, Price
from kamhub.platform.settings import Settings


def embedders_of(settings: Settings) -> tuple[Embedder, ...]:
    """The API when one is set, and always the model that runs here, with both languages in one space."""
    if settings.embedding_base_url and settings.embedding_model:
        return (_remote(settings, settings.embedding_model, settings.embedding_dimensions), LocalUse())
    return (LocalUse(),)


def embedder_of(settings: Settings, model: str) -> Embedder | None:
    """The one that made vectors of that model; None when it cannot be asked any more."""
    if model == LocalUse.model:
        return LocalUse()
    name, _, dimension = model.rpartition(":")
    if not settings.embedding_base_url or not name or not dimension.isdecimal():
        return None
    return _remote(settings, name, int(dimension))


def price_of(settings: Settings) -> Price | None:
    """What the API takes; None where nothing is paid."""
    return Price(settings.embedding_price, settings.embedding_currency) if settings.embedding_base_url else None


def _remote(settings: Settings, name: str, dimension: int) -> RemoteEmbedder:
    key = settings.embedding_api_key
    return RemoteEmbedder(settings.embedding_base_url or "", name, dimension, key.get_secret_value() if key else None)
