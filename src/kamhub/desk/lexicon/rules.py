"""From text to words: what is one, what its stem is, which of them say nothing, and how words are alike."""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files

from Stemmer import Stemmer

from kamhub.desk.lexicon.types import Word

MOST_LETTERS = 64
_THOUSANDS = re.compile(r"(?<![0-9])([0-9]{1,3})((?:[ \u00a0\u202f][0-9]{3})+)(?![0-9])")
_RUN = re.compile(r"[^\W_]+")
_SENTENCE_END = re.compile(r"(?<=[.!?;:])\s+|\n+")
_SHORTEST_SENTENCE, _LONGEST_SENTENCE, _MOST_SENTENCES = 30, 400, 16
_CYRILLIC = re.compile(r"[а-я]+")
_LATIN = re.compile(r"[a-z]+")

_per_thread = threading.local()


def words_of(text: str) -> Iterator[Word]:
    """The words of a text in their order, those that say nothing left out.

    Small letters, ё as е, compatibility forms made plain; ``12 500`` is one word, ``Петропавловск-Камчатский`` is two.
    """
    plain = unicodedata.normalize("NFKC", text).lower().replace("ё", "е")
    plain = _THOUSANDS.sub(lambda found: found[1] + re.sub(r"\D", "", found[2]), plain)
    for found in _RUN.finditer(plain):
        form = found.group()[:MOST_LETTERS]
        if form not in STOPS:
            yield Word(stem_of(form), form)


def sentences_of(text: str) -> list[str]:
    """A text in sentences: lines and what ends with a full stop; what is too short to say anything goes with the next."""
    found: list[str] = []
    kept = ""
    for part in _SENTENCE_END.split(text):
        kept = f"{kept} {part.strip()}".strip()
        if len(kept) >= _SHORTEST_SENTENCE:
            found.append(kept[:_LONGEST_SENTENCE])
            kept = ""
    if kept:
        found.append(kept[:_LONGEST_SENTENCE])
    return found[:_MOST_SENTENCES]


@lru_cache(maxsize=100_000)
def stem_of(form: str) -> str:
    """What all forms of a word have in common; codes and numbers are what they are."""
    if _CYRILLIC.fullmatch(form):
        return str(_stemmer("russian").stemWord(form))
    if _LATIN.fullmatch(form):
        return str(_stemmer("english").stemWord(form))
    return form


def _stemmer(language: str) -> Stemmer:
    # One of these is not to be used by two threads at once.
    kept: dict[str, Stemmer] = _per_thread.__dict__
    if language not in kept:
        kept[language] = Stemmer(language)
    return kept[language]


# Words that hold a sentence together and those by which anybody asks anything: they say nothing about what is asked.
STOPS = frozenset(
    files("kamhub.desk.lexicon").joinpath("stop_words.txt").read_text(encoding="utf-8").replace("ё", "е").split()
)


def has_meaning(form: str) -> bool:
    """Whether it is a word of a language, not a number or a code."""
    return len(form) > 1 and (_CYRILLIC.fullmatch(form) or _LATIN.fullmatch(form)) is not None


_SOUNDS = str.maketrans(
    {
        "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ж": "zh", "з": "z", "и": "i", "й": "i", "к": "k",
        "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "kh",
        "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya",
    }
)  # fmt: skip
# The same sound written by the several ways there are of writing Russian in Latin letters.
_SAME = (
    ("iu", "yu"),
    ("ju", "yu"),
    ("ia", "ya"),
    ("ja", "ya"),
    ("j", "i"),
    ("y", "i"),
    ("shch", "sh"),
    ("kh", "h"),
    ("x", "ks"),
    ("w", "v"),
)


@lru_cache(maxsize=100_000)
def sound_of(form: str) -> str:
    """How a word sounds, in Latin letters, whichever alphabet and way of writing it came in."""
    sound = form.translate(_SOUNDS)
    for written, same in _SAME:
        sound = sound.replace(written, same)
    return re.sub(r"(.)\1+", r"\1", sound)
