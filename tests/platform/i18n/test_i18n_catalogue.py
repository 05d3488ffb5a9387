"""The Russian catalogue says everything the code and the templates say, and is compiled afresh."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

import kamhub
from kamhub.platform.i18n.catalogue import LOCALES_DIR, translator

PACKAGE = Path(kamhub.__file__).parent
RUSSIAN = LOCALES_DIR / "ru" / "LC_MESSAGES"
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2"), ("**/templates/**.txt", "jinja2")]
KEYWORDS = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "mark": None,
}
PLACEHOLDER = re.compile(r"%\(\w+\)s|%%")

Key = tuple[str | None, str]


def key_of(message: Message) -> Key:
    single = message.id if isinstance(message.id, str) else message.id[0]
    return message.context, single


def messages_in_code() -> dict[Key, str]:
    found = {}
    options = {pattern: {"trimmed": "true"} for pattern, _ in METHODS}
    for name, line, message, _, context in extract_from_dir(PACKAGE, METHODS, options, keywords=KEYWORDS):
        single = message if isinstance(message, str) else message[0]
        found[context, single] = f"{name}:{line}"
    return found


@pytest.fixture(scope="module")
def russian() -> Catalog:
    with (RUSSIAN / "messages.po").open("rb") as file:
        return read_po(file, locale="ru")


def test_every_message_has_a_russian_one(russian: Catalog) -> None:
    translated = {key_of(message) for message in russian if message.id and is_complete(message)}
    missing = {key: where for key, where in messages_in_code().items() if key not in translated}
    assert not missing, f"run tools/i18n.sh and translate: {missing}"


def test_nothing_in_the_catalogue_is_fuzzy_or_no_longer_said(russian: Catalog) -> None:
    said = messages_in_code().keys()
    stale = [key_of(m) for m in russian if m.id and (m.fuzzy or key_of(m) not in said)]
    assert not stale
    assert not russian.obsolete


def test_placeholders_are_the_same_in_both_languages(russian: Catalog) -> None:
    for message in russian:
        if not message.id:
            continue
        original = set(PLACEHOLDER.findall(message.id if isinstance(message.id, str) else message.id[1]))
        for text in translations(message):
            assert set(PLACEHOLDER.findall(text)) == original, f"{message.id} → {text}"


def test_compiled_catalogue_is_up_to_date(russian: Catalog) -> None:
    fresh = io.BytesIO()
    write_mo(fresh, russian)
    fresh.seek(0)
    with (RUSSIAN / "messages.mo").open("rb") as file:
        kept = read_mo(file)
    assert texts(kept) == texts(read_mo(fresh)), "run tools/i18n.sh compile"


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1, "1 место"),
        (2, "2 места"),
        (5, "5 мест"),
        (11, "11 мест"),
        (21, "21 место"),
        (24, "24 места"),
        (0, "0 мест"),
    ],
)
def test_russian_plurals(count: int, expected: str) -> None:
    said = translator("ru").ngettext("%(num)s seat", "%(num)s seats", count) % {"num": count}
    assert said == expected


def is_complete(message: Message) -> bool:
    return all(translations(message))


def translations(message: Message) -> list[str]:
    """One text, or one for each plural form; never none at all."""
    given = message.string
    return [given] if isinstance(given, str) else [str(text) for text in given or [""]]


def texts(catalogue: Catalog) -> dict[Key, object]:
    return {key_of(message): message.string for message in catalogue if message.id}
