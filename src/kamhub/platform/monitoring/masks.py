"""What must not be read in a log, hidden in whatever is about to be written: the last wall behind writing ids only.

Hidden are e-mails, phones, card numbers, passwords, tokens and keys of every kind, in values and in texts at any depth.
Ids (UUIDs, with their dashes or without) stay readable.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from structlog.typing import EventDict

MASK = "•••"
# Written by the logging itself; a time looks like a number to hide.
_OWN_FIELDS = frozenset({"timestamp", "level", "logger"})
_DEEPEST = 12
# In characters. Beyond it nobody reads a log, and looking through it would keep everybody waiting.
_LONGEST = 20_000
_CUT = 400

_UUID = r"[0-9a-fA-F]{8}(?:-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}(?![0-9a-zA-Z])"
_LONG = (
    r"pass(?:word|wd|phrase)|secrets?|token|authorization|cookies?|credentials?|api[_-]?keys?"
    r"|(?:private|secret|access|signing)[_-]?key|(?:password|token|key|code)[_-]?hash"
)
# Parts of ordinary words too, so they count only where they stand alone.
_SHORT = r"pass|pwd|csrf|otp|totp|cvv|cvc|pan"
_PERSONAL = r"e_?mail|phone|document|passport|(?:contact|passenger|full|first|last|person|actor)_name"
_SECRET_FIELD = re.compile(rf".*(?:{_LONG})|(?:.*_)?(?:{_SHORT}|{_PERSONAL})", re.IGNORECASE)
_SECRET_NAME = rf"[\w-]*(?:{_LONG})|(?:[\w-]*[_-])?(?:{_SHORT})"

# Each kind begins only where nothing of its own stands before, and takes what is left when its end does not come: so a
# text is walked through once, however it is made.
_HIDDEN = re.compile(
    "|".join(
        (
            # What a database and a validator quote of the data they refuse.
            r"(?P<row>(?<=Failing row contains )(?s:.*?)(?=\nCONTEXT:|\n\n|\Z))",
            r"(?P<input>(?<=input_value=)(?:[^\n]*(?=, input_type=)|[^\n]*))",
            # the login in the address of a server
            r"(?P<login>(?<=://)[^\s/@]{0,100}:\S{0,300}(?=@))",
            # Authorization: … and Cookie: …, to the end of the line
            r"(?P<header>(?i:(?<![\w-])(?:proxy-)?(?:authorization|(?:set-)?cookie):[ \t]?))(?P<content>[^\r\n\"']+)",
            # password=…, "token": "…", …_secret => …
            (
                rf"(?P<name>(?i:(?<![\w-])(?:{_SECRET_NAME})[\"']?\s{{0,3}}(?:=>|=|:)\s{{0,3}}))"
                r"(?P<value>b?\"(?:[^\"\\]|\\(?s:.))*(?:\"|\\?\Z)|b?'(?:[^'\\]|\\(?s:.))*(?:'|\\?\Z)|[^\s&,;\"')\]}]+)"
            ),
            r"(?P<scheme>(?i:\b(?:bearer|basic)\s{1,3}))(?P<bearer>[\w.~+/=-]{8,})",
            r"(?P<jwt>(?<![\w-])eyJ[\w-]{8,}(?:\.[\w-]*){1,4})",
            r"(?P<key>(?<![\w-])(?:kamhub|sk|pk|rk|ghp|gho|xox[abp])[_-](?=[\w-]*[0-9A-Z])[\w-]{16,})",
            r"(?P<bot>(?<![\w-])[0-9]{6,12}:[\w-]{30,})",
            r"(?P<email>(?<![\w.!#$%*+^~-])[\w.!#$%*+^~-]+(?:@|%40)[\w-]+(?:\.[\w-]+)*)",
            rf"(?P<uuid>(?<![0-9a-zA-Z]){_UUID})",
            # Long, and with letters of both cases beside digits, or a long digest: what a generator of secrets makes.
            r"(?P<random>(?<![\w-])(?=[\w-]*[0-9])(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]{32,}|(?<![\w-])[0-9a-f]{48,}(?![\w-]))",
            # Numbers with nothing but the usual dividers between them; what they are is looked at below.
            (
                r"(?P<number>(?<![0-9A-Za-z])\+?\(?[0-9]++(?![A-Za-z])"
                rf"(?:[ \u00a0\u202f().\u2010-\u2013-]{{1,3}}(?!{_UUID})[0-9]++(?![A-Za-z])){{0,40}})"
            ),
        )
    )
)
_DIGITS = re.compile(r"[0-9]+")
_RUSSIAN_PHONE = re.compile(r"[78][3-9][0-9]{9}|9[0-9]{9}")


def mask_event(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Processor of structlog: the event with every value masked."""
    return {
        str(name): value if name in _OWN_FIELDS else _masked_field(str(name), value, ())
        for name, value in event.items()
    }


