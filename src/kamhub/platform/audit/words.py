"""What actions and fields are called. What has no name here is shown as it is written down."""

from __future__ import annotations

from collections.abc import Mapping

from kamhub.kit.text import Locale, mark
from kamhub.platform.i18n.catalogue import translator

ACTIONS: Mapping[str, str] = {
    "organisation.founded": mark("The organisation was founded"),
    "member.joined": mark("Joined the organisation"),
    "member.role_changed": mark("A member got another role"),
    "member.removed": mark("A member was removed"),
    "member.left": mark("Left the organisation"),
    "invitation.created": mark("Somebody was invited"),
    "invitation.resent": mark("An invitation was sent again"),
    "invitation.revoked": mark("An invitation was withdrawn"),
    "api_key.created": mark("An API key was made"),
    "api_key.revoked": mark("An API key was revoked"),
    "audit.exported": mark("This log was downloaded"),
    "session.began": mark("Signed in"),
    "session.ended": mark("A session was ended"),
    "profile.changed": mark("Changed their name or language"),
    "password.changed": mark("Changed their password"),
    "password.reset": mark("Set a new password by mail"),
    "email_confirmation.asked": mark("Asked for the mail that confirms the address"),
    "second_factor.begun": mark("Began to switch on the second step"),
    "second_factor.enabled": mark("Switched on the second step"),
    "second_factor.disabled": mark("Switched off the second step"),
    "second_factor.codes_renewed": mark("Made new recovery codes"),
    "booking.decided": mark("A booking was decided"),
    "job.retried": mark("A job that had failed was run again"),
    "job.discarded": mark("A job that had failed was discarded"),
    "personal_data.searched": mark("Personal data was looked up"),
    "personal_data.exported": mark("Personal data was downloaded"),
    "personal_data.erased": mark("Personal data was erased"),
}
_FIELDS: Mapping[str, str] = {
    "name": mark("Name"),
    "email": mark("E-mail"),
    "role": mark("Role"),
    "locale": mark("Language"),
    "scopes": mark("Rights"),
    "expires_at": mark("Good until"),
    "status": mark("Status"),
    "kind": mark("Kind"),
    "reason": mark("Reason"),
    "count": mark("Number"),
    "since": mark("Since"),
    "until": mark("Until"),
    "action": mark("Action"),
    "actor_id": mark("Who"),
    "object_id": mark("Of what"),
}


def sentence(action: str, locale: Locale) -> str:
    """What happened."""
    known = ACTIONS.get(action)
    return translator(locale).gettext(known) if known else action


def field_name(name: str, locale: Locale) -> str:
    """What a field is called."""
    known = _FIELDS.get(name)
    return translator(locale).gettext(known) if known else name


def value_text(value: object, locale: Locale) -> str:
    """A value as it was written down, for the eye."""
    _ = translator(locale).gettext
    if value is None:
        return "—"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(value_text(item, locale) for item in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {value_text(item, locale)}" for name, item in value.items())
    return str(value)
