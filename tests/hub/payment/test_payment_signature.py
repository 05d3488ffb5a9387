"""Signatures, against the vectors of the provider's rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamhub.hub.payment.signature import sign, verify

SECRET = "s3cret-api"
BODY = (
    b"TransactionId=1001&Amount=1500.00&Currency=RUB&InvoiceId=bk-42&AccountId=user%2B42&Description=Spa+day"
    b"&Data=%7B%22k%22%3A%22%D0%B0%22%7D"
)
RAW = "Xr8lDAMR04kg2oYL4LsHdOa1+Z8pib5QWKZ5ydORXJM="
DECODED = "9MyQNbeY+OUr2Qv1OaDKaWSOyw9M0ugRIyl09cCjajo="


def test_the_header_over_the_raw_body() -> None:
    assert sign(SECRET, BODY) == RAW
    assert verify(SECRET, BODY, RAW, None)
    assert verify(SECRET, BODY, f" {RAW} ", "nonsense")


def test_the_header_over_the_decoded_text() -> None:
    assert verify(SECRET, BODY, None, DECODED)
    assert verify(SECRET, BODY, "nonsense", DECODED)
    assert not verify(SECRET, BODY, DECODED, RAW[:-2]), "the two headers are not each other's"


def test_json_is_signed_as_it_is_by_both() -> None:
    body = '{"Amount": "1500.00", "Name": "100%25 Анна+Ёлкина"}'.encode()
    assert verify(SECRET, body, None, sign(SECRET, body))


@pytest.mark.parametrize("secret", ["S3cret-api", "", "s3cret-api "])
def test_another_secret_is_not_good_enough(secret: str) -> None:
    assert not verify(secret, BODY, RAW, DECODED)


@pytest.mark.parametrize("header", [None, "", "====", "привет", RAW[:-1], RAW.lower(), RAW + RAW])
def test_missing_and_mangled_headers(header: str | None) -> None:
    assert not verify(SECRET, BODY, header, header)


def test_a_body_that_decodes_to_nothing_readable_has_no_decoded_signature() -> None:
    body = b"Name=%CF%F0%E8"
    assert not verify(SECRET, body, None, sign(SECRET, "Name=При".encode()))
    assert not verify(SECRET, b"\xcf\xf0", None, DECODED)
    assert verify(SECRET, body, sign(SECRET, body), None)


@given(body=st.binary(max_size=200), position=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_one_changed_bit_is_noticed(body: bytes, position: int, bit: int) -> None:
    signature = sign(SECRET, body)
    assert verify(SECRET, body, signature, None)
    if body:
        changed = bytearray(body)
        changed[position % len(body)] ^= 1 << bit
        assert not verify(SECRET, bytes(changed), signature, None)
