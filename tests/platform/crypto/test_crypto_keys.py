"""One secret, many keys; and secrets at rest that outlive the key they were written with."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamhub.platform.crypto.keys import KeyRing, SecretUnreadable, development_secret

NEW, OLD = "the new secret of the installation", "the old secret of the installation"


def test_every_purpose_has_a_key_of_its_own() -> None:
    ring = KeyRing(NEW, (OLD,))
    assert len({key for purpose in ("a", "b") for key in ring.keys(purpose)}) == 4
    assert not ring.verify("b", b"message", ring.sign("a", b"message"))


def test_what_an_earlier_secret_signed_is_believed_until_it_is_taken_out() -> None:
    signature = KeyRing(OLD).sign("a", b"message")
    assert KeyRing(NEW, (OLD,)).verify("a", b"message", signature)
    assert KeyRing(NEW, (OLD,)).verify("a", b"message", signature[:16])
    assert not KeyRing(NEW, (OLD,)).verify("a", b"message", signature[:15])
    assert not KeyRing(NEW).verify("a", b"message", signature)


@given(st.text(max_size=200))
def test_a_secret_comes_back_after_its_key_was_replaced(secret: str) -> None:
    both = KeyRing(NEW, (OLD,))
    stored = KeyRing(OLD).encrypt(secret)
    assert not both.is_current(stored)
    renewed = both.rotate(stored)
    assert both.is_current(renewed)
    assert KeyRing(NEW).decrypt(renewed) == secret
    with pytest.raises(SecretUnreadable):
        KeyRing(OLD).decrypt(renewed)


@pytest.mark.parametrize(
    "stored", [b"", b"not encrypted at all", KeyRing("another").encrypt("x")], ids=["empty", "plain", "foreign"]
)
def test_what_no_key_reads_is_refused_in_words(stored: bytes) -> None:
    ring = KeyRing(NEW, (OLD,))
    assert not ring.is_current(stored)
    for read in (ring.decrypt, ring.rotate):
        with pytest.raises(SecretUnreadable, match="another KAMHUB_SECRET_KEY"):
            read(stored)


def test_the_secret_of_a_development_installation_is_made_once_and_for_its_owner(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    secret = development_secret(folder)
    assert len(secret) >= 60
    assert development_secret(folder) == secret
    assert stat.S_IMODE((folder / "secret.key").stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["secret.key"]
