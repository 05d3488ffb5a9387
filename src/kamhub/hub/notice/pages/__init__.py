"""Pages of messages: the log, the operator's own words, the settings; and for travellers, how they are told."""

from litestar.handlers import HTTPRouteHandler

from kamhub.hub.notice.pages import log, settings, templates, traveller

HANDLERS: tuple[HTTPRouteHandler, ...] = (
    *log.HANDLERS,
    *templates.HANDLERS,
    *settings.HANDLERS,
    *traveller.HANDLERS,
)
