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
    "driver.added": mark("A driver was added"),
    "driver.archived": mark("A driver was archived"),
    "driver.changed": mark("A driver was changed"),
    "fleet_document.added": mark("A document of the fleet was added"),
    "fleet_document.removed": mark("A document of the fleet was removed"),
    "organisation.settings_changed": mark("The rules of the organisation were changed"),
    "asset.added": mark("A document or address was added to what the assistants know"),
    "asset.changed": mark("A document of the assistants was changed"),
    "asset.removed": mark("A document of the assistants was removed"),
    "asset.retried": mark("A document of the assistants was read again"),
    "place.added": mark("A place was added"),
    "place.archived": mark("A place was archived"),
    "place.changed": mark("A place was changed"),
    "place.photo_removed": mark("The photo of a place was removed"),
    "place.photo_saved": mark("A place got a photo"),
    "route.added": mark("A route was added"),
    "route.archived": mark("A route was archived"),
    "route.changed": mark("A route was changed"),
    "vehicle.added": mark("A vehicle was added"),
    "vehicle.archived": mark("A vehicle was archived"),
    "vehicle.changed": mark("A vehicle was changed"),
    "departure.reopened": mark("Sales of a departure were opened again"),
    "departure.closed": mark("Sales of a departure were closed"),
    "departure.assigned": mark("A departure got another vehicle or driver"),
    "departure.created": mark("A departure was made by hand"),
    "booking.boarded": mark("A party boarded"),
    "booking.missed": mark("A party was noted as not having come"),
    "booking.not_missed": mark("A note that a party did not come was taken back"),
    "booking.cancelled": mark("A booking was cancelled"),
    "booking.changed": mark("A booking was changed"),
    "booking.moved": mark("A booking was moved to another departure"),
    "booking.made": mark("A booking was made for a caller"),
    "booking.noted": mark("A note was written on a booking"),
    "booking.payment_link_sent": mark("The link to pay was sent again"),
    "waiting_party.joined": mark("Somebody was put on the waiting list"),
    "waiting_party.left": mark("Somebody was taken off the waiting list"),
    "waiting_party.offered": mark("Seats were offered to somebody on the waiting list"),
    "message.resent": mark("A message was sent once more"),
    "message_template.changed": mark("A message was put into the organisation's own words"),
    "message_template.previewed": mark("A message was looked at before it goes out"),
    "message_template.reset": mark("A message speaks in the hub's words again"),
    "notice_settings.changed": mark("The settings of messages were changed"),
    "review.replied": mark("A review was answered"),
    "departure.cancelled": mark("A departure was cancelled"),
    "disruption.decided": mark("Departures were called off"),
    "disruption.previewed": mark("Looked at what calling departures off would do"),
    "booking.collected": mark("Money was taken or given back by hand"),
    "case.acted": mark("Something was done about a case"),
    "case.closed": mark("A case was closed"),
    "payment.charged_back": mark("A chargeback was written down"),
    "payment_account.changed": mark("A payment account was set otherwise"),
    "payout.recorded": mark("A payout was written down"),
    "reconciliation.asked": mark("A day was compared with the payment service"),
    "refund.requested": mark("Money was returned to a traveller"),
    "refund.retried": mark("A refused refund was asked for again"),
    "integrity.asked": mark("The promises of the product were checked on request"),
    "job.retried": mark("A job that had failed was run again"),
    "job.discarded": mark("A job that had failed was discarded"),
    "timetable.archived": mark("A timetable was archived"),
    "timetable.changed": mark("A timetable was changed"),
    "timetable.created": mark("A timetable was made"),
    "timetable.date_excepted": mark("A date got times of its own in a timetable"),
    "timetable.date_kept": mark("A date runs by the timetable again"),
    "timetable.extended": mark("Missing departures of a timetable were made"),
    "timetable.imported": mark("Timetables were imported"),
    "timetable.previewed": mark("Looked at what a timetable would do"),
    "timetable.repriced": mark("A timetable got new prices"),
    "promo_code.created": mark("A promo code was made"),
    "promo_code.changed": mark("A promo code was changed"),
    "promo_code.archived": mark("A promo code was put away"),
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
    "amount": mark("Amount"),
    "archived": mark("Archived"),
    "capacity": mark("Seats"),
    "expires_on": mark("Last day"),
    "features": mark("Features"),
    "hold_minutes": mark("Minutes of a hold"),
    "languages": mark("Languages"),
    "lat": mark("Latitude"),
    "lng": mark("Longitude"),
    "meeting_point": mark("Meeting point"),
    "model": mark("Model"),
    "phone": mark("Phone"),
    "plate": mark("Number plate"),
    "rest_minutes": mark("Minutes of rest"),
    "sales_cutoff_minutes": mark("Minutes before departure that sales end"),
    "slug": mark("Name in addresses"),
    "stops": mark("Stops"),
    "time_zone": mark("Time zone"),
    "works_from": mark("Works from"),
    "works_to": mark("Works until"),
    "payment_id": mark("Payment"),
    "receipts": mark("Fiscal receipts"),
    "reference": mark("Reference"),
    "resolution": mark("How it was settled"),
    "till": mark("Where the money went"),
    "two_stage": mark("Money set aside first"),
    "since": mark("Since"),
    "until": mark("Until"),
    "action": mark("Action"),
    "actor_id": mark("Who"),
    "object_id": mark("Of what"),
    "value": mark("How much it takes off"),
    "route_id": mark("Route"),
    "valid_from": mark("Good from"),
    "valid_to": mark("Good until"),
    "most_uses": mark("Uses in all"),
    "most_per_contact": mark("Uses by one person"),
    "no_show": mark("No-show"),
    "departs_at": mark("Departs"),
    "driver_id": mark("Driver"),
    "vehicle_id": mark("Vehicle"),
    "departure_id": mark("Departure"),
    "disruption": mark("Disruption"),
    "rebook": mark("What was offered"),
    "departure": mark("Departure"),
    "departures": mark("Departures"),
    "code": mark("Code"),
    "refund": mark("Refund"),
    "choice": mark("Refund chosen"),
    "pay_by": mark("How it is paid"),
    "passengers": mark("Passengers"),
    "total": mark("Total"),
    "fields": mark("Fields"),
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
