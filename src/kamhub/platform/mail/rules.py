"""A mail as the standards want it (RFC 5322, MIME, RFC 3834)."""

from __future__ import annotations

from datetime import UTC
from email import policy
from email.errors import MessageError
from email.headerregistry import Address, AddressHeader, HeaderRegistry
from email.message import EmailMessage
from email.utils import format_datetime

from kamhub.kit.text import clean_line
from kamhub.platform.mail.types import Attachment, MailMessage, MailRefused

_LONGEST_ADDRESS = 254  # RFC 5321, 4.5.3.1.3
_LONGEST_LINE = 998


def compose(message: MailMessage, sender: str) -> EmailMessage:
    """The mail to send. ``sender`` is such as ``Kamchatour Hub <noreply@example.org>``.

    Raises ``MailRefused`` when the recipient is not one address.
    """
    origin = sender_address(sender)
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"] = _named(origin, message.sender_name)
    if message.reply_to is not None:
        mail["Reply-To"] = _recipient(message.reply_to)
    mail["To"] = _recipient(message.recipient)
    mail["Subject"] = clean_line(message.subject)
    mail["Date"] = format_datetime(message.created_at.astimezone(UTC))
    mail["Message-ID"] = f"<{message.message_id}@{_ascii_domain(origin.domain)}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text, cte=_encoding(message.text))
    if message.html is not None:
        mail.add_alternative(message.html, subtype="html", cte=_encoding(message.html))
    for attachment in message.attachments:
        _attach(mail, attachment)
    _name_boundaries(mail, str(message.message_id))
    return mail


def sender_address(sender: str) -> Address:
    """The one address a ``From`` names. Raises ``ValueError``."""
    try:
        header = HeaderRegistry()("From", clean_line(sender))
    except IndexError:  # how the standard library refuses an address that ends in @
        raise ValueError(f"not a mail address: {sender!r}") from None
    if not isinstance(header, AddressHeader) or len(header.addresses) != 1 or header.defects:
        raise ValueError(f"not a mail address: {sender!r}")
    address: Address = header.addresses[0]
    if not address.username or not address.domain:
        raise ValueError(f"not a mail address: {sender!r}")
    return address


def _named(origin: Address, name: str | None) -> Address:
    """The installation's address under another name: only from its own domain does mail arrive."""
    shown = clean_line(name) if name else ""
    return Address(shown, origin.username, origin.domain) if shown else origin


def _recipient(address: str) -> Address:
    if address != clean_line(address) or len(address) > _LONGEST_ADDRESS:
        raise MailRefused("the recipient is not a mail address")
    try:
        parsed = Address(addr_spec=address)
        domain = _ascii_domain(parsed.domain)
    except (ValueError, MessageError, IndexError):
        raise MailRefused("the recipient is not a mail address") from None
    if not parsed.username or not domain:
        raise MailRefused("the recipient is not a mail address")
    return Address(username=parsed.username, domain=domain)


def _ascii_domain(domain: str) -> str:
    return domain if domain.isascii() else domain.encode("idna").decode()


def _encoding(text: str) -> str:
    """As it is, readable in the raw file, unless a line is longer than mail allows (RFC 5322, 2.1.1)."""
    longest = max((len(line.encode()) for line in text.splitlines()), default=0)
    return "8bit" if longest <= _LONGEST_LINE else "base64"


def _attach(mail: EmailMessage, attachment: Attachment) -> None:
    kind, _, parameters = attachment.media_type.partition(";")
    main, _, sub = kind.strip().partition("/")
    named = dict(pair.strip().split("=", 1) for pair in parameters.split(";") if "=" in pair)
    mail.add_attachment(
        attachment.content, maintype=main, subtype=sub, filename=clean_line(attachment.name), params=named
    )


def _name_boundaries(mail: EmailMessage, seed: str) -> None:
    """Fixed part separators instead of random ones, so that a repeat gives the same bytes."""
    for number, part in enumerate(mail.walk()):
        if part.is_multipart():
            part.set_boundary(f"=_{seed}_{number}")
