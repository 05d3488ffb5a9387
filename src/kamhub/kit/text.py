"""Small helpers for text in two languages."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Literal

Locale = Literal["ru", "en"]
LOCALES: tuple[Locale, ...] = ("ru", "en")


@dataclass(frozen=True, slots=True)
class Names:
    """One name in both languages."""

    ru: str
    en: str

    def in_locale(self, locale: str) -> str:
        """The name in that language; Russian when the language is not known."""
        return self.en if locale == "en" else self.ru

    def as_json(self) -> dict[str, str]:
        """``{"ru": …, "en": …}``."""
        return {"ru": self.ru, "en": self.en}


def clean_line(text: str) -> str:
    """One line as a person meant it: composed characters, single blanks, no control characters."""
    composed = unicodedata.normalize("NFC", text)
    printable = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in composed)
    return " ".join(printable.split())


def clean_text(text: str) -> str:
    """Several lines, trimmed, without control characters other than the line break."""
    lines = (clean_line(line) for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    return "\n".join(lines).strip()


def mark(message: str) -> str:
    """Leaves a message as it is: marks one for the catalogue of translations where it is written but not yet shown."""
    return message
