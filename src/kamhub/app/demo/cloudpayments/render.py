"""HTML of the payment pages. Every page goes through ``page``, which puts the demo banner on top."""

from __future__ import annotations

from datetime import date
from html import escape

from .cards import BRANDS, GROUPS, future_expiry, spaced
from .texts import Say, is_english, translator
from .types import Order

_BANNER = "ДЕМО: ненастоящая оплата, деньги не списываются · DEMO: no real money"


def page(culture: str, title: str, content: str) -> bytes:
    """Put content (HTML) into a whole document; the title is plain text."""
    language = "en" if is_english(culture) else "ru"
    return f"""<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{escape(title)} · demo</title>
<link rel="stylesheet" href="/style.css">
</head>
<body>
<header class="demo">{_BANNER}</header>
<main>
{content}
</main>
</body>
</html>
""".encode()


def message_page(culture: str, title: str, text: str, back: str = "") -> bytes:
    """Make a page that says one thing, with a way back when there is an address."""
    say = translator(culture)
    link = f'<a class="button" href="{escape(back)}">{escape(say("Back to the shop"))}</a>' if back else ""
    content = f"<section><h1>{escape(say(title))}</h1><p>{escape(say(text))}</p>{link}</section>"
    return page(culture, say(title), content)


def amount_text(order: Order) -> str:
    """Write the amount of an order in the payer's language."""
    whole, cents = divmod(order.draft.amount, 100)
    if is_english(order.draft.culture):
        return f"{whole:,}.{cents:02d} {order.draft.currency}"
    sign = "₽" if order.draft.currency == "RUB" else order.draft.currency
    grouped = f"{whole:,}".replace(",", "\u00a0")
    return f"{grouped},{cents:02d}\u00a0{sign}"


def _summary(order: Order, say: Say) -> str:
    return f"""<section>
<h1>{escape(order.draft.description)}</h1>
<p class="soft">{escape(say("To pay"))}</p>
<p class="amount">{escape(amount_text(order))}</p>
</section>"""


def _problem(order: Order, problem: str, say: Say) -> str:
    if not problem:
        return ""
    back = order.draft.fail_url
    label = escape(say("Back to the shop"))
    link = f'<a class="button quiet" href="{escape(back)}">{label}</a>' if back else ""
    return f"""<section class="bad" role="alert">
<h2>{escape(say("The payment did not go through"))}</h2>
<p>{escape(problem)}</p>
<p class="soft">{escape(say("No money was taken. Try another card."))}</p>
{link}
</section>"""


def _field(name: str, label: str, attributes: str) -> str:
    field = f'<input id="{name}" name="{name}" {attributes}>'
    return f'<div><label for="{name}">{escape(label)}</label>{field}</div>'


def _card_form(order: Order, say: Say, today: date) -> str:
    number = _field("number", say("Card number"), 'inputmode="numeric" autocomplete="off" maxlength="25" required')
    expiry = _field(
        "expiry",
        say("Expiry, month/year"),
        f'autocomplete="off" maxlength="7" placeholder="{future_expiry(today)}" required',
    )
    code = _field("cvv", say("Code on the back (CVV)"), 'inputmode="numeric" autocomplete="off" maxlength="4" required')
    holder = _field("holder", say("Name on the card"), 'autocomplete="off" maxlength="100"')
    return f"""<section>
<form method="post" action="/d/{order.id}/pay">
{number}
<div class="pair">{expiry}{code}</div>
{holder}
<button type="submit">{escape(say("Pay"))} {escape(amount_text(order))}</button>
</form>
</section>"""


def _test_cards(order: Order, say: Say, today: date) -> str:
    groups = []
    for group in GROUPS:
        buttons = "".join(
            f'<button name="number" value="{number}">{brand} <span>{spaced(number)}</span></button>'
            for brand, number in zip(BRANDS, group.numbers, strict=True)
        )
        groups.append(f"<h3>{escape(say(group.title))}</h3>{buttons}")
    return f"""<section class="cards">
<h2>{escape(say("Test cards"))}</h2>
<p class="soft">{escape(say("One press pays with that card."))}
{escape(say("Any future expiry date and any code will do."))}</p>
<form method="post" action="/d/{order.id}/pay">
<input type="hidden" name="expiry" value="{future_expiry(today)}">
<input type="hidden" name="cvv" value="123">
<input type="hidden" name="holder" value="DEMO PAYER">
{"".join(groups)}
</form>
</section>"""


def payment_page(order: Order, problem: str, today: date) -> bytes:
    """Make the card form; ``problem`` says why the last attempt failed, empty at first."""
    say = translator(order.draft.culture)
    parts = (_summary(order, say), _problem(order, problem, say), _card_form(order, say, today))
    content = "\n".join((*parts, _test_cards(order, say, today)))
    return page(order.draft.culture, say("Payment"), content)


def code_page(order: Order, transaction_id: int, problem: str) -> bytes:
    """Make the page that stands for the payer's bank in 3-D Secure."""
    say = translator(order.draft.culture)
    alert = f'<p role="alert">{escape(problem)}</p>' if problem else ""
    code = _field("code", say("Code from the message"), 'autocomplete="off" maxlength="20" required')
    content = f"""<section>
<h1>{escape(say("Confirm the payment"))}</h1>
<p>{escape(order.draft.description)}</p>
<p class="amount">{escape(amount_text(order))}</p>
<p class="soft">{escape(say("This page stands for your bank. Any code will do."))}</p>
{alert}
<form method="post" action="/d/{order.id}/3ds/{transaction_id}">
{code}
<button type="submit" name="decision" value="confirm">{escape(say("Confirm"))}</button>
<button class="quiet" name="decision" value="decline" formnovalidate>{escape(say("Decline"))}</button>
</form>
</section>"""
    return page(order.draft.culture, say("Confirm the payment"), content)
