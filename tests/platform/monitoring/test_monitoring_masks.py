"""What must not be read in a log is not, wherever it is; and what a line is for stays readable."""

from __future__ import annotations

import base64
import json
import time
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamhub.platform.crypto.keys import KeyRing
from kamhub.platform.monitoring.masks import MASK, mask, mask_event, mask_text

BOOKING = "01997f2a-1234-7890-8123-456789012345"
RANDOM = "q3Zk9_vLw2Rt7YbNc4XsPd1-JmHf8GaUe5VoTi6KxQz"
JWT = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiI0MiJ9.dGhlIHNpZ25hdHVyZQ"
FERNET = KeyRing("a secret of the tests").encrypt("an API secret").decode()

# Texts and what must not be left of them.
CANARIES = [
    ("mail to Anna.Elkina+tours@example.org failed", "Anna.Elkina"),
    ("почта анна@пример.рф отклонена", "анна"),
    ("?email=anna%40example.org&x=1", "anna"),
    ("<mailto:anna@localhost>", "anna"),
    ("call +7 914 123-45-67 now", "123-45"),
    ("call 8 (914) 123-45-67", "123-45"),
    ("call 89141234567.", "89141234567"),
    ("телефон9141234567", "9141234567"),
    ("tel:+1-415-555-2671", "555"),
    ("+49 30 901820", "901820"),
    ("card 4242 4242 4242 4242 12/29", "4242"),
    ("card 4242424242424242", "4242"),
    ("card 4242-4242-4242-4242, thanks", "4242"),
    ("American 3782 822463 10005", "822463"),
    (f"Authorization: Booking {RANDOM}", RANDOM),
    (f"Authorization: Bearer {JWT}", "eyJ"),
    ("authorization: Basic YW5uYTpzZWNyZXQ=", "YW5u"),
    ("Cookie: session=short; csrf_token=other", "short"),
    ("Set-Cookie: __Host-session=short; Path=/", "short"),
    ("X-CSRF-Token: 8f8f", "8f8f"),
    (f"GET /booking/{BOOKING}?token=abc HTTP/1.1", "=abc"),
    (f"got {JWT}", "dGhl"),
    (f"got {RANDOM}", RANDOM),
    (f"key kamhub_{RANDOM}", RANDOM),
    ("key sk-proj-4Rt7YbNc4XsPd1JmHf8", "YbNc"),
    (f"at rest {FERNET}", FERNET[:40]),
    ("digest " + "0f" * 32, "0f0f"),
    ("bot 123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc", "AAEh"),
    ("password=hunter22 host=db", "hunter22"),
    ("new_password: hunter22", "hunter22"),
    ("{'password': 'correct horse \\'battery', 'n': 1}", "horse"),
    ('{"currentPassword": "correct horse \\"battery", "n": 1}', "horse"),
    ("password='never ends", "never"),
    ("KAMHUB_SECRET_KEY=hunter22", "hunter22"),
    ("totp_secret=b'hunter22'", "hunter22"),
    ("api-key => hunter22", "hunter22"),
    ("cvv=123 pan: 1", "123"),
    ("postgresql://kamhub_app:p@ssword@db.example.org/kamhub", "ssword"),
    ("redis://:hunter22@cache:6379/0", "hunter22"),
    (f"DETAIL:  Failing row contains ({BOOKING}, Анна Ёлкина, null).", "Ёлкина"),
    ("Failing row contains (1, two\nlines of, Анна).\nCONTEXT:  COPY", "Анна"),
    ("Key (contact_email)=(anna@example.org) already exists.", "anna"),
    ("[type=value_error, input_value='hunter22, input_type=x', input_type=str]", "hunter22"),
    ("a" * 19_990 + " hunter anna@example.org", "anna"),
]
READABLE = [
    f"booking {BOOKING} of 9{BOOKING[1:]} is held",
    f"n 3 01997123-1234-7890-8123-456789012345 of {UUID(BOOKING).hex}",
    "at 2026-11-24 18:45:16.123456 took 1732473916123 ms since 1732473916",
    "limiter_without_store preset=authentication error=StorageError code=rate_limited",
    "passengers 3 of 16, price 150000 RUB, departure 2026-11-27T08:00:00+12:00, page 1-20",
    "booking confirmed-later, token bucket and the secret of a password",
    "GET /api/transfers/bookings/{booking_id} 503 in 1.2041 s from 203.0.113.7",
    "transaction 2894512345 of account pk_1a2b3c",
    'File "/opt/kamhub/platform/person/actions.py", line 128, in sign_in',
    "psycopg.errors.UniqueViolation: duplicate key value violates unique constraint",
    "japan=1 span=2 monkey=3 compass=4",
]


