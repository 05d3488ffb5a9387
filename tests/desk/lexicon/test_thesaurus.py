"""The thesaurus as data: what a line may be, that lines are tight, and that the reader knows them all."""

from __future__ import annotations

import re
import time
from collections import Counter
from pathlib import Path

import pytest

from kamhub.desk.lexicon import rules, vocabulary

FOLDER = Path(vocabulary.__file__).with_name("thesaurus")
FILES = sorted(FOLDER.iterdir())
RUSSIAN, ENGLISH = re.compile(r"[а-яё]+(-[а-яё]+)*"), re.compile(r"[a-z]+(-[a-z]+)*")
FEWEST_WORDS, MOST_WORDS, MOST_LINES_OF_A_WORD = 2, 20, 8


def lines_of(file: Path) -> list[str]:
    return [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]


LINES = [line for file in FILES for line in lines_of(file)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_file_is_a_theme_under_headings(file: Path) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*\.txt", file.name)
    text = file.read_text(encoding="utf-8")
    assert text.startswith("# -- ") and text.endswith("\n")
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert all(re.fullmatch(r"# -- [a-z ,]+", heading) for heading in headings)
    assert len(set(headings)) == len(headings)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_line_is_one_meaning_in_both_languages(file: Path) -> None:
    wrong = []
    for line in lines_of(file):
        words = line.split()
        russian = [word for word in words if RUSSIAN.fullmatch(word)]
        english = [word for word in words if ENGLISH.fullmatch(word)]
        stems = [word.stem for word in rules.words_of(line)]
        fits = FEWEST_WORDS <= len(words) <= MOST_WORDS and len(russian) + len(english) == len(words)
        # A word that says nothing, or one more form of a word that is there, is a word the reader does nothing with.
        if not (fits and russian and english and len(set(stems)) == len(stems) >= len(words)):
            wrong.append(line)
    assert wrong == []


def test_no_line_is_there_twice() -> None:
    counts = Counter(frozenset(word.stem for word in rules.words_of(line)) for line in LINES)
    assert [sorted(stems) for stems, lines in counts.items() if lines > 1] == []


def test_no_word_means_too_much() -> None:
    counts = Counter(word.stem for line in LINES for word in rules.words_of(line))
    assert {stem: lines for stem, lines in counts.items() if lines > MOST_LINES_OF_A_WORD} == {}


@pytest.mark.parametrize(
    ("one", "opposite"),
    [
        ("можно", "запрещено"), ("allowed", "forbidden"), ("разрешить", "запретить"), ("allowed", "запрещено"),
        ("дешёвый", "дорогой"), ("cheap", "expensive"), ("cheap", "дорогой"), ("бесплатный", "платный"),
        ("ранний", "поздний"), ("early", "late"), ("большой", "маленький"), ("big", "small"), ("fast", "slow"),
        ("полный", "пустой"), ("full", "empty"), ("горячий", "холодный"), ("warm", "cold"), ("safe", "dangerous"),
        ("безопасный", "опасный"), ("лёгкий", "трудный"), ("easy", "hard"), ("новый", "старый"), ("clean", "dirty"),
        ("near", "far"), ("близко", "далеко"), ("открыть", "закрыть"), ("open", "close"), ("начать", "закончить"),
        ("arrive", "depart"), ("приехать", "уехать"), ("отправить", "получить"), ("включить", "исключить"),
        ("include", "exclude"), ("посадка", "высадка"), ("pickup", "dropoff"), ("взрослый", "ребёнок"),
        ("maximum", "minimum"), ("inbound", "outbound"), ("водитель", "автобус"), ("driver", "bus"),
    ],
)  # fmt: skip
def test_opposites_do_not_stand_for_each_other(one: str, opposite: str) -> None:
    here, there = rules.stem_of(one.replace("ё", "е")), rules.stem_of(opposite.replace("ё", "е"))
    together = [line for line in LINES if {here, there} <= {word.stem for word in rules.words_of(line)}]
    assert together == []


def test_the_reader_knows_every_line() -> None:
    meanings = vocabulary.same_meaning()
    for line in LINES:
        first, *others = (word.stem for word in rules.words_of(line))
        assert set(others) <= meanings[first].keys()
    # What only the short list has is there too.
    assert rules.stem_of("luggage") in meanings[rules.stem_of("багаж")]
    assert vocabulary.same_meaning() is meanings


def test_it_is_read_in_no_time() -> None:
    rules.stem_of.cache_clear()
    before = time.process_time()
    vocabulary.same_meaning.__wrapped__()
    assert time.process_time() - before < 0.3
