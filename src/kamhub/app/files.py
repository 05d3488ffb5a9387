"""Where the files of this installation are kept, from its settings."""

from __future__ import annotations

from pathlib import Path

from kamhub.platform.file.folder import FolderFiles
from kamhub.platform.file.port import FileStore
from kamhub.platform.file.s3 import S3Files
from kamhub.platform.s3.types import S3Address
from kamhub.platform.settings import Settings

FOLDER = "assets"


def s3_address(settings: Settings) -> S3Address | None:
    """The S3 service of the settings, which were judged when they were read; None without one."""
    if settings.s3_bucket is None or settings.s3_access_key is None or settings.s3_secret_key is None:
        return None
    return S3Address(
        bucket=settings.s3_bucket,
        prefix=settings.s3_prefix,
        region=settings.s3_region,
        endpoint=settings.s3_endpoint,
        access_key=settings.s3_access_key.get_secret_value(),
        secret_key=settings.s3_secret_key.get_secret_value(),
    )


def make_files(settings: Settings, data_dir: Path) -> FileStore:
    """On the S3 service when there is one, so that every machine sees every file; else in the data folder."""
    address = s3_address(settings)
    return S3Files(address) if address else FolderFiles(data_dir / FOLDER)
