"""Who a caller is, and what the presets allow unless a setting says otherwise."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Holds: a family of buyers behind one address, each looking at a few departures.
PRESETS: Mapping[str, str] = {
    "authentication": "5/15 minutes",
    "creation": "5/minute",
    "hold": "60/minute",
    "public": "30/minute",
    "page": "120/minute",
    "api": "100/minute",
    "upload": "20/minute",
    "webhook": "600/minute",
    # Seats that one address may hold without anybody's name: enough for an office that books groups, too few to empty a
    # season. No route declares it; the routes that hold count it.
    "seats": "200/15 minutes",
    # Attempts at one account from places it has not been used from; no route declares it.
    "account": "20/hour",
}
# Without counting, guessing passwords would be free; everything else is better served uncounted than not at all.
CLOSED_WITHOUT_STORE = frozenset({"authentication", "account"})


def caller_address(peer: str, forwarded: Sequence[str], trusted: Sequence[Network]) -> str:
    """The very address of the caller, ``unknown`` when there is none.

    ``forwarded`` are the values of X-Forwarded-For as they came. They are read from the right, and only as long as the
    address that wrote them is a trusted proxy: whatever a caller puts before is not believed.
    """
    address = _caller(peer, forwarded, trusted)
    return "unknown" if address is None else str(address)


def client_address(peer: str, forwarded: Sequence[str], trusted: Sequence[Network]) -> str:
    """What a caller is counted by: the address, of IPv6 the network it is in."""
    address = _caller(peer, forwarded, trusted)
    return "unknown" if address is None else _bucket(address)


def _caller(peer: str, forwarded: Sequence[str], trusted: Sequence[Network]) -> Address | None:
    hops = [hop.strip() for value in forwarded for hop in value.split(",")]
    address = _parse(peer)
    while hops and address is not None and any(address in network for network in trusted):
        address = _parse(hops.pop())
    return address


def _parse(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _bucket(address: Address) -> str:
    # Whoever has one address of IPv6 has the whole /64.
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
