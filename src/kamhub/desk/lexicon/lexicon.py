"""The words of one organisation in memory, and which of them a question means."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice, takewhile

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from kamhub.desk.lexicon.meaning import lengths_of, unpacked
from kamhub.desk.lexicon.rules import has_meaning, sound_of
from kamhub.desk.lexicon.types import LexiconWord

DIMENSION = 512


@dataclass(slots=True)
class Lexicon:
    """The words some chunk has, in the order of their ids. ``chunks`` is how many chunks there are."""

    version: int
    chunks: int
    ids: NDArray[np.int64]
    stems: list[str]
    words: list[str]
    counts: NDArray[np.int64]
    meanings: NDArray[np.int8]
    at: dict[str, int] = field(init=False)
    sounds: list[str] = field(init=False)
    lengths: NDArray[np.float32] = field(init=False)
    ordered: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.at = {stem: index for index, stem in enumerate(self.stems)}
        self.sounds = [sound_of(word) if has_meaning(word) else "" for word in self.words]
        self.lengths = lengths_of(self.meanings)
        self.ordered = sorted(self.stems)

    @classmethod
    def of(cls, version: int, chunks: int, words: Sequence[LexiconWord]) -> Lexicon:
        """Made of rows of the table, by id."""
        return cls(
            version,
            chunks,
            np.array([word.id for word in words], dtype=np.int64),
            [word.stem for word in words],
            [word.word for word in words],
            np.array([word.chunks for word in words], dtype=np.int64),
            unpacked([word.vector for word in words], DIMENSION) if words else np.zeros((0, DIMENSION), np.int8),
        )

    def rarity(self, index: int | None) -> float:
        """How much a word tells (inverse document frequency, as BM25 has it); of one that is nowhere, the most there is."""
        having = int(self.counts[index]) if index is not None else 0
        return math.log(1 + (self.chunks - having + 0.5) / (having + 0.5))

    def sounding_like(self, form: str, least: float, most: int) -> Iterable[tuple[int, float]]:
        """``index, likeness`` of words that sound nearly like that: misspelt, or written in the other alphabet."""
        sound = sound_of(form)
        found = process.extract(
            sound, self.sounds, scorer=DamerauLevenshtein.normalized_similarity, score_cutoff=least, limit=most
        )
        return [(index, likeness) for _, likeness, index in found]

    def beginning_with(self, stem: str, most: int) -> list[int]:
        """Words that go on after that: the rest of a code or a name."""
        begin = bisect_left(self.ordered, stem)
        found = takewhile(lambda other: other.startswith(stem), islice(self.ordered, begin, begin + most + 1))
        places = [self.at[other] for other in found]
        return places if len(places) <= most else []
