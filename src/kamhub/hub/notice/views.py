"""A message as plain text and as HTML; the templates hold no words of their own."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from kamhub.hub.notice.types import NoticeText
from kamhub.kit.text import Locale


def as_text(notice: NoticeText) -> str:
    """For readers without HTML."""
    return _environment().get_template("notice.txt").render(notice=notice)


def as_html(notice: NoticeText, locale: Locale) -> str:
    """With inline styles, the only ones that mail programs keep."""
    return _environment().get_template("notice.html").render(notice=notice, locale=locale)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
