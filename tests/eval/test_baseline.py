"""A small part of the evaluation set, so that the search cannot get worse unseen; ``make eval`` measures all of it."""

from __future__ import annotations

from eval.corpus import corpus, documents, questions
from eval.measure import measure
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
