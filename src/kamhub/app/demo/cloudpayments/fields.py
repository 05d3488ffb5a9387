"""Reading the fields of an API request, whichever of the two documented encodings it came in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from urllib.parse import parse_qs, urlsplit

from .types import Refusal

_MAX_FIELDS = 1000
_SMALLEST = Decimal("0.01")
_LARGEST = Decimal(10**10)
_LARGEST_ID = Decimal(2**63 - 1)


class Unreadable(Exception):
    """The body is neither a form nor a JSON object."""


def parse_form(body: bytes) -> dict[str, str]:
    """Read a form-urlencoded body; of a repeated name the first value counts."""
    try:
        values = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError:
        raise Unreadable("the form cannot be read") from None
    return {name: items[0] for name, items in values.items()}


def parse_body(content_type: str, body: bytes) -> Fields:
    """Read the body of an API request."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json" and body.strip():
        try:
            value = json.loads(body, parse_float=Decimal, parse_int=Decimal)
        except (ValueError, RecursionError, InvalidOperation):
            raise Unreadable("the JSON cannot be read") from None
        if not isinstance(value, dict):
            raise Unreadable("the JSON is not an object")
        return Fields(value)
    if kind in {"", "application/json", "application/x-www-form-urlencoded"}:
        return Fields(parse_form(body))
    raise Unreadable("Content-Type must be application/json or application/x-www-form-urlencoded")


class Fields:
    """Fields of a request, each read as what it must be; every method raises Refusal naming a wrong field."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values

    def text(self, name: str, default: str = "") -> str:
        """Read a string; a number is taken as it was written."""
        value = self._values.get(name)
        if value is None or value == "":
            return default
        if not isinstance(value, str | Decimal) or isinstance(value, bool):
            raise Refusal(f"{name} must be a string")
        return _checked(str(value), name)

    def required(self, name: str) -> str:
        """Read a string that must be there."""
        text = self.text(name).strip()
        if not text:
            raise Refusal(f"{name} is required")
        return text

    def _number(self, name: str) -> Decimal:
        try:
            number = Decimal(self.required(name))
        except InvalidOperation:
            raise Refusal(f"{name} must be a number") from None
        if not number.is_finite():
            raise Refusal(f"{name} must be a number")
        return number

    def amount(self, name: str = "Amount") -> int:
        """Read an amount with at most two decimals, at least 0.01, and give it in minor units."""
        number = self._number(name)
        if not _SMALLEST <= number <= _LARGEST or number != number.quantize(_SMALLEST):
            raise Refusal(f"{name} must be at least 0.01 with at most 2 decimals")
        return int(number * 100)

    def integer(self, name: str) -> int:
        """Read an integer; a fraction is rounded, as the real service does."""
        number = self._number(name)
        if not abs(number) <= _LARGEST_ID:
            raise Refusal(f"{name} is too large")
        return int(number.to_integral_value(ROUND_HALF_EVEN))

    def flag(self, name: str) -> bool:
        """Read a boolean, false when absent."""
        value = self._values.get(name)
        if isinstance(value, bool):
            return value
        text = self.text(name, "false").strip().lower()
        if text not in {"true", "false", "1", "0"}:
            raise Refusal(f"{name} must be true or false")
        return text in {"true", "1"}

    def currency(self, name: str = "Currency") -> str:
        """Read a three-letter currency code, RUB when absent."""
        code = self.text(name, "RUB")
        if len(code) != len("RUB") or not (code.isascii() and code.isalpha() and code.isupper()):
            raise Refusal(f"{name} must be a three-letter code")
        return code

    def address(self, name: str) -> str:
        """Read an http or https address that is safe in a Location header; empty when absent."""
        url = self.text(name)
        if url and (not url.isascii() or not url.isprintable() or " " in url or not web_origin(url)):
            raise Refusal(f"{name} must be an http or https address")
        return url

    def json_text(self, name: str = "JsonData") -> str:
        """Read free JSON, given as a value or as a string that holds it, and give it as a string."""
        value = self._values.get(name)
        if isinstance(value, dict | list):
            return _checked(json.dumps(value, ensure_ascii=False, default=_plain_number), name)
        text = self.text(name)
        try:
            json.loads(text or "null")
        except (ValueError, RecursionError):
            raise Refusal(f"{name} is not JSON") from None
        return text


def _checked(text: str, name: str) -> str:
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise Refusal(f"{name} holds characters that are not text")
    return text


def _plain_number(value: object) -> int | float:
    number = Decimal(str(value))
    return int(number) if number == number.to_integral_value() and abs(number) <= _LARGEST_ID else float(number)


def web_origin(url: str) -> str:
    """Give scheme, host and port of an http(s) address; empty when it is none."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    host = parts.hostname or ""
    plain_host = host.replace("-", "").replace(".", "").replace("_", "")
    if parts.scheme not in {"http", "https"} or not (plain_host.isascii() and plain_host.isalnum()):
        return ""
    return f"{parts.scheme}://{host}{port}"
