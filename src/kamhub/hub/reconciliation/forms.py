"""What comes in from outside about comparing."""

from __future__ import annotations

from kamhub.platform.web.schemas import Date, Form, PageForm


class ReconciliationForm(Form):
    """The day to compare, in the organisation's own zone."""

    date: Date


class ReconciliationPageForm(PageForm):
    """The same from the page."""

    date: Date
