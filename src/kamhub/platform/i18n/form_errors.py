"""What was wrong with what came in, field by field, as sentences in the reader's language. Pages and API say the same."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from pydantic import ValidationError

from kamhub.kit.text import Locale, mark
from kamhub.platform.i18n.catalogue import translator

_ID = mark("This is not an id.")
_DATE = mark("Choose a date.")
_MOMENT = mark("Write a date and a time with its zone, such as 2026-12-01T08:00:00+12:00.")
_TIME = mark("Write a time, such as 08:00.")
_NUMBER = mark("Write a number.")
_WHOLE = mark("Write a whole number.")
_YES_NO = mark("Answer yes or no: true or false.")
_TEXT = mark("Write text here.")
_LIST = mark("Send a list here.")
_FIELDS = mark("Send an object with fields here.")
_OPTION = mark("Choose one of the options.")
_SENTENCES: Mapping[str, str] = {
    "missing": mark("Fill this in, please."),
    "extra_forbidden": mark("This field is not known."),
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "date_parsing": _DATE,
    "date_type": _DATE,
    "datetime_parsing": _MOMENT,
    "datetime_from_date_parsing": _MOMENT,
    "datetime_type": _MOMENT,
    "timezone_aware": _MOMENT,
    "time_parsing": _TIME,
    "time_type": _TIME,
    "int_parsing": _NUMBER,
    "int_parsing_size": _NUMBER,
    "int_from_float": _WHOLE,
    "int_type": _WHOLE,
    "float_parsing": _NUMBER,
    "float_type": _NUMBER,
    "finite_number": _NUMBER,
    "bool_parsing": _YES_NO,
    "bool_type": _YES_NO,
    "string_type": _TEXT,
    "string_unicode": _TEXT,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "set_type": _LIST,
    "dict_type": _FIELDS,
    "model_type": _FIELDS,
    "model_attributes_type": _FIELDS,
    "uuid_parsing": _ID,
    "uuid_type": _ID,
    "uuid_version": _ID,
    "literal_error": _OPTION,
    "enum": _OPTION,
    "email": mark("This does not look like an e-mail address."),
    "phone": mark("This does not look like a phone number. Begin with the country code, such as +7."),
    "name_address": mark("A name cannot hold a web address."),
    "slug": mark("Small Latin letters and digits, please, with single hyphens between them."),
    "same_place": mark("Choose two different places."),
    "name_of_child": mark("Write the child's name too."),
    "password_common": mark("This password is easy to guess. Choose another one."),
}
OTHERWISE = mark("Please check this field.")
# Kind of fault → the name of its limit among what pydantic tells of it.
_LIMITS: Mapping[str, str] = {
    "string_too_short": "min_length",
    "string_too_long": "max_length",
    "too_short": "min_length",
    "too_long": "max_length",
    "greater_than_equal": "ge",
    "less_than_equal": "le",
    "greater_than": "gt",
    "less_than": "lt",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field: its dotted path, the stable code, a sentence of the catalogue, the limits it broke."""

    field: str
    code: str
    text: str
    limits: Mapping[str, object] = dataclasses.field(default_factory=dict)

    def sentence(self, locale: Locale) -> str:
        """The sentence for the reader."""
        limit = self.limits.get(_LIMITS.get(self.code, ""))
        if limit is None:
            return translator(locale).gettext(self.text)
        return _limit_sentence(self.code, str(limit), locale)


def faults_of(error: ValidationError) -> list[Fault]:
    """Every fault that pydantic found; one of the whole thing has the path ``body``."""
    found = []
    for told in error.errors():
        kind, limits = told["type"], told.get("ctx", {})
        path = ".".join(str(part) for part in told["loc"]) or "body"
        if told["input"] == "" and kind != "extra_forbidden":
            found.append(Fault(path, kind, _SENTENCES["missing"]))
        else:
            # Only pydantic's own kinds come with an address; their words are English and for programmers.
            foreign = "url" in told and kind != "json_invalid"
            found.append(Fault(path, kind, _text_of(kind, "" if foreign else told["msg"], limits), limits))
    return found


def _text_of(kind: str, message: str, context: Mapping[str, object]) -> str:
    """The sentence of that kind; a validator of ours that raises ``ValueError`` has its own."""
    if kind == "value_error":
        return str(context.get("error", OTHERWISE))
    return _SENTENCES.get(kind) or message or OTHERWISE


def form_errors(error: ValidationError, locale: Locale) -> dict[str, str]:
    """Field → sentence, the first fault of each; a nested field is ``passenger_list.0.name``."""
    found: dict[str, str] = {}
    for fault in faults_of(error):
        found.setdefault(fault.field, fault.sentence(locale))
    return found


def _limit_sentence(kind: str, limit: str, locale: Locale) -> str:
    words = translator(locale)
    match kind:
        case "string_too_short":
            text = words.ngettext("At least %(n)s character.", "At least %(n)s characters.", int(limit))
        case "string_too_long":
            text = words.ngettext("At most %(n)s character.", "At most %(n)s characters.", int(limit))
        case "too_short":
            text = words.ngettext("At least %(n)s entry.", "At least %(n)s entries.", int(limit))
        case "too_long":
            text = words.ngettext("At most %(n)s entry.", "At most %(n)s entries.", int(limit))
        case "greater_than_equal":
            text = words.gettext("Not less than %(n)s.")
        case "less_than_equal":
            text = words.gettext("Not more than %(n)s.")
        case "greater_than":
            text = words.gettext("More than %(n)s.")
        case _:
            text = words.gettext("Less than %(n)s.")
    return text % {"n": limit}
