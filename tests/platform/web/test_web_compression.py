"""Pages that are sent packed."""

from __future__ import annotations

import gzip

import pytest

from kamhub.platform.web.compression import MOST_NOISE, accepts_gzip, packed
from tests.asgi import Web

PAGE = "/search?from=airport&to=city&date=2026-11-25"


@pytest.mark.parametrize(
    ("header", "takes"),
    [
        ("gzip, deflate, br", True),
        ("br;q=1.0, GZIP;q=0.8", True),
        ("gzip;q=0", False),
        ("gzip; q=0.0", False),
        ("br", False),
        ("", False),
    ],
)
def test_who_takes_it(header: str, *, takes: bool) -> None:
    assert accepts_gzip(header) is takes


def test_the_same_page_has_many_lengths() -> None:
    body = b"page" * 1000
    found = [packed(body) for _ in range(50)]
    assert all(gzip.decompress(one) == body for one in found)
    lengths = {len(one) for one in found}
    assert len(lengths) > 10
    assert max(lengths) - min(lengths) <= MOST_NOISE


async def test_pages_are_packed_for_those_who_take_it(web: Web) -> None:
    plain = await web.client.get(PAGE, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    small = await web.client.get(PAGE, headers={"Accept-Encoding": "gzip"})
    assert small.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in small.headers["vary"]
    assert int(small.headers["content-length"]) < len(plain.content) / 2
    assert small.text.partition("<main")[2][:200] == plain.text.partition("<main")[2][:200]
