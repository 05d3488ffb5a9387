"""The files of one machine: judged by the programs that read them, and by the product whose settings they are."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from kamhub.platform.settings import Settings, load_settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = DEPLOY / "compose" / "compose.yaml"
BIN = Path(sys.executable).parent
PROMTOOL, AMTOOL = shutil.which("promtool"), shutil.which("amtool")
OWN = ("web-1", "web-2", "worker-1", "worker-2", "migrate")
GIVEN = {
    "HUB_DOMAIN": "hub.example.org",
    "KAMHUB_SENTRY_DSN": "https://key@sentry.example.org/1",
    "KAMHUB_SECRET_KEY": "qW3eRt5yUi8oPa9sDf2gHj4kLz6xCv7b",
    "KAMHUB_METRICS_TOKEN": "Zx9cVb8nMa7sDf6gHj5kLq4wEr3tYu2i",
    "ALERT_TELEGRAM_CHAT_ID": "-1001",
    "ALERT_SMTP_HOST": "mail.example.org:587",
    "KAMHUB_SMTP_URL": "smtps://u:p@mail.example.org:465",
    "KAMHUB_MAIL_FROM": "hub@hub.example.org",
    "KAMHUB_EMBEDDING_BASE_URL": "https://models.example.org/v1",
    "KAMHUB_EMBEDDING_DIMENSIONS": "1536",
    "KAMHUB_RERANKING_URL": "https://models.example.org/v1/rerank",
    "KAMHUB_RERANKING_SECONDS": "2",
    "KAMHUB_RERANKING_ENOUGH": "0.5",
    "KAMHUB_LLM_BASE_URL": "https://models.example.org/v1",
}


def names_of_settings() -> set[str]:
    return set(re.findall(r"^([A-Z0-9_]+)=", (COMPOSE.parent / ".env.example").read_text(), re.MULTILINE))


def compose(*words: str, without: str | None = None) -> subprocess.CompletedProcess[str]:
    """What Compose says with every setting of the example filled in."""
    settings = {name: GIVEN.get(name, "abc123") for name in names_of_settings()} | {"PATH": os.environ["PATH"]}
    settings |= {"HOME": "/nonexistent"}
    settings.pop(without or "", None)
    argv = [str(BIN / "docker-compose"), "-f", str(COMPOSE), "--env-file", "/dev/null", *words]
    return subprocess.run(argv, env=settings, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture(scope="module")
def model() -> dict[str, Any]:
    """The whole composition as the engine would get it."""
    done = compose("config", "--format", "json")
    assert done.returncode == 0, done.stderr
    read: dict[str, Any] = json.loads(done.stdout)
    return read


@pytest.fixture(scope="module")
def services(model: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = model["services"]
    return found


def test_whoever_takes_a_document_in_and_whoever_reads_it_see_the_same_files(services: dict[str, Any]) -> None:
    programs = [services[name] for name in OWN if name != "migrate"]
    stores = {tuple(one["environment"][f"KAMHUB_S3_{part}"] for part in ("ENDPOINT", "BUCKET")) for one in programs}
    assert len(stores) == 1
    folders = [[mount for mount in one["volumes"] if mount["target"] == "/var/lib/kamhub/assets"] for one in programs]
    assert [[mount["source"] for mount in mounts] for mounts in folders] == [["files"]] * 4


def test_everything_of_production_is_there_twice_or_once(services: dict[str, Any]) -> None:
    others = {"caddy", "postgres", "valkey", "prometheus", "alertmanager", "grafana", "loki", "alloy"}
    assert set(services) == {*OWN, *others}
    assert len({services[name]["image"] for name in OWN}) == 1


def test_nothing_but_the_proxy_is_open_to_the_world(model: dict[str, Any], services: dict[str, Any]) -> None:
    for name, service in services.items():
        for port in service.get("ports", ()):
            assert name == "caddy" or port["host_ip"] == "127.0.0.1", (name, port)
    assert not {name for name in ("postgres", "valkey", *OWN) if services[name].get("ports")}
    assert model["networks"]["data"]["internal"]
    assert [list(services[name]["networks"]) for name in ("postgres", "valkey")] == [["data"], ["data"]]


def test_nobody_may_more_than_needed(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert not service.get("privileged"), name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert service.get("mem_limit") or name == "migrate", name
        assert "docker.sock" not in json.dumps(service), name
        if name != "postgres":  # it gives its own rights away, and writes sockets and locks
            assert service["read_only"], name
            assert service["cap_drop"] == ["ALL"], name
    for name in OWN:
        assert services[name]["user"] == "10001:10001"


def test_every_image_is_of_one_version(services: dict[str, Any]) -> None:
    for name, service in services.items():
        tag = service["image"].rpartition(":")[2]
        assert name in OWN or re.match(r"v?\d+\.\d+\.\d+", tag), service["image"]


@pytest.mark.parametrize("name", ["web-1", "worker-2", "migrate"])
def test_the_product_runs_with_these_settings(
    name: str, services: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for known in [known for known in os.environ if known.startswith("KAMHUB_")]:
        monkeypatch.delenv(known)
    for setting, value in services[name]["environment"].items():
        assert setting.removeprefix("KAMHUB_").lower() in Settings.model_fields, setting
        monkeypatch.setenv(setting, value or "")
    settings = load_settings()
    assert settings.production
    assert [str(network) for network in settings.trusted_networks] == ["172.30.97.10/32"]
    if name == "web-1":
        assert (
            2 < settings.drain_seconds < 30 - 6
        )  # more than two health checks, less than what is left before the kill


def test_what_is_believed_is_the_proxys_address(services: dict[str, Any]) -> None:
    assert (
        services["caddy"]["networks"]["edge"]["ipv4_address"]
        == services["web-1"]["environment"]["KAMHUB_TRUSTED_PROXIES"]
    )


@pytest.mark.parametrize(
    "name",
    ["VALKEY_PASSWORD", "KAMHUB_SECRET_KEY", "POSTGRES_APP_PASSWORD", "KAMHUB_IMAGE", "KAMHUB_TELEGRAM_ALERT_TOKEN"],
)
def test_it_does_not_begin_without_a_secret(name: str) -> None:
    done = compose("config", "--quiet", without=name)
    assert done.returncode != 0
    assert name in done.stderr


def test_the_example_names_every_setting_without_a_default() -> None:
    wanted = set(re.findall(r"\$\{([A-Z0-9_]+):\?", COMPOSE.read_text()))
    assert wanted - names_of_settings() == set()


def test_the_image_is_built_as_it_should_be() -> None:
    done = subprocess.run(
        [BIN / "hadolint", DEPLOY / "Dockerfile"], capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == 0, done.stdout
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    assert [line for line in lines if line.startswith("USER")] == ["USER 10001:10001"]
    assert sum(line.startswith("FROM") for line in lines) == 2


def test_shell_scripts_are_sound() -> None:
    for script in sorted(DEPLOY.rglob("*.sh")):
        shell = "bash" if "bash" in script.read_text().splitlines()[0] else "sh"
        assert subprocess.run([shell, "-n", str(script)], check=False).returncode == 0, script
        assert os.access(script, os.X_OK), script


def test_the_proxy_takes_its_file() -> None:
    places = {
        "HUB_DOMAIN": "hub.example.org",
        "ACME_EMAIL": "a@hub.example.org",
        "HUB_UPSTREAMS": "web-1:8000 web-2:8000",
    }
    file = DEPLOY / "caddy" / "Caddyfile"
    adapted = subprocess.run(
        [BIN / "caddy", "adapt", "--config", file, "--adapter", "caddyfile", "--validate"],
        env=os.environ | places, capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    assert adapted.returncode == 0, adapted.stderr
    text = json.dumps(json.loads(adapted.stdout))
    assert '"dial": "web-1:8000"' in text
    assert '"uri": "/health/ready"' in text
    assert '"path": ["/metrics", "/health/ready"]' in text
    formatted = subprocess.run([BIN / "caddy", "fmt", "--diff", file], capture_output=True, text=True, check=False)
    assert not [line for line in formatted.stdout.splitlines() if line.startswith(("+", "-"))]


def test_prometheus_asks_processes_that_there_are(services: dict[str, Any]) -> None:
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    targets = [
        target for job in config["scrape_configs"] for part in job["static_configs"] for target in part["targets"]
    ]
    hosts = {target.partition(":")[0] for target in targets} - {"localhost"}
    assert {"web-1", "web-2", "worker-1", "worker-2"} <= hosts <= set(services)
    for host in hosts:
        assert "watch" in services[host]["networks"], host
    assert "worker-1:9100" in targets
    assert services["worker-1"]["environment"]["KAMHUB_WORKER_HEALTH_PORT"] == "9100"


@pytest.mark.skipif(PROMTOOL is None, reason="there is no promtool here")
def test_prometheus_takes_its_file() -> None:
    words = [str(PROMTOOL), "check", "config", "--syntax-only", str(DEPLOY / "prometheus" / "prometheus.yml")]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0, done.stderr


def test_alerts_go_out_two_ways(model: dict[str, Any], tmp_path: Path) -> None:
    text = model["configs"]["alertmanager"]["content"]
    config = yaml.safe_load(text)
    (people,) = config["receivers"]
    assert people["email_configs"][0]["to"]
    assert people["telegram_configs"][0]["chat_id"] == -1001
    assert config["route"]["receiver"] == people["name"]
    if AMTOOL is not None:
        (tmp_path / "alertmanager.yml").write_text(text)
        done = subprocess.run(
            [AMTOOL, "check-config", tmp_path / "alertmanager.yml"],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_logs_and_pictures_have_their_sources() -> None:
    loki = yaml.safe_load((DEPLOY / "loki" / "loki.yml").read_text())
    assert loki["compactor"]["retention_enabled"]
    assert "http://loki:3100/loki/api/v1/push" in (DEPLOY / "alloy" / "config.alloy").read_text()
    sources = yaml.safe_load((DEPLOY / "grafana" / "provisioning" / "datasources" / "datasources.yml").read_text())
    known = {source["uid"] for source in sources["datasources"]}
    assert known == {"prometheus", "loki"}
    for board in (DEPLOY / "grafana" / "dashboards").glob("*.json"):
        used = set(re.findall(r'"uid":\s*"(prometheus|loki|[^"]*DS_[^"]*)"', board.read_text()))
        assert json.loads(board.read_text())["panels"]
        assert used <= known, board
