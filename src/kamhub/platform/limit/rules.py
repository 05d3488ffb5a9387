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
    "webhook": "600/minute",
}


def client_address(peer: str, forwarded: Sequence[str], trusted: Sequence[Network]) -> str:
    """The address of the caller.

    ``forwarded`` are the values of X-Forwarded-For as they came. They are read from the right, and only as long as the
    address that wrote them is a trusted proxy: whatever a caller puts before is not believed.
    """
    hops = [hop.strip() for value in forwarded for hop in value.split(",")]
    address = _parse(peer)
    while hops and address is not None and any(address in network for network in trusted):
        address = _parse(hops.pop())
    return "unknown" if address is None else _bucket(address)


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
