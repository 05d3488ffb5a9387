"""Pure decisions of search: how what was looked at becomes an order, and whether the best of it is an answer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

FUSION = 60.0  # of reciprocal-rank fusion (Cormack, Clarke, Büttcher 2009): how much the first places are preferred


def fused(places: Sequence[int | None], weights: Sequence[float]) -> float:
    """Weighted reciprocal-rank fusion of the places one piece has in several lists; None where it is in none."""
    return sum(
        weight / (FUSION + place) for place, weight in zip(places, weights, strict=True) if place is not None
    ) * (FUSION + 1)


def logistic(number: float) -> float:
    """From any number to one between 0 and 1."""
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, number))))


def weighed(signals: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """The sum of signals by their weights; the weight named ``constant`` stands alone."""
    return weights["constant"] + sum(signals[name] * weight for name, weight in weights.items() if name != "constant")
