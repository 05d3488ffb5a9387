"""Pure decisions of search: whether the best that was found is an answer."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signals:
    """What tells an answer from what only looks like one, each 0 to 1. None of them depends on which model is set.

    ``unsaid`` is what the first pieces together leave out: how much of the question that one of its words tells which they say
    least of; ``unsaid_by_one`` the same of the one piece that leaves out least. ``together`` is how much of the question stands
    close together in a piece, times the cosine of its nearest sentence, of the best of them; ``kind`` is 1 unless the question asks
    for a price, a time or a number and the first piece has none.
    """

    unsaid: float
    unsaid_by_one: float
    together: float
    kind: float


# Learned by logistic regression from the tuning half of the evaluation set, its near misses, its questions about other things, and the
# same questions with their evidence taken away. The constant is where 97 of 100 answerable questions of that half are answered.
WEIGHTS = Signals(unsaid=-1.26, unsaid_by_one=-7.83, together=5.18, kind=0.99)
CONSTANT = 1.33
GOOD_ENOUGH = 0.5

_FLAGS = re.IGNORECASE
_KINDS = (
    (
        re.compile(
            r"\b(?:стоит|стоят|цен[аеуы]|поч[её]м|плат|тариф|доплат|стоимост|комисси|cost|price|fee|fare|how much|charge|deposit|commission)",
            _FLAGS,
        ),
        re.compile(r"₽|руб|rouble|ruble|\brub\b|[$€%]|бесплат|процент|\bfree\b|percent|\d\s?р\b", _FLAGS),
    ),
    (
        re.compile(
            r"\b(?:когда|во сколько|какого числа|по каким дням|до скольки|when|what time|which (?:week)?days?|how late)\b",
            _FLAGS,
        ),
        re.compile(
            r"\d[:.]\d\d|\d{4}|час|минут|утр|вечер|ежеднев|недел|сут|дн[яейю]|hour|minute|daily|week|day|"
            r"понедельник|вторник|сред[аыу]|четверг|пятниц|суббот|воскрес|"
            r"январ|феврал|март|апрел|ма[йя]\b|июн|июл|август|сентябр|октябр|ноябр|декабр|"
            r"january|february|march|april|\bmay\b|june|july|august|september|october|november|december",
            _FLAGS,
        ),
    ),
    (re.compile(r"\b(?:сколько|how (?:many|far|long|old|heavy|high|deep))\b", _FLAGS), re.compile(r"\d")),
)


def has_what_is_asked(question: str, text: str) -> bool:
    """Whether a piece has a price, a time or a number in it, where the question asks for one of these."""
    for asks, has in _KINDS:
        if asks.search(question):
            return has.search(text) is not None
    return True


def confidence(signals: Signals) -> float:
    """How likely an answer is among the pieces that gave those signals, from 0 to 1."""
    total = (
        CONSTANT
        + signals.unsaid * WEIGHTS.unsaid
        + signals.unsaid_by_one * WEIGHTS.unsaid_by_one
        + signals.together * WEIGHTS.together
        + signals.kind * WEIGHTS.kind
    )
    return 1 / (1 + math.exp(-total))
