"""The picture of a graph: always the same for the same graph, within its frame, no name over another."""

from __future__ import annotations

import itertools
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from kamhub.desk.graph.rules.layout import NARROW, WIDE, Canvas, Picture, draw, wrapped
from kamhub.desk.graph.types import Edge, Graph, Node


def graph(count: int, ties: list[tuple[int, int]], *, centre: int | None = None) -> tuple[Graph, list[str]]:
    numbers = [UUID(int=number + 1) for number in range(count)]
    nodes = tuple(
        Node(one, "place", f"Место номер {at}", None, (), at, False, at * 3, 1.0) for at, one in enumerate(numbers)
    )
    edges = tuple(
        Edge(
            UUID(int=1000 + at), numbers[one % count], numbers[other % count], "related_to", 0.5 + at % 2 / 2, 1, False
        )
        for at, (one, other) in enumerate(ties)
        if count and one % count != other % count
    )
    return Graph(nodes, edges, numbers[centre] if centre is not None else None), [node.name for node in nodes]


def overlapping(picture: Picture) -> int:
    boxes = [(spot.x - spot.width / 2, spot.y - spot.radius - 2, spot.width, spot.height) for spot in picture.spots]
    return sum(
        min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0]) > 1
        and min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1]) > 1
        for one, other in itertools.combinations(boxes, 2)
    )


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 30),
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=60),
    st.sampled_from([WIDE, NARROW]),
    st.booleans(),
)
def test_everything_is_in_the_frame_and_drawn_the_same_again(
    count: int, ties: list[tuple[int, int]], canvas: Canvas, centred: bool
) -> None:
    part, names = graph(count, ties, centre=0 if centred and count else None)
    picture = draw(part, names, canvas)
    assert picture == draw(part, names, canvas)
    assert len(picture.spots) == min(count, canvas.nodes)
    for spot in picture.spots:
        assert spot.x - spot.width / 2 >= 0
        assert spot.x + spot.width / 2 <= canvas.width
        assert spot.y - spot.radius >= 0
        assert spot.y - spot.radius - 2 + spot.height <= canvas.height + 2
    at = {(spot.x, spot.y) for spot in picture.spots}
    for line in picture.lines:
        assert {(line.x1, line.y1), (line.x2, line.y2)} <= at


def test_names_do_not_cover_each_other() -> None:
    star = [(0, other) for other in range(1, 30)]
    chain = [(one, one + 1) for one in range(30)]
    for ties, canvas, centre in itertools.product((star, chain, star + chain), (WIDE, NARROW), (0, None)):
        part, names = graph(30, ties, centre=centre)
        assert overlapping(draw(part, names, canvas)) == 0, (len(ties), canvas, centre)


def test_the_centre_is_in_the_middle_and_sure_relations_are_told() -> None:
    part, names = graph(3, [(0, 1), (0, 2)], centre=0)
    picture = draw(part, names, WIDE)
    assert picture.spots[0].x == WIDE.width / 2
    assert [line.sure for line in picture.lines] == [False, True]


def test_two_on_one_spot_part() -> None:
    part, names = graph(2, [(0, 1)])
    tiny = draw(part, names, Canvas(1, 1, 2, 10))
    assert len(tiny.spots) == 2


def test_names_take_two_lines_at_most() -> None:
    assert wrapped("Эссо", 10) == ("Эссо",)
    assert wrapped("Аэропорт Елизово", 10) == ("Аэропорт", "Елизово")
    assert wrapped("Начало тропы к вулкану Мутновский", 14) == ("Начало тропы к", "вулкану …")
    assert wrapped("Петропавловск-Камчатский", 10) == ("Петропавл…",)
