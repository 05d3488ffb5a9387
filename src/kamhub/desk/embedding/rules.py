"""What is embedded of a piece, and what vectors are made of."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from kamhub.desk.embedding.types import Vector

MOST_CHARACTERS = 1_300  # of context and text together: a model reads no more of it, and takes its square in time
# What a token is in Russian and English text, on the average of common tokenisers: enough to tell what it will cost.
CHARACTERS_A_TOKEN = 3.0


def embedded_text(context: str, text: str) -> str:
    """The text of a piece as it is embedded: what stands above it, then itself; bounded, and valid in UTF-8."""
    whole = f"{context}\n{text}" if context else text
    return whole[:MOST_CHARACTERS].encode("utf-8", "replace").decode()


def unit(numbers: Sequence[float]) -> tuple[float, ...]:
    """The same direction with length 1. What has none, as a text without a word, gets the first one there is."""
    length = math.sqrt(math.fsum(number * number for number in numbers))
    if not math.isfinite(length) or length == 0.0:
        return (1.0, *(0.0 for _ in numbers[1:]))
    return tuple(number / length for number in numbers)


def as_text(vector: Vector) -> str:
    """A vector as the database reads it."""
    return "[" + ",".join(f"{number:.6g}" for number in vector) + "]"


def batches(texts: Sequence[str], size: int) -> Iterable[Sequence[str]]:
    """The same in order, at most ``size`` at a time."""
    for start in range(0, len(texts), size):
        yield texts[start : start + size]


def tokens_of(characters: int) -> int:
    """About how many tokens that many characters are."""
    return math.ceil(characters / CHARACTERS_A_TOKEN)


def price_of(tokens: int, price_per_million: int) -> int:
    """What that many tokens cost, in the unit of the price, rounded up."""
    return -(-tokens * price_per_million // 1_000_000)


def model_in_use(current: str, counts: Mapping[str, int], aligned: str) -> str:
    """The model whose vectors searches use beside those of ``aligned``: the one that is set, unless another has more of them still.

    ``counts`` are the vectors there are by model.
    """
    others = {model: count for model, count in counts.items() if model not in {current, aligned}}
    most = max(others, key=lambda model: (others[model], model), default=current)
    return most if others.get(most, 0) > counts.get(current, 0) else current
