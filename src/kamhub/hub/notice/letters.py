"""What each message says, in the words of the product."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from gettext import NullTranslations

from kamhub.hub.booking.types import Booking
from kamhub.hub.notice.types import MessageKind
from kamhub.kit.money import Money
from kamhub.kit.phone import format_phone
from kamhub.kit.text import Locale
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.formats import Formats
from kamhub.platform.mail.letter import Button, Letter, Line

_NO_FACTS: Mapping[str, str] = {}


def compose(
    kind: MessageKind, booking: Booking, locale: Locale, page_url: str, facts: Mapping[str, str] = _NO_FACTS
) -> Letter:
    """The message. ``page_url`` opens the booking and holds its token: it belongs to the recipient alone.

    ``facts`` are what only this message knows, each of them optional: ``old_departs_at`` (RFC 3339), ``reason`` (words of
    the operator), ``weather`` (``1``), ``amount`` (minor units) in ``currency``, ``held`` (``1``: it is not taken yet),
    ``answer_until`` (RFC 3339), ``vehicle``, ``driver``.
    """
    return _Writer(booking, locale, page_url, facts).write(kind)


def beneath(page_url: str, page: str) -> str:
    """The address of a page below that of the booking, with the same token."""
    address, mark, query = page_url.partition("?")
    return f"{address}/{page}{mark}{query}"


def values_of(booking: Booking, locale: Locale, page_url: str, facts: Mapping[str, str] = _NO_FACTS) -> dict[str, str]:
    """What the placeholders of an operator's own text stand for; empty where the booking has nothing of the kind."""
    return _Writer(booking, locale, page_url, facts).values()


