"""Mails through an SMTP server."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import smtplib
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Self
from urllib.parse import unquote, urlsplit

from kamhub.platform.mail.rules import compose
from kamhub.platform.mail.types import MailMessage, MailRefused

_TIMEOUT = 15.0  # seconds, for each answer of the server
_PORTS = {"smtp": 587, "smtps": 465}
_REFUSED_FOR_GOOD = range(500, 600)


@dataclass(frozen=True, slots=True)
class SmtpAddress:
    """``smtps://user:password@host:465`` is TLS from the start, ``smtp://host:587`` is STARTTLS.

    Only a server on the machine itself is spoken to in clear.
    """

    secure: bool
    host: str
    port: int
    user: str | None
    password: str | None = field(repr=False)

    @classmethod
    def parse(cls, url: str) -> Self:
        """Raises ``ValueError`` (without the password in it)."""
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError("the address of a mail server is smtp://user:password@host:port or smtps://…")
        return cls(
            secure=parts.scheme == "smtps",
            host=parts.hostname,
            port=parts.port or _PORTS[parts.scheme],
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
        )

    @property
    def local(self) -> bool:
        """Whether the server is this machine."""
        with contextlib.suppress(ValueError):
            return ipaddress.ip_address(self.host).is_loopback
        return self.host == "localhost"


class SmtpTransport:
    """A connection for each mail: they are few, and an idle one would be closed by the server anyway."""

    def __init__(self, url: str, sender: str, *, trust: ssl.SSLContext | None = None) -> None:
        self._address = SmtpAddress.parse(url)
        self._sender = sender
        self._trust = trust or ssl.create_default_context()

    async def send(self, message: MailMessage) -> None:
        """Hand the mail to the server.

        Raises ``MailRefused`` for good; ``smtplib.SMTPException`` or ``OSError`` when trying again may help.
        """
        mail = compose(message, self._sender)
        try:
            await _in_daemon_thread(lambda: self._deliver(mail))
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            if codes and all(code in _REFUSED_FOR_GOOD for code in codes):
                raise MailRefused(f"the mail server refused the recipient ({codes[0]})") from None
            # Without the addresses in it: errors of jobs are kept.
            raise smtplib.SMTPException(f"the mail server does not take the recipient now ({codes})") from None
        except smtplib.SMTPDataError as error:
            if error.smtp_code in _REFUSED_FOR_GOOD:
                raise MailRefused(f"the mail server refused the mail ({error.smtp_code})") from None
            raise

    def _deliver(self, mail: EmailMessage) -> None:
        server = self._connect()
        try:
            if self._address.user is not None:
                server.login(self._address.user, self._address.password or "")
            server.send_message(mail)
        except BaseException:
            server.close()
            raise
        # The mail is theirs now; a clumsy goodbye must not make us send it again.
        with contextlib.suppress(smtplib.SMTPException, OSError):
            server.quit()

    def _connect(self) -> smtplib.SMTP:
        host, port = self._address.host, self._address.port
        if self._address.secure:
            return smtplib.SMTP_SSL(host, port, timeout=_TIMEOUT, context=self._trust)
        server = smtplib.SMTP(host, port, timeout=_TIMEOUT)
        if self._address.local:
            return server
        try:
            server.starttls(context=self._trust)
        except BaseException:
            server.close()
            raise
        return server


async def _in_daemon_thread(work: Callable[[], None]) -> None:
    """Like ``asyncio.to_thread``, but a server that does not answer cannot hold up the end of the process."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def settle(error: BaseException | None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

    def run() -> None:
        failure: BaseException | None = None
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - passed on to whoever waits
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, failure)

    threading.Thread(target=run, name="smtp", daemon=True).start()
    await done
