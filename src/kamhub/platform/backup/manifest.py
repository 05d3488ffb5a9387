"""The manifest and the note of the last verification, as JSON files."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any
from uuid import UUID

from kamhub.platform.backup.rules import FORMAT, PRODUCT, require_files
from kamhub.platform.backup.types import (
    BackupCorrupt,
    BackupForeign,
    BackupNewer,
    Manifest,
    StoredFile,
    Verification,
)

MANIFEST = "manifest.json"
VERIFIED = "verified.json"


def write_manifest(manifest: Manifest) -> bytes:
    """JSON with a checksum over itself."""
    content: dict[str, Any] = {
        "product": PRODUCT,
        "format": FORMAT,
        "name": manifest.name,
        "installation": str(manifest.installation),
        "created_at": manifest.created_at.isoformat(),
        "program": manifest.program,
        "schema": manifest.schema,
        "server": manifest.server,
        "key": manifest.key,
        "encrypted": manifest.encrypted,
        "roles": list(manifest.roles),
        "tables": dict(sorted(manifest.tables.items())),
        "files": [{"path": f.path, "size": f.size, "sha256": f.sha256} for f in manifest.files],
    }
    content["checksum"] = _checksum(content)
    return (json.dumps(content, indent=1) + "\n").encode()


def read_manifest(raw: bytes, name: str) -> Manifest:
    """Raises ``BackupForeign`` (not ours), ``BackupNewer`` (a later format) or ``BackupCorrupt``."""
    try:
        content = json.loads(raw)
    except ValueError:
        raise BackupCorrupt(f"The manifest of {name} cannot be read.") from None
    if not isinstance(content, dict) or content.get("product") != PRODUCT:
        raise BackupForeign(f"{name} was not made by this product.")
    if isinstance(content.get("format"), int) and content["format"] > FORMAT:
        raise BackupNewer(f"{name} has a later format than this program knows: use the kamhub that made it, or newer.")
    if content.pop("checksum", None) != _checksum(content) or content.get("name") != name:
        raise BackupCorrupt(f"The manifest of {name} was changed after it was written.")
    try:
        manifest = _manifest_of(content)
    except (KeyError, TypeError, ValueError):
        raise BackupCorrupt(f"The manifest of {name} lacks something.") from None
    require_files(manifest)
    return manifest


def _manifest_of(content: dict[str, Any]) -> Manifest:
    return Manifest(
        name=content["name"],
        installation=UUID(content["installation"]),
        created_at=datetime.fromisoformat(content["created_at"]),
        program=content["program"],
        schema=int(content["schema"]),
        server=int(content["server"]),
        key=content["key"],
        encrypted=bool(content["encrypted"]),
        roles=tuple(content["roles"]),
        tables={str(table): int(rows) for table, rows in content["tables"].items()},
        files=tuple(StoredFile(f["path"], int(f["size"]), f["sha256"]) for f in content["files"]),
    )


def _checksum(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def write_verification(verification: Verification) -> bytes:
    """The note beside a backup."""
    content = {
        "at": verification.at.isoformat(),
        "ok": verification.ok,
        "seconds": verification.seconds,
        "problem": verification.problem,
    }
    return (json.dumps(content) + "\n").encode()


def read_verification(raw: bytes | None) -> Verification | None:
    """None when there is no note, or none that can be read: then it counts as never verified."""
    try:
        content = json.loads(raw or b"")
        at = datetime.fromisoformat(content["at"])
        return Verification(at, bool(content["ok"]), float(content["seconds"]), str(content["problem"]))
    except (ValueError, KeyError, TypeError):
        return None
