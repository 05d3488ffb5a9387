"""Russian typed with the keyboard still on Latin letters: ``crjkmrj cnjbn`` for ``сколько стоит``."""

from __future__ import annotations

import re

from kamhub.desk.lexicon.rules import STOPS, stem_of
from kamhub.desk.lexicon.vocabulary import same_meaning

_KEYS = str.maketrans(
    "qwertyuiop[]asdfghjkl;'zxcvbnm,.`" + 'QWERTYUIOP{}ASDFGHJKL:"ZXCVBNM<>~',
    "йцукенгшщзхъфывапролджэячсмитьбюё" + "ЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭЯЧСМИТЬБЮЁ",
)
_LETTERS = re.compile(r"[a-z]{2,}|[а-яё]{2,}")


def as_meant(text: str) -> str:
    """What was meant: the same keys in Russian, if that makes known words of most of it and the text as it stands has none."""
    if not text.isascii() or _known(text)[0]:
        return text
    turned = text.translate(_KEYS)
    known, words = _known(turned)
    return turned if 2 * known > words else text


def _known(text: str) -> tuple[int, int]:
    """How many of its words everybody uses, and how many there are."""
    words = _LETTERS.findall(text.lower())
    return sum(word in STOPS or stem_of(word.replace("ё", "е")) in same_meaning() for word in words), len(words)
