"""Every template of the product, ready in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, nodes

import kamhub
from kamhub.app.static_files import StaticFiles
from kamhub.kit.text import LOCALES, Locale
from kamhub.platform.i18n.jinja import jinja_environment

_PACKAGE = Path(kamhub.__file__).parent
_STOREYS = ("platform", "hub", "desk")
_LAYOUTS = ("base.html", "office.html")


class Templates:
    """The pages, by name: ``feature/file.html``, or ``file.html`` for a template of the application.

    ``reserved`` are the names that the layouts give themselves, and those that are there in every template.
    """

    def __init__(self, static: StaticFiles) -> None:
        loader = _loader()
        self._environments = {locale: _environment(loader, static, locale) for locale in LOCALES}
        self.reserved = _reserved(loader, self._environments[LOCALES[0]])

    def render(self, name: str, locale: Locale, context: Mapping[str, object]) -> str:
        """The page as text. Raises ``TemplateNotFound``; ``UndefinedError`` for a missing variable."""
        return self._environments[locale].get_template(name).render(context)


@cache
def templates() -> Templates:
    """Those of this process: compiling a page takes many times as long as filling it."""
    return Templates(StaticFiles())


def _loader() -> BaseLoader:
    """Features are prefixes: ``search/home.html`` is ``hub/search/templates/home.html``."""
    folders = [folder for storey in _STOREYS for folder in sorted((_PACKAGE / storey).glob("*/templates"))]
    features: dict[str, BaseLoader] = {folder.parent.name: FileSystemLoader(folder) for folder in folders}
    return ChoiceLoader([PrefixLoader(features), FileSystemLoader(_PACKAGE / "app" / "templates")])


def _environment(loader: BaseLoader, static: StaticFiles, locale: Locale) -> Environment:
    environment = jinja_environment(loader, locale)
    environment.globals["static"] = static.url
    return environment


def _reserved(loader: BaseLoader, environment: Environment) -> frozenset[str]:
    """A page of a layout runs after it: what the layout sets is there already, whatever the page was given by that name."""
    found = set(environment.globals)
    for layout in _LAYOUTS:
        source, _, _ = loader.get_source(environment, layout)
        for node in environment.parse(source).body:
            if isinstance(node, nodes.Assign) and isinstance(node.target, nodes.Name):
                found.add(node.target.name)
            elif isinstance(node, nodes.Macro):
                found.add(node.name)
            elif isinstance(node, nodes.FromImport):
                found |= {name if isinstance(name, str) else name[1] for name in node.names}
    return frozenset(found)
