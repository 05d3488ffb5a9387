"""Mails as files, for development: nothing leaves the machine and everything can be read."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import tempfile
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from pathlib import Path

from kamhub.platform.mail.rules import compose
from kamhub.platform.mail.types import MailMessage, StoredMail

_NAME = re.compile(r"\d{4}-\d{2}-\d{2}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.eml")


class FolderTransport:
    """Writes ``<date>-<message id>.eml``, the date the message's own in UTC: a repeat writes the same."""

    def __init__(self, folder: Path, sender: str) -> None:
        self._folder = folder
        self._sender = sender

    async def send(self, message: MailMessage) -> None:
        """Write the file whole or not at all. Raises ``MailRefused`` or ``OSError``."""
        mail = compose(message, self._sender)
        ascii_only = str(mail["To"]).isascii()
        content = mail.as_bytes(policy=policy.SMTP if ascii_only else policy.SMTPUTF8)
        name = f"{message.created_at.astimezone(UTC):%Y-%m-%d}-{message.message_id}.eml"
        await asyncio.to_thread(_write, self._folder / name, content)


def list_mails(folder: Path, limit: int = 100) -> list[StoredMail]:
    """The newest mails first. A file that is no mail of ours is left out."""
    names = sorted((path.name for path in folder.glob("*.eml")), reverse=True)
    found = (read_mail(folder, name) for name in names)
    mails = sorted((mail for mail in found if mail), key=lambda mail: (mail.date, mail.name), reverse=True)
    return mails[:limit]


def read_mail(folder: Path, name: str) -> StoredMail | None:
    """One mail by its file name; None when there is none, or the name is not one of ours."""
    if not _NAME.fullmatch(name):
        return None
    try:
        mail = BytesParser(_class=EmailMessage, policy=policy.default).parsebytes((folder / name).read_bytes())
    except FileNotFoundError:
        return None
    return _stored(name, mail)


def _stored(name: str, mail: EmailMessage) -> StoredMail:
    body = mail.get_body(preferencelist=("plain",))
    try:
        date = parsedate_to_datetime(str(mail["Date"]))
    except ValueError:
        date = datetime.strptime(name[:10], "%Y-%m-%d").replace(tzinfo=UTC)
    return StoredMail(
        name=name,
        sender=str(mail["From"] or ""),
        recipient=str(mail["To"] or ""),
        subject=str(mail["Subject"] or ""),
        date=date,
        text=str(body.get_content()).replace("\r\n", "\n") if isinstance(body, EmailMessage) else "",
        attachments=tuple(part.get_filename() or "" for part in mail.iter_attachments()),
    )


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".draft")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(draft).replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(draft).unlink()
        raise
