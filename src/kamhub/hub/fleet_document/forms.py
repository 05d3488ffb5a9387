"""What comes in from outside about papers."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from kamhub.hub.fleet_document.rules import EXPIRING
from kamhub.hub.fleet_document.types import DocumentFacts, DocumentKind
from kamhub.platform.web.schemas import BlankIsNone, Date, Form, Line, PageParameters


class DocumentForm(Form):
    """A paper to add; without ``expires_on`` it has no end."""

    kind: DocumentKind
    number: Annotated[str | None, Field(max_length=50), BlankIsNone, Line] = None
    expires_on: Annotated[Date | None, BlankIsNone] = None

    def facts(self) -> DocumentFacts:
        """The same."""
        return DocumentFacts(self.kind, self.number, self.expires_on)


class DocumentParameters(PageParameters):
    """Page, and in how many days a paper ends to be listed; those that have ended are listed too."""

    expiring_within: Annotated[int | None, Field(ge=0, le=3660), BlankIsNone] = None

    def within(self) -> timedelta | None:
        """The same as a length of time."""
        return None if self.expiring_within is None else timedelta(days=self.expiring_within)


class DocumentPageParameters(DocumentParameters):
    """The same of the page, which shows what is to be renewed unless all papers are asked for."""

    expiring_within: Annotated[int | None, Field(ge=0, le=3660), BlankIsNone] = EXPIRING.days