@pytest.mark.parametrize(("text", "canary"), CANARIES, ids=range(len(CANARIES)))
def test_nothing_is_left_of_what_must_not_be_read(text: str, canary: str) -> None:
    assert canary in text
    for shown in (
        mask_text(text),
        str(mask([{"note": (text,)}])),
        str(mask(text.encode())),
        str(mask(ValueError(text))),
    ):
        assert canary not in shown
    assert MASK in mask_text(text) or "characters" in mask_text(text)


@pytest.mark.parametrize("text", READABLE)
def test_what_a_line_is_for_stays_readable(text: str) -> None:
    assert mask_text(text) == text
    assert mask_text(mask_text(text)) == text


def test_fields_that_name_a_secret_are_hidden_whatever_they_hold() -> None:
    event = {
        "event": "job failed",
        "password": "x",
        "access-token": ["x"],
        "contact": {"phone": 1, "contact_name": "Анна", "kind": "adult"},
        "apiKey": "x",
        "args": [{"csrf": "x", "token": None, "booking_id": UUID(BOOKING)}],
        "timestamp": "2026-11-24T18:45:16.123456Z",
        "attempts": 3,
        "seconds": 0.5,
        "final": True,
        "total_tokens": 1200,
    }
    assert mask_event(None, "info", event) == {
        **event,
        "password": MASK,
        "access-token": MASK,
        "contact": {"phone": MASK, "contact_name": MASK, "kind": "adult"},
        "apiKey": MASK,
        "args": [{"csrf": MASK, "token": None, "booking_id": BOOKING}],
    }


def test_numbers_keys_and_things() -> None:
    class Booking:
        def __repr__(self) -> str:
            return "Booking(contact_email='anna@example.org')"

    assert mask([79141234567, 4242424242424242, 150_000, 1_732_473_916_123]) == [MASK, MASK, 150_000, 1_732_473_916_123]
    assert mask({"anna@example.org": 1, 7: "x"}) == {MASK: 1, "7": "x"}
    assert mask(Booking()) == f"Booking(contact_email='{MASK}')"


def test_what_contains_itself_ends() -> None:
    rope: dict[str, Any] = {"kind": "rope"}
    rope["end"] = [rope]
    assert mask(rope) == {"kind": "rope", "end": [MASK]}
    deep: list[object] = []
    for _ in range(1000):
        deep = [deep]
    assert MASK in str(mask(deep))


SECRETS = st.sampled_from(
    [
        "anna.elkina@example.org",
        "+79141234567",
        "8 (914) 123-45-67",
        "4242 4242 4242 4242",
        "4012888888881881",
        JWT,
        RANDOM,
    ]
) | st.binary(min_size=32, max_size=64).map(
    lambda raw: f"kamhub_{base64.urlsafe_b64encode(raw).decode().rstrip('=')}A1"
)
WORDS = st.text(st.characters(blacklist_categories=["Nd", "Cs"]), max_size=30)
BORDERS = st.sampled_from([" ", "\n", '"', "'", "(", ", ", "=", ": ", "\t", "<", "/", "[", "«"])


@given(st.data())
def test_a_secret_in_any_company_is_hidden(data: st.DataObject) -> None:
    secret, border = data.draw(SECRETS), data.draw(BORDERS)
    text = f"{data.draw(WORDS)}{border}{secret}{data.draw(BORDERS)}{data.draw(WORDS)}"
    assert secret not in mask_text(text)
    nested: object = text
    for wrap in data.draw(st.lists(st.sampled_from(["list", "dict", "tuple", "json"]), max_size=5)):
        nested = {"list": [nested], "dict": {"x": nested}, "tuple": (nested,), "json": nested}[wrap]
    assert secret not in json.dumps(mask(nested), ensure_ascii=False, default=repr)


@given(st.uuids(), WORDS, BORDERS, BORDERS)
def test_an_id_in_any_company_stays(found: UUID, words: str, before: str, after: str) -> None:
    plain = words.replace(":", "").replace("=", "").replace("@", "").replace("%", "")
    if before in {"=", ": "} or "Failing" in plain:
        before = " "
    assert str(found) in mask_text(f"{plain}{before}{found}{after}")


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "1 ",
        "a@",
        "+",
        "a-",
        "password=",
        "1",
        "(1",
        "eyJ",
        "://a:",
        "input_value=",
        "aB3-",
        "'\\",
        'token="\\',
        "a.b",
        "bearer ",
    ],
)
def test_no_text_keeps_the_log_busy(piece: str) -> None:
    def seconds(length: int) -> float:
        text = piece * (length // len(piece))
        started = time.process_time()
        mask_text(text)
        return time.process_time() - started

    # Ten times the text may take ten times as long, and as much again on a busy machine; looking twice would take a hundred.
    short = min(seconds(100_000) for _ in range(3))
    assert min(seconds(1_000_000) for _ in range(2)) < 40 * max(short, 0.002)
