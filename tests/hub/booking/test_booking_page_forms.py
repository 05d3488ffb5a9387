"""Faults of a form as sentences."""

from __future__ import annotations

from pydantic import ValidationError

from kamhub.hub.booking.page_forms import PassengersForm, nested_passengers
from kamhub.kit.text import Locale
from kamhub.platform.i18n.form_errors import form_errors


def faults(sent: dict[str, str], count: int, locale: Locale = "en") -> dict[str, str]:
    try:
        PassengersForm.model_validate(nested_passengers(sent, count))
    except ValidationError as error:
        return form_errors(error, locale)
    return {}


GOOD = {
    "name": "Анна Вулканова",
    "phone": "8 (914) 123-45-67",
    "email": "Anna@Example.com",
    "special_requests": "",
}


def test_a_good_form_has_no_faults_and_is_tidied() -> None:
    form = PassengersForm.model_validate(nested_passengers(GOOD, 2))
    assert (form.phone, form.email, form.special_requests) == ("+79141234567", "anna@example.com", None)
    assert form.passengers() == ()


def test_each_field_says_what_is_wrong_in_order() -> None:
    found = faults({"name": " A ", "phone": "12", "email": "x"}, 1)
    assert found == {
        "name": "At least 2 characters.",
        "phone": "This does not look like a phone number. Begin with the country code, such as +7.",
        "email": "This does not look like an e-mail address.",
    }


def test_an_empty_field_is_asked_for() -> None:
    found = faults({"name": "", "phone": "", "email": ""}, 1, "ru")
    assert set(found.values()) == {"Заполните, пожалуйста."}


def test_a_child_needs_a_name_an_adult_does_not() -> None:
    sent = GOOD | {
        "passenger_list.0.kind": "adult",
        "passenger_list.1.kind": "child",
        "passenger_list.1.name": "",
    }
    assert faults(sent, 2) == {"passenger_list.1": "Write the child's name too."}


def test_no_more_passengers_than_seats_are_read() -> None:
    sent = GOOD | {f"passenger_list.{n}.name": f"Passenger {n}" for n in range(5)}
    form = PassengersForm.model_validate(nested_passengers(sent, 2))
    assert [one.name for one in form.passengers()] == ["Passenger 0", "Passenger 1"]


def test_a_limit_is_named() -> None:
    assert faults(GOOD | {"special_requests": "x" * 501}, 1) == {"special_requests": "At most 500 characters."}
