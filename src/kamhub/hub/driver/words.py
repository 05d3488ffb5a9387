"""What languages are called."""

from __future__ import annotations

from collections.abc import Iterable

import babel

from kamhub.kit.text import Locale

# Those travellers in Kamchatka speak most; any other code may be written down through the API.
OFFERED = ("ru", "en", "de", "fr", "es", "it", "zh", "ja", "ko")


def language_names(codes: Iterable[str], locale: Locale) -> dict[str, str]:
    """Each code by its name in that language; one that nobody knows by itself."""
    known = babel.Locale(locale).languages
    return {code: str(known.get(code, code)).capitalize() for code in codes}
