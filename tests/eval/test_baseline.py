"""A small part of the evaluation set, so that the search cannot get worse unseen; ``make eval`` measures all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from eval.corpus import Asked, corpus, documents, questions
from eval.measure import measure
from eval.report import tables
from kamhub.desk.embedding.local import LocalUse

# Texts that are read at once; the floors are a little below what is found.
DOCUMENTS = {"equipment-list.md", "deti-i-mesta.md", "reseller-faq.md", "prays-uslug-2025.csv", "privacy-notice.txt"}
FLOORS = {"direct": 0.9, "cross_language": 0.8}


async def test_the_search_finds_what_it_found(database_owner_url: str, database_url: str) -> None:
    asked = [each for each in questions() if each.kind in FLOORS and set(each.documents) <= DOCUMENTS]
    files = [file for file in documents() if file.name in DOCUMENTS]
    async with corpus(database_owner_url, database_url, [LocalUse()], files) as (desk, organisation):
        outcomes = await measure(desk, organisation, asked)
    for kind, floor in FLOORS.items():
        found = [outcome.found["all"] for outcome in outcomes if outcome.asked.kind == kind]
        assert len(found) >= 3, f"too few questions of {kind}: the test proves nothing"
        assert sum(found) / len(found) >= floor, kind
    answered = [outcome.answered for outcome in outcomes]
    assert sum(answered) / len(answered) >= 0.85


@dataclass(frozen=True)
class Knowing:
    """A reader that knows the evidence of one question, and thinks nothing of all else."""

    asked: Asked
    model: str = "knowing"
    enough: float = 0.5

    async def relevance(self, question: str, passages: Sequence[str]) -> list[float]:
        plain = [" ".join(passage.split()) for passage in passages]
        evidence = self.asked.evidence if question == self.asked.question else ()
        return [float(any(each in passage for each in evidence)) for passage in plain]


async def test_a_reader_is_an_arm_of_its_own_and_decides_what_is_answered(
    database_owner_url: str, database_url: str
) -> None:
    [known, unknown] = [each for each in questions() if each.documents == ("reseller-faq.md",) and each.half == "tune"][
        :2
    ]
    files = [file for file in documents() if file.name == "reseller-faq.md"]
    async with corpus(database_owner_url, database_url, [LocalUse()], files, Knowing(known)) as (desk, organisation):
        read, refused = await measure(desk, organisation, [known, unknown])
        alone, _ = await measure(replace(desk, reranker=None), organisation, [known, unknown])
    assert read.found["reading"]
    assert (read.first["reading"], read.first["all"], read.answered) == (1.0, 1.0, True)
    assert read.reading > 0
    assert not refused.answered
    assert "reading" not in alone.found
    (_, columns, rows), *_ = tables([read, refused])[2:]
    assert columns == (
        "questions", "number", "words", "aligned", "reading", "all arms",
        "MRR, words", "MRR, aligned", "MRR, reading", "MRR, all arms",
    )  # fmt: skip
    assert all(len(row) == len(columns) for row in rows)
    assert [row[:1] for row in tables([read, refused])[-1][2]] == [("embedding",), ("searching",), ("reading",)]
    assert [row[:1] for row in tables([alone, alone])[-1][2]] == [("embedding",), ("searching",)]
