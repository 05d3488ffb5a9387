"""The verbs of timetables; what other features may call."""

from kamhub.hub.timetable.actions.changing import archive, change, except_date, keep_date, preview_change
from kamhub.hub.timetable.actions.creating import create, preview
from kamhub.hub.timetable.actions.exchanging import (
    ImportOptions,
    ImportReport,
    export_gtfs,
    import_feed,
    import_preview,
)
from kamhub.hub.timetable.actions.extending import extend, extend_all
from kamhub.hub.timetable.actions.reading import Details, choices, details, require, timetables_of
from kamhub.hub.timetable.types import Outcome, TimetableBusy

__all__ = (
    "Details",
    "ImportOptions",
    "ImportReport",
    "Outcome",
    "TimetableBusy",
    "archive",
    "change",
    "choices",
    "create",
    "details",
    "except_date",
    "export_gtfs",
    "extend",
    "extend_all",
    "import_feed",
    "import_preview",
    "keep_date",
    "preview",
    "preview_change",
    "require",
    "timetables_of",
)
