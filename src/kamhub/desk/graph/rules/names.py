"""What a name is known by: its stems, and how it sounds in Latin letters."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import snowballstemmer

MOST_KEY = 200
MOST_NAME = 200
_WORD = re.compile(r"[^\W_]+")
_CYRILLIC = re.compile(r"[а-яё]", re.IGNORECASE)
_MONEY = re.compile(
    r"(?:[$€₽]\s?\d[\d\s\u00a0\u202f.,]*)"
    r"|(?:\d[\d\s\u00a0\u202f]*(?:[.,]\d+)?\s?(?:(?:тыс|млн)\.?\s)?(?:₽|руб(?:л\w*)?\.?|р\.|rub\b|roubles?\b|usd\b|eur\b|dollars?\b|\$|€))",
    re.IGNORECASE,
)
_LATIN = dict(zip("абвгдезийклмнопрстуфцыэ", "abvgdeziiklmnoprstufcye", strict=True)) | {
    "ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ь": "", "ю": "yu", "я": "ya", "ё": "e",
}  # fmt: skip


class _Stemmer(Protocol):
    def stemWord(self, word: str) -> str: ...  # noqa: N802 - the library's name


_mine = threading.local()  # a stemmer keeps the word it works on: each thread has its own


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text, without case; where it begins and ends."""

    text: str
    stem: str
    start: int
    end: int
    capital: bool


def folded(word: str) -> str:
    """Small letters, with ё as people mostly write it."""
    return word.lower().replace("ё", "е")


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """The stem of a folded word, by Snowball: of Russian for Cyrillic, of English for the rest."""
    language = "russian" if _CYRILLIC.search(word) else "english"
    stemmer: _Stemmer | None = getattr(_mine, language, None)
    if stemmer is None:
        stemmer = snowballstemmer.stemmer(language)
        setattr(_mine, language, stemmer)
    return stemmer.stemWord(word)


def words(text: str) -> list[Word]:
    """The words of a text in their order."""
    found = []
    for match in _WORD.finditer(text):
        word = folded(match[0])
        found.append(Word(word, stem(word), match.start(), match.end(), match[0][0].isupper()))
    return found


def key_of(name: str) -> str:
    """The stems of a name with a blank between them; empty for what holds no word."""
    return " ".join(word.stem for word in words(name))[:MOST_KEY].strip()


def sound_of(name: str) -> str:
    """A name in Latin letters, so that Елизово and Yelizovo are alike."""
    latin = "".join(_LATIN.get(letter, letter) for word in words(name) for letter in (*word.text, " ")).strip()
    for written, simple in (("ye", "e"), ("yi", "i"), ("iy", "y"), ("ii", "y"), ("yy", "y"), ("ij", "y")):
        latin = latin.replace(written, simple)
    return latin


def without_money(text: str) -> str:
    """The text with every amount of money left out: the graph is no source of prices."""
    return _MONEY.sub("…", text)


def holds_money(text: str) -> bool:
    """Whether an amount of money is in it."""
    return _MONEY.search(text) is not None


def shown(name: str) -> str:
    """A name as it is kept: one line, no money, not longer than may be."""
    line = " ".join(without_money(name).split())
    return line if len(line) <= MOST_NAME else line[: MOST_NAME - 1].rstrip() + "…"
