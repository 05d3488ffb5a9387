"""Words of travel that stand for each other, in both languages: general vocabulary, kept as data beside this module."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from kamhub.desk.lexicon.rules import words_of


@cache
def same_meaning() -> Mapping[str, frozenset[str]]:
    """The stems that may stand for a stem, by that."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    text = files("kamhub.desk.lexicon").joinpath("vocabulary.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            group = {word.stem for word in words_of(line)}
            for stem in group:
                found[stem] |= group - {stem}
    return {stem: frozenset(others) for stem, others in found.items()}
