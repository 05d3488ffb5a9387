"""What states, ways to pay and the things that happen to a booking are called."""

from __future__ import annotations

import re
from collections.abc import Mapping

from kamhub.hub.booking_office.types import TimelineItem
from kamhub.kit.money import Money
from kamhub.kit.text import Locale, mark
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.i18n.formats import Formats

STATUSES: Mapping[str, str] = {
    "on_hold": mark("held"),
    "pending": mark("waits for an answer"),
    "confirmed": mark("confirmed"),
    "redeemed": mark("travelled"),
    "expired": mark("expired"),
    "cancelled": mark("cancelled"),
    "rejected": mark("rejected"),
}
TONES: Mapping[str, str] = {"on_hold": "sea", "pending": "warm", "confirmed": "good", "redeemed": "good"}
PAY_BY: Mapping[str, str] = {
    "online": mark("online, by a link"),
    "on_board": mark("on board"),
    "invoice": mark("by invoice"),
}
CHANNELS: Mapping[str, str] = {
    "page": mark("our page"),
    "api": mark("a program"),
    "octo": mark("a reseller"),
    "mcp": mark("an AI assistant"),
    "desk": mark("the desk"),
    "staff": mark("your staff"),
}
_BECAME: Mapping[str, str] = {
    "on_hold": mark("Seats were held"),
    "pending": mark("It waits for your answer"),
    "confirmed": mark("Confirmed"),
    "redeemed": mark("Boarded"),
    "expired": mark("The hold ran out"),
    "cancelled": mark("Cancelled"),
    "rejected": mark("Rejected"),
}
_PAYMENTS: Mapping[str, str] = {
    "authorized": mark("%(sum)s was set aside on a card"),
    "completed": mark("%(sum)s was paid"),
    "declined": mark("A payment of %(sum)s was declined"),
    "cancelled": mark("%(sum)s that was set aside was released"),
}
_REFUNDS: Mapping[str, str] = {
    "requested": mark("%(sum)s is on its way back"),
    "completed": mark("%(sum)s was returned"),
    "refused": mark("A refund of %(sum)s was refused"),
}
_MESSAGES: Mapping[str, str] = {
    "held": mark("Message: the seats are held"),
    "paid": mark("Message: the money has arrived"),
    "confirmed": mark("Message: confirmed, with the ticket"),
    "reminder_day": mark("Message: reminder of the day before"),
    "reminder_soon": mark("Message: reminder shortly before"),
    "changed": mark("Message: something has changed"),
    "cancelled": mark("Message: cancelled"),
    "rejected": mark("Message: rejected"),
    "money_returned": mark("Message: money is returned"),
    "disrupted": mark("Message: it does not run, choose what now"),
    "moved": mark("Message: moved to another departure"),
    "seats_offered": mark("Message: seats offered from the waiting list"),
    "payment_link": mark("Message: the link to pay"),
    "review_request": mark("Message: how was it?"),
}
_ACTORS: Mapping[str, str] = {
    "traveller": mark("the traveller"),
    "system": mark("by itself"),
    "payment": mark("by the payment"),
}
_GONE: Mapping[str, str] = {"person:": mark("somebody who has left"), "key:": mark("a program")}
_PROGRAM = re.compile("[a-z]+(?:_[a-z]+)*")


def names(words: Mapping[str, str], locale: Locale) -> dict[str, str]:
    """Those words in that language."""
    catalogue = translator(locale)
    return {name: catalogue.gettext(text) for name, text in words.items()}


def actor(item: TimelineItem, channel: str, locale: Locale) -> str | None:
    """Who it was, for the eye; of somebody who has left not even the number."""
    by = item.by
    if by is None or (by == "traveller" and channel == "staff"):  # held for a caller, by whom the next line says
        return None
    for kind, text in _GONE.items():
        if by.startswith(kind):
            return translator(locale).gettext(text)
    return names(_ACTORS, locale).get(by, by)


def reason(item: TimelineItem) -> str | None:
    """Why, in the words of whoever did it; not the word by which the program knows it."""
    text = item.facts.get("reason") if item.kind in {"status", "move"} else None
    return None if text is None or _PROGRAM.fullmatch(str(text)) else str(text)


def told(item: TimelineItem, locale: Locale) -> str:
    """What happened, in a sentence."""
    catalogue, facts = translator(locale), item.facts
    match item.kind:
        case "status":
            return names(_BECAME, locale).get(str(facts["to"]), str(facts["to"]))
        case "move":
            return catalogue.gettext("Moved to another departure")
        case "payment":
            return _with_sum(_PAYMENTS, item, locale)
        case "refund":
            return _with_sum(_REFUNDS, item, locale)
        case "message":
            return names(_MESSAGES, locale).get(str(facts["message"]), str(facts["message"]))
        case "note":
            return str(facts["text"])


def _with_sum(words: Mapping[str, str], item: TimelineItem, locale: Locale) -> str:
    amount = item.facts["amount"]
    money = Formats(locale).money(Money(amount["amount"], amount["currency"]))
    return translator(locale).gettext(words[str(item.facts["status"])]) % {"sum": money}
