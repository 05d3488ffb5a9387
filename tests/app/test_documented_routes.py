"""The documentation tells the routes and rights that are there."""

from __future__ import annotations

from pathlib import Path

from kamhub.app.asgi import WebConfig
from kamhub.app.commands.routes import markdown
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.settings import Settings
from kamhub.platform.web.rules import route_table
from tests.asgi import routed

DOCUMENT = Path(__file__).parents[2] / "docs" / "routes.md"


def test_the_documented_routes_are_the_routes(keys: KeyRing, tmp_path: Path) -> None:
    rows = route_table(routed(WebConfig(Settings(env="development"), "", keys, "http://hub.test", tmp_path)))
    told = DOCUMENT.read_text()
    missing = [row.path for row in rows if f"| {row.method} | {row.path} |" not in told]
    assert missing == [], "renew it: kamhub routes --markdown > docs/routes.md"
    assert told == markdown(rows) + "\n", "renew it: kamhub routes --markdown > docs/routes.md"
