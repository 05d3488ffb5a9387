"""The evaluation set is what its README says: each question can be judged, by its evidence, without looking at any search."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from eval.make_documents import DOCUMENTS, MAKERS, SOURCES
from tests.eval.reading import text_of
from tests.eval.words import content_stems, sentences_with

QUESTIONS = DOCUMENTS.parent / "questions.jsonl"
LEAST = {
    "direct": 40,
    "paraphrase": 30,
    "cross_language": 25,
    "table": 25,
    "several": 10,
    "outdated": 12,
    "near_miss": 36,
}
OUTDATED = {"otmena-i-vozvrat-2024.pdf", "prays-uslug-2025.csv"}
SEED = "2014"  # chosen so that every kind falls into two halves of about one size, before anything was searched


@dataclass(frozen=True)
class Question:
    """A line of the set."""

    id: str
    question: str
    language: str
    kind: str
    evidence: list[str]
    documents: list[str]
    half: str
    misspelt: bool


@pytest.fixture(scope="module")
def questions() -> list[Question]:
    return [Question(**json.loads(line)) for line in QUESTIONS.read_text().splitlines()]


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return {path.name: text_of(path) for path in sorted(DOCUMENTS.iterdir())}


def language_of(text: str) -> str:
    cyrillic = sum("а" <= letter <= "я" for letter in text.lower())
    latin = sum("a" <= letter <= "z" for letter in text.lower())
    return "ru" if cyrillic > latin else "en"


def test_there_are_enough_questions_of_each_kind(questions: list[Question]) -> None:
    kinds = Counter(question.kind for question in questions)
    assert kinds.keys() == LEAST.keys()
    assert {kind: count for kind, count in kinds.items() if count < LEAST[kind]} == {}
    assert len(questions) >= 180


def test_no_question_is_asked_twice(questions: list[Question]) -> None:
    assert max(Counter(question.id for question in questions).values()) == 1
    assert max(Counter(question.question.lower() for question in questions).values()) == 1


def test_the_half_follows_from_the_id_alone_and_halves_are_about_equal(questions: list[Question]) -> None:
    for question in questions:
        odd = hashlib.sha256(f"{SEED}:{question.id}".encode()).digest()[0] % 2
        assert question.half == ("report" if odd else "tune"), question.id
    halves = Counter((question.kind, question.half) for question in questions)
    for kind in LEAST:
        assert 0.4 <= halves[kind, "tune"] / (halves[kind, "tune"] + halves[kind, "report"]) <= 0.6, kind


def test_about_two_thirds_are_asked_in_russian_and_an_eighth_is_misspelt(questions: list[Question]) -> None:
    russian = sum(question.language == "ru" for question in questions) / len(questions)
    misspelt = sum(question.misspelt for question in questions) / len(questions)
    assert 0.55 <= russian <= 0.67
    assert 0.08 <= misspelt <= 0.16
    asked_across = Counter(question.language for question in questions if question.kind == "cross_language")
    assert abs(asked_across["ru"] - asked_across["en"]) <= 4


def test_a_question_is_in_the_language_it_says(questions: list[Question]) -> None:
    other = [question for question in questions if language_of(question.question) != question.language]
    # Russian in Latin letters: typed by sound, or with the keyboard left in the other language.
    assert all(question.misspelt and question.language == "ru" for question in other)
    assert 0 < len(other) <= 5


def test_evidence_stands_in_the_documents_named_and_nowhere_else(
    questions: list[Question], texts: dict[str, str]
) -> None:
    for question in questions:
        for evidence in question.evidence:
            assert 10 <= len(evidence) <= 80, (question.id, evidence)
            counts = {name: text.count(evidence) for name, text in texts.items() if evidence in text}
            assert counts, (question.id, evidence)
            assert counts.keys() <= set(question.documents), (question.id, evidence, counts)
            assert set(counts.values()) == {1}, (question.id, evidence, counts)
        for name in question.documents:
            assert any(evidence in texts[name] for evidence in question.evidence), (question.id, name)


def test_only_near_misses_have_no_answer(questions: list[Question]) -> None:
    for question in questions:
        answered = bool(question.evidence) and bool(question.documents)
        assert answered == (question.kind != "near_miss"), question.id
        assert bool(question.evidence) == bool(question.documents), question.id


def test_a_paraphrase_shares_no_content_word_with_the_sentence_that_answers(
    questions: list[Question], texts: dict[str, str]
) -> None:
    for question in questions:
        if question.kind == "paraphrase":
            for name in question.documents:
                sentences = [line for evidence in question.evidence for line in sentences_with(evidence, texts[name])]
                assert sentences
                shared = content_stems(question.question) & content_stems(" ".join(sentences))
                assert shared == set(), (question.id, shared, sentences)


def test_words_in_common_are_found_whatever_their_form() -> None:
    passage = "Вчера шёл дождь. Собаки отдыхают в мороз, сказал каюр. Едем в Эссо."
    sentences = sentences_with("отдыхают в мороз", passage)
    assert sentences == ["Собаки отдыхают в мороз, сказал каюр. "]
    assert content_stems("Отдыхала ли собака в Эссо?") & content_stems(sentences[0]) == {"отдыха", "собак"}
    assert content_stems("The dogs were resting at Esso") == {"dog", "rest"}


def test_an_answer_across_languages_is_in_the_other_one(questions: list[Question], texts: dict[str, str]) -> None:
    for question in questions:
        languages = {language_of(texts[name]) for name in question.documents}
        if question.kind == "cross_language":
            assert languages == {"ru", "en"} - {question.language}, question.id
        elif question.documents:
            assert languages == {question.language}, question.id


def test_what_needs_several_documents_has_evidence_in_each(questions: list[Question], texts: dict[str, str]) -> None:
    for question in questions:
        if question.kind == "several":
            assert len(question.documents) == len(question.evidence) == 2, question.id
            homes = [{name for name in question.documents if part in texts[name]} for part in question.evidence]
            assert [len(home) for home in homes] == [1, 1], question.id
            assert homes[0] != homes[1], question.id


def test_an_outdated_edition_answers_nothing(questions: list[Question]) -> None:
    assert [question.id for question in questions if OUTDATED & set(question.documents)] == []


def test_every_current_document_is_asked_about(questions: list[Question], texts: dict[str, str]) -> None:
    asked = {name for question in questions for name in question.documents}
    assert texts.keys() - asked - OUTDATED == set()
    assert {language_of(text) for text in texts.values()} == {"ru", "en"}


def test_documents_are_of_all_formats_and_one_is_in_an_old_encoding() -> None:
    documents = sorted(DOCUMENTS.iterdir())
    assert {path.suffix for path in documents} == {".pdf", ".docx", ".xlsx", ".csv", ".html", ".md", ".txt"}
    with pytest.raises(UnicodeDecodeError):
        (DOCUMENTS / "zimniy-sezon.txt").read_text()


@pytest.mark.parametrize("source", sorted(SOURCES.glob("*.md")), ids=lambda path: path.stem)
def test_a_made_document_says_what_its_source_says(source: Path, tmp_path: Path) -> None:
    made = tmp_path / source.stem
    MAKERS[made.suffix](source.read_text(), made)
    assert text_of(made) == text_of(DOCUMENTS / made.name)
    assert len(text_of(made)) > 500
