"""What the graph works with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from kamhub.desk.graph.model import LanguageModel, model_of
from kamhub.hub.services import Hub
from kamhub.platform.settings import Settings


class Services(Protocol):
    """The hub, and the language model that reads for the graph, if there is one."""

    @property
    def hub(self) -> Hub:
        """The services of the hub."""
        ...

    @property
    def model(self) -> LanguageModel | None:
        """Reads beside the rules; None: the rules read alone."""
        ...


@dataclass(frozen=True, slots=True)
class Graphing:
    """The same as a record."""

    hub: Hub
    model: LanguageModel | None = None


def graphing(hub: Hub, settings: Settings) -> Graphing:
    """The services as the settings have them."""
    return Graphing(hub, model_of(settings))