class _Writer:
    def __init__(self, booking: Booking, locale: Locale, page_url: str, facts: Mapping[str, str]) -> None:
        self.booking = booking
        self.locale = locale
        self.page_url = page_url
        self.facts = facts
        self.words: NullTranslations = translator(locale)
        self.formats = Formats(locale)

    def write(self, kind: MessageKind) -> Letter:
        writers: dict[MessageKind, Callable[[], Letter]] = {
            "held": self._held,
            "paid": self._paid,
            "confirmed": self._confirmed,
            "reminder_day": self._reminder_day,
            "reminder_soon": self._reminder_soon,
            "changed": self._changed,
            "cancelled": self._cancelled,
            "rejected": self._rejected,
            "money_returned": self._money_returned,
            "disrupted": self._disrupted,
            "moved": self._moved,
            "seats_offered": self._seats_offered,
            "payment_link": self._payment_link,
            "review_request": self._review_request,
        }
        return writers[kind]()

    def values(self) -> dict[str, str]:
        booking, stretch, operator = self.booking, self.booking.stretch, self.booking.stretch.operator
        origin, destination = (stop.name.in_locale(self.locale) for stop in (stretch.origin, stretch.destination))
        returned = self._returned()
        return {
            "name": booking.contact.name if booking.contact else "",
            "code": booking.code,
            "route": f"{origin} → {destination}",
            "from": origin,
            "to": destination,
            "departs_at": self._when(departure=True),
            "arrives_at": self._when(departure=False),
            "meeting_point": self._meeting_point(),
            "vehicle": self.facts.get("vehicle") or stretch.vehicle.model,
            "driver": self.facts.get("driver", ""),
            "passengers": str(booking.passengers),
            "total": self.formats.money(booking.total),
            "paid": self.formats.money(booking.paid) if booking.paid else "",
            "refund": self.formats.money(returned) if returned else "",
            "pay_until": self._until() or "",
            "old_departs_at": self._old_time() or "",
            "reason": self.facts.get("reason", ""),
            "operator": operator.name.in_locale(self.locale),
            "phone": format_phone(operator.phone) if operator.phone else "",
            "pay_url": booking.payment.url if booking.payment else "",
            "page_url": self.page_url,
            "choice_url": beneath(self.page_url, "choice"),
            "review_url": beneath(self.page_url, "review"),
        }

    def _held(self) -> Letter:
        _ = self.words.gettext
        until = self._until()
        if until is None:
            return self._notice(
                _("We have your request"),
                _("The operator has to confirm this booking. We will write to you as soon as it is decided."),
            )
        return self._notice(
            _("Your seats are held"),
            _("The seats are kept for you until %(until)s. Pay before then and they are yours.") % {"until": until},
            _("If you do not pay, the booking ends by itself and costs nothing."),
            buttons=self._pay(),
        )

    def _paid(self) -> Letter:
        _, booking = self.words.gettext, self.booking
        told = self.facts.get("amount", "")
        currency = self.facts.get("currency", booking.total.currency)
        paid = Money(int(told), currency) if told.isdecimal() else booking.paid or booking.total
        money = {"sum": self.formats.money(paid)}
        if self.facts.get("held") == "1":
            came = _(
                "Your bank has set %(sum)s aside. It is taken when the booking is confirmed, and let go if it is not."
            )
        else:
            came = _("We received %(sum)s.")
        return self._notice(
            _("We have your payment"),
            came % money,
            _("The operator has to confirm this booking. The ticket comes as soon as that is done."),
        )

    def _confirmed(self) -> Letter:
        _ = self.words.gettext
        return self._notice(
            _("Your trip is confirmed"),
            _("The ticket is attached. Print it or show the code on your phone when you board."),
        )

    def _reminder_day(self) -> Letter:
        _, origin = self.words.gettext, self.booking.stretch.origin
        return self._notice(
            _("A reminder of your trip"),
            _("You leave on %(when)s.") % {"when": self._when(departure=True)},
            _("Be there ten minutes before: %(place)s.") % {"place": self._meeting_point()},
            _("Cannot travel? Tell us on the page of the booking; somebody else may need the seats."),
            subject=_("Your trip on %(day)s") % {"day": self.formats.day_short(origin.at)},
        )

    def _reminder_soon(self) -> Letter:
        _, origin = self.words.gettext, self.booking.stretch.origin
        return self._notice(
            _("You leave at %(time)s") % {"time": self.formats.time(origin.at)},
            _("The meeting point: %(place)s. Be there ten minutes before.") % {"place": self._meeting_point()},
            _("Show the ticket or its code, %(code)s, when you board.") % {"code": self.booking.code},
        )

    def _changed(self) -> Letter:
        _ = self.words.gettext
        old = self._old_time()
        said = []
        if old:
            said.append(_("You leave on %(new)s instead of %(old)s.") % {"new": self._when(departure=True), "old": old})
        if vehicle := self.facts.get("vehicle"):
            said.append(_("The vehicle is %(vehicle)s now.") % {"vehicle": vehicle})
        if driver := self.facts.get("driver"):
            said.append(_("The driver is %(driver)s now.") % {"driver": driver})
        return self._notice(
            _("Your trip has changed"),
            *said,
            *self._reason(),
            _("Everything as it stands now is below. If it does not suit you, open the booking or call us."),
        )

    def _cancelled(self) -> Letter:
        _ = self.words.gettext
        because = [_("The weather does not let us go.")] if self._weather else []
        return self._notice(_("Your booking is cancelled"), *because, *self._reason(), self._money_back())

    def _disrupted(self) -> Letter:
        _ = self.words.gettext
        until = self._moment("answer_until")
        otherwise = _(
            "If you do not choose by %(until)s, we move you to the next departure with free seats; where there is none, "
            "the money comes back in full."
        )
        return self._notice(
            _("Your departure is cancelled because of the weather")
            if self._weather
            else _("Your departure is cancelled"),
            _("Please choose: another departure, or the whole money back. One tap is enough."),
            *self._reason(),
            *([otherwise % {"until": until}] if until else []),
            buttons=(Button(_("Choose"), beneath(self.page_url, "choice")),),
        )

    def _moved(self) -> Letter:
        _, booking, old = self.words.gettext, self.booking, self._old_time()
        new = {"new": self._when(departure=True), "old": old}
        said = [_("The weather does not let us go as planned.")] if self._weather else []
        said.append(
            _("You leave on %(new)s instead of %(old)s.") % new if old else _("You leave on %(new)s.") % new,
        )
        if booking.status == "confirmed":
            said.append(_("The new ticket is attached; the old one does not hold any more."))
        return self._notice(_("You travel on another departure"), *said, *self._reason())

    def _seats_offered(self) -> Letter:
        _, until = self.words.gettext, self._until()
        said = [_("You were on the waiting list, and seats have come free.")]
        if until is None:
            said.append(_("The operator has to confirm this booking. We will write to you as soon as it is decided."))
        else:
            kept = _("The seats are kept for you until %(until)s. Pay before then and they are yours.")
            said += [kept % {"until": until}, _("If you do not pay, the next in line is asked.")]
        return self._notice(_("Seats for you"), *said, buttons=self._pay())

    def _payment_link(self) -> Letter:
        _, until = self.words.gettext, self._until()
        kept = _("The seats are kept for you until %(until)s. Pay before then and they are yours.")
        return self._notice(
            _("The link to pay by"),
            _("To pay: %(sum)s.") % {"sum": self.formats.money(self.booking.total)},
            *([kept % {"until": until}] if until else []),
            buttons=self._pay(),
        )

    def _review_request(self) -> Letter:
        _ = self.words.gettext
        return self._notice(
            _("How was the trip?"),
            _("A minute of yours helps others choose, and the operator do better."),
            buttons=(Button(_("Rate the trip"), beneath(self.page_url, "review")),),
        )

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

    @property
    def _weather(self) -> bool:
        return self.facts.get("weather") == "1"

    def _reason(self) -> tuple[str, ...]:
        reason = self.facts.get("reason", "").strip()
        return (self.words.gettext("The operator writes: %(reason)s") % {"reason": reason},) if reason else ()

    def _pay(self) -> tuple[Button, ...]:
        return (Button(self.words.gettext("Pay"), self.booking.payment.url),) if self.booking.payment else ()

    def _until(self) -> str | None:
        """Until when a hold keeps its seats; None when no payment is waited for."""
        booking = self.booking
        if booking.status == "pending" or booking.expires_at is None:
            return None
        return self._with_zone(booking.expires_at)

    def _old_time(self) -> str | None:
        return self._moment("old_departs_at")

    def _moment(self, fact: str) -> str | None:
        """A time among the facts, in the zone of the trip."""
        text = self.facts.get(fact)
        return self._with_zone(datetime.fromisoformat(text)) if text else None

    def _with_zone(self, at: datetime) -> str:
        departs_at = self.booking.stretch.departs_at
        return f"{self.formats.moment(at.astimezone(departs_at.tzinfo))} ({self.formats.offset(departs_at)})"

    def _meeting_point(self) -> str:
        origin = self.booking.stretch.origin
        return (origin.meeting_point or origin.name).in_locale(self.locale)

    def _notice(
        self, heading: str, *paragraphs: str, buttons: tuple[Button, ...] = (), subject: str | None = None
    ) -> Letter:
        _ = self.words.gettext
        return Letter(
            subject=f"{subject or heading} · {self.booking.code}",
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
        lines = [
            Line(_("Booking code"), booking.code),
            Line(_("Trip"), f"{origin} → {destination}"),
            Line(_("Departure"), self._when(departure=True)),
            Line(_("Arrival"), self._when(departure=False)),
            Line(_("Meeting point"), self._meeting_point()),
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
