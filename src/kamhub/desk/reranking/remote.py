"""A reranker behind an API as Cohere and Jina have it (``POST /rerank``); vLLM, Infinity, LiteLLM and others answer the same way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from kamhub.desk.embedding.rules import embedded_text
from kamhub.desk.reranking.types import MOST_QUESTION, RerankerUnavailable
from kamhub.platform.outbound.client import OutboundClient
from kamhub.platform.outbound.types import Answer, AnswerLost, NotReached

MOST_BYTES = 1_000_000  # of one answer: some send all passages back
_PATH = "/rerank"


class _Said(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, hide_input_in_errors=True, allow_inf_nan=False)


class _Verdict(_Said):
    index: int
    # A number beyond is no relevance but what a model has before it makes one of it, and no threshold fits that.
    relevance: float = Field(ge=0, le=1, validation_alias=AliasChoices("relevance_score", "score"))


class _Verdicts(_Said):
    rows: list[_Verdict] = Field(validation_alias=AliasChoices("results", "data"))


@dataclass(frozen=True, slots=True)
class RemoteReranker:
    """Verdicts by that API. ``address`` may end in ``/rerank`` or where that follows; ``seconds`` are for everything, from the
    name of the server to the last byte: somebody waits for the search."""

    address: str
    model: str
    key: str | None = field(default=None, repr=False)
    enough: float = 0.5
    seconds: float = 2.0

    async def relevance(self, question: str, passages: Sequence[str]) -> list[float]:
        """How far each passage answers, 0 to 1, in their order. One try. Raises ``RerankerUnavailable``."""
        try:
            async with asyncio.timeout(self.seconds):
                answer = await self._send(question, passages)
        except TimeoutError:
            raise RerankerUnavailable(f"{self.model} did not answer within {self.seconds:g} s") from None
        except (NotReached, AnswerLost) as error:
            raise RerankerUnavailable(str(error)) from None
        if answer.status != 200:
            raise RerankerUnavailable(f"{self.model} was answered with {answer.status}")
        return self._read(answer, len(passages))

    async def _send(self, question: str, passages: Sequence[str]) -> Answer:
        body = {
            "model": self.model,
            "query": embedded_text("", question)[:MOST_QUESTION],
            "documents": [embedded_text("", passage) for passage in passages],
            # All of them: what was not read could not be refused. Some APIs ask for the number, others take it as the default.
            "top_n": len(passages),
        }
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {self.key}"} if self.key else {})
        base = self.address.rstrip("/").removesuffix(_PATH)
        async with OutboundClient(
            base, timeout_seconds=self.seconds, connect_seconds=self.seconds, most_bytes=MOST_BYTES
        ) as client:
            return await client.post_bytes(_PATH, json.dumps(body).encode(), headers)

    def _read(self, answer: Answer, asked: int) -> list[float]:
        try:
            rows = _Verdicts.model_validate(answer.body).rows
        except ValidationError:
            rows = []
        if sorted(row.index for row in rows) != list(range(asked)):
            raise RerankerUnavailable(f"{self.model} did not answer with a relevance from 0 to 1 for each of {asked}")
        return [row.relevance for row in sorted(rows, key=lambda row: row.index)]
