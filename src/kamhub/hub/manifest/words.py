"""The words of a manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from kamhub.hub.booking.types import PassengerKind
from kamhub.hub.manifest.types import Manifest, ManifestRow
from kamhub.kit.phone import format_phone
from kamhub.kit.text import Locale, mark
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.formats import Formats

_KINDS: Mapping[PassengerKind, str] = {"adult": mark("adult"), "child": mark("child"), "infant": mark("infant")}


def kind_name(kind: PassengerKind, locale: Locale) -> str:
    """What a kind of passenger is called."""
    return translator(locale).gettext(_KINDS[kind])


@dataclass(frozen=True, slots=True)
class ManifestText:
    """Everything on the sheets of a manifest, in one language. ``facts`` are pairs of label and value."""

    locale: Locale
    title: str
    route: str
    when: str
    facts: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    nobody: str
    made: str
    made_at: datetime


def manifest_text(manifest: Manifest, locale: Locale, now: datetime) -> ManifestText:
    """The words of the sheets; ``now``, in the zone of the departure, is when they are made."""
    words, formats, departure = translator(locale), Formats(locale), manifest.departure
    _ = words.gettext
    first = departure.stops[0].at
    facts = [
        (_("Vehicle"), f"{departure.vehicle_model} {departure.vehicle_plate}"),
        (_("Driver"), departure.driver_name or "—"),
        (_("Passengers"), f"{manifest.seats} / {departure.capacity}"),
    ]
    return ManifestText(
        locale=locale,
        title=_("Manifest"),
        route=departure.route_name,
        when=f"{formats.day(first)}, {formats.time(first)} ({formats.offset(first)})",
        facts=tuple(facts),
        columns=("№", _("Name"), _("Code"), _("Phone"), _("From"), _("To"), _("To collect"), _("On board")),
        rows=tuple(_row(number, row, locale) for number, row in enumerate(manifest.rows, 1)),
        nobody=_("Nobody has booked."),
        made=_("Made %(at)s") % {"at": formats.moment(now)},
        made_at=now,
    )


def _row(number: int, row: ManifestRow, locale: Locale) -> tuple[str, ...]:
    formats, _ = Formats(locale), translator(locale).gettext
    name = row.name if row.kind == "adult" else f"{row.name} ({kind_name(row.kind, locale)})"
    if row.first and row.party.special_requests:
        name += f"\n{row.party.special_requests}"
    mark_of = "✓" if row.boarded else _("no-show") if row.party.missed_at else ""
    return (
        str(number),
        name,
        row.party.code,
        format_phone(row.party.phone) if row.party.phone else "",
        f"{row.origin.name.in_locale(locale)}, {formats.time(row.origin.at)}",
        row.destination.name.in_locale(locale),
        formats.money(row.due) if row.due else "",
        mark_of,
    )
