"""Pure decisions about what was read: the order it gives, and what it is worth."""

from __future__ import annotations

from collections.abc import Sequence

# Surer than that no verdict is taken for: a model that says 0 or 1 errs as well.
_DOUBT = 0.01


def in_order(relevance: Sequence[float], enough: float) -> list[int]:
    """The places of passages, the best first. ``relevance`` is in the order of the search.

    The odds that a passage answers, as it was read, are divided by its place: before anybody has read, the n-th of a search is
    about one n-th as likely to answer as the first. So a model that tells nothing apart changes nothing, a doubtful verdict moves a
    passage a little, and a clear one brings it to the front from anywhere.
    """

    def odds(place: int) -> float:
        likely = min(max(score(relevance[place], enough), _DOUBT), 1 - _DOUBT)
        return likely / (1 - likely) / (place + 1)

    return sorted(range(len(relevance)), key=odds, reverse=True)


def score(relevance: float, enough: float) -> float:
    """A relevance on the scale of the search, where 0.5 is enough whichever model reads."""
    if relevance < enough:
        return 0.5 * relevance / enough
    return 0.5 + 0.5 * (relevance - enough) / (1 - enough)
