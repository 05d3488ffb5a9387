"""What an operator sets for the whole organisation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OperatorSettings:
    """All in minutes: a driver's rest between two departures, how long a hold lasts, how long before departure sales end."""

    rest_minutes: int
    hold_minutes: int
    sales_cutoff_minutes: int

    def as_json(self) -> dict[str, object]:
        """The same, ready for JSON."""
        return {
            "rest_minutes": self.rest_minutes,
            "hold_minutes": self.hold_minutes,
            "sales_cutoff_minutes": self.sales_cutoff_minutes,
        }
