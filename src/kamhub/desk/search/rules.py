"""Pure decisions of search: whether the best that was found is an answer."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Signals:
    """What tells an answer from what only looks like one, of the first pieces. None depends on which model is set: cosines are
    those of the one that is built in, with the question turned towards answers.

    ``unsaid`` is how much of the question that one of its words tells which the piece that leaves out least says least of, times
    the logarithm of how many pieces were looked at: where there are few, much goes unsaid in the words of the question. ``near`` is
    the cosine of the nearest piece, ``sentence`` of the nearest sentence; ``kind`` is 1 unless the question asks for a price, a time
    or a number and the first piece has none.
    """

    unsaid: float
    near: float
    sentence: float
    kind: float


# Learned by ``python -m eval.refusal`` from organisations of 3 to 60 papers and the tuning half of the evaluation set. The constant is where
# nine of ten answerable questions are answered in the smallest organisations of papers held out, and 98 of 100 of the tuning half.
WEIGHTS = Signals(unsaid=-0.84, near=6.11, sentence=4.79, kind=0.34)
CONSTANT = -1.52
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
    total = CONSTANT + sum(getattr(signals, each.name) * getattr(WEIGHTS, each.name) for each in fields(Signals))
    return 1 / (1 + math.exp(-total))
