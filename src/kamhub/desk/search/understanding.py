"""Which words of an organisation a question means, and how much each of its own tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from kamhub.desk.lexicon.lexicon import Lexicon
from kamhub.desk.lexicon.meaning import Matrix, likeness, vector_of
from kamhub.desk.lexicon.rules import has_meaning, stem_of, words_of
from kamhub.desk.lexicon.types import Word
from kamhub.desk.lexicon.vocabulary import same_meaning

# Cosines of two words of one meaning, in one language or two, begin at about the first number; of two that have nothing to do
# with each other they end there.
_UNLIKE, _ALIKE = 0.50, 0.95
_NOT_THE_SAME = 0.9  # a word of the same meaning is not the word
_A_NAME_FOR_IT = 0.95
_SOUNDS_ALIKE = 0.78
_MOST_MISSPELT = 6
_MOST_BEGUN = 20
_SHORTEST_MISSPELT = 4


# What one thing is called in two languages, as stems.
Names: TypeAlias = Sequence[tuple[tuple[str, ...], tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class Understood:
    """A question against a lexicon. ``alike[i, v]`` is from 0 to 1: how far word ``v`` of the lexicon says what word ``i`` of
    the question says. ``rarity`` is how much each word of the question tells. ``known``: the very word is there.
    """

    text: str
    words: tuple[Word, ...]
    alike: Matrix
    rarity: NDArray[np.float64]
    known: tuple[bool, ...]


def understand(text: str, lexicon: Lexicon, names: Names = ()) -> Understood:
    """``names`` are pairs of stems by which one thing is called in two languages."""
    words = tuple({word.stem: word for word in words_of(text)}.values())
    alike = np.zeros((len(words), len(lexicon.ids)), dtype=np.float32)
    if len(lexicon.ids):
        _by_meaning(words, lexicon, alike)
        for row, word in enumerate(words):
            _by_letters(word, lexicon, alike[row])
        _by_vocabulary(words, lexicon, alike)
        _by_name(words, lexicon, alike, names)
    places = [lexicon.at.get(word.stem) for word in words]
    # A word nobody wrote is as rare as the word that stands for it, so far as one does.
    rarity = []
    for row, place in enumerate(places):
        best = int(alike[row].argmax()) if place is None and len(lexicon.ids) else place
        rarity.append(lexicon.rarity(best if best is not None and alike[row, best] > 0.3 else None))
    return Understood(text, words, alike, np.array(rarity), tuple(place is not None for place in places))


def _by_meaning(words: Sequence[Word], lexicon: Lexicon, alike: Matrix) -> None:
    rows = [row for row, word in enumerate(words) if has_meaning(word.form)]
    if rows:
        cosines = likeness(np.stack([vector_of(words[row].form) for row in rows]), lexicon.meanings, lexicon.lengths)
        alike[rows] = np.clip((cosines - _UNLIKE) / (_ALIKE - _UNLIKE), 0, 1) * _NOT_THE_SAME


def _by_letters(word: Word, lexicon: Lexicon, alike: NDArray[np.float32]) -> None:
    place = lexicon.at.get(word.stem)
    if place is not None:
        alike[place] = 1.0
    elif any(letter.isdigit() for letter in word.form):
        for index in lexicon.beginning_with(word.stem, _MOST_BEGUN):
            alike[index] = max(alike[index], 0.8)
    elif len(word.form) >= _SHORTEST_MISSPELT:
        for index, likely in lexicon.sounding_like(word.form, _SOUNDS_ALIKE, _MOST_MISSPELT):
            alike[index] = max(alike[index], likely * _NOT_THE_SAME)


def _by_vocabulary(words: Sequence[Word], lexicon: Lexicon, alike: Matrix) -> None:
    others = same_meaning()
    for row, word in enumerate(words):
        for stem, likely in others.get(word.stem, {}).items():
            place = lexicon.at.get(stem)
            if place is not None:
                alike[row, place] = max(alike[row, place], likely)


def _by_name(
    words: Sequence[Word],
    lexicon: Lexicon,
    alike: Matrix,
    names: Names,
) -> None:
    asked = {word.stem: row for row, word in enumerate(words)}
    for one, other in (*names, *((there, here) for here, there in names)):
        if one and all(stem in asked for stem in one):
            for stem in one:
                for place in (lexicon.at.get(same) for same in other):
                    if place is not None:
                        alike[asked[stem], place] = max(alike[asked[stem], place], _A_NAME_FOR_IT)


def stems(text: str) -> tuple[str, ...]:
    """The stems of a name."""
    return tuple(stem_of(word.form) for word in words_of(text))
