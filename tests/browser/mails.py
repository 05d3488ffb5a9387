"""What the worker of the running product has mailed."""

from __future__ import annotations

import email
import re
from email import policy

from tests.browser.reader import Reader
from tests.system.product import wait_for


def link_of_the_mail(reader: Reader, recipient: str, path: str) -> str:
    """The link to that page which was mailed to that address last."""
    found: list[str] = []

    def arrived() -> bool:
        for file in sorted((reader.product.folder / "mail").glob("*.eml"), key=lambda file: file.stat().st_mtime):
            message = email.message_from_bytes(file.read_bytes(), policy=policy.default)
            body = message.get_body(("plain",))
            if message["to"] == recipient and body is not None:
                found.extend(re.findall(re.escape(path) + r"\?token=[\w-]+", body.get_content()))
        return bool(found)

    wait_for(arrived, 30.0, f"the mail to {recipient}")
    return found[-1]
