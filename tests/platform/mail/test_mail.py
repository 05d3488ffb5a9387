"""Mails as they are written, kept in the folder and handed to a server."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from uuid import UUID

import pytest

from kamhub.platform.mail.actions import mail_transport
from kamhub.platform.mail.folder import FolderTransport, list_mails, read_mail
from kamhub.platform.mail.rules import compose, sender_address
from kamhub.platform.mail.smtp import SmtpAddress, SmtpTransport
from kamhub.platform.mail.types import Attachment, MailMessage, MailRefused
from kamhub.platform.settings import Settings, SettingsRefused
from tests.platform.mail.smtp_server import SmtpServer

SENDER = "Kamchatour Hub <noreply@hub.example>"
ID = UUID("0193a3c2-0000-7000-8000-0000000000aa")


def message(**changes: object) -> MailMessage:
    fields: dict[str, object] = {
        "message_id": ID,
        "created_at": datetime(2026, 11, 24, 23, 30, tzinfo=UTC),
        "recipient": "anna@example.org",
        "subject": "Ваша поездка подтверждена · 7KQ4MZ2X",
        "text": "Билет во вложении.\nhttps://hub.example/booking/1?token=abc-DEF_123\n",
        "html": "<p>Билет во вложении.</p>",
        "attachments": (
            Attachment("7KQ4MZ2X.pdf", "application/pdf", b"%PDF-1.7 \xff\x00"),
            Attachment("7KQ4MZ2X.ics", "text/calendar; charset=utf-8; method=PUBLISH", "Ё".encode()),
        ),
    }
    return MailMessage(**(fields | changes))  # type: ignore[arg-type]


def parsed(content: bytes) -> EmailMessage:
    return BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(content)


def test_the_headers_and_parts_of_a_mail() -> None:
    mail = parsed(compose(message(), SENDER).as_bytes())
    assert mail["From"] == SENDER
    assert mail["To"] == "anna@example.org"
    assert mail["Subject"] == "Ваша поездка подтверждена · 7KQ4MZ2X"
    assert mail["Date"] == "Tue, 24 Nov 2026 23:30:00 +0000"
    assert mail["Message-ID"] == f"<{ID}@hub.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    body, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert isinstance(body, EmailMessage)
    assert isinstance(html, EmailMessage)
    assert body.get_content().splitlines() == message().text.splitlines()
    assert html.get_content().strip() == message().html
    pdf, ics = mail.iter_attachments()
    assert (pdf.get_filename(), pdf.get_content_type()) == ("7KQ4MZ2X.pdf", "application/pdf")
    assert pdf.get_payload(decode=True) == b"%PDF-1.7 \xff\x00"
    assert ics.get_param("method") == "PUBLISH"
    assert ics.get_payload(decode=True) == "Ё".encode()


def test_links_can_be_read_in_the_raw_file() -> None:
    assert b"https://hub.example/booking/1?token=abc-DEF_123" in compose(message(), SENDER).as_bytes()


def test_no_line_is_longer_than_mail_allows() -> None:
    raw = compose(message(text="Щ" * 5000, subject="Щ" * 300), SENDER).as_bytes()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    body = parsed(raw).get_body(("plain",))
    assert isinstance(body, EmailMessage)
    assert body.get_content().strip() == "Щ" * 5000


@pytest.mark.parametrize("subject", ["a\r\nBcc: evil@example.org", "a\nBcc: evil@example.org", "a\r\n\r\n<script>"])
def test_a_subject_cannot_bring_headers_of_its_own(subject: str) -> None:
    mail = parsed(compose(message(subject=subject), SENDER).as_bytes())
    assert mail["Bcc"] is None
    assert mail["Subject"] == " ".join(subject.split())


@pytest.mark.parametrize(
    "recipient",
    [
        "anna@example.org\r\nBcc: evil@example.org",
        "anna@example.org, evil@example.org",
        "Anna <anna@example.org>",
        "anna@example.org\x00",
        "anna",
        "@example.org",
        '""@example.org',
        "anna@",
        "",
        " ",
        "a" * 300 + "@example.org",
    ],
)
def test_a_recipient_that_is_not_one_address_is_refused(recipient: str) -> None:
    with pytest.raises(MailRefused):
        compose(message(recipient=recipient), SENDER)


@pytest.mark.parametrize("sender", ["anna", "anna@", "@example.org", '""@example.org', "a@b.example, c@d.example", ""])
def test_a_sender_that_is_not_one_address_is_refused(sender: str) -> None:
    with pytest.raises(ValueError, match="not a mail address"):
        sender_address(sender)


def test_a_russian_domain_is_written_for_servers() -> None:
    mail = compose(message(recipient="anna@почта.рф"), SENDER)
    assert mail["To"] == "anna@xn--80a1acny.xn--p1ai"


async def test_the_folder_keeps_one_file_a_mail_however_often_it_is_sent(tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    for _ in range(3):
        await FolderTransport(folder, SENDER).send(message())
    [file] = folder.iterdir()
    assert file.name == f"2026-11-24-{ID}.eml"
    first = file.read_bytes()
    await FolderTransport(folder, SENDER).send(message())
    assert file.read_bytes() == first


async def test_the_folder_can_be_listed_and_read(tmp_path: Path) -> None:
    transport = FolderTransport(tmp_path, SENDER)
    later = UUID(int=ID.int + 1)
    await transport.send(message())
    await transport.send(message(message_id=later, created_at=datetime(2026, 11, 25, 1, 0, tzinfo=UTC)))
    (tmp_path / "notes.eml").write_text("not ours")
    newest, oldest = list_mails(tmp_path)
    assert [newest.name, oldest.name] == [f"2026-11-25-{later}.eml", f"2026-11-24-{ID}.eml"]
    assert (oldest.recipient, oldest.subject) == ("anna@example.org", "Ваша поездка подтверждена · 7KQ4MZ2X")
    assert oldest.text.startswith("Билет во вложении.")
    assert oldest.attachments == ("7KQ4MZ2X.pdf", "7KQ4MZ2X.ics")
    assert oldest.date == datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    assert list_mails(tmp_path, limit=1) == [newest]


@pytest.mark.parametrize("name", ["../secret.key", "notes.eml", f"../2026-11-24-{ID}.eml", f"2026-11-24-{ID}.eml"])
def test_only_our_own_mails_can_be_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "notes.eml").write_text("not ours")
    assert read_mail(tmp_path, name) is None


def test_an_empty_installation_has_no_mails(tmp_path: Path) -> None:
    assert list_mails(tmp_path / "mail") == []


def test_development_keeps_mails_and_production_must_be_able_to_send(tmp_path: Path) -> None:
    assert isinstance(mail_transport(Settings(env="development"), tmp_path), FolderTransport)
    with pytest.raises(SettingsRefused, match="KAMHUB_SMTP_URL is missing"):
        mail_transport(Settings(env="production"), tmp_path)
    with pytest.raises(SettingsRefused, match="KAMHUB_SMTP_URL cannot be read"):
        mail_transport(Settings.model_validate({"smtp_url": "http://mail.example"}), tmp_path)
    with pytest.raises(SettingsRefused, match="KAMHUB_MAIL_FROM"):
        mail_transport(Settings(mail_from="nobody"), tmp_path)
    assert isinstance(
        mail_transport(Settings.model_validate({"smtp_url": "smtps://u:p@mail.example"}), tmp_path),
        SmtpTransport,
    )


def test_the_address_of_a_server() -> None:
    address = SmtpAddress.parse("smtp://user%40x:p%2Fw@mail.example")
    assert (address.host, address.port, address.user, address.password) == (
        "mail.example",
        587,
        "user@x",
        "p/w",
    )
    assert SmtpAddress.parse("smtps://mail.example").port == 465
    assert "p/w" not in repr(address)


@contextmanager
def server(**replies: str) -> Iterator[SmtpServer]:
    with SmtpServer(replies) as running:
        yield running


async def test_a_mail_is_handed_to_the_server() -> None:
    with server() as smtp:
        await SmtpTransport(f"smtp://127.0.0.1:{smtp.port}", SENDER).send(message())
    [mail] = smtp.mails
    assert parsed(mail)["Message-ID"] == f"<{ID}@hub.example>"
    assert [command.lower() for command in smtp.commands[1:3]] == [
        "mail from:<noreply@hub.example>", "rcpt to:<anna@example.org>",
    ]  # fmt: skip


async def test_a_recipient_the_server_does_not_know_is_refused_for_good() -> None:
    with server(RCPT="550 no such mailbox") as smtp, pytest.raises(MailRefused, match="550"):
        await SmtpTransport(f"smtp://127.0.0.1:{smtp.port}", SENDER).send(message())


async def test_a_server_that_is_busy_may_be_asked_again() -> None:
    with server(RCPT="451 greylisted, come back later") as smtp, pytest.raises(smtplib.SMTPException):
        await SmtpTransport(f"smtp://127.0.0.1:{smtp.port}", SENDER).send(message())


async def test_a_server_that_is_away_may_be_asked_again() -> None:
    with server() as smtp:
        pass
    with pytest.raises(OSError, match="refused"):
        await SmtpTransport(f"smtp://127.0.0.1:{smtp.port}", SENDER).send(message())


async def test_waiting_for_a_silent_server_can_be_cancelled() -> None:
    with server(greeting="") as smtp, pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await SmtpTransport(f"smtp://127.0.0.1:{smtp.port}", SENDER).send(message())
