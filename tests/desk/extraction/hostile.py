"""Files that mean harm, or are broken, made on the fly."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path

from tests.desk.extraction.samples import pdf_pages

_TYPES = '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
_RELS = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>'
)
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def docx_of(path: Path, document: str | bytes, **more: bytes) -> Path:
    """The least zip that is a DOCX."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr("_rels/.rels", _RELS)
        archive.writestr("word/document.xml", document)
        for name, content in more.items():
            archive.writestr(name, content)
    return path


def docx_bomb(path: Path, megabytes: int) -> Path:
    """A paragraph of so many megabytes that packs to next to nothing."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr("_rels/.rels", _RELS)
        with archive.open("word/document.xml", "w", force_zip64=True) as part:
            part.write(f"<w:document {W}><w:body><w:p><w:r><w:t>".encode())
            for _ in range(megabytes):
                part.write(b"a" * 1_000_000)
            part.write(b"</w:t></w:r></w:p></w:body></w:document>")
    return path


def docx_that_lies(path: Path) -> Path:
    """A bomb whose entry says that it is small."""
    docx_bomb(path, 30)
    content = bytearray(path.read_bytes())
    at = content.index(b"PK\x01\x02")
    while content[at + 46 : at + 46 + 17] != b"word/document.xml":
        at = content.index(b"PK\x01\x02", at + 4)
    content[at + 24 : at + 28] = (1000).to_bytes(4, "little")
    path.write_bytes(content)
    return path


def docx_with_entities(path: Path, entities: str, text: str) -> Path:
    """A document with a DTD of its own."""
    return docx_of(
        path,
        f"<?xml version='1.0'?><!DOCTYPE w [{entities}]><w:document {W}><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>",
    )


def billion_laughs() -> str:
    """Entities that multiply."""
    lines = ['<!ENTITY a0 "ha">']
    lines += [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)]
    return "".join(lines)


def recursive_zip(path: Path) -> Path:
    """Zips in a zip, and nothing else."""
    inner = b""
    for _ in range(5):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for copy in range(10):
                archive.writestr(f"{copy}.zip", inner)
        inner = buffer.getvalue()
    path.write_bytes(inner)
    return path


def xlsx_bomb(path: Path, cells: int = 1_000_000) -> Path:
    """One long text that a million cells refer to."""
    import openpyxl

    book = openpyxl.Workbook()
    book.create_sheet("x", 0).append(["x"])
    book.save(path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    main = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    parts["xl/sharedStrings.xml"] = b'<sst xmlns="%s"><si><t>%s</t></si></sst>' % (main, b"y" * 30_000)
    kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(
        b"</Types>", b'<Override PartName="/xl/sharedStrings.xml" ContentType="%s"/></Types>' % kind
    )
    row = b"<row>" + b'<c t="s"><v>0</v></c>' * 100 + b"</row>"
    parts["xl/worksheets/sheet1.xml"] = (
        b'<worksheet xmlns="%s"><dimension ref="A1"/><sheetData>' % main
        + row * (cells // 100)
        + b"</sheetData></worksheet>"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def encrypted_office(path: Path) -> Path:
    """How office programs keep a document with a password: a container of the old kind."""
    sector = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504
    path.write_bytes(sector + "EncryptedPackage".encode("utf-16-le").ljust(512, b"\0") + b"\x17" * 4096)
    return path


def pdf_of(path: Path, *objects: bytes) -> Path:
    """A PDF of numbered objects, the first of which is the catalogue."""
    content = bytearray(b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(content)
    content += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    content += b"".join(b"%010d 00000 n \n" % place for place in places)
    content += b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    path.write_bytes(content)
    return path


def pdf_stream_bomb(path: Path, megabytes: int) -> Path:
    """A page whose content unpacks to so many megabytes, packed twice."""
    packer = zlib.compressobj(9)
    line = b"BT /F1 12 Tf (bomb) Tj ET\n" * 40_000
    packed = b"".join(packer.compress(line) for _ in range(megabytes)) + packer.flush()
    packed = zlib.compress(packed, 9)
    return pdf_of(
        path,
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Resources<</Font<</F1 5 0 R>>>>/Contents 4 0 R>>",
        b"<</Length %d/Filter[/FlateDecode/FlateDecode]>>stream\n%s\nendstream" % (len(packed), packed),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )


def pdf_of_many_pages(path: Path, pages: int) -> Path:
    """So many empty pages."""
    kids = b" ".join(b"%d 0 R" % (number + 3) for number in range(pages))
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]>>"
    return pdf_of(
        path, b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count %d/Kids[%s]>>" % (pages, kids), *([page] * pages)
    )


def pdf_with_password(path: Path, *, user: str | None) -> Path:
    """A page of text under a password of its owner, and of its reader too if there is one."""
    pdf = pdf_pages()
    pdf.add_page()
    pdf.set_font("DejaVu", size=11)
    pdf.multi_cell(0, 6, "Возврат возможен за сутки до поездки.")
    pdf.set_encryption(owner_password="owner", user_password=user)
    pdf.output(str(path))
    return path


def pdf_of_pictures(path: Path) -> Path:
    """A page that was scanned."""
    from PIL import Image

    pdf = pdf_pages()
    pdf.header = lambda: None  # type: ignore[method-assign]
    pdf.footer = lambda: None  # type: ignore[method-assign]
    pdf.add_page()
    pdf.image(Image.new("L", (200, 200), 128), 10, 10, 100)
    pdf.output(str(path))
    return path
