"""The rows of a route's form: buttons beside them without a script."""

from __future__ import annotations

import pytest

from kamhub.hub.route.page_forms import Row, after_step, as_body, sent_rows
from kamhub.hub.route.types import MOST_STOPS

ROWS = [Row("a", "0"), Row("b", "10"), Row("c", "25")]


@pytest.mark.parametrize(
    ("step", "rows"),
    [
        ("add", [*ROWS, Row()]),
        ("up-1", [Row("b", "0"), Row("a", "10"), Row("c", "25")]),
        ("down-1", [Row("a", "0"), Row("c", "10"), Row("b", "25")]),
        ("up-0", ROWS),
        ("down-2", ROWS),
        ("remove-1", [Row("a", "0"), Row("c", "25")]),
        ("remove-0", [Row("b", "0"), Row("c", "15")]),
        ("remove-9", ROWS),
        ("save", ROWS),
        ("nonsense", ROWS),
    ],
)
def test_what_a_button_does(step: str, rows: list[Row]) -> None:
    assert after_step(ROWS, step) == rows


def test_what_is_no_number_stays_as_it_was_typed() -> None:
    assert after_step([Row("a", "0"), Row("b", "x"), Row("c", "9")], "remove-0") == [Row("b", "x"), Row("c", "9")]
    assert after_step([Row("a", "0"), Row("b", "5"), Row("c", "x")], "remove-0") == [Row("b", "0"), Row("c", "x")]
    assert after_step([Row("a", "0")], "remove-0") == []


def test_a_route_is_not_made_too_long() -> None:
    assert len(after_step([Row()] * MOST_STOPS, "add")) == MOST_STOPS


def test_rows_are_read_in_their_order() -> None:
    sent = {
        "stops.10.place_id": "k",
        "stops.2.offset_minutes": "5",
        "stops.2.place_id": "c",
        "stops.x.place_id": "no",
        "name": "x",
    }
    assert sent_rows(sent) == [Row("c", "5"), Row("k", "")]


def test_blank_rows_are_left_out() -> None:
    body = as_body("line", [Row("a", "0"), Row(" ", ""), Row("b", "5")])
    assert body["stops"] == [{"place_id": "a", "offset_minutes": "0"}, {"place_id": "b", "offset_minutes": "5"}]
