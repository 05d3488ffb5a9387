"""How documents are cut: what stays together, what is lost (nothing), and what a change changes (little)."""

from __future__ import annotations

import hashlib
import random
import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamhub.desk.extraction.actions import read_markdown
from kamhub.desk.extraction.rules import lines_of_table
from kamhub.desk.extraction.types import Block, Document
from kamhub.desk.knowledge.cutting import FULL, OVERLAP, ROOM, sentences
from kamhub.desk.knowledge.rules import CONTEXT, pieces_of
from kamhub.desk.knowledge.types import Piece

SENTENCES = (
    "Трансфер из аэропорта занимает сорок минут.",
    "Водитель ждёт у выхода с табличкой и помогает с багажом.",
    "Если рейс задерживается, машина ждёт без доплаты до двух часов, а дальше по договорённости.",
    "Детское кресло бронируется заранее!",
    "Можно ли взять собаку?",
    "До вулкана едем три часа на внедорожнике по дороге, которой нет на карте.",
)


def paragraph(seed: int, count: int = 5) -> str:
    chosen = random.Random(seed)
    return " ".join(f"{seed}.{n} {chosen.choice(SENTENCES)}" for n in range(count))


def document(*blocks: Block) -> Document:
    return Document(blocks, "text/plain", "ru")


def texts(pieces: list[Piece]) -> list[str]:
    return [piece.text for piece in pieces]


def test_a_section_that_has_room_is_one_piece_under_its_headings() -> None:
    pieces = pieces_of(
        read_markdown(
            f"# Правила\n\n## Багаж\n\n{paragraph(1, 3)}\n\n{paragraph(2, 3)}\n\n## Дети\n\n{paragraph(3)}\n"
        ),
        "Памятка",
    )
    assert [piece.context for piece in pieces] == ["Памятка › Правила › Багаж", "Памятка › Правила › Дети"]
    assert pieces[0].text == f"{paragraph(1, 3)}\n{paragraph(2, 3)}"
    assert pieces[0].position.headings == ("Правила", "Багаж")
    assert (pieces[0].position.first_block, pieces[0].position.last_block) == (2, 3)
    assert pieces[0].digest == hashlib.sha256(f"{pieces[0].context}\n\n{pieces[0].text}".encode()).digest()
    assert pieces[0].language == "ru"


def test_the_title_is_not_told_twice() -> None:
    pieces = pieces_of(read_markdown(f"# Правила\n\n{paragraph(1)}"), "Правила")
    assert [piece.context for piece in pieces] == ["Правила"]


def test_a_question_and_its_answer_are_a_piece() -> None:
    faq = "# Вопросы\n\n### Можно ли с собакой?\n\nДа, в переноске.\n\n### Есть ли Wi-Fi?\n\nНет.\n"
    assert [(piece.context, piece.text) for piece in pieces_of(read_markdown(faq), "FAQ")] == [
        ("FAQ › Вопросы › Можно ли с собакой?", "Да, в переноске."),
        ("FAQ › Вопросы › Есть ли Wi-Fi?", "Нет."),
    ]


def test_tiny_neighbours_go_together() -> None:
    text = "# Связь\n\n## Телефон\n\n+7 900 000-00-00\n\n## Почта\n\nbook@example.com\n\n## Адрес\n"
    (piece,) = pieces_of(read_markdown(text), "Контакты")
    assert piece.context == "Контакты › Связь"
    assert piece.text == "Телефон\n+7 900 000-00-00\nПочта\nbook@example.com\nАдрес"
    assert (piece.position.first_block, piece.position.last_block) == (1, 5)


def test_a_tiny_section_by_itself_stays_under_its_heading() -> None:
    text = f"# А\n\n{paragraph(1)}\n\n## Б\n\nКоротко.\n\n# В\n\n{paragraph(2)}"
    assert [piece.context for piece in pieces_of(read_markdown(text), "Т")] == ["Т › А", "Т › А › Б", "Т › В"]


def test_a_heading_over_nothing_is_found_all_the_same() -> None:
    pieces = pieces_of(document(Block("heading", "Глава без текста", level=1)), "Т")
    assert texts(pieces) == ["Глава без текста"]


def test_a_heading_that_is_too_long_for_a_context_is_told_in_the_text() -> None:
    heading = "Очень длинный заголовок " * 8
    pieces = pieces_of(document(Block("heading", heading.strip(), level=1), Block("paragraph", paragraph(1, 2))), "Т")
    assert pieces[0].text.startswith(heading.strip())
    assert pieces[0].context.endswith("…")


