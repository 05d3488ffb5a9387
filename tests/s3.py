"""A real S3 server on this machine, which checks signatures."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

ACCESS_KEY, SECRET_KEY = "tests-access", "tests-secret-of-the-service"
BUCKET = "kamhub-tests"
_WEED = Path(sys.executable).parent / "weed"
_READY_WITHIN = 60.0


@dataclass(frozen=True, slots=True)
class S3Server:
    """Where it answers, and a client that may do everything."""

    url: str
    client: Any

    def keys(self, prefix: str = "") -> list[str]:
        """What is kept below a prefix."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        return [entry["Key"] for page in pages for entry in page.get("Contents", ())]


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """One with an empty bucket; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="kamhub-s3-") as folder:
        identity = {
            "name": "tests",
            "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        settings = Path(folder) / "s3.json"
        settings.write_text(json.dumps({"identities": [identity]}))
        port, *others = _free_ports(5)
        parts = ("master", "filer", "volume", "s3")
        grpc = [f"-{part}.port.grpc={p}" for part, p in zip(parts, _free_ports(4), strict=True)]
        ports = [f"-{part}.port={p}" for part, p in zip(("master", "filer", "volume", "debug"), others, strict=True)]
        argv = [
            str(_WEED), "mini", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-s3.port={port}",
            f"-s3.config={settings}", "-admin.ui=false", "-webdav=false", "-master.telemetry=false",
            "-s3.port.iceberg=0", "-s3.port.lance=0", *ports, *grpc,
        ]  # fmt: skip
        log = (Path(folder) / "log").open("wb")
        process = subprocess.Popen(argv, cwd=folder, stdout=log, stderr=log)
        try:
            yield _ready(f"http://127.0.0.1:{port}", process)
        finally:
            process.kill()
            process.wait()
            log.close()


def _ready(url: str, process: subprocess.Popen[bytes]) -> S3Server:
    client = boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
    )
    until = time.monotonic() + _READY_WITHIN
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(BotoCoreError, ClientError):
            client.create_bucket(Bucket=BUCKET)
            client.put_object(Bucket=BUCKET, Key="ready", Body=b"")
            client.delete_object(Bucket=BUCKET, Key="ready")
            return S3Server(url, client)
        time.sleep(0.1)
    raise AssertionError(f"the S3 server does not answer (exit code {process.poll()})")


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
