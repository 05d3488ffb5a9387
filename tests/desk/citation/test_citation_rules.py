"""What a page shows of a text."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from kamhub.desk.citation.rules import BLOCKS_ABOVE, MOST_BLOCKS, MOST_CHARACTERS, MOST_IN_A_BLOCK, MOST_ROWS, stretch
from kamhub.desk.citation.types import Place, Stretch
from kamhub.desk.extraction.types import Block
from kamhub.desk.knowledge.types import Position

HEADER = ("Услуга", "Цена")


def place(first: int, last: int | None = None, text: str = "") -> Place:
    return Place("asset", UUID(int=1), Position((), first, first if last is None else last), text)


def paragraphs(count: int, size: int = 10) -> list[Block]:
    return [Block("paragraph", f"{number} ".ljust(size, "x"), page=number // 10 + 1) for number in range(count)]


def table(rows: int) -> Block:
    cells = [HEADER, *((f"Услуга {number}", f"{number} ₽") for number in range(rows))]
    return Block("table", "\n".join(f"Услуга: {name}; Цена: {price}" for name, price in cells[1:]), rows=tuple(cells))


def marked(found: Stretch) -> list[int]:
    return [block.number for block in found.blocks if block.marked]


def test_a_short_text_is_shown_whole() -> None:
    found = stretch(paragraphs(25))
    assert found.whole
    assert [block.page for block in found.blocks if block.page] == [1, 2, 3]
    assert stretch([]).blocks == ()


def test_the_place_is_shown_with_what_is_above_it() -> None:
    found = stretch(paragraphs(5000), place(3000, 3002))
    assert found.blocks[0].number == 3000 - BLOCKS_ABOVE
    assert marked(found) == [3000, 3001, 3002]
    assert [block.number for block in found.blocks if block.anchor] == [3000]
    assert (found.earlier, found.later) == (3000 - BLOCKS_ABOVE - MOST_BLOCKS, 3000 - BLOCKS_ABOVE + MOST_BLOCKS)


def test_one_turns_over_to_what_is_before_and_after() -> None:
    blocks = paragraphs(200)
    later = stretch(blocks, place(3), at=60)
    assert (later.blocks[0].number, later.earlier, later.later, marked(later)) == (60, 0, 120, [])
    # Somebody who begins in the middle of the place finds its rest.
    assert [block.number for block in stretch(blocks, place(58, 62), at=60).blocks if block.anchor] == [60]
    assert stretch(blocks, at=10_000).blocks[0].number == 199


def test_a_place_that_the_text_is_too_short_for_is_none() -> None:
    found = stretch(paragraphs(10), place(10))
    assert (marked(found), found.whole) == ([], True)


def test_long_blocks_end_a_page_early_but_not_before_the_place() -> None:
    found = stretch(paragraphs(100, MOST_IN_A_BLOCK), place(40))
    assert 40 in {block.number for block in found.blocks}
    assert len(found.blocks) <= MOST_CHARACTERS // MOST_IN_A_BLOCK + BLOCKS_ABOVE


def test_of_a_block_without_end_the_place_is_shown() -> None:
    text = "начало " * 20_000 + "здесь стоит ответ" + " конец" * 20_000
    [block] = stretch([Block("paragraph", text)], place(0, text="здесь стоит ответ")).blocks
    assert (block.cut, len(block.text), "здесь стоит ответ" in block.text) == (True, MOST_IN_A_BLOCK, True)
    [block] = stretch([Block("paragraph", text)]).blocks
    assert block.text.startswith("начало")


def test_of_a_table_the_row_is_marked() -> None:
    [block] = stretch([table(3)], place(0, text="Услуга: Услуга 1; Цена: 1 ₽")).blocks
    assert (block.header, block.marked, block.anchor) == (HEADER, False, False)
    assert [(row.marked, row.anchor) for row in block.rows] == [(False, False), (True, True), (False, False)]
    assert (block.first_row, block.last_row, block.all_rows, block.text) == (0, 3, 3, "")


def test_of_a_table_of_which_no_row_is_known_the_whole_is_marked() -> None:
    [block] = stretch([table(3)], place(0, text="что-то другое")).blocks
    assert (block.marked, block.anchor) == (True, True)
    assert not any(row.marked for row in block.rows)


def test_a_long_table_is_shown_in_parts() -> None:
    blocks = [table(5000)]
    [block] = stretch(blocks, place(0, text="Услуга: Услуга 3000; Цена: 3000 ₽")).blocks
    assert block.first_row < 3000 < block.last_row
    assert len(block.rows) == MOST_ROWS
    [next_part] = stretch(blocks, place(0), at=0, row=block.last_row).blocks
    assert (next_part.first_row, next_part.row_above) == (block.last_row, block.first_row)
    [beyond] = stretch(blocks, at=0, row=9_999).blocks
    assert beyond.first_row == 4999


@given(
    st.lists(st.integers(1, 3 * MOST_IN_A_BLOCK), max_size=200),
    st.integers(0, 220),
    st.integers(0, 5),
    st.none() | st.integers(0, 250),
)
def test_nothing_is_left_out_between_neighbouring_pages(
    sizes: Sequence[int], first: int, more: int, at: int | None
) -> None:
    blocks = [Block("paragraph", "x" * size) for size in sizes]
    found = stretch(blocks, place(first, first + more), at)
    numbers = [block.number for block in found.blocks]
    assert numbers == list(range(numbers[0], numbers[-1] + 1)) if numbers else not blocks
    assert len(numbers) <= MOST_BLOCKS
    if found.later is not None:
        assert found.later == numbers[-1] + 1
    if at is None and first < len(blocks):
        assert [block.number for block in found.blocks if block.anchor] == [first]
    assert sum(block.anchor for block in found.blocks) <= 1
