"""What an operator knows: documents dropped, read and found at their place; articles and categories; what fails says why."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest
from docx import Document
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Visit
from tests.browser.hands import Keys
from tests.browser.reader import DESKTOP, PHONE, Language, Reader, Screen
from tests.browser.test_office import office
from tests.browser.test_sign_in import look_over, sign_in
from tests.desk.extraction.hostile import pdf_with_password
from tests.desk.extraction.samples import pdf_pages
from tests.system.product import PASSWORD

pytestmark = pytest.mark.browser

STRANGER = "owner@vulkan-tour.example"
DOCUMENTS = "/office/knowledge/assets"
ARTICLES = "/office/knowledge/articles"
WRONG_KIND = "Files of this kind cannot be read. Save it as PDF, DOCX, XLSX, CSV, TXT, Markdown or HTML."
# Sections that say next to nothing are kept together with their neighbours; these say more.
REST = (
    "Остальное водитель расскажет перед поездкой. Если планы меняются, позвоните диспетчеру не позже чем за два часа."
)
READING_MS = 60_000  # a worker that others keep busy as well
WAYS = pytest.mark.parametrize(
    ("screen", "language", "scripts"), [(PHONE, "ru", True), (DESKTOP, "en", False)], ids=["phone-ru", "plain-en"]
)
SCREENS = pytest.mark.parametrize(
    ("screen", "language"), [(PHONE, "ru"), (DESKTOP, "en")], ids=["phone-ru", "desktop-en"]
)


class Papers:
    """Documents that nobody else has: a word of their own is in each name and each text."""

    def __init__(self, folder: Path) -> None:
        self.word = f"лахтак{uuid4().hex[:6]}"
        self.folder = folder

    @property
    def question(self) -> str:
        """That is answered by one paragraph of the PDF."""
        return f"Сколько стоит перевозка {self.word}?"

    @property
    def answer(self) -> str:
        return f"Перевозка {self.word} стоит 900 рублей за место."

    def pdf(self) -> Path:
        """Two pages; the answer is on the second one."""
        pdf = pdf_pages()
        for heading, text in (("Общие правила", "Посадка начинается за десять минут."), ("Особый груз", self.answer)):
            pdf.add_page()
            pdf.set_font("DejaVu", "B", 18)
            pdf.multi_cell(0, 10, heading, new_x="LMARGIN", new_y="NEXT")
            pdf.set_font("DejaVu", size=11)
            pdf.multi_cell(0, 6, f"{text} {REST}", new_x="LMARGIN", new_y="NEXT")
        path = self.folder / f"{self.word}.pdf"
        pdf.output(str(path))
        return path

    def docx(self) -> Path:
        document = Document()
        document.add_heading("Памятка", 1)
        document.add_paragraph(f"Группа {self.word} встречается у входа.")
        path = self.folder / f"{self.word}.docx"
        document.save(str(path))
        return path

    def txt(self) -> Path:
        path = self.folder / f"{self.word}.txt"
        path.write_text(f"Заметка о {self.word}. Чай в термосе бесплатно.")
        return path

    def locked(self) -> Path:
        """Encrypted with a key of its own, so that no two are the same file."""
        return pdf_with_password(self.folder / f"{self.word}-locked.pdf", user="secret")


@pytest.fixture
def papers(tmp_path: Path) -> Papers:
    return Papers(tmp_path)


def row_of(reader: Reader, path: Path) -> Locator:
    """The document in a list."""
    return reader.page.get_by_role("main").get_by_role("listitem").filter(has_text=path.name)


def wait_until(reader: Reader, path: Path, words: str) -> None:
    """The list says that of a document; without a script the page is opened again."""
    row = row_of(reader, path).filter(has_text=reader.say(words))
    if reader.scripts:
        expect(row).to_be_visible(timeout=READING_MS)
    else:
        reader.reload_until(row.is_visible, f"{path.name}: {words}", READING_MS / 1000)


def take_in(reader: Reader, *files: Path) -> None:
    """Choose files and send them."""
    reader.go(f"{DOCUMENTS}/new")
    reader.heading("Add documents")
    reader.page.set_input_files("#f-file", files)
    if reader.scripts:
        expect(reader.page.locator("[data-chosen]")).to_have_text(", ".join(file.name for file in files))
    reader.button("Upload").click()
    if not reader.scripts:
        reader.page.wait_for_url("**/assets?done=added")


def ask(reader: Reader, question: str) -> None:
    reader.go("/office/knowledge")
    reader.page.fill("#f-q", question)
    reader.button("Find").click()


def open_place(reader: Reader, source: str) -> Locator:
    """Follow the first answer from that source to where it is written."""
    found = reader.page.locator("#found").get_by_role("link", name=source, exact=True).first
    found.click(timeout=READING_MS)
    reader.page.wait_for_url("**#place")
    place = reader.page.locator("#place")
    expect(place).to_be_in_viewport()
    return place


@WAYS
def test_documents_are_taken_in_read_found_and_removed(
    visit: Visit, papers: Papers, screen: Screen, language: Language, scripts: bool
) -> None:
    owner = office(visit, screen, language, scripts)
    files = [papers.pdf(), papers.docx(), papers.txt()]
    owner.go(f"{DOCUMENTS}/new")
    look_over(owner)
    take_in(owner, *files)
    for path in files:
        wait_until(owner, path, "can be found")
    look_over(owner)

    # Found, and opened where it is written.
    ask(owner, papers.question)
    place = open_place(owner, files[0].name)
    expect(place).to_contain_text(papers.answer)
    expect(owner.page.get_by_role("main")).to_contain_text(owner.say("Page %(number)s", number=2))
    look_over(owner)

    # Gone, and what was known from it too.
    owner.page.locator("details:has(form[action$='/remove']) > summary").click()
    owner.button("Remove for good").click()
    owner.page.wait_for_url("**/assets?done=removed")
    expect(row_of(owner, files[0])).to_have_count(0)
    ask(owner, papers.question)
    expect(owner.page.locator("#found h2")).to_be_visible()
    expect(owner.page.locator("#found").get_by_role("link", name=files[0].name, exact=True)).to_have_count(0)


@WAYS
def test_what_cannot_be_read_says_why_each_time_it_is_tried(
    visit: Visit, papers: Papers, screen: Screen, language: Language, scripts: bool
) -> None:
    owner = office(visit, screen, language, scripts)
    locked = papers.locked()
    take_in(owner, locked)
    wait_until(owner, locked, "could not be read")
    why = owner.say("The file is protected by a password. Save it without one and upload it again.")
    expect(row_of(owner, locked)).to_contain_text(why)
    look_over(owner)
    row_of(owner, locked).get_by_role("button", name=owner.say("Try again: %(name)s", name=locked.name)).click()
    owner.page.wait_for_url("**?done=again")
    standing = owner.page.locator("#standing").filter(has_text=why)
    if scripts:
        expect(standing).to_be_visible(timeout=READING_MS)
    else:
        owner.reload_until(standing.is_visible, "it fails again")
    look_over(owner)


@SCREENS
def test_files_are_dropped_and_wrong_ones_refused_before_they_are_sent(
    visit: Visit, papers: Papers, screen: Screen, language: Language
) -> None:
    owner = office(visit, screen, language, True)
    owner.go(f"{DOCUMENTS}/new")
    dropped = owner.page.evaluate_handle(
        """([name, text]) => {
          const dropped = new DataTransfer();
          dropped.items.add(new File([text], `${name}.md`, { type: "text/markdown" }));
          dropped.items.add(new File(["MZ"], `${name}.exe`));
          dropped.items.add(new File([], `${name}-empty.txt`));
          return dropped;
        }""",
        [papers.word, f"# Собаки\n\nСобаки {papers.word} едут в переноске."],
    )
    owner.page.dispatch_event("[data-drop]", "dragover", {"dataTransfer": dropped})
    expect(owner.page.locator("[data-drop][data-over]")).to_be_visible()
    owner.page.dispatch_event("[data-drop]", "drop", {"dataTransfer": dropped})
    expect(row_of(owner, Path(f"{papers.word}.exe"))).to_contain_text(owner.say(WRONG_KIND))
    expect(row_of(owner, Path(f"{papers.word}-empty.txt"))).to_contain_text(owner.say("The file is empty."))
    wait_until(owner, Path(f"{papers.word}.md"), "can be found")
    look_over(owner)
    # Again, and it is the one that is there.
    owner.page.dispatch_event("[data-drop]", "drop", {"dataTransfer": dropped})
    expect(owner.page.locator("#toasts")).to_contain_text(owner.say("It is among your documents already."))


def test_a_file_that_could_not_be_sent_is_sent_again(visit: Visit, papers: Papers) -> None:
    owner = office(visit, DESKTOP, "en", True)
    path = papers.txt()
    owner.page.route("**/api/assets", lambda route: route.abort())
    take_in(owner, path)
    again = row_of(owner, path).get_by_role("button")
    expect(row_of(owner, path)).to_contain_text(owner.say("It could not be sent. Check the connection."))
    owner.complaints.clear()  # the browser itself tells of the connection
    owner.page.unroute("**/api/assets")
    again.click()
    wait_until(owner, path, "can be found")


@SCREENS
def test_a_category_and_an_article_are_written(
    visit: Visit, papers: Papers, screen: Screen, language: Language
) -> None:
    owner = office(visit, screen, language, True)
    name = f"Категория {papers.word}"
    owner.go("/office/knowledge/categories")
    look_over(owner)
    owner.page.fill("#f-name", name)
    owner.button("Add the category").click()
    owner.page.wait_for_url("**?done=added")
    owner.page.get_by_role("main").get_by_role("link", name=name).click()
    look_over(owner)

    owner.go(f"{ARTICLES}/new")
    owner.page.fill("#f-title", f"Можно ли взять {papers.word}?")
    owner.page.fill("#f-body", f"# Ответ\n\n{papers.answer}\n\n| Вес | Цена |\n|---|---|\n| до 8 кг | 0 ₽ |")
    owner.page.select_option("#f-category_id", label=name)
    look_over(owner)
    owner.button("See how it is read").click()
    preview = owner.page.locator("#preview")
    expect(preview.get_by_role("heading", name=owner.say("How it is read"))).to_be_focused()
    expect(preview.get_by_role("cell", name="0 ₽")).to_be_visible()
    expect(owner.page.locator("#f-title")).to_have_value(f"Можно ли взять {papers.word}?")
    look_over(owner)
    owner.button("Save").click()
    owner.page.wait_for_url("**?done=added")
    expect(owner.page.locator("#standing")).to_have_text(owner.say("published"), timeout=READING_MS)
    look_over(owner)

    # Changed, and brought back.
    owner.link("Edit").click()
    owner.page.fill("#f-body", "Совсем другое.")
    owner.button("Save").click()
    owner.page.wait_for_url("**?done=changed")
    owner.link("Version %(number)s", number=1).click()
    expect(owner.page.get_by_role("main")).to_contain_text(papers.answer)
    look_over(owner)
    owner.button("Bring it back").click()
    owner.page.wait_for_url("**?done=brought_back")
    expect(owner.page.locator("#text")).to_contain_text(papers.answer)


def test_an_article_is_written_and_found_with_a_keyboard_alone(visit: Visit, papers: Papers) -> None:
    owner = office(visit, DESKTOP, "ru", True)
    hands, page = Keys(owner), owner.page
    owner.go("/office/knowledge")
    hands.press(owner.link("Write an article"))
    owner.heading("New article")
    hands.fill(page.locator("#f-title"), f"Особый груз {papers.word}")
    hands.fill(page.locator("#f-body"), papers.answer)
    hands.press(owner.button("See how it is read"))
    expect(page.locator("#preview h2")).to_be_focused()
    hands.press(owner.button("Save"))
    page.wait_for_url("**?done=added")
    expect(page.locator("#standing")).to_have_text(owner.say("published"), timeout=READING_MS)
    owner.go("/office/knowledge")
    hands.fill(page.locator("#f-q"), papers.question)
    hands.press(owner.button("Find"))
    hands.press(page.locator("#found").get_by_role("link", name=f"Особый груз {papers.word}").first)
    page.wait_for_url("**#place")
    expect(page.locator("#place")).to_be_in_viewport()


@SCREENS
def test_the_demo_finds_its_documents_and_says_what_it_does_not_know(
    visit: Visit, screen: Screen, language: Language
) -> None:
    owner = office(visit, screen, language, True)
    owner.go(DOCUMENTS)
    for name in ("Отмена и возврат.md", "Weather and the road.md"):
        wait_until(owner, Path(name), "can be found")
    look_over(owner)
    ask(owner, "Сколько вернут, если отменить поездку за 15 часов до отправления?")
    look_over(owner)
    place = open_place(owner, "Отмена и возврат.md")
    expect(place).to_be_visible()
    ask(owner, "Можно ли оплатить биткоинами обед на вертолёте?")
    expect(owner.page.locator("[data-no-answer]")).to_be_visible()
    look_over(owner)
    owner.page.locator("#found").get_by_role("link", name=owner.say("Write an article about it")).click()
    expect(owner.page.locator("#f-title")).to_have_value("Можно ли оплатить биткоинами обед на вертолёте?")


def test_another_operator_knows_only_its_own(visit: Visit) -> None:
    stranger = visit(DESKTOP, "en", scripts=True)
    stranger.go("/signin")
    sign_in(stranger, STRANGER, PASSWORD)
    stranger.page.wait_for_url("**/office")
    stranger.go(DOCUMENTS)
    expect(stranger.page.get_by_role("main").get_by_role("listitem")).to_have_count(1)
    wait_until(stranger, Path("Памятка.md"), "can be found")
    ask(stranger, "Сколько вернут, если отменить поездку за 15 часов до отправления?")
    expect(stranger.page.locator("#found h2")).to_be_visible()
    expect(stranger.page.locator("#found")).not_to_contain_text("Отмена и возврат")
