"""Reading the command line and the environment, and refusing what would be dangerous."""

from __future__ import annotations

import argparse
import ipaddress
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

_LAST_PORT = 65535


class StartRefused(Exception):
    """The stand-in must not start like this; the message is one sentence for the person who tried."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How to run. ``retry_scale`` multiplies the waits between attempts, ``reply_timeout`` is seconds."""

    host: str
    port: int
    data_file: Path
    public_id: str
    api_secret: str = field(repr=False)
    notify_url: str
    test_mode: bool = True
    retry_scale: float = 1.0
    reply_timeout: float = 30.0


def is_loopback(host: str) -> bool:
    """Tell whether this name can only mean the own machine over IPv4."""
    if host == "localhost":
        return True
    try:
        return ipaddress.IPv4Address(host).is_loopback
    except ValueError:
        return False


def _positive(text: str) -> float:
    value = float(text)
    if not math.isfinite(value) or value <= 0:
        raise ValueError(text)
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m kamhub.app.demo.cloudpayments",
        description="Demo stand-in of CloudPayments. STANDIN_API_SECRET holds the API secret.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="IPv4 loopback address to listen on")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--data-file", type=Path, required=True, help="SQLite file, made when absent")
    parser.add_argument("--public-id", required=True)
    parser.add_argument("--notify-url", required=True, help="notifications go to this address + /check, /pay, ...")
    parser.add_argument("--test-mode", type=int, choices=(0, 1), default=1, help="TestMode of notifications")
    parser.add_argument("--retry-scale", type=_positive, default=1.0, help="multiplies the waits between attempts")
    parser.add_argument("--reply-timeout", type=_positive, default=30.0, help="seconds to wait for an answer")
    return parser


def read_settings(argv: Sequence[str], environ: Mapping[str, str]) -> Settings:
    """Make settings of the command line and the environment.

    Raises StartRefused in production, without a secret, or when an address is not loopback;
    exits with status 2 on a malformed command line, as argparse does.
    """
    if environ.get("KAMHUB_ENV", "").strip().lower() == "production":
        raise StartRefused("The CloudPayments stand-in is for the demo and does not run in production.")
    options = _parser().parse_args(argv)
    secret = environ.get("STANDIN_API_SECRET", "")
    if not secret:
        raise StartRefused("Set STANDIN_API_SECRET to the API secret of the demo account.")
    if not is_loopback(options.host):
        raise StartRefused("--host must be an IPv4 loopback address such as 127.0.0.1.")
    if not 0 <= options.port <= _LAST_PORT:
        raise StartRefused("--port must be between 0 and 65535.")
    if not _is_local_address(options.notify_url):
        raise StartRefused("--notify-url must be an http:// address on loopback.")
    return Settings(
        host=options.host,
        port=options.port,
        data_file=options.data_file,
        public_id=options.public_id,
        api_secret=secret,
        notify_url=options.notify_url.rstrip("/"),
        test_mode=bool(options.test_mode),
        retry_scale=options.retry_scale,
        reply_timeout=options.reply_timeout,
    )


def _is_local_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port_is_valid = parts.port is None or parts.port > 0
    except ValueError:
        return False
    plain = not parts.query and not parts.fragment and parts.username is None
    return parts.scheme == "http" and is_loopback(parts.hostname or "") and plain and port_is_valid
