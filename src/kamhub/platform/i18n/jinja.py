"""A Jinja environment that speaks one language: its words, its way to write dates and money."""

from __future__ import annotations

from functools import partial

from jinja2 import BaseLoader, Environment, StrictUndefined, select_autoescape

from kamhub.kit.phone import format_phone
from kamhub.kit.text import Locale, Names
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.formats import Formats

_FORMATS = (
    "money",
    "number",
    "time",
    "day",
    "day_short",
    "day_with_year",
    "month_name",
    "weekday",
    "weekday_short",
    "moment",
    "duration",
    "offset",
)


def jinja_environment(loader: BaseLoader, locale: Locale) -> Environment:
    """Strict, and autoescaped but for ``.txt``; ``_()`` and ``ngettext()``, a filter for each of ``Formats``.

    Besides: ``named`` gives a ``Names`` in the language, ``phone`` an E.164 number for the eye.
    """
    environment = Environment(
        loader=loader,
        autoescape=select_autoescape(disabled_extensions=("txt",), default=True),
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    words = translator(locale)
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        words.gettext, words.ngettext, newstyle=True, pgettext=words.pgettext, npgettext=words.npgettext
    )
    formats = Formats(locale)
    environment.filters.update({name: getattr(formats, name) for name in _FORMATS})
    environment.filters.update(named=partial(Names.in_locale, locale=locale), phone=format_phone)
    environment.globals["locale"] = locale
    return environment
