"""How far a run is, when it is tried again, when an address is read again; what is kept of a text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as some

from kamhub.desk.asset import rules
from kamhub.desk.asset.texts import packed, unpacked
from kamhub.desk.asset.types import Stage
from kamhub.desk.asset.words import why_failed, why_not_allowed
from kamhub.desk.extraction.types import Block, Document
from kamhub.platform.outbound.addresses import UrlFault
from kamhub.platform.outbound.guarded import FetchReason

NOW = datetime(2026, 11, 24, tzinfo=UTC)


@given(some.sampled_from(get_args(Stage)), some.integers(0, 10_000), some.integers(0, 10_000))
def test_a_run_never_says_that_it_is_done_and_stays_within_its_stage(stage: Stage, done: int, total: int) -> None:
    found = rules.percent(stage, done, total)
    assert rules.BEGINS[stage] <= found <= 99
    assert all(found <= begin for begin in rules.BEGINS.values() if begin > rules.BEGINS[stage])


def test_a_stage_that_is_half_done_is_in_the_middle() -> None:
    assert rules.percent("embed", 1, 2) == 68
    assert rules.percent("embed", 0, 0) == 97
    assert rules.percent("embed", 1, 2, since=77) == 87, "of what was left when it went on"
    assert rules.percent("embed", 1, 2, since=99) == 97


def test_waiting_grows_up_to_ten_minutes() -> None:
    waits = [(rules.next_try(NOW, attempt) - NOW).total_seconds() for attempt in (1, 2, 3, 8, 1000)]
    assert waits == [5, 10, 20, 600, 600]


def test_readings_are_spread() -> None:
    assert rules.next_reading(NOW, None, 0.5) is None
    found = [rules.next_reading(NOW, 10, chance) for chance in (0.0, 0.5, 1.0)]
    assert found == [NOW + timedelta(hours=hours) for hours in (9, 10, 11)]


@pytest.mark.parametrize(("kind", "stage"), [("url", "fetch"), ("file", "read")])
def test_a_run_begins(kind: str, stage: Stage) -> None:
    assert rules.first_stage(kind) == stage  # type: ignore[arg-type]


def test_a_text_is_kept_as_it_was_read() -> None:
    table = Block("table", "a b", page=2, sheet="Цены", rows=(("a", "b"), ("1", "")))
    over = Block("paragraph", "первая вторая", page=2, turns=(7,))
    document = Document((Block("heading", "Багаж", 1), table, over), "text/html", "ru", "Правила", 3)
    assert unpacked(packed(document)) == document
    assert packed(document) == packed(document)


@pytest.mark.parametrize(
    "error", [*get_args(FetchReason), "interrupted", "file_missing", "damaged", "a code of another program"]
)
def test_everything_that_can_fail_is_told_in_both_languages(error: str) -> None:
    english, russian = why_failed(error, {}, "en"), why_failed(error, {}, "ru")
    assert english != russian
    assert english[0].isupper() and english.endswith(".")
    assert "{" not in english + russian


def test_an_address_that_is_not_read_is_told_why() -> None:
    for fault in get_args(UrlFault):
        assert why_failed("url_not_allowed", {"why": fault}, "en") == why_not_allowed(fault)
    assert "404" in why_failed("url_status", {"status": 404}, "en")
