"""What people name by its address is read from the public network alone, bounded in size and time."""

from __future__ import annotations

import gzip
import ipaddress
from collections.abc import AsyncIterator

import pytest

from kamhub.platform.outbound.addresses import AddressPolicy, Target, is_public, target_of
from kamhub.platform.outbound.guarded import MOST_REDIRECTS, FetchRefused, GuardedFetcher, Known, look_up
from tests.platform.outbound.pages import LOOPBACK, Page, Site, fetcher, names, site


@pytest.fixture
async def here() -> AsyncIterator[Site]:
    async with site() as opened:
        yield opened


async def read(by: GuardedFetcher, url: str, known: Known | None = None) -> bytes:
    async with by.fetch(url, known) as found:
        return b"".join([part async for part in found.parts])


async def refusal(by: GuardedFetcher, url: str) -> tuple[str, object]:
    with pytest.raises(FetchRefused) as refused:
        await read(by, url)
    facts = refused.value.facts
    return refused.value.reason, facts.get("why", facts.get("status"))


async def test_a_page_is_read_by_its_name_and_with_nothing_of_ours(here: Site) -> None:
    here.pages["/prices?q=1"] = Page(
        headers={"Content-Type": "Text/HTML; charset=utf-8", "ETag": '"1"', "Set-Cookie": "a=b"}
    )
    by = fetcher()
    async with by.fetch(here.url("/prices?q=1#part")) as found:
        assert b"".join([part async for part in found.parts]) == b"hello"
    assert (found.changed, found.media_type, found.known) == (True, "text/html", Known('"1"', None))
    await read(by, here.url("/prices?q=1"))
    for head in here.asked:
        lines = {line.partition(": ")[0].lower(): line.partition(": ")[2] for line in head.strip().split("\r\n")[1:]}
        assert lines["host"] == f"site.test:{here.port}"
        assert lines.keys() <= {"host", "user-agent", "accept", "accept-encoding", "connection"}


async def test_what_has_not_changed_is_not_sent_again(here: Site) -> None:
    here.pages["/"] = Page("304 Not Modified", body=())
    known = Known('"1"', "Mon, 30 Nov 2026 00:00:00 GMT")
    async with fetcher().fetch(here.url(), known) as found:
        assert (found.changed, found.known, [part async for part in found.parts]) == (False, known, [])
    assert 'If-None-Match: "1"' in here.asked[0]
    assert "If-Modified-Since: Mon, 30 Nov 2026 00:00:00 GMT" in here.asked[0]
    assert await refusal(fetcher(), here.url()) == ("url_status", 304), "nobody asked for that"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://site.test/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("javascript:alert(1)", "scheme"),
        ("http://anna:secret@site.test/", "userinfo"),
        ("http://@site.test/", "userinfo"),
        ("http://", "not_a_url"),
        ("http:///path", "not_a_url"),
        ("http://site.test:99999/", "not_a_url"),
        ("http://site.test/a b", "not_a_url"),
        ("http://site.test/\r\nHost: x", "not_a_url"),
        ("http://[::1%25eth0]/", "not_a_url"),
        ("http://a\\@b/", "userinfo"),
        ("http://a\\b/", "not_a_url"),
        ("http://[nonsense/", "not_a_url"),
        (f"http://{'a' * 64}.test/", "not_a_url"),
        ("http://site.test/" + "a" * 2000, "not_a_url"),
        ("", "scheme"),
    ],
)
async def test_what_is_no_address_of_a_page_is_not_asked_for(url: str, why: str) -> None:
    assert await refusal(fetcher(), url) == ("url_not_allowed", why)


PRIVATE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "192.0.2.1", "198.18.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1",
    "fd12::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:1::", "2001:db8::1",
    "fe80::1%eth0",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
async def test_a_name_that_leads_into_a_private_network_is_not_called(address: str) -> None:
    by = GuardedFetcher(resolve=names(site_test=address))  # type: ignore[arg-type]
    assert await refusal(by, "http://site.test/") == ("url_not_allowed", "address")
    mixed = GuardedFetcher(resolve=names(site_test=f"93.184.216.34 {address}"))  # type: ignore[arg-type]
    assert await refusal(mixed, "http://site.test/") == ("url_not_allowed", "address"), "one spoils all"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "0x7f.1", "127.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"]
)
async def test_numbers_of_this_machine_are_seen_through_however_they_are_written(here: Site, host: str) -> None:
    assert await refusal(GuardedFetcher(), here.url(host=host)) == ("url_not_allowed", "address")
    assert here.asked == []


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2a00:1450:4010::1"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


def test_other_ports_are_for_allowed_networks_alone() -> None:
    def fault(policy: AddressPolicy, url: str, *addresses: str) -> object:
        target = target_of(url)
        assert isinstance(target, Target)
        return policy.fault_of(target, addresses)

    nobody = AddressPolicy()
    assert fault(nobody, "http://site.test/", "8.8.8.8") is None
    assert fault(nobody, "https://site.test:443/", "8.8.8.8") is None
    assert fault(nobody, "http://site.test:443/", "8.8.8.8") == "port"
    assert fault(nobody, "http://site.test:22/", "8.8.8.8") == "port"
    assert fault(LOOPBACK, "http://site.test:8080/", "127.0.0.1") is None
    assert fault(LOOPBACK, "http://site.test:8080/", "127.0.0.1", "8.8.8.8") == "port"
    assert fault(LOOPBACK, "http://site.test/", "10.0.0.1") == "address"


