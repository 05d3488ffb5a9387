"""Articles as JSON of the HTTP contract."""

from __future__ import annotations

from kamhub.desk.article.types import Article, ArticleVersion

COLUMNS = ("id", "title", "category_id", "status", "searchable", "version", "created_at", "changed_at", "changed_by")


def summary_json(article: Article) -> dict[str, object]:
    """An article without its text."""
    return {
        "id": article.id,
        "title": article.facts.title,
        "category_id": article.facts.category_id,
        "status": article.facts.status,
        "searchable": article.searchable,
        "version": article.version,
        "created_at": article.created_at,
        "changed_at": article.changed_at,
        "changed_by": article.changed_by,
    }


def article_json(article: Article) -> dict[str, object]:
    """An article."""
    return summary_json(article) | {"body": article.facts.body}


def article_cells(article: Article) -> list[object]:
    """The summary in the order of ``COLUMNS``."""
    told = summary_json(article)
    return [told[name] for name in COLUMNS]


def version_json(version: ArticleVersion) -> dict[str, object]:
    """An article as it was saved then."""
    return {
        "version": version.version,
        "title": version.title,
        "body": version.body,
        "status": version.status,
        "at": version.at,
        "by": version.by,
    }
