"""Which way out an installation uses."""

from __future__ import annotations

from pathlib import Path

from kamhub.platform.mail.folder import FolderTransport
from kamhub.platform.mail.rules import sender_address
from kamhub.platform.mail.types import MailTransport
from kamhub.platform.settings import Settings, SettingsRefused

FOLDER = "mail"


def mail_transport(settings: Settings, data_dir: Path) -> MailTransport:
    """SMTP when a server is named; else in development the folder ``data_dir/mail``.

    Raises ``SettingsRefused`` when the settings do not allow sending mail.
    """
    try:
        sender_address(settings.mail_from)
    except ValueError:
        raise SettingsRefused("KAMHUB_MAIL_FROM must be one address, such as `Name <name@example.org>`.") from None
    if settings.smtp_url is None:
        if settings.production:
            raise SettingsRefused("KAMHUB_SMTP_URL is missing: production sends tickets and messages by e-mail.")
        return FolderTransport(data_dir / FOLDER, settings.mail_from)
    from kamhub.platform.mail.smtp import SmtpTransport

    try:
        return SmtpTransport(settings.smtp_url.get_secret_value(), settings.mail_from)
    except ValueError as error:
        raise SettingsRefused(f"KAMHUB_SMTP_URL cannot be read: {error}.") from None
