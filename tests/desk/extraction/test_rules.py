"""Cleaning, languages, tables as text, and the sentences for what cannot be read."""

from __future__ import annotations

from typing import get_args

import pytest

from kamhub.desk.extraction.rules import blocks_of_grid, clean, clean_line, language_of, lines_of_table
from kamhub.desk.extraction.types import Reason
from kamhub.desk.extraction.words import why_unreadable


def test_clean_keeps_lines_and_drops_what_nobody_sees() -> None:
    assert clean(" а\u00a0\u00a0б \r\n\r\n\n\u200bв\u202e\t г\x00\ue000\uf0b7 ") == "а б\n\nв г•"
    assert clean_line("и\u0306 \n б") == "й б"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Возврат возможен за сутки до поездки", "ru"),
        ("Трансфер Toyota HiAce в Паратунку", "ru"),
        ("You can cancel the trip a day before it starts", "en"),
        ("Airport transfer, Paratunka, 1500 RUB", "en"),
        ("Die Rückgabe ist bis zu einem Tag vor der Reise möglich", "other"),
        ("Le remboursement est possible la veille du départ", "other"),
        ("Повернення коштів можливе за добу до поїздки, їдемо", "other"),
        ("Възстановяване на сумата е възможно един ден преди пътуването. " * 8, "other"),
        ("返金は旅行の前日まで可能です", "other"),
        ("1500 / 2000", "other"),
    ],
)
def test_language(text: str, language: str) -> None:
    assert language_of(text) == language


def test_without_letters_the_language_is_that_of_the_rest() -> None:
    assert language_of("1500", "ru") == "ru"


def test_rows_say_their_columns() -> None:
    assert lines_of_table([("Маршрут", "Цена", ""), ("А — Б", "100", "с багажом"), ("В", "", "")]) == [
        "Маршрут: А — Б; Цена: 100; с багажом",
        "Маршрут: В",
    ]
    assert lines_of_table([("", ""), ("а", "б"), ("", "")]) == ["а — б"]


def test_names_that_no_row_says_in_full_have_a_line() -> None:
    long = "н" * 80
    assert lines_of_table([(long, "пусто"), ("а", "")]) == [f"{long} — пусто", f"{'н' * 59}…: а"]


def test_a_grid_is_tables_and_the_lines_between() -> None:
    grid: list[list[str | None]] = [
        ["Прайс", None, None],
        ["Маршрут", "Цена", None],
        ["", "лето", "зима"],
        ["А", "1", "2"],
        [],
        ["Б", "3", "4"],
        ["Зимой"],
        ["В", "5"],
        [],
        ["Кто", "Где", "Как"],
        ["я", "тут", "так"],
    ]
    blocks = blocks_of_grid(grid, page=3)
    assert [(block.kind, block.rows or block.text) for block in blocks] == [
        ("paragraph", "Прайс"),
        ("table", (("Маршрут", "Цена лето", "Цена зима"), ("А", "1", "2"), ("Б", "3", "4"))),
        ("paragraph", "Зимой"),
        ("table", (("Маршрут", "Цена лето", "Цена зима"), ("В", "5", ""))),
        ("table", (("Кто", "Где", "Как"), ("я", "тут", "так"))),
    ]
    assert {block.page for block in blocks} == {3}


def test_a_grid_without_names() -> None:
    assert blocks_of_grid([["1", "2"], ["3", "4"]])[0].text == "1 — 2\n3 — 4"


def test_names_without_rows_are_a_table_too() -> None:
    assert [block.text for block in blocks_of_grid([["Маршрут", "Цена"]])] == ["Маршрут — Цена"]
    assert [block.kind for block in blocks_of_grid([["А", "Б", "В"], ["1", "2", "3"], ["итог"]])] == [
        "table",
        "paragraph",
    ]


def test_one_column_is_lines() -> None:
    assert [block.kind for block in blocks_of_grid([["а"], ["б"]])] == ["paragraph", "paragraph"]
    assert blocks_of_grid([]) == []


@pytest.mark.parametrize("reason", get_args(Reason))
def test_every_reason_has_a_sentence_in_both_languages(reason: Reason) -> None:
    facts: dict[str, str | int] = {
        "kind": "DOC",
        "pages": 7_000,
        "limit": 5_000,
        "megabytes": 50,
        "characters": 9,
        "seconds": 60,
    }
    english, russian = why_unreadable(reason, facts, "en"), why_unreadable(reason, facts, "ru")
    assert english != russian
    assert "{" not in english + russian


def test_a_reason_of_a_newer_program_is_told_as_damage() -> None:
    assert why_unreadable("melted", {}, "en") == why_unreadable("damaged", {}, "en")