def test_a_name_in_any_alphabet_is_called_in_that_of_machines() -> None:
    russian = target_of("HTTP://Камчатка.РФ./путь?a=б")
    assert russian == Target("http", "камчатка.рф".encode("idna").decode(), 80, "/путь?a=б")
    assert russian.authority.isascii()
    found = target_of("https://[2a00::1]:8443/x")
    assert isinstance(found, Target)
    assert found.authority == "[2a00::1]:8443"


async def test_the_connection_goes_where_the_judged_address_is(here: Site) -> None:
    here.pages["/"] = Page()
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])

    async def rebinding(host: str, port: int) -> list[str]:
        return next(answers)

    by = fetcher(resolve=rebinding)
    assert await read(by, here.url()) == b"hello", "looked up once: the second answer is never asked for"
    assert await refusal(by, here.url()) == ("url_not_allowed", "address")


async def test_redirects_are_followed_by_hand_and_judged_each(here: Site) -> None:
    here.pages |= {
        "/old": Page("301 Moved", {"Location": "/new"}, ()),
        "/new": Page("302 Found", {"Location": here.url("/end")}, ()),
        "/end": Page(),
        "/inside": Page("302 Found", {"Location": "http://inside.test/secret"}, ()),
        "/number": Page("302 Found", {"Location": "http://169.254.169.254/latest/meta-data"}, ()),
        "/file": Page("302 Found", {"Location": "file:///etc/passwd"}, ()),
        "/loop": Page("302 Found", {"Location": "/loop"}, ()),
        "/nowhere": Page("302 Found", {}, ()),
    }
    resolve = names(site_test="127.0.0.1", inside_test="10.0.0.1", **{"169_254_169_254": "169.254.169.254"})
    by = fetcher(resolve=resolve)
    async with by.fetch(here.url("/old")) as found:
        assert b"".join([part async for part in found.parts]) == b"hello"
    assert found.url == here.url("/end")
    assert await refusal(by, here.url("/inside")) == ("url_not_allowed", "address")
    assert await refusal(by, here.url("/number")) == ("url_not_allowed", "address")
    assert await refusal(by, here.url("/file")) == ("url_not_allowed", "scheme")
    here.asked.clear()
    assert (await refusal(by, here.url("/loop")))[0] == "url_too_many_redirects"
    assert len(here.asked) == MOST_REDIRECTS + 1
    assert (await refusal(by, here.url("/nowhere")))[0] == "url_too_many_redirects"


async def test_no_more_is_read_than_may_be(here: Site) -> None:
    here.pages |= {
        "/announced": Page(headers={"Content-Length": "2000"}),
        "/endless": Page(body=(b"x" * 1000,) * 10_000),
        "/bomb": Page(headers={"Content-Encoding": "gzip"}, body=(gzip.compress(b"\0" * 20_000_000),)),
        "/packed": Page(headers={"Content-Encoding": "gzip"}, body=(gzip.compress(b"hello" * 100),)),
        "/fits": Page(body=(b"x" * 1000,)),
    }
    by = fetcher(most=1000)
    assert (await refusal(by, here.url("/announced")))[0] == "url_too_large"
    assert (await refusal(by, here.url("/endless")))[0] == "url_too_large"
    assert (await refusal(by, here.url("/bomb")))[0] == "url_too_large"
    assert await read(by, here.url("/packed")) == b"hello" * 100
    assert len(await read(by, here.url("/fits"))) == 1000


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip"])
async def test_what_cannot_be_unpacked_is_refused(here: Site, encoding: str) -> None:
    here.pages["/"] = Page(headers={"Content-Encoding": encoding})
    assert (await refusal(fetcher(), here.url()))[0] == "url_encoding"


async def test_what_is_packed_wrongly_is_refused(here: Site) -> None:
    here.pages["/"] = Page(headers={"Content-Encoding": "gzip"})
    assert (await refusal(fetcher(), here.url()))[0] == "url_encoding"


async def test_nobody_keeps_us_waiting(here: Site) -> None:
    here.pages |= {"/slow": Page(body=(b"x",) * 100, pause=0.05), "/mute": Page(pause=60)}
    for path in ("/slow", "/mute"):
        with pytest.raises(FetchRefused) as refused:
            await read(fetcher(seconds=0.3), here.url(path))
        assert (refused.value.reason, refused.value.again) == ("url_too_slow", True)


async def test_what_may_be_there_another_time_says_so(here: Site) -> None:
    here.pages |= {
        "/gone": Page("404 Not Found"),
        "/busy": Page("503 Busy"),
        "/cut": Page(headers={"Content-Length": "99"}),
    }

    async def again(url: str, by: GuardedFetcher | None = None) -> tuple[str, bool]:
        with pytest.raises(FetchRefused) as refused:
            await read(by or fetcher(), url)
        return refused.value.reason, refused.value.again

    assert await again(here.url("/gone")) == ("url_status", False)
    assert await again(here.url("/busy")) == ("url_status", True)
    assert await again(here.url("/cut")) == ("url_not_reachable", True)
    assert await again("http://site.test:9/") == ("url_not_reachable", True)
    assert await again("http://unknown.test/") == ("url_not_reachable", True)
    assert await again("http://site.test/", fetcher(resolve=names(site_test=""))) == ("url_not_reachable", True)


async def test_the_machines_own_resolver_is_asked() -> None:
    assert "127.0.0.1" in await look_up("127.0.0.1", 80)
