"""What runs out when, and what is said of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamhub.hub.fleet_document.rules import in_force, status_of, warnings_of
from kamhub.hub.fleet_document.types import DocumentFacts, DocumentKind, FleetDocument, Subject

DAY = date(2026, 11, 24)
MADE = datetime(2026, 1, 1, tzinfo=UTC)


def paper(
    number: int, kind: DocumentKind, ends: date | None, subject: Subject = "vehicle", owner: int = 1
) -> FleetDocument:
    return FleetDocument(UUID(int=number), subject, UUID(int=owner), "Bus", DocumentFacts(kind, None, ends), MADE)


@pytest.mark.parametrize(
    ("days", "status"), [(-1, "expired"), (0, "expiring"), (30, "expiring"), (31, "valid"), (None, "valid")]
)
def test_what_a_paper_is_worth(days: int | None, status: str) -> None:
    assert status_of(None if days is None else DAY + timedelta(days=days), DAY) == status


def test_a_renewed_paper_says_nothing_any_more() -> None:
    old, new = paper(1, "insurance", DAY), paper(2, "insurance", DAY + timedelta(days=365))
    assert in_force([old, new]) == in_force([new, old]) == [new]
    endless = paper(3, "insurance", None)
    assert in_force([old, endless, new]) == [endless]
    assert warnings_of([old, new], DAY) == []


def test_others_are_kept_apart() -> None:
    papers = [
        paper(1, "insurance", DAY),
        paper(2, "insurance", DAY, owner=2),
        paper(3, "licence", DAY),
        paper(4, "other", DAY),
        paper(5, "other", None),
        paper(6, "insurance", DAY, subject="driver"),
    ]
    assert len(in_force(papers)) == 6


def test_the_worst_is_said_first() -> None:
    papers = [paper(1, "insurance", DAY + timedelta(days=9)), paper(2, "inspection", DAY - timedelta(days=2))]
    told = [(warning.kind, warning.status, warning.document_id) for warning in warnings_of(papers, DAY)]
    assert told == [("inspection", "expired", UUID(int=2)), ("insurance", "expiring", UUID(int=1))]


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(st.sampled_from(["insurance", "licence"]), st.none() | st.dates(date(2026, 1, 1), date(2027, 12, 31)))
    )
)
def test_a_warning_means_that_no_paper_of_its_kind_lasts(facts: list[tuple[DocumentKind, date | None]]) -> None:
    papers = [paper(number, kind, ends) for number, (kind, ends) in enumerate(facts)]
    warned = {warning.kind for warning in warnings_of(papers, DAY)}
    for kind in {paper.facts.kind for paper in papers}:
        lasting = [p for p in papers if p.facts.kind == kind and status_of(p.facts.expires_on, DAY) == "valid"]
        assert (kind in warned) is not bool(lasting)
