"""What is told of the settings of an operator, as the API documents it."""

from __future__ import annotations

from kamhub.platform.web.schemas import Reply


class SettingsReply(Reply):
    """All in minutes: a driver's rest between two departures, a hold, and how long before departure sales end."""

    rest_minutes: int
    hold_minutes: int
    sales_cutoff_minutes: int
