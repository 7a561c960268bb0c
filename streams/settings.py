"""Settings of every process, read from the environment (SILLAGE_*) and checked once."""

from contextlib import suppress
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from channels.channel import Permanent
from channels.limits import LimitsError, read_limits
from channels.mailserver import Server
from channels.mime import sender_address
from streams.broker.security import Brokers, Security, refuse_faults
from streams.redis_access import RedisAccess, refuse_redis_faults
from streams.secrets import SecretError, check_certificates, open_to_all, read_secret, read_secrets

SECRET_FILES = ("kafka_password_file", "kafka_key", "redis_password_file", "redis_key", "smtp_password_file",
                "dkim", "webpush", "apprise", "crm", "service_secrets", "links_keys", "inbound",
                "inbox_keys")  # fmt: skip


CONTEXT_OF_ITS_OWN = ("places", "weather", "models")
"""The kinds of context that have a form of their own, and are always there."""


class Settings(BaseSettings):
    """What a process needs to know. Each field is the environment variable SILLAGE_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="SILLAGE_", extra="ignore", hide_input_in_errors=True)

    kafka: str = Field("127.0.0.1:9092", description="Bootstrap servers of Kafka, host:port separated by commas.")
    kafka_security: str = Field(
        "plaintext",
        pattern="^(plaintext|ssl|sasl_plaintext|sasl_ssl)$",
        description="How brokers are spoken to: plaintext, ssl, sasl_plaintext or sasl_ssl.",
    )
    kafka_mechanism: str = Field(
        "",
        pattern="^(|PLAIN|SCRAM-SHA-256|SCRAM-SHA-512|OAUTHBEARER)$",
        description="SASL mechanism: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER.",
    )
    kafka_user: str = Field("", description="User at the brokers; with OAUTHBEARER the client at the token endpoint.")
    kafka_password: SecretStr = Field(SecretStr(""), description="Its password; better in a file.")
    kafka_password_file: str = Field("", description="Path of a file that holds that password, alone.")
    kafka_ca: str = Field(
        "", description="Path of the authorities whose certificates brokers have (PEM); empty for the machine's."
    )
    kafka_cert: str = Field("", description="Path of our own certificate for the brokers (PEM); empty for none.")
    kafka_key: str = Field("", description="Path of its key (PEM, without a password).")
    kafka_token_url: str = Field("", description="Where OAUTHBEARER tokens are had, by client credentials.")
    kafka_token_scope: str = Field("", description="Scope asked for there; empty for the endpoint's own.")
    redis: str = Field("redis://127.0.0.1:6379/0", repr=False, description="URL of Redis.")
    redis_password_file: str = Field(
        "", description="Path of a file that holds the password of Redis, instead of the URL; its user stays there."
    )
    redis_ca: str = Field(
        "", description="Path of the authorities of Redis' certificate (PEM), for rediss://; empty for the machine's."
    )
    redis_cert: str = Field("", description="Path of our own certificate for Redis (PEM); empty for none.")
    redis_key: str = Field("", description="Path of its key (PEM, without a password).")
    smtp: str = Field(
        "smtp://127.0.0.1:1025",
        repr=False,
        description="URL of the SMTP server; smtps:// or ?starttls=1, and ?connections= (4).",
    )
    smtp_password_file: str = Field(
        "", description="Path of a file that holds the password of the SMTP server, instead of the URL."
    )
    smtp_ca: str = Field(
        "", description="Path of the authorities of the SMTP server's certificate (PEM); empty for the machine's."
    )
    dkim: str = Field("", description="Path of a JSON file of the keys that sign e-mails; empty for no DKIM.")
    prefix: str = Field("sillage", pattern=r"^[A-Za-z0-9._-]{1,60}$", description="Prefix of topics, groups, keys.")
    partitions: int = Field(
        8, ge=1, le=1024, description="Partitions of every topic of ours, fixed at the first start."
    )
    replication: int = Field(1, ge=1, le=7, description="Replication factor of the topics that sillage creates.")
    channels: str = Field(
        "web,app,email,sms,push,store,call,chat,social,postal",
        description="Channels whose touchpoint topics are created.",
    )
    context: str = Field(
        "stock,prices",
        pattern="^([a-z][a-z0-9_]{0,39}(,[a-z][a-z0-9_]{0,39})*)?$",
        description="Kinds of context beside places and weather, which every worker holds.",
    )
    clock: str = Field("wall", pattern="^(wall|event)$", description="What moves a partition's clock: wall or event.")
    start: str = Field(
        "latest",
        pattern="^(latest|earliest)$",
        description="Where the very first start begins to read touchpoints: latest (the end) or earliest.",
    )
    session_seconds: float = Field(
        10.0,
        ge=6,
        le=300,
        description="How long a process may be silent before what it has is given to another, in seconds.",
    )
    trace: str = Field(
        "concerned",
        pattern="^(concerned|all)$",
        description="Which decisions leave a trace: concerned (those that concerned a journey) or all.",
    )
    store: str = Field(
        "memory", pattern="^(memory|rocks)$", description="Where a worker keeps its records: memory or rocks (RocksDB)."
    )
    sender: str = Field("Sillage <hello@sillage.example>", description="From address of e-mails.")
    push: str = Field("", description="Path of a Firebase service account's JSON; empty for no push.")
    push_url: str = Field("https://fcm.googleapis.com", description="Where Firebase Cloud Messaging answers.")
    webhooks: str = Field("", description="Path of a JSON file of webhook endpoints; empty for no webhooks.")
    sms: str = Field("", description="Path of a JSON file of the provider of SMS; empty for no SMS.")
    whatsapp: str = Field("", description="Path of a JSON file of the WhatsApp account; empty for no WhatsApp.")
    postal: str = Field("", description="Path of the folder where letters lie until their batch; empty for no letters.")
    crm: str = Field("", description="Path of a JSON file of accounts at CRMs; empty for none.")
    inbox_size: int = Field(50, ge=0, le=500, description="Messages that an inbox of the app holds; 0 for no inboxes.")
    inbox_days: int = Field(30, ge=1, le=365, description="How long an inbox is kept after its last message, in days.")
    inbox_keys: str = Field(
        "", description="Path of a JSON file of the keys that the app's server signs with, by id; empty for no /inbox."
    )
    inbox_origins: str = Field(
        "", description="Origins of pages that may ask `/inbox`, as https://shop.example, separated by commas."
    )
    limits: str = Field(
        "",
        description='Limits of providers by channel, as {"sms": {"per_second": 20, "parallel": 50, '
        '"timeout_seconds": 10}}; JSON.',
    )
    webpush: str = Field("", description="Path of a JSON file of the Web Push account; empty for no Web Push.")
    apprise: str = Field("", description="Path of a JSON file of endpoints of apprise; empty for none.")
    service_secrets: str = Field(
        "", description="Path of a JSON file of the secrets that headers of services name; empty for none."
    )
    links_url: str = Field(
        "", description="Where people reach `sillage serve`, as https://mail.shop.example; empty for no links."
    )
    links_keys: str = Field("", description="Path of a JSON file of the keys that seal links, by id, the newest first.")
    inbound: str = Field("", description="Path of a JSON file of the providers that call back; empty for none.")
    serve_port: int = Field(8080, ge=0, le=65535, description="Port of `sillage serve`; 0 for any that is free.")
    serve_host: str = Field("", description="Address where that port listens; empty for every one of the machine.")
    metrics_port: int = Field(0, ge=0, le=65535, description="Port of /metrics; 0 for none.")
    metrics_host: str = Field("", description="Address where that port listens; empty for every one of the machine.")
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
    learn_seconds: float = Field(30.0, ge=0.1, le=86_400, description="How often the learner publishes what changed.")
    learn_days: float = Field(
        3.0, gt=0, le=30, description="How long after a message left an answer counts as a win of its offer, in days."
    )
    data: Path = Field(Path(".sillage"), description="Folder for what this machine keeps.")

    @field_validator("smtp")
    @classmethod
    def _smtp_url(cls, url: str) -> str:
        if "connections=" in url:
            Server.parse(url)
        return _url(url, ("smtp", "smtps"), "smtp://user:password@host:587?starttls=1")

    @field_validator("push_url")
    @classmethod
    def _push_url(cls, url: str) -> str:
        return _url(url, ("http", "https"), "https://fcm.googleapis.com")

    @field_validator("traces")
    @classmethod
    def _traces_url(cls, url: str) -> str:
        return _url(url, ("http", "https"), "http://collector:4318") if url else url

    @field_validator("links_url")
    @classmethod
    def _links_url(cls, url: str) -> str:
        """Receivers take one click at https alone; without TLS a link works on this machine, to try it."""
        if not url:
            return url
        parts = urlsplit(_url(url, ("http", "https"), "https://mail.shop.example"))
        if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
            raise ValueError("expected https://, since receivers take one click at no other")
        if parts.query or parts.fragment or not url.isascii() or len(url) > 200:
            raise ValueError("expected at most 200 ASCII characters without ? and #, as https://mail.shop.example")
        return url

    @field_validator("limits")
    @classmethod
    def _limits(cls, text: str) -> str:
        try:
            read_limits(text)
        except LimitsError as fault:
            raise ValueError(str(fault)) from None
        return text

    @field_validator("inbox_origins")
    @classmethod
    def _origins(cls, text: str) -> str:
        """Each exactly as a browser sends it; none stands for all."""
        for each in _names(text):
            parts = urlsplit(_url(each, ("http", "https"), "https://shop.example"))
            if each != f"{parts.scheme}://{parts.netloc}".lower() or "@" in each or "*" in each or not each.isascii():
                raise ValueError(f"expected origins such as https://shop.example, without a path, found {each}")
        return text

    @field_validator("redis")
    @classmethod
    def _redis_url(cls, url: str) -> str:
        return _url(url, ("redis", "rediss", "unix"), "redis://host:6379/0")

    @field_validator("kafka_token_url")
    @classmethod
    def _token_url(cls, url: str) -> str:
        return _url(url, ("http", "https"), "https://login.example/oauth2/token") if url else url

    @model_validator(mode="after")
    def _access(self) -> Self:
        """Secrets and certificates are looked at together, and the files are read once."""
        try:
            refuse_faults(self.brokers.security)
            refuse_redis_faults(self.redis_access)
            if self.smtp_password_file:
                self._smtp_password()
            self._smtp_trust()
            if self.service_secrets:
                read_secrets(self.service_secrets, "SILLAGE_SERVICE_SECRETS")
            self._links()
        except SecretError as fault:
            raise ValueError(str(fault)) from None
        return self

    def _links(self) -> None:
        """The URL may be told to every process, the keys only to those that seal and open."""
        if self.links_keys and not self.links_url:
            raise SecretError("SILLAGE_LINKS_KEYS: is set, and SILLAGE_LINKS_URL is not; links need both")
        if self.links_keys:
            read_secrets(self.links_keys, "SILLAGE_LINKS_KEYS")
        if self.inbox_keys:
            read_secrets(self.inbox_keys, "SILLAGE_INBOX_KEYS")
        if self.inbound and not self.links_url:
            raise SecretError("SILLAGE_INBOUND: is set, and SILLAGE_LINKS_URL is not; providers call back there")
        if self.inbound and not Path(self.inbound).is_file():
            raise SecretError(f"SILLAGE_INBOUND={self.inbound}: is no file; give one that this process may read")

    def _smtp_password(self) -> None:
        variable = "SILLAGE_SMTP_PASSWORD_FILE"
        if urlsplit(self.smtp).password:
            raise SecretError(f"{variable}: is set, and SILLAGE_SMTP has a password too; take it out of the URL")
        if not urlsplit(self.smtp).username:
            raise SecretError(f"{variable}: is set, and SILLAGE_SMTP has no user; make it smtp://user@host:587")
        read_secret(self.smtp_password_file, variable)

    def _smtp_trust(self) -> None:
        parts = urlsplit(self.smtp)
        if self.smtp_ca and parts.scheme != "smtps" and "starttls=1" not in parts.query:
            raise SecretError("SILLAGE_SMTP_CA: has no use without TLS; let SILLAGE_SMTP be smtps:// or ?starttls=1")
        if self.smtp_ca:
            check_certificates(self.smtp_ca, "SILLAGE_SMTP_CA")

    @field_validator("sender")
    @classmethod
    def _sender_address(cls, sender: str) -> str:
        """One that no server takes would fail every message for good."""
        try:
            sender_address(sender)
        except Permanent:
            raise ValueError("expected an address, as in `Shop <hello@shop.example>`") from None
        return sender

    @property
    def brokers(self) -> Brokers:
        """Where the brokers are and how to be let in: what every client of Kafka is made from."""
        security = Security(
            self.kafka_security,
            self.kafka_mechanism,
            self.kafka_user,
            self.kafka_password,
            self.kafka_password_file,
            self.kafka_ca,
            self.kafka_cert,
            self.kafka_key,
            self.kafka_token_url,
            self.kafka_token_scope,
        )
        return Brokers(self.kafka, security)

    @property
    def redis_access(self) -> RedisAccess:
        """The same of Redis."""
        return RedisAccess(self.redis, self.redis_password_file, self.redis_ca, self.redis_cert, self.redis_key)

    def secrets_in_files(self) -> list[str]:
        """The secrets that files hold now, of those that can be read, to keep them out of what is said."""
        files = {"kafka": self.kafka_password_file, "redis": self.redis_password_file, "smtp": self.smtp_password_file}
        found = []
        for name, path in files.items():
            with suppress(SecretError):
                found += [read_secret(path, f"SILLAGE_{name.upper()}_PASSWORD_FILE")] if path else []
        with suppress(SecretError):
            if self.service_secrets:
                found += read_secrets(self.service_secrets, "SILLAGE_SERVICE_SECRETS").values()
        with suppress(SecretError):
            if self.inbox_keys:
                found += read_secrets(self.inbox_keys, "SILLAGE_INBOX_KEYS").values()
        with suppress(SecretError):
            if self.links_keys:
                found += read_secrets(self.links_keys, "SILLAGE_LINKS_KEYS").values()
        return found

    def open_secrets(self) -> list[str]:
        """A warning for each file of a secret that every user of this machine may read."""
        files = {name: getattr(self, name) for name in SECRET_FILES}
        return [
            f"SILLAGE_{name.upper()}={path}: every user of this machine may read it; make it 0440 or less"
            for name, path in files.items()
            if path and open_to_all(path)
        ]

    def topic(self, name: str) -> str:
        """The full name of the topic that docs/events.md calls `name`."""
        return f"{self.prefix}.{name}"

    def channel_names(self) -> list[str]:
        """The channels, in the order given."""
        return _names(self.channels)

    def inbox_origin_names(self) -> list[str]:
        """The origins whose pages may ask for an inbox."""
        return _names(self.inbox_origins)

    def context_kinds(self) -> list[str]:
        """The kinds of context that are found by key, each once, in the order given."""
        return list(dict.fromkeys(name for name in self.context.split(",") if name and name not in CONTEXT_OF_ITS_OWN))


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _url(url: str, schemes: tuple[str, ...], example: str) -> str:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in schemes and (bool(parts.hostname) or parts.scheme == "unix") and parts.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise ValueError(f"expected a URL such as {example}")
    return url
