"""Passwords: argon2id in threads of its own, and a refusal of those that are guessed first."""

from __future__ import annotations

import asyncio
import re
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
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

# The library knows English words, names and the passwords found in leaks; these are what it lacks. The most used first:
# a word's place is the number of guesses it costs.
_WORDS = """
пароль привет любовь солнышко наташа марина максим андрей настя светлана никита александр сергей дмитрий алексей
екатерина татьяна виктория кристина анастасия ольга елена ирина юлия мария владимир евгений денис роман антон артем
кирилл иван михаил николай виктор игорь павел зайчик котенок малышка мамочка счастье красотка ангел звезда спартак
зенит динамо россия москва питер камчатка вулкан камбала админ администратор секрет тест вход доступ пользователь
начальник директор водитель хозяин лето зима весна осень январь февраль март апрель май июнь июль август сентябрь
октябрь ноябрь декабрь мама папа семья дом работа машина деньги компьютер телефон собака кошка медведь дракон жизнь
победа удача родина свобода я тебя люблю ятебялюблю моймир друг дружба зайка
parol privet lubov lyubov natasha nastya solnyshko marina maksim sergey andrey dmitriy aleksey tatyana ekaterina
kamchatka kamcatka petropavlovsk vulkan rossiya moskva piter zvezda zenit spartak
"""
# The library's years end with 2019.
_YEARS = [str(year) for year in range(2020, 2040)]
_RUSSIAN_KEYS = "йцукенгшщзхъфывапролджэячсмитьбюё"
_LATIN_KEYS = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
_TO_LATIN_KEYS = str.maketrans(_RUSSIAN_KEYS, _LATIN_KEYS)
# A season and a year, or a word and its decoration, cost some hundred million guesses; ten random characters more.
_FEWEST_GUESSES = 10**9
_FEWEST_CHARACTERS = 5
# The work grows with the square of the length, and a text of nothing but look-alikes such as 4@8({ takes a fifth of a
# second already at this one. What is easy to guess so far and only then becomes hard is no password that anybody makes.
_SCORED_CHARACTERS = 24
_WORD = re.compile(r"[^\W_]{3,}")
# The library keeps the words of its caller in a variable of the module.
_scoring = threading.Lock()


async def hash_password(password: str) -> str:
    """The argon2id hash to store, with its parameters."""
    return await _in_thread(lambda: _hasher.hash(_normalised(password)))


def hash_password_now(password: str) -> str:
    """The same, at once: for programs without an event loop."""
    return _hasher.hash(_normalised(password))


def needs_rehash(password_hash: str) -> bool:
    """Whether it was made with other parameters than today's: it would cost something else to check, and that shows."""
    return _hasher.check_needs_rehash(password_hash)


async def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether it is the password that was hashed; None (an unknown e-mail) costs the same and is False."""
    return await _in_thread(lambda: matches(password_hash or _DUMMY_HASH, password))


async def is_guessable(password: str, *about: str) -> bool:
    """``is_common`` off the event loop: it takes some milliseconds, two hundred for one made to be slow."""
    return await _in_thread(lambda: is_common(password, *about))


def is_common(password: str, *about: str) -> bool:
    """Whether guessers try it early: common words, rows of keys, dates, repetitions, and these together.

    ``about`` are words about the person, such as e-mail, name and organisation; guessers try them first.
    """
    folded = _normalised(password).casefold()
    if len(set(folded)) < _FEWEST_CHARACTERS:
        return True
    known = [*_words(about), *_ours()]
    spellings = {_normalised(password)}
    if not folded.isascii():
        # The keys under Russian letters may be the common thing: a row of them, or an English word typed blindly.
        spellings.add(folded.translate(_TO_LATIN_KEYS))
    return any(_guesses(spelling, known) < _FEWEST_GUESSES for spelling in spellings)


def _guesses(password: str, known: list[str]) -> float:
    # Its lists take 15 MB, which only a process that is given new passwords should pay for.
    from zxcvbn import zxcvbn

    with _scoring:
        return float(zxcvbn(password[:_SCORED_CHARACTERS], user_inputs=known)["guesses"])


def _words(about: tuple[str, ...]) -> list[str]:
    """Those texts, what is before their ``@``, and each word in them of three letters or more."""
    whole = [_normalised(text).casefold() for text in about]
    texts = [*whole, *(text.partition("@")[0] for text in whole)]
    parts = [word for text in texts for word in _WORD.findall(text)]
    return list(dict.fromkeys(_with_keys([*texts, *parts])))


@lru_cache(maxsize=1)
def _ours() -> list[str]:
    return _with_keys([*_WORDS.split(), *_YEARS])


def _with_keys(words: list[str]) -> list[str]:
    """The words, and what comes out when a Russian one is typed while the keyboard is Latin."""
    return [spelling for word in words for spelling in dict.fromkeys((word, word.translate(_TO_LATIN_KEYS))) if word]


def matches(password_hash: str, password: str) -> bool:
    """Whether it is the password that was hashed, found out at once."""
    try:
        return _hasher.verify(password_hash, _normalised(password))
    except (VerificationError, InvalidHashError):
        return False


def _normalised(password: str) -> str:
    # One key may give a composed letter on one system, a letter and its accent on another (NIST SP 800-63B).
    return unicodedata.normalize("NFKC", password)


async def _in_thread(work: Callable[[], _Result]) -> _Result:
    return await asyncio.get_running_loop().run_in_executor(_threads, work)
