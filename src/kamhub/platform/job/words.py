"""What jobs are called, and what it means when one of them stays undone, for whoever has to decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kamhub.kit.text import Locale, mark
from kamhub.platform.i18n.catalogue import translator


@dataclass(frozen=True, slots=True)
class KindWords:
    """``name`` says what the job does, ``undone`` what that means as long as it is not done."""

    name: str
    undone: str


_LATER = mark("Nothing is lost: it comes again by the clock.")
# Every kind of job of the product; a test holds the two against each other.
_KINDS: Mapping[str, KindWords] = {
    "payment.send_refund": KindWords(
        mark("Return money to a traveller"),
        mark("The traveller does not get the money until this runs. If you discard it, return the money by hand."),
    ),
    "payment.finish_held": KindWords(
        mark("Take or let go money that the bank has set aside"),
        mark(
            "The money stays set aside until this runs, and the booking is not confirmed. If you discard it, decide in the "
            "cabinet of the payment service."
        ),
    ),
    "payment.release_held": KindWords(mark("Let go money set aside for bookings that are over"), _LATER),
    "receipt.send": KindWords(
        mark("Have the cash register make a receipt"),
        mark("The law asks for the receipt. If you discard it, make it by hand."),
    ),
    "ledger.earn": KindWords(mark("Enter what the trips of the day earned"), _LATER),
    "ledger.close_months": KindWords(
        mark("Close the books of the months that are over"),
        mark("Statements take longer until it has run; nothing is lost: it comes again by the clock."),
    ),
    "reconciliation.plan": KindWords(mark("Have yesterday compared with the payment service"), _LATER),
    "reconciliation.run": KindWords(
        mark("Compare a day with the payment service"),
        mark("What a lost message missed is not found until this runs. Ask for the day again on the page."),
    ),
    "integrity.check": KindWords(
        mark("Check that every promise of the product is kept"),
        mark("What is wrong with the data is not noticed until it has run; it comes again by the clock."),
    ),
    "asset.process": KindWords(
        mark("Read a document and make it searchable"),
        mark(
            "Agents do not know what is new in the document until this runs. If you discard it, read the document again on its page."
        ),
    ),
    "asset.forget_file": KindWords(
        mark("Remove a file that nothing needs any more"),
        mark("The file takes room until this runs; nobody is shown it."),
    ),
    "asset.look_after": KindWords(mark("Begin the readings that are due"), _LATER),
    "article.index": KindWords(
        mark("Make an article searchable as it is written"),
        mark(
            "Agents know the article as it was before until this runs. If you discard it, save the article once more."
        ),
    ),
    "graph.refresh": KindWords(mark("Bring the knowledge graph up to the names of the hub"), _LATER),
    "knowledge.prune_gaps": KindWords(mark("Remove old questions that were asked in vain"), _LATER),
    "knowledge.reembed": KindWords(
        mark("Compare what the agents know by another model"),
        mark("Searches go on with the model before. If you discard it, start it again in the settings of knowledge."),
    ),
    "notice.send": KindWords(
        mark("Send a traveller a mail about the booking"),
        mark("The traveller has not been told. If you discard it, tell them another way."),
    ),
    "notice.plan_reminders": KindWords(mark("Write the reminders and requests for a review that are due"), _LATER),
    "notice.call_us": KindWords(
        mark("Make the Telegram bot known to us"),
        mark("Nobody can be sent to the bot. If you discard it, save the bot's token once more."),
    ),
    "mailed_link.send": KindWords(
        mark("Send the mail for a new password or the confirmation of an address"),
        mark("The person waits for a mail that does not come. They may ask for another one."),
    ),
    "person.notice": KindWords(
        mark("Tell a person that their account was changed"),
        mark("The person does not know of the change. If you discard it, tell them another way."),
    ),
    "organisation.invite": KindWords(
        mark("Send an invitation to a colleague"),
        mark("The colleague has no mail. If you discard it, invite them again."),
    ),
    "waiting_list.offer": KindWords(mark("Offer seats that came back to whoever waits for them"), _LATER),
    "disruption.carry_out": KindWords(
        mark("Move, pay back or ask everybody on departures that were called off"),
        mark(
            "Some travellers do not know yet that their departure does not run. If you discard it, settle each of them by hand."
        ),
    ),
    "booking.sweep_expired": KindWords(mark("Write down which holds have run out"), _LATER),
    "payment.adopt_account": KindWords(mark("Take over the payment account of the settings"), _LATER),
    "timetable.generate": KindWords(mark("Make the departures that timetables call for"), _LATER),
    "retention.prune": KindWords(mark("Remove what has been kept long enough"), _LATER),
    "backup.create": KindWords(mark("Make a backup"), _LATER),
    "backup.verify": KindWords(mark("Restore a backup for trial"), _LATER),
    "backup.prune": KindWords(mark("Remove old backups"), _LATER),
    "backup.watch": KindWords(mark("Look whether there is a fresh backup"), _LATER),
    "alert.tell": KindWords(
        mark("Tell whoever runs the hub that something is wrong"),
        mark("They do not know of it yet. If you discard it, tell them another way."),
    ),
    "job.tidy": KindWords(mark("Tidy up the history of jobs"), _LATER),
}
_STATUSES: Mapping[str, str] = {
    "waiting": mark("Waiting"),
    "running": mark("Running"),
    "done": mark("Done"),
    "dead": mark("Failed for good"),
    "discarded": mark("Discarded"),
}
_QUEUES: Mapping[str, str] = {
    "payments": mark("Payments"),
    "notices": mark("Mails"),
    "chat": mark("Chat"),
    "crm": mark("CRM"),
    "knowledge": mark("Knowledge"),
    "maintenance": mark("Housekeeping"),
}
_REASONS: Mapping[str, str] = {
    "gave_up": mark("It found that it can never succeed."),
    "out_of_attempts": mark("It failed every time it was tried."),
    "no_outcome": mark("The program made a mistake and did not say how the job ended. A retry needs a newer version."),
    "kills_workers": mark("The program that ran it broke down each time. A retry needs a newer version."),
    "unknown_kind": mark("No program that runs here knows this kind of job. A retry needs the version that does."),
}
_ARGUMENTS: Mapping[str, str] = {
    "refund_id": mark("Refund"),
    "payment_id": mark("Payment"),
    "receipt_id": mark("Receipt"),
    "reconciliation_id": mark("Comparison"),
    "message_id": mark("Message"),
    "invitation_id": mark("Invitation"),
    "link_id": mark("Link"),
    "person_id": mark("Person"),
    "disruption_id": mark("Disruption"),
    "asset_id": mark("Document"),
    "article_id": mark("Article"),
    "run_number": mark("Reading"),
    "version": mark("Version"),
    "digest": mark("Checksum"),
    "about": mark("About what"),
    "moment": mark("Beginning or end"),
    "channel": mark("Way out"),
    "kind": mark("Kind"),
    "at": mark("When"),
}
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def kind_name(kind: str, locale: Locale) -> str:
    """What jobs of that kind do; a kind without words by its own name."""
    known = _KINDS.get(kind)
    return translator(locale).gettext(known.name) if known else kind


def undone(kind: str, locale: Locale) -> str:
    """What it means that such a job is not done."""
    known = _KINDS.get(kind)
    return translator(locale).gettext(known.undone if known else mark("This version does not know what it was for."))


def kind_names(locale: Locale) -> dict[str, str]:
    """Every kind there is, by name."""
    return {kind: kind_name(kind, locale) for kind in _KINDS}


def status_names(locale: Locale) -> dict[str, str]:
    """Every status there is, by name."""
    return _told(_STATUSES, locale)


def queue_name(queue: str, locale: Locale) -> str:
    """What a queue is called."""
    return _told(_QUEUES, locale).get(queue, queue)


def reason_text(reason: str, locale: Locale) -> str:
    """Why a job is dead."""
    return _told(_REASONS, locale).get(reason, reason)


def argument_name(name: str, locale: Locale) -> str:
    """What an argument of a job is called."""
    return _told(_ARGUMENTS, locale).get(name, name)


def age(seconds: float, locale: Locale) -> str:
    """``40 s``, ``5 min``, ``3 h``, ``2 days``: how long something lasts, as exactly as one wants to know."""
    words = translator(locale)
    whole = max(0, int(seconds))
    if whole < _MINUTE:
        return words.gettext("%(n)s s") % {"n": whole}
    if whole < _HOUR:
        return words.gettext("%(n)s min") % {"n": whole // _MINUTE}
    if whole < 2 * _DAY:
        return words.gettext("%(n)s h") % {"n": whole // _HOUR}
    days = whole // _DAY
    return words.ngettext("%(num)s day", "%(num)s days", days) % {"num": days}


def _told(words: Mapping[str, str], locale: Locale) -> dict[str, str]:
    catalogue = translator(locale)
    return {name: catalogue.gettext(text) for name, text in words.items()}
