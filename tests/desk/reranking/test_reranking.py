"""Passages read by a model behind an API that is sometimes away; what is sent to it, what is believed, what it is worth."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from kamhub.desk.reranking import remote, rules
from kamhub.desk.reranking.choice import reranker_of
from kamhub.desk.reranking.remote import RemoteReranker
from kamhub.desk.reranking.types import MOST_PASSAGES, MOST_QUESTION, RerankerUnavailable
from kamhub.platform.settings import Settings, SettingsRefused, load_settings
from tests.desk.embedding.support import DRIBBLING, SILENT, Reply, api

KEY = "open-sesame-0123456789"


def verdicts(*relevance: float, rows: str = "results", called: str = "relevance_score") -> Reply:
    """As Cohere answers: the best first, with more beside it than is asked for."""
    told = [{"index": place, called: each, "document": {"text": "x"}} for place, each in enumerate(relevance)]
    return 200, {"id": "1", rows: sorted(told, key=lambda row: -float(str(row[called]))), "meta": {}}


def judge(address: str, key: str | None = None, seconds: float = 5.0) -> RemoteReranker:
    return RemoteReranker(address, "judge", key, seconds=seconds)


@pytest.mark.parametrize("ending", ["", "/", "/rerank", "/rerank/"])
async def test_passages_are_sent_with_the_question_and_verdicts_come_back_in_their_order(ending: str) -> None:
    async with api(verdicts(0.1, 0.9, 0.5)) as (address, asked):
        assert await judge(address + ending, KEY).relevance("Можно с псом?", ["а", "б", "в"]) == [0.1, 0.9, 0.5]
    assert asked == [
        {
            "model": "judge",
            "query": "Можно с псом?",
            "documents": ["а", "б", "в"],
            "top_n": 3,
            "path": "/v1/rerank",
            "key": f"bearer {KEY}",
        }
    ]


@pytest.mark.parametrize(("rows", "called"), [("results", "score"), ("data", "relevance_score"), ("data", "score")])
async def test_other_names_for_the_same_are_understood(rows: str, called: str) -> None:
    async with api(verdicts(0, 1, rows=rows, called=called)) as (address, asked):
        assert await judge(address).relevance("x", ["a", "b"]) == [0.0, 1.0]
    assert asked[0]["key"] is None


async def test_what_is_sent_is_bounded_and_valid() -> None:
    async with api(lambda body: verdicts(*[0.5] * len(body["documents"]))) as (address, asked):
        await judge(address).relevance("q" * 9_000, ["\ud800" + "ж" * 9_000] * MOST_PASSAGES)
    [sent] = asked
    assert len(sent["query"]) == MOST_QUESTION
    assert len(sent["documents"]) == MOST_PASSAGES
    assert {len(passage) for passage in sent["documents"]} == {1_300}
    assert sent["documents"][0].startswith("?ж")


def _with(**fields: Any) -> Reply:
    return 200, {"results": [{"index": 0, "relevance_score": 0.9}, {"index": 1, "relevance_score": 0.1} | fields]}


@pytest.mark.parametrize(
    "answer",
    [
        (200, {}),
        (200, [{"index": 0, "score": 0.5}, {"index": 1, "score": 0.5}]),
        (200, {"results": None}),
        (200, {"results": ["x", "y"]}),
        verdicts(0.9),
        verdicts(0.9, 0.1, 0.2),
        _with(index=0),
        _with(index=2),
        _with(index=-1),
        _with(index="1"),
        _with(index=True),
        _with(relevance_score=None),
        _with(relevance_score="0.9"),
        _with(relevance_score=float("nan")),
        _with(relevance_score=6.84),
        _with(relevance_score=-0.1),
        (401, {"error": KEY}),
        (429, {"error": "slow down"}),
        (500, {}),
        (301, {}),
        (204, {}),
    ],
)
async def test_an_answer_that_is_none_is_refused_after_one_try_and_no_secret_is_told(answer: Reply) -> None:
    with capture_logs() as logs:
        async with api(answer) as (address, asked):
            reranker = judge(address, KEY)
            with pytest.raises(RerankerUnavailable) as refused:
                await reranker.relevance("секрет вопроса", ["секрет документа", "x"])
    assert len(asked) == 1
    for told in (str(refused.value), repr(refused.value), repr(reranker), str(logs)):
        assert KEY not in told
        assert "секрет" not in told
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("answer", [SILENT, DRIBBLING])
async def test_nobody_waits_longer_than_is_set(answer: Reply) -> None:
    async with api(answer) as (address, asked):
        with pytest.raises(RerankerUnavailable, match=r"within 0\.2 s|Timeout"):
            await judge(address, seconds=0.2).relevance("x", ["a"])
    assert len(asked) == 1


async def test_an_answer_without_end_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "MOST_BYTES", 50)
    async with api(verdicts(0.1, 0.2, 0.3)) as (address, _):
        with pytest.raises(RerankerUnavailable, match="too long"):
            await judge(address).relevance("x", ["a", "b", "c"])


async def test_nobody_there() -> None:
    with pytest.raises(RerankerUnavailable):
        await judge("http://127.0.0.1:9", KEY).relevance("x", ["a"])


def test_an_installation_has_what_is_set() -> None:
    assert reranker_of(Settings()) is None
    reranker = reranker_of(Settings(reranking_url="https://x/v1/rerank", reranking_model="judge"))
    assert reranker == RemoteReranker("https://x/v1/rerank", "judge", None, 0.5, 2.0)
    settings = load_settings(
        reranking_url="https://x/v1",
        reranking_model="judge",
        reranking_key=KEY,
        reranking_enough=0.3,
        reranking_seconds=1,
    )
    made = reranker_of(settings)
    assert made is not None
    assert made == RemoteReranker("https://x/v1", "judge", KEY, 0.3, 1.0)
    assert KEY not in f"{made!r}{settings!r}"


@pytest.mark.parametrize(
    ("half", "why"),
    [
        ({"reranking_model": "judge"}, "belong together"),
        ({"reranking_url": "https://x/v1"}, "belong together"),
        ({"reranking_url": "x/v1", "reranking_model": "judge"}, "KAMHUB_RERANKING_URL"),
        ({"reranking_enough": 1}, "KAMHUB_RERANKING_ENOUGH"),
        ({"reranking_enough": 0}, "KAMHUB_RERANKING_ENOUGH"),
        ({"reranking_seconds": 60}, "KAMHUB_RERANKING_SECONDS"),
    ],
)
def test_half_a_setting_is_none(half: dict[str, object], why: str) -> None:
    with pytest.raises(SettingsRefused, match=why):
        load_settings(**half)


@pytest.mark.parametrize(
    ("relevance", "enough", "order"),
    [
        ([], 0.5, []),
        ([0.4, 0.4, 0.4], 0.5, [0, 1, 2]),  # a model that tells nothing apart changes nothing
        ([1.0, 1.0, 0.0], 0.5, [0, 1, 2]),
        ([0.86, 0.9, 0.1], 0.5, [0, 1, 2]),  # nearly alike: as the search had them
        ([0.5, 0.9, 0.1], 0.5, [1, 0, 2]),
        ([0.0] * 29 + [0.9], 0.5, [29, *range(29)]),  # a clear verdict: from the last place to the first
        ([0.0] * 29 + [0.2], 0.5, [0, 29, *range(1, 29)]),
        ([0.0] * 29 + [0.2], 0.1, [29, *range(29)]),  # of a model that says little of everything that is much
    ],
)
def test_a_clear_verdict_goes_before_the_order_of_the_search(
    relevance: list[float], enough: float, order: list[int]
) -> None:
    assert rules.in_order(relevance, enough) == order


@pytest.mark.parametrize("enough", [0.1, 0.5, 0.9])
def test_half_is_enough_whichever_model_reads(enough: float) -> None:
    scores = [rules.score(relevance, enough) for relevance in (0.0, enough / 2, enough, (1 + enough) / 2, 1.0)]
    assert scores == pytest.approx([0.0, 0.25, 0.5, 0.75, 1.0])
    assert rules.score(0.42, 0.5) == pytest.approx(0.42)
