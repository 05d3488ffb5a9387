"""An embedder behind an API as OpenAI has it (``POST /embeddings``); many others answer the same way."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import stamina

from kamhub.desk.embedding.rules import batches, unit
from kamhub.desk.embedding.types import EmbedderUnavailable, Vector
from kamhub.platform.outbound.client import OutboundClient
from kamhub.platform.outbound.types import Answer, AnswerLost, NotReached

AT_ONCE = 32
MOST_BYTES = 8_000_000  # of one answer: so many vectors of 3,072 numbers are five
_QUESTION_SECONDS = 5.0
_BATCH_SECONDS = 60.0
_WORTH_ANOTHER_TRY = frozenset({408, 409, 425, 429, 500, 502, 503, 504})


class _Busy(EmbedderUnavailable):
    """It may answer in a moment."""


@dataclass(frozen=True, slots=True)
class RemoteEmbedder:
    """Vectors by that API. ``address`` ends where ``/embeddings`` follows; ``dimension`` is asked of the model."""

    address: str
    name: str
    dimension: int
    key: str | None = field(default=None, repr=False)
    wait: float = 1.0  # seconds before the second try; doubles

    @property
    def model(self) -> str:
        """Vectors of other dimensions are not comparable, so they are another model."""
        return f"{self.name}:{self.dimension}"

    async def texts(self, texts: Sequence[str]) -> list[Vector]:
        """Vectors of pieces, in their order. Raises ``EmbedderUnavailable``."""
        made: list[Vector] = []
        async with self._client(_BATCH_SECONDS) as client:
            for part in batches(texts, AT_ONCE):
                made += await self._ask(client, part, tries=4)
        return made

    async def question(self, text: str) -> Vector:
        """Vector of a question. Raises ``EmbedderUnavailable``."""
        async with self._client(_QUESTION_SECONDS) as client:
            return (await self._ask(client, [text], tries=1))[0]

    def _client(self, seconds: float) -> OutboundClient:
        return OutboundClient(self.address, timeout_seconds=seconds, most_bytes=MOST_BYTES)

    async def _ask(self, client: OutboundClient, texts: Sequence[str], tries: int) -> list[Vector]:
        async for attempt in stamina.retry_context(
            on=_Busy,
            attempts=tries,
            wait_initial=self.wait,
            wait_max=self.wait * 20,
            wait_jitter=self.wait,
            timeout=None,
        ):
            with attempt:
                return self._read(await self._send(client, texts), len(texts))
        raise AssertionError("the loop above returns or raises")

    async def _send(self, client: OutboundClient, texts: Sequence[str]) -> Answer:
        body = {"model": self.name, "input": list(texts), "dimensions": self.dimension, "encoding_format": "float"}
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {self.key}"} if self.key else {})
        try:
            answer = await client.post_bytes("/embeddings", json.dumps(body).encode(), headers)
        except (NotReached, AnswerLost) as error:
            raise _Busy(str(error)) from None
        if answer.status != 200:
            kind = _Busy if answer.status in _WORTH_ANOTHER_TRY else EmbedderUnavailable
            raise kind(f"{self.name} was answered with {answer.status}")
        return answer

    def _read(self, answer: Answer, asked: int) -> list[Vector]:
        rows: Any = answer.body.get("data")
        try:
            vectors = {row["index"]: [float(number) for number in row["embedding"]] for row in rows}
        except (TypeError, KeyError, ValueError):
            raise EmbedderUnavailable(f"{self.name} did not answer with vectors") from None
        if vectors.keys() != set(range(asked)) or any(len(vector) != self.dimension for vector in vectors.values()):
            raise EmbedderUnavailable(f"{self.name} did not answer with {asked} vectors of {self.dimension} numbers")
        return [unit(vectors[place]) for place in range(asked)]
