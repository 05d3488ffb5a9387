"""The papers that the turn of questions is learned from, and that it helps where it was not learned."""

from __future__ import annotations

import numpy as np
import pytest

from eval import query_adapter
from eval.papers import Paper, papers
from kamhub.desk.embedding.local import LocalUse, encode_words

PAPERS = papers()


def test_every_paper_has_its_questions_and_what_answers_them() -> None:
    assert len(PAPERS) > 1_500
    for paper in PAPERS:
        assert len(paper.answered) == len(paper.unanswered) == 4, paper.name
        for question, kind, language, sentence in paper.answered:
            assert sentence in paper.text, (paper.name, question)
            assert kind in ("direct", "paraphrase", "cross_language")
            assert (kind == "cross_language") is (language != paper.language), (paper.name, question)
        for question, _, answer in paper.unanswered:
            assert answer not in paper.text, (paper.name, question)
    asked = [asked[0] for paper in PAPERS for asked in (*paper.answered, *paper.unanswered)]
    assert len(set(asked)) > 0.99 * len(asked)


def test_what_is_held_out_is_asked_nowhere_else() -> None:
    held = {asked[0] for paper in PAPERS if paper.held_out for asked in (*paper.answered, *paper.unanswered)}
    learned = {asked[0] for paper in PAPERS if not paper.held_out for asked in (*paper.answered, *paper.unanswered)}
    assert len(held) > 2_000
    assert not {paper.text for paper in PAPERS if paper.held_out} & {p.text for p in PAPERS if not p.held_out}
    assert len(held & learned) < 10, "a question as short as two words may be asked of two papers"


def _rank(questions: np.ndarray, sentences: np.ndarray, right: np.ndarray) -> float:
    """The share of questions whose own sentence is among the five nearest."""
    scores = questions @ sentences.T
    own = scores[np.arange(len(right)), right]
    return float(((scores > own[:, None]).sum(axis=1) < 5).mean())


async def test_a_turned_question_is_nearer_to_what_answers_it_in_papers_never_learned_from() -> None:
    held = [paper for paper in PAPERS if paper.held_out][::3]
    asked = [
        (question, sentence) for paper in held for question, kind, _, sentence in paper.answered if kind != "direct"
    ]
    sentences = sorted({sentence for _, sentence in asked})
    right = np.array([sentences.index(sentence) for _, sentence in asked])
    there = encode_words(sentences)
    plain = encode_words([question for question, _ in asked])
    use = LocalUse()
    turned = np.array([await use.question(question) for question, _ in asked])
    before, after = _rank(plain, there, right), _rank(turned, there, right)
    assert after > 1.1 * before, (before, after)


def test_learning_brings_questions_to_their_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_adapter, "_ROUNDS", 6)
    monkeypatch.setattr(query_adapter, "_BATCH", 128)
    some: list[Paper] = PAPERS[:24]
    matrix = query_adapter.learn(some)
    assert matrix.shape == (512, 512)
    np.testing.assert_allclose(matrix, query_adapter.learn(some), atol=1e-4, err_msg="the same every time")
    pairs = [
        (question, sentence) for paper in some for question, kind, _, sentence in paper.answered if kind != "direct"
    ]
    asked, there = encode_words([pair[0] for pair in pairs]), encode_words([pair[1] for pair in pairs])
    turned = asked @ matrix
    turned /= np.linalg.norm(turned, axis=1, keepdims=True)
    assert (turned * there).sum(axis=1).mean() > (asked * there).sum(axis=1).mean() + 0.02
