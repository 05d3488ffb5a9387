"""Which addresses a person may have read: names and numbers of the public network, and what an administrator has allowed."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias
from urllib.parse import SplitResult, urlsplit

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
UrlFault: TypeAlias = Literal["not_a_url", "scheme", "userinfo", "port", "address"]

_PORTS = {"http": 80, "https": 443}
_LONGEST = 2_000
# Everything that is given out to anybody lies in here; the rest of IPv6 is local, multicast, or carries an address of IPv4.
_GLOBAL_6 = ipaddress.ip_network("2000::/3")
_CARRIES_4 = tuple(ipaddress.ip_network(name) for name in ("2002::/16", "2001::/32"))  # 6to4, Teredo


@dataclass(frozen=True, slots=True)
class Target:
    """An address as it is called: ``host`` in letters of ASCII, ``path`` with its query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Host and, where it is not the usual one, port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def target_of(url: str) -> Target | UrlFault:
    """The parts of an address, or what is wrong with it. Without regard to where it leads."""
    if len(url) > _LONGEST or not url.isprintable() or " " in url:
        return "not_a_url"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "not_a_url"
    if parts.scheme not in _PORTS:
        return "scheme"
    if "@" in parts.netloc:
        return "userinfo"
    host = _host_of(parts)
    if host is None:
        return "not_a_url"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port or _PORTS[parts.scheme], path)


def _host_of(parts: SplitResult) -> str | None:
    host = (parts.hostname or "").rstrip(".")
    if not host or "%" in host or "\\" in parts.netloc:
        return None
    try:
        return host if ":" in host else host.encode("idna").decode().lower()
    except UnicodeError:
        return None


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """``allowed`` are networks that may be read from although they are not public; of those any port."""

    allowed: Sequence[Network] = ()

    def fault_of(self, target: Target, addresses: Sequence[str]) -> UrlFault | None:
        """Why a target whose name leads to these addresses must not be called; None when it may be.

        One bad address spoils all: which of them would be called is not the caller's to choose.
        """
        known = [ipaddress.ip_address(address.partition("%")[0]) for address in addresses]
        if any(not self._is_allowed(address) and not is_public(address) for address in known):
            return "address"
        inside = all(self._is_allowed(address) for address in known)
        return None if inside or target.port == _PORTS[target.scheme] else "port"

    def _is_allowed(self, address: Address) -> bool:
        return any(address in network for network in self.allowed)


def is_public(address: Address) -> bool:
    """Whether it is an address of the public network, and of one machine."""
    if isinstance(address, ipaddress.IPv6Address) and (
        address not in _GLOBAL_6 or any(address in network for network in _CARRIES_4)
    ):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)
