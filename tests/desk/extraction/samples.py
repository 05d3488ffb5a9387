"""Documents of an operator, made on the fly in every format."""

from __future__ import annotations

from pathlib import Path

from fpdf import FPDF

FONTS = Path(__file__).parents[3] / "src/kamhub/hub/ticket/fonts"
PARAGRAPH = (
    "Трансфер из аэропорта Елизово до Паратунки занимает около сорока минут. Водитель ждёт у выхода с табличкой и помогает с багажом. "
    "Если рейс задерживается, машина ждёт без доплаты до двух часов. Детское кресло бронируется заранее и ничего не стоит."
)
PRICES = (
    ("Маршрут", "Время в пути", "Цена, ₽"),
    ("Аэропорт — Паратунка", "40 мин", "1 500"),
    ("Аэропорт — Вилючинск", "1 ч 10 мин", "2 300"),
    ("Петропавловск — Мутновский вулкан", "3 ч", "7 900"),
)


class Pages(FPDF):
    """A PDF with a running head and page numbers."""

    def header(self) -> None:
        self.set_font("DejaVu", size=8)
        self.cell(0, 6, "Камчатка Тур — правила перевозки", new_x="LMARGIN", new_y="NEXT")

    def footer(self) -> None:
        self.set_y(-15)
        self.set_font("DejaVu", size=8)
        self.cell(0, 6, f"Страница {self.page_no()}")


def pdf_pages() -> Pages:
    """An empty one with typefaces."""
    pdf = Pages()
    pdf.add_font("DejaVu", "", FONTS / "DejaVuSans.ttf")
    pdf.add_font("DejaVu", "B", FONTS / "DejaVuSans-Bold.ttf")
    return pdf


def pdf_of_rules(path: Path, pages: int = 4, prices_on: tuple[int, ...] = (2,)) -> Path:
    """Headings, paragraphs, a list; a table with ruled lines on some pages."""
    pdf = pdf_pages()
    pdf.set_title("Правила перевозки")
    for number in range(1, pages + 1):
        pdf.add_page()
        pdf.set_font("DejaVu", "B", 18)
        pdf.multi_cell(0, 10, f"Глава {number}. Перевозка пассажиров", new_x="LMARGIN", new_y="NEXT")
        pdf.ln(2)
        pdf.set_font("DejaVu", size=11)
        for part in range(3):
            pdf.multi_cell(0, 6, f"Пункт {number}.{part}. {PARAGRAPH}", new_x="LMARGIN", new_y="NEXT")
            pdf.ln(4)
        pdf.set_font("DejaVu", "B", 13)
        pdf.multi_cell(0, 8, "Что взять с собой", new_x="LMARGIN", new_y="NEXT")
        pdf.set_font("DejaVu", size=11)
        for item in ("тёплую куртку и непромокаемую обувь", "документ с фотографией", "воду и перекус на дорогу"):
            pdf.multi_cell(0, 6, f"• {item}", new_x="LMARGIN", new_y="NEXT")
        if number in prices_on:
            pdf.ln(4)
            with pdf.table(width=180) as table:
                for cells in PRICES:
                    row = table.row()
                    for cell in cells:
                        row.cell(cell)
            pdf.ln(4)
            pdf.multi_cell(0, 6, "Цены действуют до конца сезона и включают багаж.", new_x="LMARGIN", new_y="NEXT")
    pdf.output(str(path))
    return path
