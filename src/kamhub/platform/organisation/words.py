"""What roles are called."""

from __future__ import annotations

from collections.abc import Mapping

from kamhub.kit.text import Locale, mark
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.person.types import ROLES, Role

_ROLES: Mapping[Role, str] = {
    "owner": mark("owner"),
    "admin": mark("administrator"),
    "manager": mark("manager"),
    "dispatcher": mark("dispatcher"),
    "driver": mark("driver"),
    "viewer": mark("viewer"),
}
_ABOUT: Mapping[Role, str] = {
    "owner": mark("Everything, and owners themselves"),
    "admin": mark("Everything except owners"),
    "manager": mark("Routes, vehicles, timetable, prices, refunds"),
    "dispatcher": mark("Departures, drivers, bookings, boarding"),
    "driver": mark("Own departures: passengers and boarding"),
    "viewer": mark("Looks at everything, changes nothing"),
}


def role_names(locale: Locale) -> dict[Role, str]:
    """Every role by its name in that language, the mightiest first."""
    return {role: translator(locale).gettext(_ROLES[role]) for role in ROLES}


def role_uses(locale: Locale) -> dict[Role, str]:
    """What each role is for, in a few words."""
    return {role: translator(locale).gettext(_ABOUT[role]) for role in ROLES}
