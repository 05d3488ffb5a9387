"""The gettext catalogues, read once."""

from __future__ import annotations

import gettext
from functools import cache
from pathlib import Path

from kamhub.kit.text import Locale

DOMAIN = "messages"
LOCALES_DIR = Path(__file__).parent / "locales"


@cache
def translator(locale: Locale) -> gettext.NullTranslations:
    """Translations of that language; English is the language of the messages themselves.

    Raises ``FileNotFoundError`` when the Russian catalogue has not been compiled.
    """
    if locale == "en":
        return gettext.NullTranslations()
    return gettext.translation(DOMAIN, LOCALES_DIR, [locale])
