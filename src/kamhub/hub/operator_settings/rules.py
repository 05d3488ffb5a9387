"""Pure decisions about the settings of an operator."""

from __future__ import annotations

from kamhub.hub.operator_settings.types import OperatorSettings

_WIDTH = 100_000  # wider than any of the numbers


def version_of(settings: OperatorSettings) -> int:
    """A number that is another one when any of them is: what is compared is what was seen, not who has looked since."""
    return (settings.rest_minutes * _WIDTH + settings.hold_minutes) * _WIDTH + settings.sales_cutoff_minutes
