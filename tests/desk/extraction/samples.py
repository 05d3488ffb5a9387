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


PAGE = """<!DOCTYPE html><html><head><title>Трансферы &mdash; Камчатка</title><style>p{}</style></head><body>
<nav><a href="/">Главная</a></nav><h1>Трансферы</h1><p>Мы возим <b>гостей</b> по<br>всей Камчатке.</p><script>alert(1)</script>
<ul><li>Аэропорт<ul><li>Елизово</li></ul></li><li><p>Паратунка</p><h3>Вулканы</h3></li></ul><pre>первая
вторая</pre><details><summary>Можно ли с собакой?</summary>Да, в переноске.</details>
<table><caption>Цены</caption><tr><th rowspan=2>Маршрут<th colspan=2>Цена<tr><th>лето<th>зима<tr><td>Паратунка<td>1500<td>2000
<tr><td colspan=3>Дальние<tr><td>Вилючинск<td>2300<td><ul><li>нет</ul><tr><td rowspan=3>Вулкан<td>1<td>2<tr><td>3<td>4<tr><td>5<td>6</table>
<table role="presentation"><tr><td><p>Телефон: <a href="tel:+7900">+7 900</a></td></tr></table>
<table><tr><td><table><tr><td>внутри</table></table><table><td>одна</table>
<dl><dt>Багаж<dd>до 20 кг<dt>Дети<dd>бесплатно</dl><footer>Адрес: ул. Ленина, 1</footer></body></html>"""
MARKDOWN = """# Правила

Вступление с [ссылкой](https://example.com/a) и [почтой](mailto:a@example.com), <https://example.com/b>.

## Багаж
1. Один чемодан
2. Рюкзак
   - маленький

| Маршрут | Цена |
|---|---|
| Аэропорт | 1500 |

**Можно ли курить?**

Нельзя.

***
"""


def docx_of_rules(path: Path) -> Path:
    """Headings of its own styles too, lists, a table with merged cells, a table of contents that is not read."""
    import docx
    from docx.enum.style import WD_STYLE_TYPE
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    document = docx.Document()
    document.core_properties.title = "Правила перевозки"
    styles = document.styles
    contents = styles.add_style("toc 1", WD_STYLE_TYPE.PARAGRAPH)
    own = styles.add_style("Раздел", WD_STYLE_TYPE.PARAGRAPH)
    own.base_style = styles["Heading 2"]
    level = OxmlElement("w:outlineLvl")
    level.set(qn("w:val"), "9")
    styles.add_style("Без уровня", WD_STYLE_TYPE.PARAGRAPH).element.get_or_add_pPr().append(level)
    styles.add_style("It's", WD_STYLE_TYPE.PARAGRAPH)
    document.add_paragraph("Правила", style="Title")
    document.add_paragraph("Багаж 3", style=contents)
    document.add_heading("Багаж", 1)
    document.add_paragraph(PARAGRAPH, style="Без уровня")
    document.add_paragraph("Что нельзя", style=own)
    for item in ("оружие", "топливо"):
        document.add_paragraph(item, style="List Bullet")
    document.add_paragraph().add_run("Можно ли курить?").bold = True
    document.add_paragraph("Нельзя.")
    table = document.add_table(rows=0, cols=3)
    for cells in PRICES:
        row = table.add_row()
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    merged = table.add_row()
    merged.cells[0].merge(merged.cells[2]).text = "Зимой"
    document.save(str(path))
    return path


def xlsx_of_prices(path: Path) -> Path:
    """Merged cells, per cent, dates, times, a hidden sheet, two tables on a sheet."""
    from datetime import date, datetime, time, timedelta

    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    sheet = book.create_sheet("Цены")
    sheet["A1"] = "Прайс-лист 2026"
    sheet.merge_cells("A1:C1")
    sheet.append(["Маршрут", "Цена", "Скидка"])
    sheet.append(["Паратунка", 1500.0, 0.125])
    sheet["C3"].number_format = "0.0%"
    sheet.append(["Вулканы"])
    sheet.append(["Мутновский", 7900.5, True])
    sheet["A6"], sheet["B6"], sheet["B7"] = "Джип", 100, 200
    sheet.merge_cells("A6:A7")
    sheet["D6"] = "дорого"
    sheet.merge_cells("D6:D7")
    sheet["A10"], sheet["B10"] = "Место", "Телефон"
    sheet["A11"], sheet["B11"] = "Офис", "+7 900"
    sheet.merge_cells("A13:B14")
    season = book.create_sheet("Сезон")
    season.append(["Дата", "Событие", "Начало", "Длится"])
    season.append([date(2026, 8, 14), "Открытие", time(9, 30), timedelta(hours=1, minutes=5)])
    season.append(
        [
            date(2026, 8, 15),
            "Гонка",
            datetime(2026, 8, 15, 10, 0),  # noqa: DTZ001 - a workbook knows no zones
            False,
        ]
    )
    hidden = book.create_sheet("Закупка")
    hidden.append(["секрет", "1"])
    hidden.sheet_state = "hidden"
    book.save(path)
    return path
