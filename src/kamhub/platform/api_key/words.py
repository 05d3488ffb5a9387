"""What the rights of keys are called."""

from __future__ import annotations

from collections.abc import Mapping

from kamhub.kit.text import Locale, mark
from kamhub.platform.i18n.catalogue import translator

# In the order of the form; every scope that a key may have is here.
_SCOPES: Mapping[str, str] = {
    "octo": mark("Resell seats (OCTO)"),
    "mcp": mark("Serve AI assistants (MCP)"),
    "dashboard.read": mark("Read the dashboard"),
    "network.read": mark("Read places and routes"),
    "network.write": mark("Change places and routes"),
    "fleet.read": mark("Read vehicles and drivers"),
    "fleet.write": mark("Change vehicles and drivers"),
    "timetable.read": mark("Read timetables"),
    "timetable.write": mark("Change timetables"),
    "prices.read": mark("Read prices"),
    "prices.write": mark("Change prices"),
    "departures.read": mark("Read departures"),
    "departures.all": mark("See every departure, not only a driver's own"),
    "departures.write": mark("Close, reopen and cancel departures"),
    "assignments.write": mark("Assign vehicles and drivers"),
    "manifest.read": mark("Read passenger lists"),
    "boarding.write": mark("Mark passengers as boarded"),
    "bookings.read": mark("Read bookings"),
    "bookings.write": mark("Make and change bookings"),
    "bookings.decide": mark("Confirm and reject bookings"),
    "payments.read": mark("Read payments"),
    "refunds.read": mark("Read refunds"),
    "refunds.write": mark("Return money"),
    "cases.read": mark("Read cases"),
    "cases.write": mark("Settle cases"),
    "notices.read": mark("Read messages to travellers"),
    "notices.write": mark("Change templates and senders of messages"),
    "reviews.read": mark("Read reviews"),
    "reviews.write": mark("Answer reviews"),
    "knowledge.read": mark("Read and search documents and articles"),
    "knowledge.write": mark("Upload documents and write articles"),
    # To look only, as a monitoring program does: what becomes of a job that failed for good is decided by a person.
    "jobs.read": mark("Watch background jobs"),
}


def scope_names(scopes: frozenset[str], locale: Locale) -> dict[str, str]:
    """Those scopes by their names in that language, in the order of the form; one without a name by itself, last."""
    words = translator(locale)
    named = {scope: words.gettext(text) for scope, text in _SCOPES.items() if scope in scopes}
    return named | {scope: scope for scope in sorted(scopes) if scope not in named}
