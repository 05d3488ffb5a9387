"""The tree of categories."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamhub.desk.category.rules import require_place, tree
from kamhub.desk.category.types import MOST_LEVELS, Category, CategoryFacts, CategoryMisplaced, CategoryNotFound

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def node(number: int) -> UUID:
    return UUID(int=number)


def category(number: int, parent: int | None, name: str = "x", order: int = 0) -> Category:
    facts = CategoryFacts(name, None if parent is None else node(parent), None, order)
    return Category(node(number), facts, 1, NOW)


@st.composite
def forests(draw: st.DrawFn) -> dict[UUID, UUID | None]:
    """Parents of up to a dozen categories, each a later one's."""
    count = draw(st.integers(1, 12))
    return {
        node(number): draw(st.sampled_from([None, *(node(before) for before in range(1, number))]))
        for number in range(1, count + 1)
    }


def depth(parents: dict[UUID, UUID | None], at: UUID | None) -> int:
    return 0 if at is None else 1 + depth(parents, parents[at])


def test_a_tree_is_read_from_the_root_by_order_then_name() -> None:
    found = tree(
        [
            category(1, None, "Б"),
            category(2, None, "А"),
            category(3, 1, "я"),
            category(4, 1, "а", 5),
            category(5, 3, "z"),
        ]
    )
    assert [branch.path for branch in found] == [("А",), ("Б",), ("Б", "я"), ("Б", "я", "z"), ("Б", "а")]
    assert [branch.level for branch in found] == [1, 1, 2, 3, 2]


@given(forests(), st.data())
def test_a_category_moves_where_no_level_is_too_deep_and_nothing_stands_below_itself(
    parents: dict[UUID, UUID | None], data: st.DataObject
) -> None:
    moved, parent = data.draw(st.sampled_from(sorted(parents))), data.draw(st.sampled_from(sorted(parents)))
    after = parents | {moved: parent}
    line: list[UUID] = []
    above: UUID | None = parent
    while above is not None:
        line.append(above)
        above = parents[above]
    below = moved in line
    fits = not below and max(depth(after, one) for one in after) <= MOST_LEVELS
    if fits:
        require_place(parents, moved, parent)
    elif below or max(depth(parents, one) for one in parents) <= MOST_LEVELS:
        with pytest.raises(CategoryMisplaced):
            require_place(parents, moved, parent)


@given(forests())
def test_the_tree_shows_every_category_once_after_its_parent(parents: dict[UUID, UUID | None]) -> None:
    found = tree(category(one.int, None if parent is None else parent.int) for one, parent in parents.items())
    seen = [branch.category.id for branch in found]
    assert sorted(seen) == sorted(parents)
    for branch in found:
        parent = branch.category.facts.parent_id
        assert parent is None or seen.index(parent) < seen.index(branch.category.id)
        assert branch.level == depth(parents, branch.category.id)


def test_the_root_is_there_for_everybody_and_a_stranger_for_nobody() -> None:
    require_place({}, None, None)
    with pytest.raises(CategoryNotFound):
        require_place({}, None, node(1))


def test_a_new_one_fits_on_the_fifth_level_and_not_on_the_sixth() -> None:
    parents = {node(number): node(number - 1) if number > 1 else None for number in range(1, MOST_LEVELS + 1)}
    require_place(parents, None, node(MOST_LEVELS - 1))
    with pytest.raises(CategoryMisplaced):
        require_place(parents, None, node(MOST_LEVELS))
