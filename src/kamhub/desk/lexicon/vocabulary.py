"""Words of travel that stand for each other, in both languages: general vocabulary, kept as data beside this module.

``vocabulary.txt`` is the short list of what travellers ask most; ``thesaurus/`` is the long one, a file a theme. One format:
a line a meaning, single words, ``# --`` headings.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from kamhub.desk.lexicon.rules import words_of

# How far a word of a line says what another says. In the long list a word stands in many lines, and the more of them the less likely
# any one is meant. Chosen on the tuning half of the evaluation set, with the short list and without it.
IN_THE_SHORT_LIST, IN_THE_LONG_LIST = 0.65, 0.5


@cache
def same_meaning() -> Mapping[str, Mapping[str, float]]:
    """The stems that may stand for a stem, and how far each does, by that."""
    found: defaultdict[str, dict[str, float]] = defaultdict(dict)
    here = files("kamhub.desk.lexicon")
    short = list(_lines(here / "vocabulary.txt"))
    long = [line for source in (here / "thesaurus").iterdir() for line in _lines(source)]
    times = Counter(stem for line in long for stem in line)
    for line in long:
        for stem in line:
            for other in line - {stem}:
                found[stem][other] = IN_THE_LONG_LIST / math.sqrt(times[stem])
    for line in short:
        for stem in line:
            found[stem].update(dict.fromkeys(line - {stem}, IN_THE_SHORT_LIST))
    return dict(found)


def _lines(source: Traversable) -> Iterator[frozenset[str]]:
    """The stems of every line of a file of words."""
    if source.name.endswith(".txt"):
        for line in source.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                yield frozenset(word.stem for word in words_of(line))
