"""Whether what was found is an answer, and how pieces are compared."""

from __future__ import annotations

import struct
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from kamhub.desk.search import ranking
from kamhub.desk.search.rules import GOOD_ENOUGH, Signals, confidence, has_what_is_asked
from kamhub.desk.search.understanding import Understood


def test_more_said_is_more_likely() -> None:
    much, little = Signals(0.0, 0.6, 0.6, 1.0), Signals(1.5, 0.1, 0.1, 0.0)
    assert confidence(much) > GOOD_ENOUGH > confidence(little) > 0
    for name, less in (("unsaid", 1.0), ("near", 0.2), ("sentence", 0.2), ("kind", 0.0)):
        assert confidence(replace(much, **{name: less})) < confidence(much) < 1, name


def test_a_hole_counts_for_less_than_nearness_does() -> None:
    """Nobody says "pets" where dogs and cats are spoken of; among many pieces somebody would have."""
    assert confidence(Signals(0.4, 0.45, 0.5, 1.0)) > GOOD_ENOUGH > confidence(Signals(3.0, 0.2, 0.3, 1.0))


@pytest.mark.parametrize(
    ("question", "text", "has"),
    [
        ("Сколько стоит собака?", "Собака едет за 500 ₽", True),
        ("Сколько стоит собака?", "Собака едет в наморднике", False),
        ("What is the fee?", "It is free.", True),
        ("Когда автобус?", "В 8:00 каждый день", True),
        ("When does the bus leave?", "It leaves from the port", False),
        ("How many seats are there?", "There are 25", True),
        ("Сколько мест?", "Мест много", False),
        ("Можно с собакой?", "Нет", True),
    ],
)
def test_what_is_asked_for_is_there(question: str, text: str, has: bool) -> None:
    assert has_what_is_asked(question, text) is has


def _wire(*numbers: int) -> bytes:
    return struct.pack(">5i", 1, 0, 23, len(numbers), 1) + b"".join(struct.pack(">2i", 4, number) for number in numbers)


def _understood(alike: list[list[float]], rarity: list[float]) -> Understood:
    words = tuple(SimpleNamespace(stem=str(row), form=str(row)) for row in range(len(rarity)))
    made: Any = Understood(
        "x", cast("Any", words), np.array(alike, dtype=np.float32), np.array(rarity), (True,) * len(rarity)
    )
    return cast("Understood", made)


def test_pieces_are_compared_word_by_word() -> None:
    lexicon: Any = SimpleNamespace(ids=np.array([10, 20, 30]))
    texts = ranking.Texts.of([_wire(10, 20), _wire(), _wire(30, 99), b""], lexicon)
    understood = _understood([[1.0, 0.0, 0.5], [0.0, 0.8, 0.0]], [3.0, 1.0])
    best = ranking.best_in_each(understood, texts)
    assert best.round(2).tolist() == [[1.0, 0.8], [0.0, 0.0], [0.5, 0.0], [0.0, 0.0]]
    assert ranking.covered(understood, best).round(3).tolist() == [0.95, 0.0, 0.375, 0.0]
    assert ranking.together(understood, texts).round(3).tolist() == [0.95, 0.0, 0.375, 0.0]


def test_what_stands_far_apart_is_not_together() -> None:
    lexicon: Any = SimpleNamespace(ids=np.array([1, 2, 3]))
    far = [1, *[3] * 60, 2]
    texts = ranking.Texts.of([_wire(*far), _wire(1, 2, *[3] * 60)], lexicon)
    understood = _understood([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], [1.0, 1.0])
    assert ranking.together(understood, texts).tolist() == [0.5, 1.0]


def test_without_words_nothing_is_said() -> None:
    lexicon: Any = SimpleNamespace(ids=np.array([], dtype=np.int64))
    texts = ranking.Texts.of([], lexicon)
    understood = _understood([], [])
    assert ranking.together(understood, texts).tolist() == []
    assert ranking.covered(understood, np.zeros((2, 0))).tolist() == [0.0, 0.0]


def test_standing_out() -> None:
    assert ranking.standing_out(np.array([1.0, 3.0, np.nan])).tolist() == [-1.0, 1.0, 0.0]
    assert ranking.standing_out(np.array([np.nan])).tolist() == [0.0]
    mixed = ranking.standing_out_in_its_language(np.array([1.0, 3.0, 10.0, 30.0]), ["ru", "ru", "en", "en"])
    assert mixed.tolist() == [-1.0, 1.0, -1.0, 1.0]


def test_the_nearest_sentence_counts() -> None:
    question = np.zeros((1, 512), dtype=np.float32)
    question[0, 0] = 1
    near, far = np.zeros(512, dtype=np.int8), np.zeros(512, dtype=np.int8)
    near[0], far[1] = 127, 127
    pieces = [far.tobytes() + near.tobytes(), b"", far.tobytes()]
    assert ranking.best_sentences(question, pieces).tolist() == [1.0, 0.0, 0.0]
