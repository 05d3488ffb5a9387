"""What was wrong in a form, field by field, as sentences in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from kamhub.kit.text import Locale
from kamhub.platform.i18n.catalogue import mark, translator

_SENTENCES: Mapping[str, str] = {
    "missing": mark("Fill this in, please."),
    "string_too_short": mark("This is too short."),
    "date_from_datetime_parsing": mark("Choose a date."),
    "date_parsing": mark("Choose a date."),
    "int_parsing": mark("Write a number."),
    "literal_error": mark("Choose one of the options."),
    "email": mark("This does not look like an e-mail address."),
    "phone": mark("This does not look like a phone number. Begin with the country code, such as +7."),
    "same_place": mark("Choose two different places."),
    "name_of_child": mark("Write the child's name too."),
}
_OTHERWISE = mark("Please check this field.")


def form_errors(error: ValidationError, locale: Locale) -> dict[str, str]:
    """Field → sentence, the first fault of each; a nested field is ``passenger_list.0.name``."""
    found: dict[str, str] = {}
    for fault in error.errors(include_url=False):
        field = ".".join(str(part) for part in fault["loc"])
        found.setdefault(field, _sentence(fault["type"], fault.get("ctx", {}), fault["input"], locale))
    return found


def _sentence(kind: str, limits: Mapping[str, object], given: object, locale: Locale) -> str:
    words = translator(locale)
    if kind == "string_too_long":
        most = int(str(limits["max_length"]))
        return words.ngettext("At most %(n)s character.", "At most %(n)s characters.", most) % {"n": most}
    if kind == "greater_than_equal":
        return words.gettext("Not less than %(n)s.") % {"n": limits["ge"]}
    if kind == "less_than_equal":
        return words.gettext("Not more than %(n)s.") % {"n": limits["le"]}
    if given == "":
        kind = "missing"
    return words.gettext(_SENTENCES.get(kind, _OTHERWISE))