def test_headings_that_no_context_has_room_for_are_pieces() -> None:
    headings = [Block("heading", f"{level} " + "ы" * 110, level=level) for level in range(1, 5)]
    pieces = pieces_of(document(*headings, Block("paragraph", paragraph(1))), "Т" * 100)
    assert max(len(piece.context) for piece in pieces) <= CONTEXT
    assert headings[0].text in texts(pieces)
    assert [piece.position.first_block for piece in pieces] == sorted(piece.position.first_block for piece in pieces)


def test_a_heading_of_a_page_is_a_paragraph() -> None:
    pieces = pieces_of(document(Block("heading", "слово " * 400, level=1)), "Т")
    assert len(pieces) > 1
    assert {piece.context for piece in pieces} == {"Т"}


def test_where_a_section_is_cut_the_next_piece_begins_with_the_last_sentences() -> None:
    pieces = pieces_of(document(*(Block("paragraph", paragraph(n)) for n in range(12))), "Т")
    assert len(pieces) > 3
    for above, below in pairwise(pieces):
        last = sentences(above.text)[-1][0]
        assert below.text.startswith(last) or last in below.text[: OVERLAP + 1]
        assert len(below.text) <= ROOM


def test_pieces_are_neither_tiny_nor_half_empty() -> None:
    pieces = pieces_of(document(*(Block("paragraph", paragraph(n)) for n in range(200))), "Т")
    lengths = [len(piece.text) for piece in pieces]
    assert sum(lengths) / len(lengths) > 650
    assert min(lengths) > 250


def test_rows_of_a_table_are_told_with_their_columns() -> None:
    rows = (("Маршрут", "Цена"), *((f"Аэропорт — дом {n}", f"{n * 100} ₽") for n in range(1, 100)))
    table = Block("table", "\n".join(lines_of_table(rows)), rows=rows, sheet="Лето")
    pieces = pieces_of(document(Block("paragraph", "Цены на лето"), table), "Прайс")
    assert len(pieces) > 3
    assert {piece.context for piece in pieces} == {"Прайс › Цены на лето Маршрут | Цена"}
    assert pieces[0].text.startswith("Цены на лето\nМаршрут: Аэропорт — дом 1; Цена: 100 ₽\n")
    for piece in pieces[1:]:
        assert piece.text.startswith("Маршрут: Аэропорт — дом")
        assert piece.position.sheet == "Лето"
    assert sum(piece.text.count("₽") for piece in pieces) == 99


def test_a_row_that_is_too_long_is_cut_between_its_values() -> None:
    rows = (tuple(f"Колонка {n}" for n in range(60)), tuple(f"значение {n}" for n in range(60)))
    pieces = pieces_of(document(Block("table", "\n".join(lines_of_table(rows)), rows=rows)), "Т")
    assert len(pieces) > 1
    assert "Колонка 59: значение 59" in pieces[-1].text


def test_a_table_without_cells_is_its_lines() -> None:
    assert texts(pieces_of(document(Block("table", "а — б\nв — г")), "Т")) == ["а — б\nв — г"]


def test_a_list_that_goes_on_keeps_its_lead() -> None:
    items = "\n".join(f"• {paragraph(n, 2)}" for n in range(20))
    pieces = pieces_of(document(Block("paragraph", "Возьмите с собой:"), Block("list", items)), "Т")
    assert pieces[0].text.startswith("Возьмите с собой:\n• 0.0")
    assert pieces[0].context == "Т"
    assert {piece.context for piece in pieces[1:]} == {"Т › Возьмите с собой:"}


def test_a_question_in_a_paragraph_is_not_cut_from_its_answer() -> None:
    blocks = []
    for number in range(30):
        blocks += [
            Block("paragraph", f"{number}. Можно ли взять собаку?"),
            Block("paragraph", f"Ответ {number}. {paragraph(number, 3)}"),
        ]
    for piece in pieces_of(document(*blocks), "Т"):
        assert not piece.text.endswith("?")


def test_a_word_longer_than_a_piece_is_cut() -> None:
    pieces = pieces_of(document(Block("paragraph", "я" * 5_000)), "Т")
    assert "".join(texts(pieces)).replace("\n", "").replace(" ", "") == "я" * 5_000
    assert max(map(len, texts(pieces))) <= ROOM


def test_no_blocks_are_no_pieces() -> None:
    assert pieces_of(document(), "Т") == []


