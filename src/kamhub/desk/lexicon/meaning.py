"""What single words mean, as vectors: one space for both languages."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kamhub.desk.embedding.local import encode_words

Matrix = NDArray[np.float32]
_SCALE = 127.0
_SLICE = 4_096  # rows that are made into larger numbers at once, so that they stay in the cache of the processor


def vectors_of(words: Sequence[str]) -> Matrix:
    """A row of length 1 a word. Takes a fraction of a millisecond each: to be called in a thread for more than a few."""
    return np.asarray(encode_words(list(words)), dtype=np.float32)


@lru_cache(maxsize=20_000)
def vector_of(word: str) -> Any:
    """The same of one word, kept: people ask with the same words again and again."""
    return vectors_of([word])[0]


def packed(matrix: Matrix) -> list[bytes]:
    """The rows as they are kept: a signed byte a dimension, the largest of a row being 127."""
    largest = np.maximum(np.abs(matrix).max(axis=1, keepdims=True), 1e-9)
    return [row.tobytes() for row in np.rint(matrix / largest * _SCALE).astype(np.int8)]


class KeptMeanings:
    """What words mean, packed; of the ``most`` met last it is kept, half a kilobyte each: all operators write with the same words."""

    def __init__(self, most: int = 20_000) -> None:
        self._most = most
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    async def of(self, words: Sequence[str]) -> dict[str, bytes]:
        """By word."""
        found = {word: self._kept[word] for word in words if word in self._kept}
        if new := list({word: None for word in words if word not in found}):
            found |= zip(new, packed(await asyncio.to_thread(vectors_of, new)), strict=True)
        for word, vector in found.items():
            self._kept[word] = vector
            self._kept.move_to_end(word)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return found


def unpacked(rows: Sequence[bytes], dimension: int) -> NDArray[np.int8]:
    """The rows again; an empty one is all zeros, which is like nothing."""
    blank = bytes(dimension)
    return np.frombuffer(b"".join(row or blank for row in rows), dtype=np.int8).reshape(len(rows), dimension)


def lengths_of(rows: NDArray[np.int8]) -> NDArray[np.float32]:
    """How long each row is; never 0."""
    found = np.empty(len(rows), dtype=np.float32)
    for start in range(0, len(rows), _SLICE):
        part = rows[start : start + _SLICE].astype(np.float32)
        found[start : start + _SLICE] = np.sqrt(np.einsum("ij,ij->i", part, part))
    return np.maximum(found, 1e-9)


def likeness(questions: Matrix, rows: NDArray[np.int8], lengths: NDArray[np.float32] | None = None) -> Matrix:
    """Cosines of every question (rows of length 1) with every row, a line a question. ``lengths`` are those of the rows, if known."""
    lengths = lengths_of(rows) if lengths is None else lengths
    found = np.empty((len(questions), len(rows)), dtype=np.float32)
    for start in range(0, len(rows), _SLICE):
        part = rows[start : start + _SLICE].astype(np.float32)
        found[:, start : start + _SLICE] = (questions @ part.T) / lengths[start : start + _SLICE]
    return found
