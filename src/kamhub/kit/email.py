"""E-mail addresses as people type them, kept in lower case."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email


def parse_email(text: str) -> str:
    """The address, normalised and in lower case. Raises ``ValueError``.

    Whether it can be delivered is not asked; addresses of reserved domains (``.test``) are let through.
    """
    try:
        return validate_email(text, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError as error:
        raise ValueError(str(error)) from None
