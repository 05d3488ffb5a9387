"""Broken and hostile files: each is refused with its reason, or read, and none takes more than it may."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from kamhub.desk.extraction.actions import read
from kamhub.desk.extraction.types import LIMITS, Limits, Reason, Unreadable
from tests.desk.extraction import hostile
from tests.desk.extraction.samples import pdf_of_rules

TIGHT = replace(LIMITS, memory_bytes=700_000_000)


def _cut(make: Callable[[Path], Path]) -> Callable[[Path], Path]:
    def cut(path: Path) -> Path:
        content = make(path).read_bytes()
        path.write_bytes(content[: len(content) // 2])
        return path

    return cut


def _of(content: bytes) -> Callable[[Path], Path]:
    def write(path: Path) -> Path:
        path.write_bytes(content)
        return path

    return write


def _docx(path: Path) -> Path:
    import docx

    document = docx.Document()
    for number in range(50):
        document.add_paragraph(f"Пункт {number}")
    document.save(str(path))
    return path


def _xlsx(path: Path) -> Path:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.create_sheet("x", 0)
    for number in range(500):
        sheet.append([f"Маршрут {number}", number])
    book.save(path)
    return path


REFUSED: dict[str, tuple[str, Callable[[Path], Path], Reason]] = {
    "empty": ("a.pdf", _of(b""), "empty"),
    "blank": ("a.txt", _of(b" \n\t \n"), "empty"),
    "password of the reader": ("a.pdf", lambda p: hostile.pdf_with_password(p, user="user"), "encrypted"),
    "password of office": ("a.docx", hostile.encrypted_office, "encrypted"),
    "pictures of pages": ("a.pdf", hostile.pdf_of_pictures, "no_text"),
    "half a PDF": ("a.pdf", _cut(pdf_of_rules), "damaged"),
    "half a DOCX": ("a.docx", _cut(_docx), "damaged"),
    "half an XLSX": ("a.xlsx", _cut(_xlsx), "damaged"),
    "start of a PDF": ("a.pdf", _of(b"%PDF-1.7\n"), "damaged"),
    "junk": ("a.pdf", _of(bytes(range(256)) * 100), "unknown_type"),
    "docx bomb": ("a.docx", lambda p: hostile.docx_bomb(p, 310), "unpacks_too_large"),
    "docx that lies": ("a.docx", hostile.docx_that_lies, "damaged"),
    "docx of many parts": (
        "a.docx",
        lambda p: hostile.docx_of(p, "", **{f"word/{n}.xml": b"" for n in range(10_001)}),
        "unpacks_too_large",
    ),
    "xlsx bomb": ("a.xlsx", hostile.xlsx_bomb, "too_large"),
    "zip of zips": ("a.zip", hostile.recursive_zip, "type_not_supported"),
    "many pages": ("a.pdf", lambda p: hostile.pdf_of_many_pages(p, 100_000), "too_many_pages"),
    "entity bomb in DOCX": (
        "a.docx",
        lambda p: hostile.docx_with_entities(p, hostile.billion_laughs(), "&a11;"),
        "damaged",
    ),
    "50 MB of text": ("a.txt", _of("Камчатка ждёт. ".encode() * 1_900_000), "too_large"),
    "more than 50 MB": ("a.txt", _of(b"a" * 50_000_001), "too_large"),
    "SVG": (
        "a.svg",
        _of(b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>'),
        "type_not_supported",
    ),
    "deep nesting": ("a.html", _of(b"<!doctype html><html><body>" + b"<div>" * 100_000), "damaged"),
    "picture": ("a.txt", _of(b"\x89PNG\r\n\x1a\n" + b"\0" * 100), "type_not_supported"),
    "page without words": (
        "a.html",
        _of(b"<!doctype html><html><body><script>var a = 1</script><img src=x></body></html>"),
        "no_text",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_is_refused_with_its_reason(tmp_path: Path, case: str) -> None:
    name, make, reason = REFUSED[case]
    path = make(tmp_path / "content")
    with pytest.raises(Unreadable) as refused:
        await read(path, name, None, TIGHT)
    assert refused.value.reason == reason


async def test_a_password_of_the_owner_keeps_nobody_from_reading(tmp_path: Path) -> None:
    document = await read(hostile.pdf_with_password(tmp_path / "content", user=None), "a.pdf")
    assert "Возврат возможен за сутки до поездки." in [block.text for block in document.blocks]


async def test_a_stream_bomb_ends_within_its_bounds(tmp_path: Path) -> None:
    path = hostile.pdf_stream_bomb(tmp_path / "content", 1_000)
    assert path.stat().st_size < 100_000
    with pytest.raises(Unreadable) as refused:
        await read(path, "a.pdf", None, TIGHT)
    assert refused.value.reason == "out_of_memory"


async def test_an_entity_of_a_file_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cr3t")
    path = hostile.docx_with_entities(
        tmp_path / "content", f'<!ENTITY x SYSTEM "{secret.as_uri()}">', "before &x; after"
    )
    document = await read(path, "a.docx", None, TIGHT)
    assert [block.text for block in document.blocks] == ["before after"]


async def test_a_page_with_entities_is_read_without_them(tmp_path: Path) -> None:
    path = tmp_path / "content"
    path.write_text(
        f"<!DOCTYPE html [{hostile.billion_laughs()}]><html><body><p>Трансферы &a11; и туры</p></body></html>"
    )
    document = await read(path, "a.html", None, TIGHT)
    assert "Трансферы &a11; и туры" in document.blocks[-1].text


async def test_nesting_of_thousands_is_read(tmp_path: Path) -> None:
    path = tmp_path / "content"
    path.write_text("<!doctype html><html><body>" + "<div>" * 4_000 + "дно" + "</div>" * 4_000 + "</body></html>")
    document = await read(path, "a.html", None, TIGHT)
    assert [block.text for block in document.blocks] == ["дно"]


async def test_a_million_cells_are_read_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "content"
    path.write_text("<!doctype html><html><body><table>" + ("<tr>" + "<td>1" * 100) * 10_000 + "</table></body></html>")
    document = await read(path, "a.html")
    assert sum(len(block.rows) for block in document.blocks) >= 10_000


async def test_spans_do_not_multiply_text(tmp_path: Path) -> None:
    path = tmp_path / "content"
    row = f"<tr><td rowspan=65000 colspan=1000>{'y' * 50_000}"
    path.write_text(f"<!doctype html><html><body><table>{row}{'<tr><td>1' * 3_000}</table></body></html>")
    with pytest.raises(Unreadable) as refused:
        await read(path, "a.html", None, TIGHT)
    assert refused.value.reason == "too_large"


async def test_a_text_of_one_long_line_is_read(tmp_path: Path) -> None:
    path = tmp_path / "content"
    path.write_text("Слово за слово. " * 660_000)
    document = await read(path, "a.txt")
    assert len(document.blocks) == 1
    assert len(document.blocks[0].text) > 10_000_000


async def test_what_cannot_be_seen_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "content"
    path.write_bytes(
        "Пра\0вила \u202eвозв\u00adрата\u200b:\x07 за сутки \ud800до поездки".encode("utf-8", "surrogatepass")
    )
    document = await read(path, "a.txt")
    assert document.blocks[0].text == "Правила возврата: за сутки до поездки"


def readers() -> list[psutil.Process]:
    """Those that are still there; a test process has other children as well."""
    return [
        child for child in psutil.Process().children(recursive=True) if "extraction.reader" in " ".join(child.cmdline())
    ]


async def test_a_reader_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    with pytest.raises(Unreadable) as refused:
        await read(pdf_of_rules(tmp_path / "content"), "a.pdf", None, replace(LIMITS, seconds=0.05))
    assert refused.value.reason == "too_slow"
    assert refused.value.facts["seconds"] == 0
    assert not readers()


async def test_a_reader_without_memory_says_so(tmp_path: Path) -> None:
    path = tmp_path / "content"
    path.write_bytes("Камчатка ждёт. ".encode() * 1_000_000)
    with pytest.raises(Unreadable) as refused:
        await read(path, "a.txt", None, replace(LIMITS, memory_bytes=120_000_000))
    assert refused.value.reason == "out_of_memory"


async def test_a_file_that_is_not_there_is_no_fault_of_the_document(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await read(tmp_path / "nothing", "a.pdf")


async def test_what_is_read_does_not_stay_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "content"
    path.write_bytes("Камчатка ждёт гостей. ".encode() * 20_000)
    ours = psutil.Process()
    await asyncio.gather(*(read(path, "a.txt") for _ in range(10)))
    before = ours.memory_info().rss
    for _ in range(10):
        await asyncio.gather(*(read(path, "a.txt", None, Limits()) for _ in range(10)))
    assert ours.memory_info().rss - before < 15_000_000
    assert not readers()
