"""Settings of every process, read from the environment (SILLAGE_*) and checked once."""

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from channels.channel import Permanent
from channels.mime import sender_address


class Settings(BaseSettings):
    """What a process needs to know. Each field is the environment variable SILLAGE_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="SILLAGE_", extra="ignore")

    kafka: str = Field("127.0.0.1:9092", description="Bootstrap servers of Kafka, host:port separated by commas.")
    redis: str = Field("redis://127.0.0.1:6379/0", repr=False, description="URL of Redis.")
    smtp: str = Field(
        "smtp://127.0.0.1:1025", repr=False, description="URL of the SMTP server; smtps:// or ?starttls=1."
    )
    prefix: str = Field("sillage", pattern=r"^[A-Za-z0-9._-]{1,60}$", description="Prefix of topics, groups, keys.")
    partitions: int = Field(
        8, ge=1, le=1024, description="Partitions of every topic of ours, fixed at the first start."
    )
    replication: int = Field(1, ge=1, le=7, description="Replication factor of the topics that sillage creates.")
    channels: str = Field(
        "web,app,email,sms,push,store,call,chat,social,postal",
        description="Channels whose touchpoint topics are created.",
    )
    clock: str = Field("wall", pattern="^(wall|event)$", description="What moves a partition's clock: wall or event.")
    start: str = Field("latest", pattern="^(latest|earliest)$", description="Where the very first start begins.")
    trace: str = Field("concerned", pattern="^(concerned|all)$", description="Which decisions leave a trace.")
    store: str = Field(
        "memory", pattern="^(memory|rocks)$", description="Where a worker keeps its records: memory or rocks (RocksDB)."
    )
    sender: str = Field("Sillage <hello@sillage.example>", description="From address of e-mails.")
    push: str = Field("", description="Path of a Firebase service account's JSON; empty for no push.")
    push_url: str = Field("https://fcm.googleapis.com", description="Where Firebase Cloud Messaging answers.")
    webhooks: str = Field("", description="Path of a JSON file of webhook endpoints; empty for no webhooks.")
    metrics_port: int = Field(0, ge=0, le=65535, description="Port of /metrics; 0 for none.")
    log: str = Field("text", pattern="^(text|json)$", description="Form of a process's log: text or json.")
    log_level: str = Field(
        "info",
        pattern="^(debug|info|warning|error)$",
        description="Least level of what is logged: debug, info, warning or error.",
    )
    log_key: str = Field(
        "", repr=False, description="Key under which logs and traces hash customers; empty for one that is no secret."
    )
    traces: str = Field(
        "", repr=False, description="OTLP/HTTP URL to which traces go, as http://collector:4318; empty for no traces."
    )
    traces_ratio: float = Field(1.0, ge=0, le=1, description="Share of the traces begun here that are kept.")
    data: Path = Field(Path(".sillage"), description="Folder for what this machine keeps.")

    @field_validator("smtp")
    @classmethod
    def _smtp_url(cls, url: str) -> str:
        return _url(url, ("smtp", "smtps"), "smtp://user:password@host:587?starttls=1")

    @field_validator("push_url")
    @classmethod
    def _push_url(cls, url: str) -> str:
        return _url(url, ("http", "https"), "https://fcm.googleapis.com")

    @field_validator("traces")
    @classmethod
    def _traces_url(cls, url: str) -> str:
        return _url(url, ("http", "https"), "http://collector:4318") if url else url

    @field_validator("redis")
    @classmethod
    def _redis_url(cls, url: str) -> str:
        return _url(url, ("redis", "rediss", "unix"), "redis://host:6379/0")

    @field_validator("sender")
    @classmethod
    def _sender_address(cls, sender: str) -> str:
        """One that no server takes would fail every message for good."""
        try:
            sender_address(sender)
        except Permanent:
            raise ValueError("expected an address, as in `Shop <hello@shop.example>`") from None
        return sender

    def topic(self, name: str) -> str:
        """The full name of the topic that docs/events.md calls `name`."""
        return f"{self.prefix}.{name}"

    def channel_names(self) -> list[str]:
        """The channels, in the order given."""
        return [name.strip() for name in self.channels.split(",") if name.strip()]


def _url(url: str, schemes: tuple[str, ...], example: str) -> str:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in schemes and (bool(parts.hostname) or parts.scheme == "unix") and parts.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise ValueError(f"expected a URL such as {example}")
    return url
