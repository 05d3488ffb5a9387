"""Passwords: argon2id in threads of its own, and a refusal of those that are guessed first."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

MINIMUM_LENGTH = 10
MAXIMUM_LENGTH = 256

# What the OWASP Password Storage Cheat Sheet asks for: 19 MiB, two passes, one lane.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, hash_len=32, salt_len=16, type=Type.ID)
# Costs exactly as much to verify as a real hash, and no password is known to match it: all zeros.
_COST = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
_DUMMY_HASH = f"$argon2id$v=19${_COST}${'A' * 22}${'A' * 43}"
# argon2 gives the interpreter lock back while it works. Two at a time leave room for requests on a small
# machine and keep the memory of a burst of sign-ins at 38 MiB; the rest wait here, not in the common pool.
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="password")
_Result = TypeVar("_Result")

_COMMON_WORDS = """
password passwort passwd pass qwerty letmein welcome admin administrator login master monkey dragon shadow
football baseball superman batman princess sunshine iloveyou trustno secret hello test user guest root
default changeme 1qaz2wsx3edc q1w2e3r4t5 q1w2e3r4t5y6 1q2w3e4r5t 1q2w3e4r5t6y a1b2c3d4e5
zaq12wsxcde3
пароль привет любовь солнышко наташа админ кабан секрет тест россия москва камчатка kamchatka parol privet
lubov natasha russia moscow zvezda
"""
_COMMON = frozenset(_COMMON_WORDS.split())
_ROWS = (
    "01234567890123456789",
    "qwertyuiopasdfghjklzxcvbnm",
    "йцукенгшщзхъфывапролджэячсмитьбю",
    "abcdefghijklmnopqrstuvwxyz",
    "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "абвгдежзийклмнопрстуфхцчшщъыьэюя",
    "qazwsxedcrfvtgbyhnujmikolp",
    "!@#$%^&*()_+",
)
_SEQUENCES = (*_ROWS, *(row[::-1] for row in _ROWS))
_LEET = str.maketrans("0134578@$!", "oleastbasi")
_DECORATION = "0123456789!@#$%^&*()_-+=.,;:?/ "
_YEAR = re.compile(r"(19|20)\d\d")
_RUN = re.compile(r"[^\W\d_]+|\d+")
_REPEATED = re.compile(r"(.+?)\1+")
_FEWEST_CHARACTERS = 5
# Random passwords change between letters and digits more often than made-up ones.
_MOST_RUNS = 3


async def hash_password(password: str) -> str:
    """The argon2id hash to store, with its parameters."""
    return await _in_thread(lambda: _hasher.hash(_normalised(password)))


async def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether it is the password that was hashed; None (an unknown e-mail) costs the same and is False."""
    return await _in_thread(lambda: _matches(password_hash or _DUMMY_HASH, password))


def is_common(password: str) -> bool:
    """Whether guessers try it early: common words, rows of keys, years, repetitions, and these together."""
    folded = _normalised(password).casefold()
    if len(set(folded)) < _FEWEST_CHARACTERS or folded in _COMMON:
        return True
    if folded.strip(_DECORATION).translate(_LEET) in _COMMON:
        return True
    runs = _RUN.findall(folded) or [folded]
    return len(runs) <= _MOST_RUNS and all(_is_predictable(run) for run in runs)


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, _normalised(password))
    except (VerificationError, InvalidHashError):
        return False


def _normalised(password: str) -> str:
    # One key may give a composed letter on one system, a letter and its accent on another (NIST SP 800-63B).
    return unicodedata.normalize("NFKC", password)


def _is_predictable(run: str) -> bool:
    repeated = _REPEATED.fullmatch(run)
    unit = repeated[1] if repeated else run
    return unit in _COMMON or bool(_YEAR.fullmatch(unit)) or any(unit in row for row in _SEQUENCES)


async def _in_thread(work: Callable[[], _Result]) -> _Result:
    return await asyncio.get_running_loop().run_in_executor(_threads, work)
