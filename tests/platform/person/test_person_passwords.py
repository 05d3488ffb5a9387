"""Hashing off the event loop, equal work for unknown e-mails, and guessable passwords."""

from __future__ import annotations

import asyncio
import threading

import pytest
from argon2 import Type, extract_parameters

from kamhub.platform.person import passwords
from kamhub.platform.person.passwords import hash_password, is_common, verify_password

DEADLINE = 10.0


async def test_only_the_same_password_matches() -> None:
    stored = await hash_password("лавовый-мост-47")
    assert stored != await hash_password("лавовый-мост-47")
    assert await verify_password(stored, "лавовый-мост-47")
    assert not await verify_password(stored, "Лавовый-мост-47")
    assert not await verify_password("not a hash", "лавовый-мост-47")


async def test_a_composed_letter_and_its_parts_are_the_same_password() -> None:
    assert await verify_password(await hash_password("Ключевско\u0438\u0306 47"), "Ключевско\u0439 47")


async def test_an_unknown_email_costs_a_real_verification(monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str] = []

    class Recorder:
        def verify(self, stored: str, password: str) -> bool:
            verified.append(stored)
            return real.verify(stored, password)

    real = passwords._hasher
    real_parameters = extract_parameters(await hash_password("лавовый-мост-47"))
    monkeypatch.setattr(passwords, "_hasher", Recorder())
    assert not await verify_password(None, "лавовый-мост-47")
    assert [extract_parameters(stored) for stored in verified] == [real_parameters]
    assert real_parameters.type is Type.ID


async def test_hashing_leaves_the_event_loop_free_and_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    running: list[str] = []
    full = threading.Semaphore(0)

    class Slow:
        def hash(self, password: str) -> str:
            running.append(threading.current_thread().name)
            full.release()
            release.wait(DEADLINE)
            return password

    monkeypatch.setattr(passwords, "_hasher", Slow())
    hashing = [asyncio.create_task(hash_password(f"password {number}")) for number in range(5)]
    try:
        # This wait is on the event loop's side: it could not end if a hash were computed there.
        for _ in range(2):
            assert await asyncio.to_thread(full.acquire, timeout=DEADLINE)
        assert len(running) == 2
        assert all(name.startswith("password") for name in running)
        assert not any(task.done() for task in hashing)
    finally:
        release.set()
    assert await asyncio.gather(*hashing) == [f"password {number}" for number in range(5)]


@pytest.mark.parametrize(
    "password",
    [
        "password123",
        "Password2024!",
        "P@ssw0rd123",
        "qwerty12345",
        "1234567890",
        "0987654321",
        "1111111111",
        "абвгдежзийк",
        "йцукенгшщз",
        "Пароль2026",
        "passwordpassword",
        "qwerty qwerty",
        "1qaz2wsx3edc",
        "Kamchatka2026",
        "!@#$%^&*()",
        "admin admin admin",
    ],
)
def test_what_is_guessed_first_is_common(password: str) -> None:
    assert is_common(password)


@pytest.mark.parametrize(
    "password",
    [
        "лавовый-мост-47",
        "correct horse battery staple",
        "xK7!m2Q9vB",
        "a1z9b7q3w5",
        "8372615243",
        "Толбачик и Шивелуч",
        "demo-Vulkan-91-tour",
    ],
)
def test_what_is_not_is_not(password: str) -> None:
    assert not is_common(password)
