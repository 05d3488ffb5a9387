"""What the mail with an invitation says."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.formats import Formats
from kamhub.platform.mail.letter import Button, Letter, Line
from kamhub.platform.organisation.types import Invitation
from kamhub.platform.organisation.words import role_names
from kamhub.platform.person.types import Organisation


def compose(
    invitation: Invitation, organisation: Organisation, inviter: str | None, zone: ZoneInfo, link: str
) -> Letter:
    """The mail; the link in it belongs to the recipient alone. ``inviter`` is None when they have left,
    ``zone`` the organisation's own."""
    locale = invitation.locale
    _ = translator(locale).gettext
    formats, until = Formats(locale), invitation.expires_at.astimezone(zone)
    place = organisation.name.in_locale(locale)
    lines = [
        Line(_("Organisation"), place),
        Line(_("Your role"), role_names(locale)[invitation.role]),
        Line(_("Good until"), f"{formats.moment(until)} ({formats.offset(until)})"),
    ]
    if inviter is not None:
        lines.insert(1, Line(_("Invited by"), inviter))
    return Letter(
        subject=_("Work with %(organisation)s in Kamchatour Hub") % {"organisation": place},
        heading=_("You are invited to %(organisation)s") % {"organisation": place},
        paragraphs=(
            _(
                "Follow the link to join. With an account here you need only your password, without one you choose it now."
            ),
            _("If you do not know who this is from, ignore this mail."),
        ),
        lines=tuple(lines),
        buttons=(Button(_("Join"), link),),
        closing=("Kamchatour Hub",),
    )
