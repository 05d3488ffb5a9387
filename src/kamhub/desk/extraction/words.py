"""What a person is told about a document that cannot be read."""

from __future__ import annotations

from collections.abc import Mapping

from kamhub.desk.extraction.types import Reason
from kamhub.kit.text import Locale, mark
from kamhub.platform.i18n.catalogue import translator

_SENTENCES: Mapping[Reason, str] = {
    "unknown_type": mark(
        "It is not clear what kind of file this is. Upload PDF, DOCX, XLSX, CSV, TXT, Markdown or HTML."
    ),
    "type_not_supported": mark(
        "Files of this kind ({kind}) cannot be read. Save it as PDF, DOCX, XLSX or text and upload that."
    ),
    "empty": mark("The file is empty. Look whether it was saved, and upload it again."),
    "encrypted": mark("The file is protected by a password. Save it without one and upload it again."),
    "no_text": mark(
        "There is no text in the file, perhaps only pictures of pages. Upload the document it was made from, or a scan with recognised text."
    ),
    "damaged": mark("The file is damaged or incomplete. Open it, save it anew and upload that."),
    "too_large": mark(
        "The file is too large: at most {megabytes} MB and {characters} characters of text. Divide it and upload the parts."
    ),
    "unpacks_too_large": mark(
        "The file takes too much room when unpacked: more than {megabytes} MB. Divide it and upload the parts."
    ),
    "too_many_pages": mark("The file has {pages} pages; at most {limit} can be read. Divide it and upload the parts."),
    "too_slow": mark(
        "Reading the file took more than {seconds} seconds. Divide it or save it as text, and upload that."
    ),
    "out_of_memory": mark("Reading the file took too much memory. Divide it or save it as text, and upload that."),
}


def why_unreadable(reason: str, facts: Mapping[str, str | int], locale: Locale) -> str:
    """The sentence that helps. A reason that this program does not know is told as damage."""
    told = {"kind": "?", "megabytes": "?", "characters": "?", "pages": "?", "limit": "?", "seconds": "?", **facts}
    sentence = next((words for known, words in _SENTENCES.items() if known == reason), _SENTENCES["damaged"])
    return translator(locale).gettext(sentence).format(**told)
