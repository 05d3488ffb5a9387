"""What pages tell Sentry, in a real browser: a fault, a trace and a replay, and of the person who was there nothing."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from kamhub.app.static_files import STATIC_DIR
from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.embedded.types import ClusterAddress
from tests.builders import World, build_world
from tests.sentry import Sentry, sentry_stand_in
from tests.system.product import environment, free_port, wait_for
from tests.walls.house import fresh_database
from tests.walls.test_canaries import process

pytestmark = pytest.mark.browser

SECRET_KEY = "pages tell of faults, and need a key 0123456789"
WITHIN = 40.0
CANARIES = {
    "name": "Канарейкина",
    "email": "k4naria@people.example",
    "phone": "79147654321",
    "card": "4000056655665556",
    "token": "q7TokenKanareika",
    "note": "клетка",
}
EVERYTHING = " ".join(CANARIES.values())


@pytest.fixture(scope="module")
def hub(postgres: ClusterAddress, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, World, Sentry]]:
    """A web process that tells a stand-in: its address, what is in its database, the stand-in."""
    folder, port = tmp_path_factory.mktemp("monitoring"), free_port()
    with fresh_database(postgres) as (owner_url, app_url), ExitStack() as running:
        told = running.enter_context(sentry_stand_in())
        world = build_world(owner_url, KeyRing(SECRET_KEY), datetime.now(UTC))
        settings = environment(
            database_url=app_url, data_dir=str(folder), secret_key=SECRET_KEY, rate_limits="off", sentry_dsn=told.dsn
        )
        running.enter_context(process(settings, folder / "web.log", "web", "--port", str(port)))
        url = f"http://127.0.0.1:{port}"
        wait_for(lambda: _answers(url), WITHIN, "web serves")
        yield url, world, told


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/ready", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def _hurried(route: Route) -> None:
    """The script as it is, but for chance and patience: every trace, and a replay at once when there was a fault."""
    text = (STATIC_DIR / "monitoring.js").read_text()
    for was, put in (
        ("tracesSampleRate: 0.1", "tracesSampleRate: 1"),
        ("replaysSessionSampleRate: 0.1", "replaysSessionSampleRate: 0"),
        ("maskAllText: true", "maskAllText: true, minReplayDuration: 0, flushMinDelay: 50, flushMaxDelay: 50"),
    ):
        assert was in text
        text = text.replace(was, put)
    route.fulfill(body=text, content_type="text/javascript")


def _live_through(page: Page, address: str) -> None:
    """Somebody types, clicks, is shown and asks for everything that must not be told; then a script fails."""
    page.goto(f"{address}?token={CANARIES['token']}&email={CANARIES['email']}")
    page.evaluate(
        """(all) => {
          const box = document.createElement("form");
          box.innerHTML = "<label>x<input name=phone></label><input type=hidden name=h><textarea></textarea><button type=button>b</button><a>l</a><svg><text></text></svg>";
          document.querySelector("main").prepend(box);
          box.querySelector("button").textContent = all;
          box.querySelector("text").textContent = all;
          for (const part of box.querySelectorAll("*")) for (const name of ["title", "aria-label", "placeholder", "data-name", "value", "alt", "data-sentry-component"]) part.setAttribute(name, all);
          box.querySelector("a").href = "/booking/" + encodeURIComponent(all) + "?token=" + encodeURIComponent(all);
          document.title = all;
          console.error(all);
          history.pushState({}, "", "?name=" + encodeURIComponent(all) + "#" + encodeURIComponent(all));
        }""",
        EVERYTHING,
    )
    page.locator("main form input[name=phone]").fill(EVERYTHING)
    page.locator("main form textarea").first.fill(EVERYTHING)
    page.locator("main form button", has_text="Канарейкина").click()
    page.evaluate("(all) => fetch('/nowhere/' + encodeURIComponent(all) + '?q=' + encodeURIComponent(all), {method: 'POST', body: all, headers: {'X-Note': '1'}}).catch(() => 0)", EVERYTHING)  # fmt: skip
    page.evaluate("(all) => { setTimeout(() => { const card = all; throw new TypeError(card); }); }", EVERYTHING)
    page.evaluate("(all) => { Promise.reject(new Error(all)); }", EVERYTHING)
    page.evaluate("(all) => { Promise.reject({ name: all, phone: all }); }", EVERYTHING)


def _until_told(page: Page, told: Sentry, kinds: set[str]) -> None:
    """The page lives on meanwhile: a replay is told some seconds after the fault."""
    deadline = time.monotonic() + WITHIN
    while not kinds <= told.kinds():
        assert time.monotonic() < deadline, told.kinds()
        page.wait_for_timeout(50)


def test_a_page_tells_of_its_faults_and_of_nobody(hub: tuple[str, World, Sentry], chromium: Browser) -> None:
    url, world, told = hub
    context = chromium.new_context()
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text) if "Content Security" in line.text else None)
    page.route(re.compile(r"/static/monitoring\.js"), _hurried)
    path = f"/departures/{world.departure()}"
    _live_through(page, url + path)
    _until_told(page, told, {"event", "transaction", "replay_event", "replay_recording"})
    context.close()
    everything = told.text + json.dumps([told.items(kind) for kind in sorted(told.kinds())], ensure_ascii=False)
    for name, canary in CANARIES.items():
        for form in (canary, json.dumps(canary)[1:-1], _percent(canary)):
            assert form not in everything, name
    assert {"TypeError", "Error"} <= {
        error["type"] for event in told.items("event") for error in event["exception"]["values"]
    }
    assert any(event["transaction"] == path for event in told.items("event"))
    assert re.fullmatch(r"[0-9a-f]{32}", told.items("event")[0]["tags"]["request_id"])
    [recording, *_] = told.items("replay_recording")
    pictures = [moment["data"]["node"] for moment in recording if moment["type"] == 2]
    assert "header" in json.dumps(pictures)
    assert "****" in json.dumps(pictures)
    assert len(json.dumps(recording)) < 150_000
    assert complaints == []


def _percent(text: str) -> str:
    return str(httpx.QueryParams({"x": text}))[2:]


def test_a_part_that_fails_says_so_and_is_asked_for_again(hub: tuple[str, World, Sentry], chromium: Browser) -> None:
    url, _, _ = hub
    context = chromium.new_context(locale="en-GB")
    page = context.new_page()
    page.goto(f"{url}/search?from=airport&to=springs&date=2030-01-01&passengers=1")
    answers = [503, 429, 500]

    def fail(route: Route) -> None:
        if not answers:
            route.continue_()
            return
        broken = "<!doctype html><html><body><header>another page</header><main>broken</main></body></html>"
        route.fulfill(
            status=answers.pop(0), headers={"X-Request-ID": "quote-this-1"}, content_type="text/html", body=broken
        )

    page.route(lambda address: "/search?" in address, fail)
    before = page.locator("#results").inner_text()
    page.locator("#search button[type=submit]").click()
    part = page.locator("#results [data-part-failed]")
    for left in (2, 1, 0):
        expect(part).to_have_count(1)
        expect(part).to_contain_text("quote-this-1")
        assert len(answers) == left
        # The rest of the page is as it was.
        assert before in page.locator("#results").inner_text()
        expect(page.locator("header")).to_have_count(1)
        with page.expect_response(lambda reply: "/search?" in reply.url):
            part.get_by_role("button", name="Try again").click()
    expect(part).to_have_count(0)
    expect(page.locator("#results")).to_be_visible()
    context.close()
