"""What the audit log is told of a timetable."""

from __future__ import annotations

from kamhub.hub.timetable.actions.planning import State


def facts(state: State) -> dict[str, object]:
    """The timetable as a line of the log, ready for JSON."""
    timetable = state.timetable
    pattern = timetable.pattern
    return {
        "route": state.line.name,
        "vehicle": state.vehicle.plate,
        "driver_id": str(timetable.driver_id) if timetable.driver_id else None,
        "tariff_id": str(timetable.tariff_id),
        "weekdays": list(pattern.weekdays),
        "times": [f"{at:%H:%M}" for at in pattern.times],
        "valid_from": pattern.valid_from.isoformat(),
        "valid_to": pattern.valid_to.isoformat(),
        "sales_cutoff_minutes": timetable.sales_cutoff_minutes,
    }
