"""What comes in from outside about articles."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from kamhub.desk.article.types import ArticleChange, ArticleFacts, ArticleQuery, ArticleStatus
from kamhub.desk.citation.forms import CitationParameters
from kamhub.platform.web.schemas import (
    BlankIsNone,
    Form,
    Line,
    PageParameters,
    Query,
    Text,
    Version,
    blank_is_none,
)

Title = Annotated[str, Field(min_length=1, max_length=200), Line]
Body = Annotated[str, Field(min_length=1, max_length=200_000), Text]
CategoryId = Annotated[UUID | None, blank_is_none(UUID | Literal[""] | None)]


class ArticleForm(Form):
    """An article to write; ``body`` is Markdown."""

    title: Title
    body: Body
    category_id: CategoryId = None
    status: ArticleStatus = "draft"

    def facts(self) -> ArticleFacts:
        """The same."""
        return ArticleFacts(self.title, self.body, self.category_id, self.status)


class ArticleEditForm(ArticleForm):
    """The whole article as its page sends it, with the version the page was made from."""

    version: Version


class ArticlePreviewForm(ArticleForm):
    """The same, to be looked at: of an article that is there already, or of a new one."""

    article_id: Annotated[UUID | None, BlankIsNone] = None
    version: Annotated[Version | None, BlankIsNone] = None


class ArticleStartParameters(Query):
    """What a new article begins with."""

    title: Annotated[str, Field(max_length=200), Line] = ""
    category_id: CategoryId = None


class ArticlePageParameters(CitationParameters):
    """Where the text is opened, and of which version: without ``version`` of the present one."""

    version: Annotated[Version | None, BlankIsNone] = None


class ArticleBringBackForm(Form):
    """Which older version is to be the next one, and the version its page was made from."""

    number: Version
    version: Version


class ArticleChangeForm(Form):
    """What is to change; a field that is left out stays as it is."""

    title: Title = Field(default_factory=str)
    body: Body = Field(default_factory=str)
    category_id: CategoryId = None
    status: ArticleStatus = Field(default_factory=lambda: "draft")

    def change(self) -> ArticleChange:
        """The same, to be applied to the article as found."""
        said = {name: getattr(self, name) for name in self.model_fields_set}
        return lambda facts: replace(facts, **said)


class ArticleParameters(PageParameters):
    """Filters and page; ``q`` is looked for in titles."""

    q: Annotated[str | None, Field(max_length=100), BlankIsNone, Line] = None
    category_id: CategoryId = None
    status: Annotated[ArticleStatus | None, blank_is_none(ArticleStatus | Literal[""] | None)] = None

    def query(self) -> ArticleQuery:
        """The filters alone."""
        return ArticleQuery(self.q, self.category_id, self.status)


class BringBackForm(Form):
    """Which version is to be the next one."""

    version: Annotated[Version, Field(strict=True)]
