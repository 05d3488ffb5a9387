"""How well pieces answer a question, from the words they share and from the nearness of their vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from kamhub.desk.lexicon.lexicon import DIMENSION, Lexicon
from kamhub.desk.lexicon.meaning import Matrix, likeness
from kamhub.desk.search.types import Arm
from kamhub.desk.search.understanding import Understood

Numbers = NDArray[np.float64]
_HEADER = (
    20  # bytes before the first element of an array on the wire; then each is four bytes of length and four of number
)
_NO_SPREAD = 1e-6
WINDOW, STEP = 24, 8  # words that are looked at together, and how far apart such stretches begin


def words_on_the_wire(data: bytes) -> NDArray[np.int64]:
    """The numbers of an ``integer[]`` without NULLs as the server sends it (array_send)."""
    return np.frombuffer(data, dtype=">i4", offset=min(_HEADER, len(data)))[1::2].astype(np.int64)


@dataclass(frozen=True, slots=True)
class Texts:
    """The words of several pieces, one after the other: places in the lexicon, and where each piece begins."""

    places: NDArray[np.int64]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, pieces: Sequence[bytes], lexicon: Lexicon) -> Texts:
        """``pieces`` as the wire has them. A word the lexicon does not know yet is like nothing."""
        arrays = [words_on_the_wire(piece) for piece in pieces]
        starts = np.cumsum([0, *(len(array) for array in arrays)])
        ids = np.concatenate(arrays) if arrays else np.zeros(0, np.int64)
        places = np.searchsorted(lexicon.ids, ids)
        places[places == len(lexicon.ids)] = 0
        known = lexicon.ids[places] == ids if len(lexicon.ids) else np.zeros(len(ids), bool)
        return cls(np.where(known, places, len(lexicon.ids)), starts)


def best_in_each(understood: Understood, texts: Texts) -> Numbers:
    """For every piece (a line) how well its best word says each word of the question (a column)."""
    pieces = len(texts.starts) - 1
    found = np.zeros((pieces, len(understood.words)))
    filled = np.flatnonzero(np.diff(texts.starts))
    if len(filled):
        alike = np.pad(understood.alike, ((0, 0), (0, 1)))[:, texts.places]
        found[filled] = np.maximum.reduceat(alike, texts.starts[filled], axis=1).T
    return found


def together(understood: Understood, texts: Texts) -> Numbers:
    """For every piece how much of the question stands close together in it, as a share of what the words tell."""
    total = float(understood.rarity.sum())
    lengths = np.diff(texts.starts)
    found = np.zeros(len(lengths))
    if total == 0 or not len(texts.places):
        return found
    # Stretches of every piece, one beginning every few words; of a short piece there is one.
    counts = np.where(lengths > 0, np.maximum(1, -(-(lengths - WINDOW) // STEP) + 1), 0)
    owners = np.repeat(np.arange(len(lengths)), counts)
    nth = np.arange(len(owners)) - np.repeat(np.cumsum(counts) - counts, counts)
    begins = texts.starts[owners] + nth * STEP
    ends = np.minimum(begins + WINDOW, texts.starts[owners + 1])
    # One column more, so that every end is a place; of each pair the first result is the stretch.
    alike = np.pad(np.pad(understood.alike, ((0, 0), (0, 1)))[:, texts.places], ((0, 0), (0, 1)))
    said = np.maximum.reduceat(alike, np.column_stack((begins, ends)).ravel(), axis=1)[:, ::2]
    np.maximum.at(found, owners, understood.rarity @ said / total)
    return found


def best_sentences(question: Matrix, pieces: Sequence[bytes]) -> Numbers:
    """For every piece the cosine of its nearest sentence with the question."""
    counts = [len(piece) // DIMENSION for piece in pieces]
    found = np.zeros(len(pieces))
    filled = np.flatnonzero(counts)
    if len(filled):
        rows = np.frombuffer(b"".join(pieces), dtype=np.int8).reshape(-1, DIMENSION)
        starts = np.cumsum([0, *counts])[:-1]
        found[filled] = np.maximum.reduceat(likeness(question, rows)[0], starts[filled])
    return found


def covered(understood: Understood, best: Numbers) -> Numbers:
    """How much of the question each piece says, as a share of what its words tell."""
    total = float(understood.rarity.sum())
    return np.zeros(len(best)) if total == 0 else np.asarray(best @ understood.rarity / total, dtype=np.float64)


def standing_out(numbers: Numbers) -> Numbers:
    """How far each stands out of all, in standard deviations; one that is not known (NaN) does not."""
    known = numbers[~np.isnan(numbers)]
    spread = float(known.std()) if len(known) else 0.0
    if spread < _NO_SPREAD:
        return np.zeros(len(numbers))
    return np.asarray(np.nan_to_num((numbers - known.mean()) / spread), dtype=np.float64)


def standing_out_in_its_language(numbers: Numbers, languages: Sequence[str]) -> Numbers:
    """The same among those of one language: a model that prefers the language of the question says nothing by that."""
    found = np.zeros(len(numbers))
    kinds = np.array(languages)
    for language in set(languages):
        mine = np.flatnonzero(kinds == language)
        found[mine] = standing_out(numbers[mine])
    return found


@dataclass(frozen=True, slots=True)
class Looked:
    """What was looked at of each piece, a number a piece in every array. ``near`` has the cosines by model, NaN without a
    vector."""

    ids: tuple[UUID, ...]
    languages: tuple[str, ...]
    best: Numbers
    covered: Numbers
    together: Numbers
    near: Mapping[str, Numbers]
    sentences: Numbers

    def arms(self, aligned: str) -> dict[Arm, Numbers]:
        """What each arm says of every piece; ``aligned`` is the model that has both languages in one space."""
        others = [
            standing_out_in_its_language(near, self.languages) for model, near in self.near.items() if model != aligned
        ]
        found: dict[Arm, Numbers] = {
            "words": standing_out(self.covered) + standing_out(self.together),
            "aligned": standing_out(self.sentences),
        }
        if aligned in self.near:
            found["aligned"] = found["aligned"] + standing_out(self.near[aligned])
        if others:
            found["meaning"] = np.asarray(np.mean(others, axis=0))
        return found


# Chosen on the tuning half of the evaluation set and the papers held out; a quarter more or less changes two questions of a hundred.
_WEIGHTS: Mapping[Arm, float] = {"words": 1.25, "meaning": 1.0, "aligned": 1.5}


def ordered(arms: Mapping[Arm, Numbers]) -> tuple[NDArray[np.int64], Numbers]:
    """The places of the pieces, the best first, and how far each stands out."""
    total = np.sum([_WEIGHTS[arm] * numbers for arm, numbers in arms.items()], axis=0)
    return np.argsort(-total, kind="stable"), total
