"""How changes are written between processes and to whoever watches."""

from __future__ import annotations

import json

import pytest

from kamhub.kit.ids import new_id
from kamhub.platform.live import rules
from kamhub.platform.live.types import RESYNC, Change


def test_what_is_written_is_read_back() -> None:
    organisation = new_id()
    for change in (Change("departure", new_id()), Change("departure"), RESYNC):
        assert rules.read_payload(rules.payload(organisation, change)) == (organisation, change)


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "null", '{"organisation": "x", "topic": "t", "id": null}', '{"organisation": 1, "topic": 2}'],
)
def test_what_is_not_ours_is_nobodys(text: str) -> None:
    assert rules.read_payload(text) is None


def test_of_very_many_changes_one_stands_for_all() -> None:
    busy, calm = new_id(), new_id()
    many = {Change("departure", new_id()) for _ in range(rules.MOST_APART + 1)}
    texts = rules.payloads({busy: many, calm: {Change("departure", new_id())}})
    assert next(rules.read_payload(text) for text in texts) == (busy, RESYNC)
    assert len(texts) == 2
    assert all(len(text) < 8000 for text in texts)


def test_an_event_is_a_topic_and_a_line_of_json() -> None:
    number = new_id()
    name, data, *rest = rules.as_event(Change("departure", number)).decode().split("\n")
    assert (name, rest) == ("event: departure", ["", ""])
    assert json.loads(data.removeprefix("data: ")) == {"topic": "departure", "id": str(number)}
