"""What is read of each format: headings, lists and tables as a reader of the document sees them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest

from kamhub.desk.extraction.actions import read, read_markdown
from kamhub.desk.extraction.reader.__main__ import answer_to
from kamhub.desk.extraction.reader.answer import Request
from kamhub.desk.extraction.types import LIMITS, Block, Document, Unreadable
from kamhub.desk.knowledge.rules import pieces_of
from tests.desk.extraction.samples import (
    MARKDOWN,
    PAGE,
    PARAGRAPH,
    PRICES,
    docx_of_rules,
    pdf_of_rules,
    pdf_pages,
    xlsx_of_prices,
)


def here(path: Path, name: str = "content", declared: str | None = None) -> Document:
    """Read in this process, as the other one does."""
    answer = answer_to(Request(str(path), name, declared, LIMITS))
    assert answer.document is not None, answer.refused
    return answer.document


def told(blocks: tuple[Block, ...]) -> list[tuple[str, int, str]]:
    return [(block.kind, block.level, block.text) for block in blocks]


def test_pdf(tmp_path: Path) -> None:
    document = here(pdf_of_rules(tmp_path / "content", pages=5))
    assert (document.media_type, document.language, document.title, document.pages) == (
        "application/pdf",
        "ru",
        "Правила перевозки",
        5,
    )
    first = told(document.blocks)[:6]
    assert first[0] == ("heading", 1, "Глава 1. Перевозка пассажиров")
    assert first[1][0] == "paragraph"
    assert first[1][2].startswith("Пункт 1.0. Трансфер из аэропорта")
    assert "\n" not in first[1][2]
    assert first[4] == ("heading", 2, "Что взять с собой")
    assert first[5] == (
        "list",
        0,
        "• тёплую куртку и непромокаемую обувь\n• документ с фотографией\n• воду и перекус на дорогу",
    )
    assert not any("Страница" in text or "правила перевозки" in text for _, _, text in told(document.blocks))
    (table,) = [block for block in document.blocks if block.kind == "table"]
    assert table.rows == PRICES
    assert table.page == 2
    after = document.blocks[document.blocks.index(table) + 1]
    assert after.text == "Цены действуют до конца сезона и включают багаж."


def test_tables_of_a_pdf_are_lines_when_there_is_no_time(tmp_path: Path) -> None:
    from kamhub.desk.extraction.reader import pdf

    document = pdf.read(pdf_of_rules(tmp_path / "content", pages=2), replace(LIMITS, seconds=0))
    assert not any(block.kind == "table" for block in document.blocks)
    assert any("Аэропорт — Паратунка 40 мин 1 500" in block.text for block in document.blocks)


def test_a_list_of_a_pdf_knows_on_which_page_each_of_its_items_is(tmp_path: Path) -> None:
    path, clauses = tmp_path / "content", [f"{number}. Пункт {number}-й. {PARAGRAPH}" for number in range(1, 51)]
    drawn = pdf_pages()
    drawn.add_page()
    drawn.set_font("DejaVu", size=11)
    for clause in clauses:
        drawn.multi_cell(0, 6, clause, new_x="LMARGIN", new_y="NEXT")
    drawn.output(str(path))
    shown = [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(path)]
    (block,) = here(path).blocks
    assert (block.kind, block.page, block.last_page) == ("list", 1, len(shown))
    pieces = pieces_of(here(path), "Договор")
    for number, clause in enumerate(clauses, start=1):
        (on,) = [page for page, text in enumerate(shown, start=1) if f"Пункт {number}-й" in text]
        (piece,) = [piece for piece in pieces if clause[:20] in piece.text]
        assert piece.position.page is not None
        assert piece.position.last_page is not None
        assert piece.position.page <= on <= piece.position.last_page <= piece.position.page + 1
    assert {piece.position.page for piece in pieces} == set(range(1, len(shown) + 1))


def test_docx(tmp_path: Path) -> None:
    document = here(docx_of_rules(tmp_path / "content"))
    assert (document.title, document.language) == ("Правила перевозки", "ru")
    kinds = told(document.blocks)
    assert kinds[0] == ("heading", 1, "Правила")
    assert kinds[1] == ("heading", 1, "Багаж")
    assert kinds[2][0] == "paragraph"
    assert kinds[3:7] == [
        ("heading", 2, "Что нельзя"),
        ("list", 0, "• оружие\n• топливо"),
        ("heading", 6, "Можно ли курить?"),
        ("paragraph", 0, "Нельзя."),
    ]
    assert document.blocks[7].rows == PRICES
    assert kinds[8] == ("paragraph", 0, "Зимой")


def test_xlsx(tmp_path: Path) -> None:
    document = here(xlsx_of_prices(tmp_path / "content"))
    assert told(document.blocks) == [
        ("heading", 1, "Цены"),
        ("paragraph", 0, "Прайс-лист 2026"),
        ("table", 0, "Маршрут: Паратунка; Цена: 1500; Скидка: 12.5 %"),
        ("paragraph", 0, "Вулканы"),
        (
            "table",
            0,
            "Маршрут: Мутновский; Цена: 7900.5; Скидка: да\nМаршрут: Джип; Цена: 100; дорого\nМаршрут: Джип; Цена: 200; дорого",
        ),
        ("table", 0, "Место: Офис; Телефон: +7 900"),
        ("heading", 1, "Сезон"),
        (
            "table",
            0,
            (
                "Дата: 2026-08-14; Событие: Открытие; Начало: 09:30; Длится: 1:05\n"
                "Дата: 2026-08-15; Событие: Гонка; Начало: 2026-08-15 10:00; Длится: нет"
            ),
        ),
    ]
    assert document.blocks[2].sheet == "Цены"


def test_html(tmp_path: Path) -> None:
    path = tmp_path / "content"
    path.write_text(PAGE)
    document = here(path, "page.txt")
    assert document.title == "Трансферы — Камчатка"
    assert told(document.blocks) == [
        ("heading", 1, "Трансферы"),
        ("paragraph", 0, "Мы возим гостей по\nвсей Камчатке."),
        ("list", 0, "• Аэропорт\n• Елизово\n• Паратунка"),
        ("heading", 3, "Вулканы"),
        ("paragraph", 0, "первая\nвторая"),
        ("heading", 6, "Можно ли с собакой?"),
        ("paragraph", 0, "Да, в переноске."),
        ("paragraph", 0, "Цены"),
        ("table", 0, "Маршрут: Паратунка; Цена лето: 1500; Цена зима: 2000"),
        ("paragraph", 0, "Дальние"),
        (
            "table",
            0,
            (
                "Маршрут: Вилючинск; Цена лето: 2300; Цена зима: нет\nМаршрут: Вулкан; Цена лето: 1; Цена зима: 2\n"
                "Маршрут: Вулкан; Цена лето: 3; Цена зима: 4\nМаршрут: Вулкан; Цена лето: 5; Цена зима: 6"
            ),
        ),
        ("paragraph", 0, "Телефон: +7 900"),
        ("paragraph", 0, "внутри"),
        ("paragraph", 0, "одна"),
        ("list", 0, "Багаж — до 20 кг\nДети — бесплатно"),
        ("paragraph", 0, "Адрес: ул. Ленина, 1"),
    ]


def test_markdown() -> None:
    document = read_markdown(MARKDOWN)
    assert document.title == "Правила"
    assert told(document.blocks) == [
        ("heading", 1, "Правила"),
        (
            "paragraph",
            0,
            "Вступление с ссылкой (https://example.com/a) и почтой (a@example.com), https://example.com/b.",
        ),
        ("heading", 2, "Багаж"),
        ("list", 0, "1. Один чемодан\n2. Рюкзак\n• маленький"),
        ("table", 0, "Маршрут: Аэропорт; Цена: 1500"),
        ("heading", 6, "Можно ли курить?"),
        ("paragraph", 0, "Нельзя."),
    ]


def test_an_article_without_text_is_refused() -> None:
    with pytest.raises(Unreadable) as refused:
        read_markdown("***")
    assert refused.value.reason == "no_text"


def test_plain_text(tmp_path: Path) -> None:
    path = tmp_path / "content"
    path.write_text(
        "ПРАВИЛА ВОЗВРАТА\n\nВозврат за сутки.\nДалее половина.\n\nЧто взять:\n- куртку\n- воду\n\n\n1) раз\n2) два"
    )
    assert told(here(path, "a.txt").blocks) == [
        ("heading", 1, "ПРАВИЛА ВОЗВРАТА"),
        ("paragraph", 0, "Возврат за сутки.\nДалее половина."),
        ("paragraph", 0, "Что взять:"),
        ("list", 0, "- куртку\n- воду"),
        ("list", 0, "1) раз\n2) два"),
    ]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1251", "koi8-r", "cp866"]
)
async def test_encodings(tmp_path: Path, encoding: str) -> None:
    text = "Возврат возможен за сутки до поездки, если вы отправились из Петропавловска. Цена — 1500 рублей."
    path = tmp_path / "content"
    path.write_bytes(text.replace("—", "-" if encoding in ("koi8-r", "cp866") else "—").encode(encoding))
    document = await read(path, "a.txt")
    assert document.blocks[0].text.startswith("Возврат возможен за сутки до поездки")
    assert document.language == "ru"


def test_a_page_in_the_set_it_declares(tmp_path: Path) -> None:
    path = tmp_path / "content"
    path.write_bytes('<html><head><meta charset="windows-1251"></head><body><p>Мыс</p></body></html>'.encode("cp1251"))
    assert here(path).blocks[0].text == "Мыс"


def test_a_page_in_a_set_that_nobody_knows(tmp_path: Path) -> None:
    path = tmp_path / "content"
    path.write_bytes(
        '<html><head><meta charset="nonsense"></head><body><p>Возврат возможен за сутки до поездки</p></body></html>'.encode(
            "cp1251"
        )
    )
    assert here(path).blocks[0].text == "Возврат возможен за сутки до поездки"


@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_separated_values(tmp_path: Path, separator: str) -> None:
    path = tmp_path / "content"
    path.write_text(
        "\n".join(separator.join(row) for row in (("Маршрут", "Цена"), ("Паратунка", "1500"), ("Вулкан", "7900")))
    )
    document = here(path, "prices.csv")
    assert document.media_type == "text/csv"
    assert document.blocks[0].rows == (("Маршрут", "Цена"), ("Паратунка", "1500"), ("Вулкан", "7900"))


@pytest.mark.parametrize(
    ("content", "name", "declared", "media_type"),
    [
        ("# Заголовок\n\nтекст", "a", None, "text/markdown"),
        ("# Заголовок\n\nтекст", "a.txt", None, "text/plain"),
        ("а;б\nв;г\nд;е", "a", None, "text/csv"),
        ("а;б\nв;г\nд;е", "a", "text/markdown; charset=utf-8", "text/markdown"),
        ("просто текст", "a", None, "text/plain"),
        ("<p>текст", "a.html", None, "text/html"),
        ("<!-- x --><html><body>текст", "a.md", None, "text/html"),
        ('а;"б\nв', "a.csv", None, "text/csv"),
    ],
)
def test_the_name_decides_where_the_content_does_not(
    tmp_path: Path, content: str, name: str, declared: str | None, media_type: str
) -> None:
    path = tmp_path / "content"
    path.write_text(content)
    assert here(path, name, declared).media_type == media_type
