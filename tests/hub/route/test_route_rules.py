"""What stops a route may have, by example and by property."""

from __future__ import annotations

from itertools import pairwise
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamhub.hub.route.rules import faults, require_sound
from kamhub.hub.route.types import LAST_MINUTE, MOST_STOPS, StopWanted
from kamhub.platform.web.problems import InputInvalid

A, B, C = uuid4(), uuid4(), uuid4()
sound_minutes = st.sets(st.integers(1, LAST_MINUTE), min_size=1, max_size=MOST_STOPS - 1).map(
    lambda found: [0, *sorted(found)]
)


def stops(minutes: list[int]) -> list[StopWanted]:
    return [StopWanted(UUID(int=number + 1), minute) for number, minute in enumerate(minutes)]


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ([], [("stops", "too_short")]),
        ([StopWanted(A, 0)], [("stops", "too_short")]),
        ([StopWanted(A, 5), StopWanted(B, 6)], [("stops.0.offset_minutes", "first_offset")]),
        ([StopWanted(A, 0), StopWanted(B, 0)], [("stops.1.offset_minutes", "not_later")]),
        ([StopWanted(A, 0), StopWanted(B, 9), StopWanted(C, 8)], [("stops.2.offset_minutes", "not_later")]),
        ([StopWanted(A, 0), StopWanted(B, 9), StopWanted(A, 10)], [("stops.2.place_id", "place_twice")]),
        ([StopWanted(A, 0), StopWanted(B, LAST_MINUTE + 1)], [("stops.1.offset_minutes", "too_late")]),
        (stops(list(range(MOST_STOPS + 1))), [("stops", "too_long")]),
        ([StopWanted(A, 0), StopWanted(B, LAST_MINUTE)], []),
    ],
)
def test_by_example(wanted: list[StopWanted], told: list[tuple[str, str]]) -> None:
    assert [(fault.field, fault.code) for fault in faults(wanted)] == told


@settings(max_examples=50)
@given(sound_minutes)
def test_a_sound_route_has_no_fault(minutes: list[int]) -> None:
    require_sound(stops(minutes))


@settings(max_examples=50)
@given(sound_minutes, st.data())
def test_one_change_for_the_worse_is_found(minutes: list[int], data: st.DataObject) -> None:
    wanted = stops(minutes)
    number = data.draw(st.integers(1, len(wanted) - 1))
    before = wanted[number - 1]
    worse = data.draw(
        st.sampled_from(
            [
                StopWanted(wanted[number].place_id, before.offset_minutes),
                StopWanted(before.place_id, wanted[number].offset_minutes),
            ]
        )
    )
    with pytest.raises(InputInvalid) as refused:
        require_sound([*wanted[:number], worse, *wanted[number + 1 :]])
    assert f"stops.{number}." in str([fault.field for fault in refused.value.faults])


@settings(max_examples=50)
@given(st.lists(st.tuples(st.sampled_from([A, B, C]), st.integers(-5, 30)), max_size=5))
def test_what_has_no_fault_is_what_the_database_takes(wanted: list[tuple[UUID, int]]) -> None:
    minutes, places = [minute for _, minute in wanted], [place for place, _ in wanted]
    sound = (
        len(wanted) >= 2
        and minutes[0] == 0
        and all(a < b for a, b in pairwise(minutes))
        and len(set(places)) == len(places)
    )
    assert (faults([StopWanted(place, minute) for place, minute in wanted]) == []) is sound
