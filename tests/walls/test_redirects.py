"""Nobody is led from here to another site, no mail links to another host, and the server fetches no address it is given.

Generated from the table of routes and the models of what they take.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass, field
from email import policy
from email.parser import BytesParser
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit

import httpx
import pytest
from pydantic import AnyUrl, BaseModel

from kamhub.app.work import JOBS, WorkContext
from kamhub.platform.embedded.types import ClusterAddress
from kamhub.platform.mail.actions import FOLDER
from kamhub.platform.mail.folder import FolderTransport
from tests.asgi import ORIGIN
from tests.walls.calls import Insider, encoded, raw_get
from tests.walls.fields import Leaf, changed, fields_of
from tests.walls.house import SETTINGS, House, Route, fresh_database, furnished, routes
from tests.walls.markup import parsed
from tests.work import work_off

ROUTES = routes()
EVIL = "evil.example"
TARGETS = (
    f"//{EVIL}", f"///{EVIL}", f"/\\{EVIL}", f"\\\\{EVIL}", f"\\/{EVIL}", f"https:{EVIL}", f"https://{EVIL}", f"http:\\\\{EVIL}",
    f"hTTps:/{EVIL}", "javascript:alert(1)", "java\tscript:alert(1)", "data:text/html,x", f"/\t/{EVIL}", f"/\n/{EVIL}",
    f"/\r\n/{EVIL}", f"\t//{EVIL}", f" //{EVIL}", f"/x\r\nLocation: https://{EVIL}", f"/%0d%0aLocation:%20https://{EVIL}",
    f"/%2f{EVIL}", f"/%5c{EVIL}", f"/\0/{EVIL}", f"/\u200b/{EVIL}", f"/\u3000/{EVIL}", f"@{EVIL}", f".{EVIL}", f":80@{EVIL}",
    f"{ORIGIN}@{EVIL}", f"{ORIGIN}.{EVIL}", f"/\\/\\{EVIL}", f"/;@{EVIL}", f"/.//{EVIL}", f"/office/..//{EVIL}",
)  # fmt: skip
# Names under which sites like to be told where to go on: tried everywhere, whether a route reads them or not.
WAYS = ("next", "url", "redirect", "redirect_uri", "return_to", "continue", "goto", "back")
LYING = {
    "Host": EVIL,
    "X-Forwarded-Host": EVIL,
    "X-Forwarded-Proto": "gopher",
    "Forwarded": f"host={EVIL}",
    "Referer": f"https://{EVIL}/",
}
# Where the server itself would call what somebody names. A field that is one is listed here with the client that guards it.
_READER = "kamhub.platform.outbound, as documents are read"
# All fields of a form with an address in it.
GUARDED_CLIENTS: dict[str, str] = {
    **dict.fromkeys((f"POST /api/assets {name}" for name in ("url", "name", "category_id", "reread_hours")), _READER),
    **dict.fromkeys(
        (f"POST /office/knowledge/assets/url {name}" for name in ("url", "category_id", "reread_hours")), _READER
    ),
}
_URL_NAMES = re.compile(
    r"(?:^|_)(?:url|uri|href|link|links|webhook|webhooks|callback|endpoint|host|hostname|domain|origin_url|feed|avatar|image"
    r"|picture|logo|website|site|proxy|fetch|source_url|address|ip|next|redirect)(?:$|_)"
)
# Of such a name, and followed by the reader's browser alone, only to a path of ours: see above.
FOLLOWED_BY_THE_BROWSER = {
    "POST /signin next",
    "POST /signin/code next",
    "GET /signin next",
    "GET /locale/{chosen} next",
}

# A timetable that was read from a file a step before, packed: nothing is fetched.
NO_ADDRESSES = {"POST /office/timetables/import feed", "POST /office/timetables/import/preview feed"}


@dataclass(slots=True)
class Walk:
    """Where somebody was led, by what; and what the mails link to."""

    led_away: list[str] = field(default_factory=list)
    redirects: int = 0
    hosts: list[str] = field(default_factory=list)
    mails: dict[str, str] = field(default_factory=dict)

    def judge(self, what: str, reply: httpx.Response) -> None:
        """Keep a reply that leads elsewhere, by itself or by a link on the page."""
        for name in ("location", "refresh", "content-location", "link", "hx-redirect", "hx-location"):
            if name in reply.headers:
                self.redirects += 1
                if not stays(reply.headers[name]):
                    self.led_away.append(f"{what}: {name} {reply.headers[name]!r}")
        if reply.headers.get("content-type", "").startswith("text/html"):
            page = parsed(reply.text)
            # What somebody typed into a field that they see is shown to them again when it was refused.
            kept = [page.fields[name] for name in WAYS if page.fields.get(name) and name in page.hidden]
            self.led_away += [f"{what}: a link to {link!r}" for link in [*page.links, *kept] if not stays(link)]


def stays(target: str) -> bool:
    """Whether a browser that follows it stays here: read as the URL standard says, not as RFC 3986 does."""
    tidy = re.sub(r"[\t\r\n]", "", target.strip("".join(map(chr, range(33)))))
    if re.match(r"(?i)mailto:|tel:|data:image/", tidy):
        return True
    special = not re.match(r"(?i)(?!https?:)[a-z][a-z0-9+.-]*:", tidy)
    tidy = tidy.replace("\\", "/") if special else tidy
    if re.match(r"(?i)https?:", tidy):
        tidy = re.sub(r"(?i)^(https?:)/*", r"\1//", tidy)  # slashes may be missing
    else:
        tidy = re.sub("^/{2,}", "//", tidy)
    there = urlsplit(urljoin(f"{ORIGIN}/a/b", tidy))
    return f"{there.scheme}://{there.netloc}" == ORIGIN or f"{there.scheme}://{there.netloc}" == "https://orders.test"


@pytest.fixture(scope="module")
def walk(postgres: ClusterAddress, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    with fresh_database(postgres) as (owner_url, app_url):
        yield asyncio.run(attack(owner_url, app_url, tmp_path_factory.mktemp("redirects")))


async def attack(owner_url: str, app_url: str, data_dir: Path) -> Walk:
    """Every target in whatever may lead on; then everything that mails, by callers who lie about the host."""
    async with furnished(owner_url, app_url, data_dir) as house:
        insider, found = Insider(house), Walk()
        await insider.prepare()
        for route in ROUTES:
            if route.rule.reply not in {"page", "none"}:
                continue
            for leaf in leading(route):
                for target in TARGETS:
                    await follow(found, insider, route, leaf, target)
            turn = 2 * ROUTES.index(route)
            for target in (TARGETS[turn % len(TARGETS)], TARGETS[(turn + 1) % len(TARGETS)]):
                await all_at_once(found, insider, route, target)
        await from_paths(found, insider)
        # Documents that were named there say so in every list, whoever asks.
        house.world.execute("DELETE FROM assets WHERE url IS NOT NULL")
        house.world.execute("DELETE FROM audit_events WHERE object_kind = 'asset'")
        await by_another_host(found, insider, data_dir)
        return found


def leading(route: Route) -> list[Leaf]:
    """The fields of a route by which it may lead on."""
    return [leaf for leaf in fields_of(route) if leaf.name in WAYS or _URL_NAMES.search(leaf.name)]


async def follow(found: Walk, insider: Insider, route: Route, leaf: Leaf, target: str) -> None:
    """One target in one field; a sign-in is a good one, so that it leads on."""
    body = changed(insider.good(route), leaf.steps, target)
    await ask(found, f"{route} {leaf}={target!r}", insider.call(route, body))
    if not route.changes:
        # As somebody who is signed in already, and as nobody.
        path = f"{house_path(insider, route)}?{encoded({leaf.name: target})}"
        cookie = {"Cookie": f"session={insider.session}"}
        await ask(found, f"{route} {leaf}={target!r}, signed in", insider.call(route, {}, path=path, headers=cookie))
        nobody = insider.call(route, {}, path=path, headers={"Cookie": ""})
        await ask(found, f"{route} {leaf}={target!r}, nobody", nobody)


async def ask(found: Walk, what: str, call: Awaitable[httpx.Response]) -> bool:
    """Judge the reply; one to an address that cannot even be read leads away as well. Whether something was done."""
    try:
        reply = await call
        found.judge(what, reply)
    except (httpx.InvalidURL, httpx.RemoteProtocolError) as error:
        found.led_away.append(f"{what}: {error}")
        return True
    return reply.status_code < 400


async def all_at_once(found: Walk, insider: Insider, route: Route, target: str) -> None:
    """The target by every name in the query, and in the headers that tell where somebody comes from."""
    ways = encoded(dict.fromkeys(WAYS, target))
    headers = {"Referer": quote(target, safe=":/"), "X-Original-URL": f"//{EVIL}", "X-Rewrite-URL": f"//{EVIL}"}
    body = insider.good(route)
    query = f"{encoded(body)}&{ways}" if body and not route.changes else ways
    sent = body if route.changes else {}
    call = insider.call(route, sent, path=f"{house_path(insider, route)}?{query}", headers=headers)
    done = await ask(found, f"{route} with everything {target!r}", call)
    if route.changes and done:
        insider.house.heal()


async def from_paths(found: Walk, insider: Insider) -> None:
    """Addresses that look like hosts: a page that is not there must not lead to what it was asked for."""
    for target in (
        f"//{EVIL}/office",
        f"//{EVIL}/signin",
        f"/\\{EVIL}/office",
        f"///{EVIL}",
        f"//{EVIL}/..%2foffice",
        f"/office//{EVIL}",
    ):
        status, body = await raw_get(insider.house, target)
        links = [link for link in parsed(body.decode(errors="replace")).links if not stays(link)]
        found.led_away += [f"{target}: a link to {link!r}" for link in links]
        assert status in {200, 303, 400, 404}, target


async def by_another_host(found: Walk, insider: Insider, data_dir: Path) -> None:
    """Every route, asked by a caller who says that this is another host; the good body, so that mails go out."""
    house, done = insider.house, set[object]()
    [code] = house.world.rows("SELECT code, total FROM bookings WHERE id = %s", house.main["booking_id"])
    for route in ROUTES:
        body = insider.good(route)
        if "cloudpayments" in route.template:  # the booking is paid for, and its ticket mailed
            body |= {"InvoiceId": code[0], "Amount": f"{int(str(code[1])) / 100:.2f}"}
            del body["AccountId"]
        reply = await insider.call(route, body, headers=LYING)
        if EVIL in reply.text + repr(reply.headers.raw):
            found.hosts.append(f"{route}: {reply.status_code}")
        if route.changes and reply.status_code < 400:
            await mail_everything(house, data_dir, done)
            house.heal()
    for path in (data_dir / FOLDER).glob("*.eml"):
        message = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
        parts = [message.get_body((kind,)) for kind in ("plain", "html")]
        found.mails[path.name] = "\n".join(part.get_content() for part in parts if part is not None)


async def mail_everything(house: House, data_dir: Path, done: set[object]) -> None:
    """Whatever was asked for since goes out."""
    mail = FolderTransport(data_dir / FOLDER, "Hub <noreply@hub.test>")
    context = WorkContext(house.web.hub, house.web.app.state.desk, house.web.app.state.people, mail, SETTINGS)
    await work_off(house.web.hub.database, JOBS, context)


def house_path(insider: Insider, route: Route) -> str:
    """The address over the main operator's things."""
    return insider.house.path(route)


