"""`kamhub up`: the whole product on one machine, looked after by this process.

Children: PostgreSQL, the stand-in of the payment provider (demo only), worker, web. Whatever dies is started again;
nothing outlives this process.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from kamhub.app.commands.target import child_environment, fail, read_settings
from kamhub.platform.embedded.cluster import Cluster
from kamhub.platform.embedded.data_dir import DataDirLock
from kamhub.platform.embedded.types import EmbeddedDatabaseError
from kamhub.platform.process.child import ChildProcess
from kamhub.platform.process.rules import Backoff
from kamhub.platform.process.supervisor import Supervisor
from kamhub.platform.process.types import ChildSpec
from kamhub.platform.settings import Settings

READY_WITHIN = 60.0
_PYTHON = (sys.executable, "-m")
# However often a part dies, the product answers again within ten seconds: the longest pause and its start stay below.
_BACKOFF = Backoff(ceiling=2.0)


@dataclass(frozen=True, slots=True)
class _Plan:
    settings: Settings
    data_dir: Path
    host: str
    port: int
    demo: bool

    @property
    def address(self) -> str:
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104 - only shown
        return f"http://{host}:{self.port}"


def up(host: str, port: int, data_dir: Path | None, *, demo: bool) -> None:
    """Run until SIGTERM or SIGINT."""
    settings, folder = read_settings(data_dir)
    plan = _Plan(settings, folder, host, port, demo and not settings.production)
    _require_free(host, port)
    try:
        with DataDirLock(folder, plan.address), Supervisor(_say, backoff=_BACKOFF) as supervisor:
            _run(plan, supervisor)
    except EmbeddedDatabaseError as error:
        fail(str(error))


def _run(plan: _Plan, supervisor: Supervisor) -> None:
    owner_url, app_url = _database(plan, supervisor)
    os.umask(0o077)  # what the children write (mails, notes) is nobody else's business
    environment = child_environment(
        database_url=owner_url, migration_database_url=owner_url, data_dir=str(plan.data_dir)
    )
    for command in ("migrate", *(("demo",) if plan.demo else ())):
        code = supervisor.run_task(ChildSpec(command, (*_PYTHON, "kamhub", command), environment))
        if code is None:
            return
        if code:
            raise SystemExit(code)
    serving = child_environment(
        database_url=app_url,
        data_dir=str(plan.data_dir),
        public_url=plan.settings.public_url or plan.address,
        **_payment_stand_in(plan, supervisor),
    )
    supervisor.start(ChildProcess(ChildSpec("worker", (*_PYTHON, "kamhub", "worker"), serving, grace=18.0)))
    web = (*_PYTHON, "kamhub", "web", "--host", plan.host, "--port", str(plan.port))
    supervisor.start(ChildProcess(ChildSpec("web", web, serving, grace=8.0)))
    if supervisor.run_until(lambda: _answers(plan), READY_WITHIN):
        _announce(plan)
    supervisor.run()


def _database(plan: _Plan, supervisor: Supervisor) -> tuple[str, str]:
    """Login of the schema's owner and running login; starts the embedded server when no other is named."""
    if plan.settings.database_url is not None:
        app_url = plan.settings.database_url.get_secret_value()
        owner = plan.settings.migration_database_url
        return (owner.get_secret_value() if owner else app_url), app_url
    cluster = Cluster(plan.data_dir)
    supervisor.start(cluster)
    return cluster.address.owner_url, cluster.address.app_url


def _payment_stand_in(plan: _Plan, supervisor: Supervisor) -> dict[str, str]:
    """In the demo, unless another provider address is set, a stand-in takes the payments of the demo account."""
    if not plan.demo or "cloudpayments_api_url" in plan.settings.model_fields_set:
        return {}
    account = _demo_note(plan)
    port = _stand_in_port(plan.data_dir)
    argv = (
        *_PYTHON,
        "kamhub.app.demo.cloudpayments",
        "--port",
        str(port),
        "--data-file",
        str(plan.data_dir / "cloudpayments.sqlite"),
        "--public-id",
        account["public_id"],
        "--notify-url",
        f"{plan.address}/api/webhooks/cloudpayments/{account['account_id']}",
    )
    environment = {**child_environment(), "STANDIN_API_SECRET": account["api_secret"]}
    supervisor.start(ChildProcess(ChildSpec("payments demo", argv, environment, grace=3.0)))
    return {"cloudpayments_api_url": f"http://127.0.0.1:{port}"}


def _demo_note(plan: _Plan) -> dict[str, str]:
    note: dict[str, str] = json.loads((plan.data_dir / "demo.json").read_text())
    return note


def _stand_in_port(data_dir: Path) -> int:
    """The port of last time if it is free, so that payment pages opened before a restart still work."""
    memory = data_dir / "payments-demo.port"
    wanted = int(memory.read_text()) if memory.exists() else 0
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            chosen: int = probe.getsockname()[1]
            memory.write_text(str(chosen))
            return chosen
    raise OSError("no free port for the stand-in of the payment provider")


def _require_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            fail(f"Port {port} on {host} cannot be used: {error.strerror}. Choose another with --port.")


def _answers(plan: _Plan) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1" if plan.host == "0.0.0.0" else plan.host, plan.port, timeout=2)  # noqa: S104
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _announce(plan: _Plan) -> None:
    lines = [f"Kamchatour Hub is ready: {plan.address}"]
    if plan.demo:
        lines += _demo_lines(plan)
    print("\n".join(lines), flush=True)


def _demo_lines(plan: _Plan) -> list[str]:
    given = plan.settings.demo_password
    password = "as KAMHUB_DEMO_PASSWORD says" if given else (plan.data_dir / "demo-password").read_text().strip()
    account = _demo_note(plan)
    webhook = f"{plan.address}/api/webhooks/cloudpayments/{account['account_id']}/"
    people = ("owner", "manager", "dispatcher", "driver", "viewer")
    return [
        "Demo people (sign in at /signin), password: " + password,
        *(f"  {role}@kamchatka-transfer.example" for role in people),
        "  owner@vulkan-tour.example",
        f"Demo payment account_id: {account['account_id']}",
        f"Its notifications come to {webhook}<kind>",
        "Test card that pays: 4242 4242 4242 4242; that is declined: 4012 8888 8888 1881",
        f"Mails are written to {plan.data_dir / 'mail'} and listed at {plan.address}/dev/mail",
    ]


def _say(line: str) -> None:
    print(f"kamhub: {line}", file=sys.stderr, flush=True)
