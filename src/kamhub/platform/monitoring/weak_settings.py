"""Settings that the program starts with and that still leave a door ajar. No value of a secret is ever in a finding."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from limits import parse

from kamhub.platform.limit.rules import CLOSED_WITHOUT_STORE, PRESETS, Network
from kamhub.platform.mail.smtp import SmtpAddress
from kamhub.platform.monitoring.types import Finding, weak
from kamhub.platform.person.passwords import MINIMUM_LENGTH, is_common
from kamhub.platform.settings import Settings, is_weak_secret

# Networks larger than these are nobody's own.
_WIDEST_PROXIES = {4: 8, 6: 16}


def look_at_settings(settings: Settings) -> list[Finding]:
    """One finding a subject, the weak and the good."""
    return [
        _secret_key(settings),
        _public_url(settings),
        _origins(settings),
        _proxies(settings),
        _limits(settings),
        _redis(settings),
        _mail(settings),
        _demo_password(settings),
        _security_contact(settings),
    ]


def _secret_key(settings: Settings) -> Finding:
    name, production = "secret key", settings.production
    keys = settings.secret_keys
    if not keys:
        return weak(name, "not set: one made once is kept in the data folder", production=production)
    if any(is_weak_secret(key) for key in keys):
        return weak(name, "short or even: 32 random characters are hard to guess", production=production)
    if len(keys) > 1:
        advice = "run `kamhub secrets rotate`; links mailed with an earlier key end when it is taken out"
        return Finding(name, True, f"{len(keys) - 1} earlier key(s) still listed: {advice}", note=True)
    return Finding(name, True, f"{len(keys[0])} characters, {len(set(keys[0]))} different ones")


def _public_url(settings: Settings) -> Finding:
    url = settings.public_url
    if url is None or not url.startswith("https://"):
        detail = f"{url or 'not set'}: without https whoever is in between reads and changes everything"
        return weak("public address", detail, production=settings.production)
    return Finding("public address", True, url)


def _origins(settings: Settings) -> Finding:
    plain = [origin for origin in settings.allowed_origins if not origin.startswith("https://")]
    if plain:
        detail = f"without https, so anybody in between may speak for them: {', '.join(plain)}"
        return weak("allowed origins", detail, production=settings.production)
    return Finding("allowed origins", True, ", ".join(settings.allowed_origins) or "the public address alone")


def _proxies(settings: Settings) -> Finding:
    wide = [str(network) for network in settings.trusted_networks if _is_wide(network)]
    if wide:
        detail = f"{', '.join(wide)}: whoever is in there may give any address as the caller's"
        return weak("trusted proxies", detail, production=settings.production)
    return Finding("trusted proxies", True, ", ".join(settings.trusted_proxies) or "none")


def _is_wide(network: Network) -> bool:
    return network.prefixlen < _WIDEST_PROXIES[network.version]


def _limits(settings: Settings) -> Finding:
    name, production = "rate limits", settings.production
    if settings.rate_limits == "off":
        return weak(name, "off: passwords may be tried without end", production=production)
    looser = [
        f"{preset} {settings.rate_presets[preset]} instead of {PRESETS[preset]}"
        for preset in sorted(CLOSED_WITHOUT_STORE & settings.rate_presets.keys())
        if _is_looser(settings.rate_presets[preset], PRESETS[preset])
    ]
    if looser:
        return weak(name, f"more tries at passwords than by default: {'; '.join(looser)}", production=production)
    return Finding(name, True, "on")


def _is_looser(text: str, default: str) -> bool:
    chosen, usual = parse(text), parse(default)
    return chosen.amount > usual.amount or chosen.amount / chosen.get_expiry() > usual.amount / usual.get_expiry()


def _redis(settings: Settings) -> Finding:
    name, production = "redis", settings.production
    if settings.redis_url is None:
        return weak(name, "not set: every process counts for itself", production=production)
    parts = urlsplit(settings.redis_url.get_secret_value())
    if parts.scheme not in {"redis", "rediss"}:
        return Finding(name, True, "by a socket of this machine")
    if not parts.password:
        return weak(name, "without a password: whoever reaches it may reset the limits", production=production)
    if parts.scheme == "rediss":
        return Finding(name, True, "with password and TLS")
    detail = "without TLS (rediss://): its password can be read on the way"
    if _is_near(parts.hostname or ""):
        return Finding(name, True, f"{detail}, on a network of one's own", note=True)
    return weak(name, detail, production=production)


def _is_near(host: str) -> bool:
    """Whether it is this machine, a private address, or a name without dots, as a neighbour in a container network has."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host


def _mail(settings: Settings) -> Finding:
    name, production = "mail", settings.production
    if settings.smtp_url is None:
        return weak(name, "no KAMHUB_SMTP_URL: mails go to files", production=production)
    try:
        address = SmtpAddress.parse(settings.smtp_url.get_secret_value())
    except ValueError as error:
        return Finding(name, False, f"KAMHUB_SMTP_URL: {error}")
    if not address.secure and address.local:
        return Finding(name, True, "without TLS, to a server on this machine", note=True)
    return Finding(name, True, "TLS from the first byte" if address.secure else "STARTTLS, which the server must offer")


def _demo_password(settings: Settings) -> Finding:
    name = "demo password"
    if settings.demo_password is None:
        return Finding(name, True, "not set")
    if settings.production:
        return Finding(name, False, "KAMHUB_DEMO_PASSWORD is set: production has no demo people")
    password = settings.demo_password.get_secret_value()
    if len(password) < MINIMUM_LENGTH or is_common(password):
        return Finding(name, True, "easy to guess: do not let others reach this demo", note=True)
    return Finding(name, True, "set")


def _security_contact(settings: Settings) -> Finding:
    if settings.security_contact is None:
        detail = "KAMHUB_SECURITY_CONTACT is not set: whoever finds a weakness does not know whom to tell"
        return Finding("security contact", True, detail, note=True)
    return Finding("security contact", True, settings.security_contact)
