"""The verbs of messages, a file a subject."""

from kamhub.hub.notice.actions.telling import SEND, tell

__all__ = ["SEND", "tell"]
