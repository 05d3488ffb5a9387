"""A language model that reads beside the rules: believed as far as the text bears it out, and never in the way."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from kamhub.desk.graph import actions
from kamhub.desk.graph.model import BATCH, MOST_FAILURES, LanguageModel, model_of
from kamhub.desk.graph.services import Graphing, graphing
from kamhub.hub.services import Hub
from kamhub.platform.settings import Settings
from tests.builders import World
from tests.desk.graph.support import furnish, names, ties, write

TEXT = "Гид Анна Ёлкина ведёт тур «Долина гейзеров» на вертолёте Ми-8. Вылет из Елизова."


@dataclass
class Model:
    """A stand-in of an OpenAI-compatible API. ``answers`` are given one after another, the last one for ever."""

    port: int = 0
    answers: list[object] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    wait: threading.Event = field(default_factory=threading.Event)

    def answer(self) -> tuple[int, bytes]:
        """What is answered now: text of the model, or status with a body."""
        told = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(told, tuple):
            return told
        content = told if isinstance(told, str) else json.dumps(told, ensure_ascii=False)
        return 200, json.dumps({"choices": [{"message": {"content": content}}]}).encode()

    def language_model(self, *, seconds: float = 5.0) -> LanguageModel:
        return LanguageModel(f"http://127.0.0.1:{self.port}/v1", "reader-1", "k3y", seconds)


@pytest.fixture
def model() -> Iterator[Model]:
    kept = Model()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/chat/completions"
            kept.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            kept.keys.append(self.headers["Authorization"])
            if kept.answers == ["slow"]:
                kept.wait.wait(10)
                return
            status, body = kept.answer()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.port = server.server_address[1]
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    serving.start()
    yield kept
    kept.wait.set()
    server.shutdown()
    serving.join()
    server.server_close()


def said(entities: list[tuple[str, str]], relations: list[tuple[str, str, str]] = [], n: int = 1) -> dict[str, object]:  # noqa: B006
    return {
        "passages": [
            {
                "n": n,
                "entities": [{"type": of, "name": name, "confidence": 0.9} for of, name in entities],
                "relations": [{"source": a, "type": of, "target": b, "confidence": 0.8} for a, of, b in relations],
            }
        ]
    }


async def test_what_the_model_reads_is_kept_beside_the_rules(hub: Hub, world: World, model: Model) -> None:
    furnish(world)
    source = write(world, world.main, "Туры", TEXT)
    model.answers = [
        "```json\n"
        + json.dumps(
            said(
                [
                    ("person", "Анна Ёлкина"),
                    ("service", "Долины гейзеров"),
                    ("technology", "Ми-8"),
                    ("place", "Елизово"),
                ],
                [("Анна Ёлкина", "participates_in", "Долины гейзеров"), ("Долины гейзеров", "uses", "Ми-8")],
            )
        )
        + "\n```"
    ]
    linked = await actions.link(Graphing(hub, model.language_model()), world.main.id, source)
    assert linked.read_by_model == 1
    assert names(world, world.main, "person") == ["Анна Ёлкина"]
    assert ("Долины гейзеров", "uses", "Ми-8") in ties(world, world.main)
    assert names(world, world.main, "place").count("Елизово") == 1, "the hub's, not another"
    (asked,), key = model.asked, model.keys[0]
    assert (asked["temperature"], asked["model"], key) == (0, "reader-1", "Bearer k3y")
    assert TEXT in json.loads(asked["messages"][1]["content"])[0]["text"]


async def test_the_same_text_is_not_read_twice(hub: Hub, world: World, model: Model) -> None:
    furnish(world)
    model.answers = [said([("person", "Анна Ёлкина")])]
    services = Graphing(hub, model.language_model())
    source = write(world, world.main, "Туры", TEXT)
    for _ in range(2):
        await actions.link(services, world.main.id, source)
    assert len(model.asked) == 1
    assert names(world, world.main, "person") == ["Анна Ёлкина"]
    write(world, world.main, "Туры", TEXT, "Совсем новый кусок.", source=source)
    await actions.link(services, world.main.id, source)
    assert [len(json.loads(one["messages"][1]["content"])) for one in model.asked] == [1, 1]
    write(world, world.main, "Туры", "Совсем новый кусок.", source=source)
    assert names(world, world.main, "person") == [], "goes with its chunk"


async def test_invented_names_and_prices_are_dropped(hub: Hub, world: World, model: Model) -> None:
    furnish(world)
    source = write(world, world.main, "Туры", f"{TEXT} Стоит 5 000 руб.")
    model.answers = [
        said(
            [
                ("person", "Иван Выдуманный"), ("metric", "5 000 руб."), ("price_condition", "Стоит"), ("document", "Гид"),
                ("person", "Анна Ёлкина"), ("concept", "!!!"),
            ],
            [("Анна Ёлкина", "works_for", "Иван Выдуманный"), ("Анна Ёлкина", "located_in", "Анна Ёлкина")],
        )
    ]  # fmt: skip
    await actions.link(Graphing(hub, model.language_model()), world.main.id, source)
    told = {row[0] for row in world.rows("SELECT name FROM graph_entities e WHERE EXISTS (SELECT FROM graph_mentions m "
                                         "WHERE m.entity_id = e.id AND m.origin = 'model')")}  # fmt: skip
    assert told == {"Анна Ёлкина"}
    assert world.rows("SELECT count(*) FROM graph_evidence WHERE origin = 'model'") == [(0,)]


GARBAGE: list[object] = [
    "I cannot do that",
    "[]",
    {"passages": [{"n": 99}]},
    {"passages": [{"n": 1, "entities": [{"type": "planet", "name": "Марс"}]}]},
    {"passages": [{"n": 1, "entities": [{"type": "person", "name": "x" * 500}]}]},
    {"passages": "many"},
    (200, b"{}"),
    (200, b'{"choices": [{"message": {"content": null}}]}'),
    (200, b'{"error": {"code": 429}}'),
    (200, b"not json"),
    (401, b'{"error": "key"}'),
    (500, b""),
    (302, b""),
    (200, b"x" * 300_000),
]


@pytest.mark.parametrize("answer", GARBAGE, ids=range(len(GARBAGE)))
async def test_nonsense_stops_nothing(hub: Hub, world: World, model: Model, answer: object) -> None:
    furnish(world)
    source = write(world, world.main, "Туры", TEXT)
    model.answers = [answer]
    linked = await actions.link(Graphing(hub, model.language_model()), world.main.id, source)
    assert linked.read_by_model == 0
    assert "Елизово" in names(world, world.main, "place")
    model.answers = [said([("person", "Анна Ёлкина")])]
    again = await actions.link(Graphing(hub, model.language_model()), world.main.id, source)
    assert again.read_by_model == 1, "what failed is read the next time"


async def test_a_model_that_does_not_answer_is_left_alone(hub: Hub, world: World, model: Model) -> None:
    furnish(world)
    source = write(world, world.main, "Туры", *(f"{TEXT} {number}" for number in range(BATCH * 4)))
    model.answers = ["slow"]
    linked = await actions.link(Graphing(hub, model.language_model(seconds=0.1)), world.main.id, source)
    assert linked.read_by_model == 0
    assert len(model.asked) == MOST_FAILURES
    nobody = LanguageModel("http://127.0.0.1:9/v1", "reader-1")
    assert (await actions.link(Graphing(hub, nobody), world.main.id, source)).read_by_model == 0


async def test_one_failure_skips_one_batch(hub: Hub, world: World, model: Model) -> None:
    furnish(world)
    source = write(world, world.main, "Туры", *(f"{TEXT} {number}" for number in range(BATCH * 2)))
    model.answers = [(500, b""), said([("person", "Анна Ёлкина")], n=BATCH)]
    linked = await actions.link(Graphing(hub, model.language_model()), world.main.id, source)
    assert linked.read_by_model == BATCH
    assert names(world, world.main, "person") == ["Анна Ёлкина"]


def test_the_settings_name_the_model(hub: Hub) -> None:
    assert model_of(Settings()) is None
    assert model_of(Settings(llm_base_url="http://x/v1")) is None
    plain = model_of(Settings(llm_base_url="http://x/v1/", llm_model="m"))
    assert plain == LanguageModel("http://x/v1", "m", None)
    keyed = graphing(hub, Settings(llm_base_url="http://x/v1", llm_model="m", llm_api_key="secret")).model  # type: ignore[arg-type]
    assert keyed is not None
    assert keyed.key == "secret"
    assert "secret" not in repr(keyed)
