"""What each message says, and whether it is still true."""

from __future__ import annotations

from collections.abc import Callable
from gettext import NullTranslations

from kamhub.hub.booking.types import Booking, BookingStatus
from kamhub.hub.notice.types import MessageKind
from kamhub.kit.money import Money
from kamhub.kit.phone import format_phone
from kamhub.kit.text import Locale
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.formats import Formats
from kamhub.platform.mail.letter import Button, Letter, Line

_TRUE_WHILE: dict[MessageKind, tuple[BookingStatus, ...]] = {
    "held": ("on_hold", "pending"),
    "confirmed": ("confirmed", "redeemed"),
    "cancelled": ("cancelled",),
    "rejected": ("rejected",),
}


def still_true(kind: MessageKind, status: BookingStatus) -> bool:
    """Whether the message still holds for the booking: nobody wants to pay for a hold that is over."""
    return kind not in _TRUE_WHILE or status in _TRUE_WHILE[kind]


def waits_for_payment_link(kind: MessageKind, booking: Booking) -> bool:
    """Whether the payment link that belongs into the message is still being asked for."""
    return kind == "held" and booking.status == "on_hold" and booking.payment is None


def compose(kind: MessageKind, booking: Booking, locale: Locale, page_url: str) -> Letter:
    """The message. ``page_url`` opens the booking and holds its token: it belongs to the recipient alone."""
    return _Writer(booking, locale, page_url).write(kind)


class _Writer:
    def __init__(self, booking: Booking, locale: Locale, page_url: str) -> None:
        self.booking = booking
        self.locale = locale
        self.page_url = page_url
        self.words: NullTranslations = translator(locale)
        self.formats = Formats(locale)

    def write(self, kind: MessageKind) -> Letter:
        writers: dict[MessageKind, Callable[[], Letter]] = {
            "held": self._held,
            "confirmed": self._confirmed,
            "cancelled": self._cancelled,
            "rejected": self._rejected,
            "money_returned": self._money_returned,
        }
        return writers[kind]()

    def _held(self) -> Letter:
        _, booking = self.words.gettext, self.booking
        if booking.status == "pending" or booking.expires_at is None:
            return self._notice(
                _("We have your request"),
                _("The operator has to confirm this booking. We will write to you as soon as it is decided."),
            )
        ends = self.formats.moment(booking.expires_at.astimezone(booking.stretch.departs_at.tzinfo))
        until = f"{ends} ({self.formats.offset(booking.stretch.departs_at)})"
        buttons = (Button(_("Pay"), booking.payment.url),) if booking.payment else ()
        return self._notice(
            _("Your seats are held"),
            _("The seats are kept for you until %(until)s. Pay before then and they are yours.") % {"until": until},
            _("If you do not pay, the booking ends by itself and costs nothing."),
            buttons=buttons,
        )

    def _confirmed(self) -> Letter:
        _ = self.words.gettext
        return self._notice(
            _("Your trip is confirmed"),
            _("The ticket is attached. Print it or show the code on your phone when you board."),
        )

    def _cancelled(self) -> Letter:
        _ = self.words.gettext
        return self._notice(_("Your booking is cancelled"), self._money_back())

    def _rejected(self) -> Letter:
        _, booking = self.words.gettext, self.booking
        reasons = [event.reason for event in booking.history if event.to_status == "rejected" and event.reason]
        paragraphs = [_("The operator could not confirm this booking. The seats are not yours.")]
        if reasons:
            paragraphs.append(_("The operator writes: %(reason)s") % {"reason": reasons[-1]})
        return self._notice(_("Your booking was not confirmed"), *paragraphs, self._money_back())

    def _money_returned(self) -> Letter:
        _ = self.words.gettext
        return self._notice(
            _("Your money is on its way back"),
            _("Your payment arrived when this booking had already ended, so you do not travel on it."),
            self._money_back(),
        )

    def _money_back(self) -> str:
        _, booking, back = self.words.gettext, self.booking, self._returned()
        if back is not None:
            money = {"sum": self.formats.money(back)}
            return (
                _("We return %(sum)s to the card or account you paid from. When it arrives depends on the bank.")
                % money
            )
        if booking.paid is not None:
            money = {"sum": self.formats.money(booking.paid)}
            return _("By the terms of cancellation nothing of the %(sum)s paid is returned.") % money
        return _("Nothing was charged.")

    def _returned(self) -> Money | None:
        live = [refund.amount for refund in self.booking.refunds if refund.status != "refused"]
        if not live:
            return self.booking.refunded
        total = live[0]
        for amount in live[1:]:
            total += amount
        return total

    def _notice(self, heading: str, *paragraphs: str, buttons: tuple[Button, ...] = ()) -> Letter:
        _ = self.words.gettext
        return Letter(
            subject=f"{heading} · {self.booking.code}",
            heading=heading,
            paragraphs=paragraphs,
            lines=self._lines(),
            buttons=(*buttons, Button(_("Open the booking"), self.page_url)),
            closing=self._closing(),
        )

    def _lines(self) -> tuple[Line, ...]:
        _, booking, stretch = self.words.gettext, self.booking, self.booking.stretch
        names = [person.name for person in booking.passenger_list]
        origin, destination = (stop.name.in_locale(self.locale) for stop in (stretch.origin, stretch.destination))
        place = stretch.origin.meeting_point
        lines = [
            Line(_("Booking code"), booking.code),
            Line(_("Trip"), f"{origin} → {destination}"),
            Line(_("Departure"), self._when(departure=True)),
            Line(_("Arrival"), self._when(departure=False)),
            Line(_("Meeting point"), place.in_locale(self.locale) if place else origin),
            Line(_("Passengers"), "\n".join([str(booking.passengers), *names])),
            Line(_("Price"), self.formats.money(booking.total)),
        ]
        if booking.paid is not None:
            lines.append(Line(_("Paid"), self.formats.money(booking.paid)))
        returned = self._returned()
        if returned is not None:
            lines.append(Line(_("Returned"), self.formats.money(returned)))
        return tuple(lines)

    def _when(self, *, departure: bool) -> str:
        at = self.booking.stretch.departs_at if departure else self.booking.stretch.arrives_at
        _ = self.words.gettext
        offset = self.formats.offset(at)
        local = _("local time, %(offset)s") % {"offset": offset}
        return f"{self.formats.day(at)}, {self.formats.time(at)} ({local})"

    def _closing(self) -> tuple[str, ...]:
        operator = self.booking.stretch.operator
        phone = format_phone(operator.phone) if operator.phone else None
        return tuple(part for part in (operator.name.in_locale(self.locale), phone, operator.email) if part)