def mask(value: object) -> object:
    """The same value, or text in its place, with everything hidden that must not be read."""
    return _masked(value, ())


def mask_text(text: str) -> str:
    """The text with everything hidden that must not be read; an endless one is cut."""
    if len(text) <= _LONGEST:
        return _HIDDEN.sub(_replace, text)
    # What the cut went through is not recognised: it goes as well.
    return _HIDDEN.sub(_replace, text[:_LONGEST])[:-_CUT] + f"… {len(text)} characters"


def _masked_field(name: str, value: object, above: tuple[int, ...]) -> object:
    if value is not None and not isinstance(value, bool) and _SECRET_FIELD.fullmatch(name.replace("-", "_")):
        return MASK
    return _masked(value, above)


def _masked(value: object, above: tuple[int, ...]) -> object:
    """``above`` are the ids of the containers it is in."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, str | bytes):
        return mask_text(value if isinstance(value, str) else value.decode(errors="backslashreplace"))
    if isinstance(value, int):
        return MASK if _is_private_number(str(value)) else value
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        if id(value) in above or len(above) >= _DEEPEST:
            return MASK
        return _masked_inside(value, (*above, id(value)))
    return str(value) if isinstance(value, UUID) else mask_text(repr(value))


def _masked_inside(value: Any, above: tuple[int, ...]) -> object:
    if isinstance(value, Mapping):
        return {mask_text(str(name)): _masked_field(str(name), item, above) for name, item in value.items()}
    return [_masked(item, above) for item in value]


def _replace(found: re.Match[str]) -> str:
    kind = found.lastgroup
    text = found.group()
    if kind == "uuid":
        return text
    if kind == "number":
        return _without_private_numbers(text)
    before = {"value": "name", "bearer": "scheme", "content": "header"}.get(kind or "")
    return f"{found[before]}{MASK}" if before else MASK


def _without_private_numbers(run: str) -> str:
    """A run of numbers without the phones and cards in it, whichever of the groups they are made of."""
    groups = list(_DIGITS.finditer(run))
    kept, done, first = [], 0, 0
    while first < len(groups):
        last = _private_until(run, groups, first)
        if last is None:
            first += 1
            continue
        start = groups[first].start()
        kept += [run[done:start].rstrip("+("), MASK]
        done, first = groups[last].end(), last + 1
    return "".join([*kept, run[done:]])


def _private_until(run: str, groups: list[re.Match[str]], first: int) -> int | None:
    """The last group of a phone or card that begins with that group; None if none does."""
    international = run.endswith(("+", "+("), 0, groups[first].start())
    found, digits = None, ""
    for last, group in enumerate(groups[first:], first):
        digits += group.group()
        if len(digits) > 19:
            break
        sizes = [len(each.group()) for each in groups[first : last + 1]]
        if _is_phone(digits, international=international) or (_is_card(digits) and _grouped_as_card(sizes)):
            found = last
    return found


def _is_private_number(digits: str) -> bool:
    return (len(digits) == 11 and _is_phone(digits, international=False)) or _is_card(digits)


def _is_phone(digits: str, *, international: bool) -> bool:
    return 8 <= len(digits) <= 15 if international else bool(_RUSSIAN_PHONE.fullmatch(digits))


def _is_card(digits: str) -> bool:
    """13 to 19 digits that pass the check of ISO/IEC 7812."""
    if not (13 <= len(digits) <= 19 and digits.isdecimal()):
        return False
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2]]
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def _grouped_as_card(sizes: list[int]) -> bool:
    return len(sizes) == 1 or sizes in ([4, 6, 5], [4, 6, 4]) or (len(sizes) >= 4 and set(sizes[:-1]) == {4})
