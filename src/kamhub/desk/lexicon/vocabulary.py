"""Words of travel that stand for each other, in both languages: general vocabulary, kept as data beside this module.

``vocabulary.txt`` is the short list of what travellers ask most; ``thesaurus/`` is the long one, a file a theme. One format:
a line a meaning, single words, ``# --`` headings.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from kamhub.desk.lexicon.rules import words_of


@cache
def same_meaning() -> Mapping[str, frozenset[str]]:
    """The stems that may stand for a stem, by that."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for line in _lines():
        group = {word.stem for word in words_of(line)}
        for stem in group:
            found[stem] |= group - {stem}
    return {stem: frozenset(others) for stem, others in found.items()}


def _lines() -> Iterator[str]:
    here = files("kamhub.desk.lexicon")
    for source in (here / "vocabulary.txt", *(here / "thesaurus").iterdir()):
        if source.name.endswith(".txt"):
            for line in source.read_text(encoding="utf-8").splitlines():
                if line and not line.startswith("#"):
                    yield line
