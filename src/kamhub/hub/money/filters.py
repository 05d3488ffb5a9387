"""The filters above the lists of money, as pages read them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from litestar import Request
from pydantic import ValidationError

from kamhub.platform.i18n.form_errors import form_errors
from kamhub.platform.i18n.request import locale_of

Asked = Request[Any, Any, Any]


def read_filters(
    request: Asked, form: type[Any], names: tuple[str, ...]
) -> tuple[Any, dict[str, str], dict[str, str], str]:
    """The filters, what was typed, what is wrong with it, and the same as a query to go on with."""
    values = {name: request.query_params.get(name, "") for name in names}
    errors: dict[str, str] = {}
    try:
        asked = form.model_validate(dict(request.query_params))
    except ValidationError as error:
        errors, asked = form_errors(error, locale_of(request)), form()
    narrowed = urlencode({name: value for name, value in values.items() if value and not errors})
    return asked, values, errors, narrowed
