"""Every setting of the product: environment variables with the prefix ``KAMHUB_`` (see ``.env.example``)."""

from __future__ import annotations

import ipaddress
import os
import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from limits import parse
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from kamhub.kit.text import Locale
from kamhub.platform.job.types import Queue
from kamhub.platform.limit.rules import PRESETS
from kamhub.platform.monitoring.sentry import check_dsn

MINIMUM_SECRET_LENGTH = 32
_MOST_HANDS = 64

MINIMUM_SECRET_VARIETY = 10
_CONTACT = re.compile(r"mailto:[^\s@:/?#]+@[^\s@:/?#]+\.[^\s@:/?#]+|https://[^\s/]+\S*")


class SettingsRefused(Exception):
    """The settings cannot be run with; the text names every one that is wrong."""


class Settings(BaseSettings):
    """Read from the environment once, at start."""

    model_config = SettingsConfigDict(env_prefix="KAMHUB_", env_file=None, extra="ignore")

    env: Literal["development", "production"] = "development"
    data_dir: Path | None = None
    database_url: SecretStr | None = None
    migration_database_url: SecretStr | None = None
    redis_url: SecretStr | None = None
    secret_key: SecretStr | None = None
    public_url: str | None = None
    security_contact: str | None = None
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = ()
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    rate_limits: Literal["on", "off"] = "on"
    rate_presets: Annotated[dict[str, str], NoDecode] = {}
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_requests: float = Field(default=0.01, ge=0, le=1)
    metrics_token: SecretStr | None = None
    drain_seconds: float = Field(default=0, ge=0, le=60)
    worker_health_host: str = "127.0.0.1"
    sentry_dsn: SecretStr | None = None
    otlp_endpoint: str | None = Field(default=None, pattern=r"^https?://[^\s]+$")
    worker_health_port: int = Field(default=0, ge=0, le=65535)
    worker_memory_mb: int = Field(default=2048, ge=256)
    worker_queues: Annotated[dict[Queue, int], NoDecode] = {}

    cloudpayments_public_id: str | None = None
    cloudpayments_api_secret: SecretStr | None = None
    cloudpayments_api_url: str = "https://api.cloudpayments.ru"
    demo_password: SecretStr | None = None
    smtp_url: SecretStr | None = None
    mail_from: str = "Kamchatour Hub <noreply@localhost>"
    telegram_api_url: str = "https://api.telegram.org"
    sms_api_url: str = "https://sms.ru"
    url_networks: Annotated[tuple[str, ...], NoDecode] = ()

    embedding_base_url: str | None = None
    embedding_api_key: SecretStr | None = None
    embedding_model: str | None = None
    embedding_dimensions: int = Field(default=1536, ge=8, le=4000)
    embedding_price: int = Field(default=0, ge=0)
    embedding_currency: str = Field(default="USD", pattern="^[A-Z]{3}$")
    reranking_url: str | None = Field(default=None, pattern=r"^https?://[^\s]+$")
    reranking_key: SecretStr | None = None
    reranking_model: str | None = None
    reranking_seconds: float = Field(default=2.0, ge=0.1, le=10)
    reranking_enough: float = Field(default=0.5, gt=0, lt=1)
    llm_base_url: str | None = None
    llm_api_key: SecretStr | None = None
    llm_model: str | None = None

    telegram_alert_token: SecretStr | None = None
    telegram_alert_chat: str | None = None
    alert_mail: Annotated[tuple[str, ...], NoDecode] = ()
    alert_locale: Locale = "ru"

    backups: Literal["on", "off"] = "on"
    backup_dir: Path | None = None
    backup_local_days: int = Field(default=7, ge=0)
    backup_remote_days: int = Field(default=30, ge=1)
    backup_jobs: int = Field(default=2, ge=1, le=32)
    backup_database_url: SecretStr | None = None
    backup_pg_bin: Path | None = None
    backup_recipients: Annotated[tuple[str, ...], NoDecode] = ()
    backup_identity_file: Path | None = None
    s3_endpoint: str | None = None
    s3_bucket: str | None = None
    s3_region: str = "us-east-1"
    s3_prefix: str = "kamhub"
    s3_access_key: SecretStr | None = None
    s3_secret_key: SecretStr | None = None

    @field_validator(
        "allowed_origins", "trusted_proxies", "alert_mail", "backup_recipients", "url_networks", mode="before"
    )
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("rate_presets", "worker_queues", mode="before")
    @classmethod
    def _read_pairs(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = (part.partition("=") for part in value.split(",") if part.strip())
        return {name.strip(): text.strip() for name, _, text in pairs}

    @field_validator("worker_queues")
    @classmethod
    def _sane_hands(cls, value: dict[Queue, int]) -> dict[Queue, int]:
        for queue, hands in value.items():
            if not 0 <= hands <= _MOST_HANDS:
                raise ValueError(f"{queue.value}: from 0 (not served here) to {_MOST_HANDS} jobs at once")
        return value

    @field_validator("rate_presets")
    @classmethod
    def _known_presets(cls, value: dict[str, str]) -> dict[str, str]:
        for name, text in value.items():
            if name not in PRESETS:
                raise ValueError(f"unknown preset {name!r}, known are {', '.join(PRESETS)}")
            parse(text)
        return value

    @field_validator("security_contact")
    @classmethod
    def _reachable(cls, value: str | None) -> str | None:
        if value is not None and not _CONTACT.fullmatch(value):
            raise ValueError("give mailto: with an address, or an https:// address")
        return value

    @field_validator("sentry_dsn")
    @classmethod
    def _dsn(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            check_dsn(value.get_secret_value())
        return value

    @model_validator(mode="before")
    @classmethod
    def _blank_is_unset(cls, values: dict[str, object]) -> dict[str, object]:
        return {name: value for name, value in values.items() if not isinstance(value, str) or value.strip()}

    @property
    def production(self) -> bool:
        return self.env == "production"

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """The parts of the secret key, the current one first; none when it is not set."""
        text = self.secret_key.get_secret_value() if self.secret_key else ""
        return tuple(part.strip() for part in text.split(",")) if text else ()

    @cached_property
    def trusted_networks(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """The proxies whose X-Forwarded-For is believed; nobody by default, loopback included."""
        return tuple(ipaddress.ip_network(name, strict=False) for name in self.trusted_proxies)

    @cached_property
    def readable_networks(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """The private networks whose pages operators may have read; none by default."""
        return tuple(ipaddress.ip_network(name, strict=False) for name in self.url_networks)


def is_weak_secret(secret: str) -> bool:
    """Whether a secret key is too short or too even to be random."""
    return len(secret) < MINIMUM_SECRET_LENGTH or len(set(secret)) < MINIMUM_SECRET_VARIETY


def problems(settings: Settings) -> list[str]:
    """What forbids starting with these settings, one sentence each."""
    found = []
    if "*" in settings.allowed_origins:
        found.append("KAMHUB_ALLOWED_ORIGINS must name the origins, `*` is refused.")
    try:
        _ = settings.trusted_networks
    except ValueError as error:
        found.append(f"KAMHUB_TRUSTED_PROXIES must list addresses or networks: {error}.")
    try:
        _ = settings.readable_networks
    except ValueError as error:
        found.append(f"KAMHUB_URL_NETWORKS must list addresses or networks: {error}.")
    if "" in settings.secret_keys:
        found.append("KAMHUB_SECRET_KEY has an empty part between its commas.")
    found += _backup_problems(settings)
    if bool(settings.embedding_base_url) is not bool(settings.embedding_model):
        found.append("KAMHUB_EMBEDDING_BASE_URL and KAMHUB_EMBEDDING_MODEL belong together.")
    if bool(settings.reranking_url) is not bool(settings.reranking_model):
        found.append("KAMHUB_RERANKING_URL and KAMHUB_RERANKING_MODEL belong together.")
    if settings.production:
        found += _production_problems(settings)
    return found


def _backup_problems(settings: Settings) -> list[str]:
    found = []
    if settings.s3_bucket and not (settings.s3_access_key and settings.s3_secret_key):
        found.append("KAMHUB_S3_BUCKET is set: KAMHUB_S3_ACCESS_KEY and KAMHUB_S3_SECRET_KEY are needed with it.")
    if settings.backup_local_days == 0 and not settings.s3_bucket:
        found.append("KAMHUB_BACKUP_LOCAL_DAYS=0 keeps no backup here: it needs KAMHUB_S3_BUCKET.")
    if bool(settings.telegram_alert_token) is not bool(settings.telegram_alert_chat):
        found.append("KAMHUB_TELEGRAM_ALERT_TOKEN and KAMHUB_TELEGRAM_ALERT_CHAT belong together.")
    return found


def _production_problems(settings: Settings) -> list[str]:
    found = []
    parts = [part for part in settings.secret_keys if part]
    if not parts or any(is_weak_secret(part) for part in parts):
        which = "is missing or weak" if len(parts) < 2 else "has a weak part"
        found.append(f"KAMHUB_SECRET_KEY {which}: production needs at least {MINIMUM_SECRET_LENGTH} random characters.")
    if not settings.redis_url:
        found.append("KAMHUB_REDIS_URL is missing: production shares its rate limits in Redis.")
    if not settings.allowed_origins:
        found.append("KAMHUB_ALLOWED_ORIGINS is missing: production needs the list of origins that may call it.")
    if not settings.public_url or not settings.public_url.startswith("https://"):
        found.append("KAMHUB_PUBLIC_URL is missing or not https: links in mails and payment pages are made from it.")
    if not settings.database_url:
        found.append("KAMHUB_DATABASE_URL is missing: production does not run on the embedded database.")
    if settings.metrics_token and is_weak_secret(settings.metrics_token.get_secret_value()):
        found.append(f"KAMHUB_METRICS_TOKEN is weak: it needs at least {MINIMUM_SECRET_LENGTH} random characters.")
    if settings.rate_limits == "off":
        found.append("KAMHUB_RATE_LIMITS=off is refused in production.")
    return found


def load_settings(**overrides: object) -> Settings:
    """Read and judge the settings. Raises ``SettingsRefused`` naming each problem."""
    try:
        settings = Settings(**overrides)  # type: ignore[arg-type]
    except ValueError as error:
        lines = [f"KAMHUB_{str(e['loc'][0]).upper()}: {e['msg']}" for e in getattr(error, "errors", list)()]
        raise SettingsRefused("\n".join(lines) or str(error)) from None
    if found := problems(settings):
        raise SettingsRefused("\n".join(found))
    return settings


def default_data_dir() -> Path:
    """Where the embedded database and local files live when no folder is named."""
    if os.geteuid() == 0:
        return Path("/var/lib/kamhub/data")
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(base) / "kamhub"
