"""What a payer reads, in Russian and English.

The stand-in shares nothing with the product, so it carries its own small catalogue: message ids are English,
and a message without a Russian text is an error.
"""

from __future__ import annotations

from collections.abc import Callable

from .types import Reason

Say = Callable[[str], str]

_REASONS = {
    Reason.WRONG_ORDER: "The shop does not know this order.",
    Reason.WRONG_ACCOUNT: "The shop does not know this customer.",
    Reason.WRONG_AMOUNT: "The amount no longer fits the order.",
    Reason.EXPIRED: "The time to pay for this order is over.",
    Reason.ODD_ANSWER: "The shop gave an answer that cannot be understood.",
    Reason.UNAVAILABLE: "The shop does not answer. Try again in a minute.",
    Reason.HTTP_ERROR: "The shop answered with an error. Try again in a minute.",
    Reason.NOT_ACCEPTED: "The shop does not accept this payment.",
    Reason.INVALID_TRANSACTION: "This order can no longer be paid.",
    Reason.INSUFFICIENT_FUNDS: "Not enough money on the card.",
    Reason.AUTHENTICATION_FAILED: "The payment was not confirmed with the bank's code.",
}
RUSSIAN = {
    "The shop does not know this order.": "Магазин не знает такого заказа.",
    "The shop does not know this customer.": "Магазин не знает такого покупателя.",
    "The amount no longer fits the order.": "Сумма больше не соответствует заказу.",
    "The time to pay for this order is over.": "Время на оплату этого заказа истекло.",
    "The shop gave an answer that cannot be understood.": "Магазин ответил непонятно.",
    "The shop does not answer. Try again in a minute.": "Магазин не отвечает. Попробуйте через минуту.",
    "The shop answered with an error. Try again in a minute.": ("Магазин ответил ошибкой. Попробуйте через минуту."),
    "The shop does not accept this payment.": "Магазин не принимает этот платёж.",
    "This order can no longer be paid.": "Этот заказ больше нельзя оплатить.",
    "Not enough money on the card.": "Недостаточно средств на карте.",
    "The payment was not confirmed with the bank's code.": "Платёж не подтверждён кодом из банка.",
    "Check the card number.": "Проверьте номер карты.",
    "The demo takes only the test cards listed below. Never type a real card here.": (
        "Демо принимает только тестовые карты из списка ниже. Не вводите здесь настоящую карту."
    ),
    "The code on the back is 3 digits.": "Код на обороте карты состоит из 3 цифр.",
    "Write the expiry date as month/year, for example 12/30.": ("Укажите срок действия как месяц/год, например 12/30."),
    "The card has expired.": "Срок действия карты истёк.",
    "Payment": "Оплата",
    "To pay": "К оплате",
    "Pay": "Оплатить",
    "Card number": "Номер карты",
    "Expiry, month/year": "Срок действия, месяц/год",
    "Code on the back (CVV)": "Код на обороте (CVV)",
    "Name on the card": "Имя на карте",
    "Test cards": "Тестовые карты",
    "One press pays with that card.": "Одно нажатие — оплата этой картой.",
    "Any future expiry date and any code will do.": "Подойдут любой будущий срок действия и любой код.",
    "Success": "Успех",
    "Success, with 3-D Secure": "Успех, с подтверждением 3-D Secure",
    "Insufficient funds": "Недостаточно средств",
    "Insufficient funds, with 3-D Secure": "Недостаточно средств, с 3-D Secure",
    "Success, a later charge by token would be declined": ("Успех, но повторное списание по токену будет отклонено"),
    "The payment did not go through": "Платёж не прошёл",
    "No money was taken. Try another card.": "Деньги не списаны. Попробуйте другую карту.",
    "Back to the shop": "Вернуться в магазин",
    "Already paid": "Уже оплачено",
    "This order is paid. There is nothing more to do here.": ("Этот заказ оплачен. Больше ничего делать не нужно."),
    "Payment cancelled": "Оплата отменена",
    "The shop closed this order. It can no longer be paid.": ("Магазин закрыл этот заказ. Оплатить его нельзя."),
    "Confirm the payment": "Подтвердите платёж",
    "This page stands for your bank. Any code will do.": ("Эта страница изображает ваш банк. Подойдёт любой код."),
    "Code from the message": "Код из сообщения",
    "Confirm": "Подтвердить",
    "Decline": "Отказаться",
    "Type a code; any will do.": "Введите код, подойдёт любой.",
    "Page not found": "Страница не найдена",
    "There is no payment at this address.": "По этому адресу нет платежа.",
    "Something went wrong": "Что-то пошло не так",
    "Try once more.": "Попробуйте ещё раз.",
    "Stand-in of CloudPayments": "Имитация CloudPayments",
    "Payment pages open from the shop.": "Страницы оплаты открываются из магазина.",
}


def is_english(culture: str) -> bool:
    """Tell whether a CultureName such as ``en-US`` asks for English; everything else is Russian."""
    return culture.lower().startswith("en")


def translator(culture: str) -> Say:
    """Give the function that turns a message id into the payer's language."""
    return str if is_english(culture) else RUSSIAN.__getitem__


def reason_text(reason: Reason, say: Say) -> str:
    """Say to the payer why a payment was declined."""
    return say(_REASONS[reason])