@pytest.mark.parametrize("place", [0, 37, 120, 199])
def test_a_change_of_one_paragraph_changes_its_neighbours_alone(place: int) -> None:
    blocks = [Block("paragraph", paragraph(n)) for n in range(200)]
    before = pieces_of(document(*blocks), "Т")
    blocks[place] = replace(blocks[place], text=f"Новое. {blocks[place].text} И ещё одно предложение о погоде.")
    after = pieces_of(document(*blocks), "Т")
    assert len({p.digest for p in after} - {p.digest for p in before}) <= 8


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 299), st.sampled_from(["longer", "gone", "new"]))
def test_any_change_changes_few_pieces(seed: int, place: int, change: str) -> None:
    blocks = [Block("paragraph", paragraph(seed + n, 2 + (seed + n) % 5)) for n in range(300)]
    before = pieces_of(document(*blocks), "Т")
    if change == "longer":
        blocks[place] = replace(blocks[place], text=f"{blocks[place].text} {paragraph(seed + 1_000_000, 3)}")
    elif change == "gone":
        del blocks[place]
    else:
        blocks.insert(place, Block("paragraph", paragraph(seed + 1_000_000)))
    after = pieces_of(document(*blocks), "Т")
    assert len(after) > 80
    assert len({p.digest for p in after} - {p.digest for p in before}) <= 20


WORDS = st.lists(st.text("абвгдеёABC1,.?!:;", min_size=1, max_size=12), min_size=1, max_size=200).map(" ".join)
CELLS = st.text("абв 12", max_size=20).map(str.strip)


@st.composite
def any_block(draw: st.DrawFn) -> Block:
    kind = draw(st.sampled_from(["heading", "paragraph", "paragraph", "list", "table"]))
    if kind == "heading":
        return Block("heading", draw(WORDS)[:300].strip(), level=draw(st.integers(1, 6)))
    if kind == "list":
        return Block("list", "\n".join(f"• {item}" for item in draw(st.lists(WORDS, min_size=1, max_size=8))))
    if kind == "table":
        width = draw(st.integers(1, 4))
        rows = tuple(
            tuple(row)
            for row in draw(st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=12))
        )
        text = "\n".join(lines_of_table(rows))
        return Block("table", text, rows=rows) if text else Block("paragraph", "пусто")
    return Block("paragraph", draw(WORDS))


@settings(max_examples=80, deadline=None)
@given(st.lists(any_block(), max_size=25), st.text("абв ", min_size=1, max_size=120))
def test_nothing_is_lost_and_nothing_is_too_long(blocks: list[Block], title: str) -> None:
    pieces = pieces_of(document(*blocks), title)
    assert pieces == pieces_of(document(*blocks), title)
    for number, block in enumerate(blocks):
        if block.kind == "heading":
            told = "\n".join(f"{piece.context}\n{piece.text}" for piece in pieces)
        else:
            told = "\n".join(p.text for p in pieces if p.position.first_block <= number <= p.position.last_block)
        for word in block.text.split():
            assert word in told
    for piece in pieces:
        assert 0 < len(piece.text) <= ROOM
        assert len(piece.context) <= CONTEXT
    assert FULL + OVERLAP < ROOM


def test_a_piece_tells_the_pages_it_stands_on() -> None:
    first, second, third = paragraph(1, 8), paragraph(2, 8), paragraph(3, 8)
    whole = f"{first} {second} {third}"
    goes_on = Block("paragraph", whole, page=4, turns=(len(first) + 1, len(first) + 1, len(first) + len(second) + 2))
    pieces = pieces_of(document(Block("paragraph", paragraph(0, 3), page=3), goes_on), "Правила")
    for piece in pieces:
        on = [(3, 4, 6, 7)[int(seed)] for seed in re.findall(r"\b([0-3])\.\d ", piece.text)]
        assert piece.position.last_page == on[-1]
        # What a piece repeats of the one before is not where it stands.
        assert piece.position.page in {on[0], on[2]}
    assert (pieces[0].position.page, pieces[-1].position.last_page) == (3, 7)


def test_the_pages_of_tiny_sections_that_go_together_and_of_headings_alone() -> None:
    blocks = (
        Block("heading", "Летом", level=2, page=1),
        Block("paragraph", "Плюс двадцать.", page=1),
        Block("heading", "Зимой", level=2, page=2),
        Block("heading", "Весной", level=2, page=3),
    )
    (piece,) = pieces_of(document(*blocks), "Погода")
    assert (piece.position.page, piece.position.last_page) == (1, 3)
    alone = pieces_of(document(Block("heading", "П" * 200, level=1, page=5)), "Погода")
    assert {(piece.position.page, piece.position.last_page) for piece in alone} == {(5, 5)}
