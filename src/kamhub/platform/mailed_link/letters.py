"""What the mails with links say."""

from __future__ import annotations

from urllib.parse import quote

from kamhub.kit.text import Locale
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.mail.letter import Button, Letter
from kamhub.platform.mailed_link.types import Purpose


def compose(purpose: Purpose, name: str, public_url: str, token: str, locale: Locale) -> Letter:
    """The mail for that purpose; the link in it belongs to the recipient alone."""
    writers = {"password_reset": _password_reset, "email_confirmation": _email_confirmation}
    return writers[purpose](name, public_url, quote(token), locale)


def _password_reset(name: str, public_url: str, token: str, locale: Locale) -> Letter:
    _ = translator(locale).gettext
    return Letter(
        subject=_("A new password for Kamchatour Hub"),
        heading=_("Set a new password"),
        paragraphs=(
            _("Hello, %(name)s.") % {"name": name},
            _("Somebody asked for a new password for this address. The link works once, for one hour."),
            _("If it was not you, do nothing: your password stays as it is."),
        ),
        buttons=(Button(_("Set a new password"), f"{public_url}/password-reset/new?token={token}"),),
        closing=("Kamchatour Hub",),
    )


def _email_confirmation(_name: str, public_url: str, token: str, locale: Locale) -> Letter:
    _ = translator(locale).gettext
    return Letter(
        subject=_("Confirm your address for Kamchatour Hub"),
        heading=_("Is this your address?"),
        # Without the name: whoever typed it may not be the reader.
        paragraphs=(
            _("Confirm it so that your colleagues and we can reach you. The link works for seven days."),
            _("If you did not sign up, ignore this mail."),
        ),
        buttons=(Button(_("Confirm the address"), f"{public_url}/email-confirmation?token={token}"),),
        closing=("Kamchatour Hub",),
    )
