"""What a person is told of an asset that failed."""

from __future__ import annotations

from collections.abc import Mapping

from kamhub.desk.asset.types import FILE_MISSING, INTERRUPTED
from kamhub.desk.extraction.words import why_unreadable
from kamhub.kit.text import Locale, mark
from kamhub.platform.i18n.catalogue import translator
from kamhub.platform.outbound.addresses import UrlFault
from kamhub.platform.outbound.guarded import FetchReason

_SENTENCES: Mapping[FetchReason, str] = {
    "url_not_reachable": mark("Nobody answers at this address. Look whether it opens in a browser, then try again."),
    "url_status": mark(
        "The site answered with an error ({status}). Look whether the page opens without signing in, then try again."
    ),
    "url_too_many_redirects": mark(
        "This address leads from one page to another without end. Use the address it ends at."
    ),
    "url_too_large": mark("What is at this address is too large: at most 50 MB can be read."),
    "url_too_slow": mark("The site took too long to answer. Try again later."),
    "url_encoding": mark(
        "The site sent the page in a form that cannot be unpacked. Save the page and upload the file."
    ),
}
_NOT_ALLOWED: Mapping[UrlFault, str] = {
    "not_a_url": mark("This is not an address of a page, such as https://example.com/prices."),
    "scheme": mark("Only addresses that begin with http:// or https:// can be read."),
    "userinfo": mark("An address with a user name or password in it cannot be read."),
    "port": mark("Only sites on the usual ports (80 and 443) can be read."),
    "address": mark("This address belongs to a private network, which cannot be read. Upload the file instead."),
}
_OTHERS: Mapping[str, str] = {
    INTERRUPTED: mark("Something went wrong on our side while this document was read. Try again."),
    FILE_MISSING: mark("The file of this document is not there any more. Upload it again."),
}


def why_not_allowed(fault: UrlFault) -> str:
    """The sentence about an address that is not read."""
    return _NOT_ALLOWED[fault]


def why_failed(error: str, facts: Mapping[str, str | int], locale: Locale) -> str:
    """The sentence that helps, in that language."""
    words = translator(locale)
    if error == "url_not_allowed":
        known = (sentence for fault, sentence in _NOT_ALLOWED.items() if fault == facts.get("why"))
        return words.gettext(next(known, _NOT_ALLOWED["not_a_url"]))
    for code, sentence in (*_SENTENCES.items(), *_OTHERS.items()):
        if code == error:
            return words.gettext(sentence).format(**{"status": "?", **facts})
    return why_unreadable(error, facts, locale)
