"""``python -m eval.query_adapter``: learns how the vector of a question is turned towards what answers it, and writes it where the search takes it.

A matrix ``1 + A B`` of low rank, by gradient descent (AdamW) on the contrast between the sentence and the paper that answer a question
and those of the other questions of a batch. From the papers that are not held out; the same every time, but for rounding.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import kamhub.desk.embedding
from eval.papers import Paper, papers
from kamhub.desk.embedding.local import encode_words

Matrix = NDArray[np.float32]
WHERE = Path(kamhub.desk.embedding.__file__).parent / "query_adapter.npy"
_RANK, _ROUNDS, _BATCH = 256, 25, 2048
_RATE, _DECAY, _TEMPERATURE = 1e-3, 1e-2, 0.07
_PLAIN = 0.3  # of the questions in the paper's own words: they are found anyway
_AT_ONCE = 16


class _Learned:
    """A matrix with its AdamW."""

    def __init__(self, start: Matrix) -> None:
        self.now = start
        self._mean, self._square, self._steps = np.zeros_like(start), np.zeros_like(start), 0

    def step(self, gradient: Matrix, rate: float) -> None:
        self._steps += 1
        self._mean += 0.1 * (gradient - self._mean)
        self._square += 0.001 * (gradient**2 - self._square)
        mean, square = self._mean / (1 - 0.9**self._steps), self._square / (1 - 0.999**self._steps)
        self.now = self.now * (1 - rate * _DECAY) - rate * mean / (np.sqrt(square) + 1e-8)


def learn(chosen: Sequence[Paper]) -> Matrix:
    """What a question's vector (a row) is multiplied by."""
    texts: dict[str, int] = {}
    pairs = np.array([[texts.setdefault(each, len(texts)) for each in pair] for pair in _pairs(chosen)])
    plain = np.array([kind == "direct" for paper in chosen for kind in _kinds(paper)])
    vectors = _encoded(list(texts))
    chance = np.random.default_rng(2014)
    width = vectors.shape[1]
    bound = width**-0.5
    inner = _Learned(chance.uniform(-bound, bound, (width, _RANK)).astype(np.float32))
    outer = _Learned(np.zeros((_RANK, width), np.float32))
    rounds = [chance.permutation(np.flatnonzero(~plain | (chance.random(len(plain)) < _PLAIN))) for _ in range(_ROUNDS)]
    batches = [order[start : start + _BATCH] for order in rounds for start in range(0, len(order), _BATCH)]
    for number, batch in enumerate(batches):
        asked = vectors[pairs[batch, 0]]
        within = asked @ inner.now
        turned = asked + within @ outer.now
        length = np.linalg.norm(turned, axis=1, keepdims=True)
        unit = turned / length
        slope = sum(_slope(unit, vectors, pairs[batch, column]) for column in (1, 2))
        slope = (slope - (slope * unit).sum(1, keepdims=True) * unit) / length
        rate = _RATE * max(0.02, 1 - number / len(batches))
        by_outer, by_inner = within.T @ slope, asked.T @ (slope @ outer.now.T)
        outer.step(by_outer, rate)
        inner.step(by_inner, rate)
    return np.asarray(np.eye(width, dtype=np.float32) + inner.now @ outer.now, dtype=np.float32)


def _pairs(chosen: Sequence[Paper]) -> list[tuple[str, str, str]]:
    """Question, the sentence that answers, and the whole of what it stands in."""
    found = []
    for paper in chosen:
        whole = f"{paper.title}\n{paper.text}"
        found += [(question, sentence, whole) for question, _, _, sentence in paper.answered]
        found += [(question, answer, answer) for question, _, answer in paper.unanswered]
    return found


def _kinds(paper: Paper) -> list[str]:
    return [kind for _, kind, _, _ in paper.answered] + ["given" for _ in paper.unanswered]


def _encoded(texts: list[str]) -> Matrix:
    parts = [encode_words(texts[start : start + _AT_ONCE]) for start in range(0, len(texts), _AT_ONCE)]
    return np.concatenate(parts).astype(np.float32)


def _slope(unit: Matrix, vectors: Matrix, answers: NDArray[Any]) -> Matrix:
    """How the loss changes with the turned questions: cross entropy of each with the answers of the batch, its own the right one."""
    there = vectors[answers]
    scores = unit @ there.T / _TEMPERATURE
    scores[(answers[:, None] == answers[None, :]) & ~np.eye(len(answers), dtype=bool)] = -1e4
    scores -= scores.max(axis=1, keepdims=True)
    likely = np.exp(scores)
    likely /= likely.sum(axis=1, keepdims=True)
    likely[np.diag_indices_from(likely)] -= 1
    return np.asarray(likely @ there / (_TEMPERATURE * len(answers)), dtype=np.float32)


async def main() -> None:
    """Learn it and write it."""
    matrix = await asyncio.to_thread(learn, [paper for paper in papers() if not paper.held_out])
    await asyncio.to_thread(np.save, WHERE, matrix.astype(np.float16))


if __name__ == "__main__":
    asyncio.run(main())
