"""What comes in from outside about the settings of an operator."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from kamhub.hub.operator_settings.types import OperatorSettings
from kamhub.platform.web.schemas import Form

RestMinutes = Annotated[int, Field(ge=0, le=1440)]
HoldMinutes = Annotated[int, Field(ge=5, le=60)]
CutoffMinutes = Annotated[int, Field(ge=0, le=10_080)]


class SettingsForm(Form):
    """What is to change, in minutes; a field that is left out stays as it is."""

    rest_minutes: Annotated[RestMinutes, Field(strict=True)] = Field(default_factory=int)
    hold_minutes: Annotated[HoldMinutes, Field(strict=True)] = Field(default_factory=int)
    sales_cutoff_minutes: Annotated[CutoffMinutes, Field(strict=True)] = Field(default_factory=int)

    def applied(self, settings: OperatorSettings) -> OperatorSettings:
        """Those settings with what was said in their place."""
        return replace(settings, **{name: getattr(self, name) for name in self.model_fields_set})


class RestForm(Form):
    """A driver's rest between two departures, as the page of drivers sends it."""

    rest_minutes: RestMinutes


class SettingsPageForm(RestForm):
    """All of it, as its page sends it, with the version the page was made from."""

    hold_minutes: HoldMinutes
    sales_cutoff_minutes: CutoffMinutes
    version: Annotated[int, Field(ge=0)]

    def settings(self) -> OperatorSettings:
        """The same without the version."""
        return OperatorSettings(self.rest_minutes, self.hold_minutes, self.sales_cutoff_minutes)