def test_nobody_is_led_away(walk: Walk) -> None:
    assert walk.led_away == []
    assert walk.redirects > 200


def test_whatever_may_lead_on_was_tried() -> None:
    tried = {f"{route} {leaf}" for route in ROUTES for leaf in leading(route)}
    assert tried >= FOLLOWED_BY_THE_BROWSER


def test_no_reply_repeats_the_host_it_was_asked_by(walk: Walk) -> None:
    assert walk.hosts == []


def test_mails_lead_to_our_own_address(walk: Walk) -> None:
    subjects = "\n".join(walk.mails.values())
    for way in ("/password-reset/new?token=", "/email-confirmation?token=", "/invitation?token=", "/booking/"):
        assert f"{ORIGIN}{way}" in subjects, way
    assert EVIL not in subjects
    links = re.findall(r"""(?:href|src)=["']([^"']+)|(https?://[^\s"'<>]+)""", subjects)
    assert {
        urlsplit(one or other).netloc for one, other in links if not (one or other).startswith(("mailto:", "tel:"))
    } <= {
        urlsplit(ORIGIN).netloc,
        "orders.test",
    }


def test_the_server_is_given_no_address_to_call() -> None:
    """As soon as a field is one, it is fetched by a client that refuses the machine's own neighbourhood."""
    found = {f"{route} {leaf}" for route in ROUTES for leaf in fields_of(route) if is_address(route, leaf)}
    assert found - FOLLOWED_BY_THE_BROWSER - NO_ADDRESSES == set(GUARDED_CLIENTS), (
        "list it in GUARDED_CLIENTS with its guarded client"
    )


