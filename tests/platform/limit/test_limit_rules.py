"""Who a caller is."""

from __future__ import annotations

import ipaddress

import pytest

from kamhub.platform.limit.rules import CLOSED_WITHOUT_STORE, PRESETS, caller_address, client_address

LOOPBACK = [ipaddress.ip_network("127.0.0.0/8")]
PROXIES = [*LOOPBACK, ipaddress.ip_network("10.0.0.0/8")]


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "expected"),
    [
        ("203.0.113.7", [], [], "203.0.113.7"),
        ("203.0.113.7", ["198.51.100.1"], [], "203.0.113.7"),
        ("203.0.113.7", ["198.51.100.1"], LOOPBACK, "203.0.113.7"),
        ("127.0.0.1", ["198.51.100.1"], [], "127.0.0.1"),
        ("127.0.0.1", ["198.51.100.1"], LOOPBACK, "198.51.100.1"),
        ("127.0.0.1", ["6.6.6.6, 198.51.100.1"], LOOPBACK, "198.51.100.1"),
        ("127.0.0.1", ["6.6.6.6", "198.51.100.1, 10.1.1.1"], PROXIES, "198.51.100.1"),
        ("127.0.0.1", [], LOOPBACK, "127.0.0.1"),
        ("127.0.0.1", ["nonsense"], LOOPBACK, "unknown"),
        ("", [], [], "unknown"),
        ("2001:db8:1:2:3:4:5:6", [], [], "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", [], [], "203.0.113.7"),
    ],
)
def test_only_what_a_trusted_proxy_wrote_is_believed(
    peer: str, forwarded: list[str], trusted: list[ipaddress.IPv4Network], expected: str
) -> None:
    assert client_address(peer, forwarded, trusted) == expected


def test_the_very_address_is_known_where_the_network_is_counted() -> None:
    assert caller_address("2001:db8:1:2:3:4:5:6", [], []) == "2001:db8:1:2:3:4:5:6"
    assert caller_address("::ffff:203.0.113.7", [], []) == "203.0.113.7"
    assert caller_address("127.0.0.1", ["6.6.6.6, 198.51.100.1"], LOOPBACK) == "198.51.100.1"
    assert caller_address("", [], []) == "unknown"
    assert caller_address("127.0.0.1", ["nonsense"], LOOPBACK) == "unknown"


def test_what_guesses_passwords_is_closed_without_counting() -> None:
    assert {"authentication", "account"} == CLOSED_WITHOUT_STORE
    assert PRESETS.keys() > CLOSED_WITHOUT_STORE
