"""The client: signatures of version 4, addresses in path style, which every S3-compatible service understands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kamhub.platform.s3.types import S3Address

MISSING = frozenset({"404", "NoSuchKey", "NotFound"})
_CODE = re.compile(r"An error occurred \((\w+)\)")


class S3Refused(Exception):
    """The service refuses or cannot be used; the text is a sentence. ``missing``: there is no such object."""

    def __init__(self, sentence: str, *, missing: bool = False) -> None:
        super().__init__(sentence)
        self.missing = missing


def client_of(address: S3Address) -> Any:
    """A client for that address; to be used from threads."""
    import boto3
    from botocore.config import Config

    settings = Config(
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        retries={"max_attempts": 5, "mode": "standard"},
        connect_timeout=10,
        read_timeout=60,
        # Newer checksums are refused by some services; ours are kept beside the objects or are their names.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return boto3.client(
        "s3",
        endpoint_url=address.endpoint,
        region_name=address.region,
        aws_access_key_id=address.access_key,
        aws_secret_access_key=address.secret_key,
        config=settings,
    )


@contextmanager
def in_a_sentence(address: S3Address) -> Iterator[None]:
    """What the library raises, as ``S3Refused``."""
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "unknown")
        sentence = f"The S3 service refuses: {code} (bucket {address.bucket})."
        raise S3Refused(sentence, missing=code in MISSING) from error
    except (BotoCoreError, Boto3Error) as error:
        found = _CODE.search(str(error))
        why = found[1] if found else type(error).__name__
        raise S3Refused(f"The S3 service cannot be used: {why} (bucket {address.bucket}).") from error