def is_address(route: Route, leaf: Leaf) -> bool:
    """Whether the field is a URL, by its name or by its type."""
    return (
        leaf.format in {"uri", "url", "iri", "hostname", "ipv4", "ipv6"}
        or bool(_URL_NAMES.search(leaf.name))
        or (route.rule.body_model is not None and _holds_urls(route.rule.body_model))
    )


def _holds_urls(model: type[BaseModel]) -> bool:
    return '"format": "uri"' in str(model.model_json_schema()).replace("'", '"')


class Fetching(BaseModel):
    """A form as a later route may have one."""

    asset: AnyUrl
    webhook_url: str
    name: str


def test_the_walk_sees_what_leads_away() -> None:
    """The control: what a browser would leave the site for, and what it would not."""
    for target in (*TARGETS[:11], f"/\t/{EVIL}", f" //{EVIL}", f"{ORIGIN}.{EVIL}", f"/\\/\\{EVIL}"):
        assert not stays(target), target
    for target in (
        "/office",
        "",
        "?a=b",
        "#top",
        "office",
        f"{ORIGIN}/x",
        f"/office?next=//{EVIL}",
        "/a//b",
        f"/%2f{EVIL}",
    ):
        assert stays(target), target
    assert _holds_urls(Fetching)
    assert _URL_NAMES.search("webhook_url")
    assert not _URL_NAMES.search("organisation_id")
