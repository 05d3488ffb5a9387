"""The verbs of the graph: ``link`` reads a source, ``look`` shows what was read, ``merging`` decides which names are one."""

from kamhub.desk.graph.actions.linking import link, refresh, refresh_all

__all__ = ["link", "refresh", "refresh_all"]
