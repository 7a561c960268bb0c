"""How a client gets to the brokers: address, TLS and SASL, as each of the client libraries wants to be told."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from aiokafka import errors
from aiokafka.conn import create_conn
from pydantic import SecretStr

from streams.broker.tokens import AdminTokens, LoopTokens, TokenError, Tokens
from streams.secrets import SecretError, check_certificates, check_pair, read_secret

PROTOCOLS = ("plaintext", "ssl", "sasl_plaintext", "sasl_ssl")
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER")
_PASSWORD = "SILLAGE_KAFKA_PASSWORD"
_PASSWORD_FILE = "SILLAGE_KAFKA_PASSWORD_FILE"
_ASK_SECONDS = 5.0


@dataclass(frozen=True)
class Security:
    """How to be let in. Files are read when a client is made, so that each new one has what they hold then."""

    protocol: str = "plaintext"
    mechanism: str = ""
    user: str = ""
    password: SecretStr = field(default=SecretStr(""), repr=False)
    password_file: str = ""
    ca: str = ""
    cert: str = ""
    key: str = ""
    token_url: str = ""
    token_scope: str = ""

    @property
    def tls(self) -> bool:
        return self.protocol.endswith("ssl")

    @property
    def sasl(self) -> bool:
        return self.protocol.startswith("sasl")

    def secret(self) -> str:
        """The password as it is now. Raises SecretError where its file cannot be read."""
        if self.password_file:
            return read_secret(self.password_file, _PASSWORD_FILE)
        return self.password.get_secret_value()

    def context(self) -> ssl.SSLContext:
        """TLS 1.2 or later; the broker's certificate and name are always checked."""
        found = ssl.create_default_context(cafile=self.ca or None)
        if self.cert:
            found.load_cert_chain(self.cert, self.key, password=lambda: "")
        return found


@dataclass(frozen=True)
class Brokers:
    """Bootstrap servers, host:port by commas, and how to be let in."""

    address: str
    security: Security = Security()

    def __str__(self) -> str:
        return self.address


def client_options(brokers: Brokers) -> dict[str, Any]:
    """What every client of aiokafka is made with. An address alone, as tests have it, is one without security.

    Raises SecretError.
    """
    return _options(brokers, LoopTokens)


def admin_options(brokers: Brokers) -> dict[str, Any]:
    """What every client of kafka-python is made with. Raises SecretError."""
    return _options(brokers, AdminTokens)


def _options(brokers: Brokers | str, provider: Callable[[Tokens], Any]) -> dict[str, Any]:
    if isinstance(brokers, str):
        brokers = Brokers(brokers)
    security = brokers.security
    found: dict[str, Any] = {
        "bootstrap_servers": [server.strip() for server in brokers.address.split(",")],
        "security_protocol": security.protocol.upper(),
    }
    if security.tls:
        found["ssl_context"] = security.context()
    if security.sasl:
        found["sasl_mechanism"] = security.mechanism
    if security.mechanism == "OAUTHBEARER":
        found["sasl_oauth_token_provider"] = provider(_tokens(security))
    elif security.sasl:
        found |= {"sasl_plain_username": security.user, "sasl_plain_password": security.secret()}
    return found


@lru_cache(maxsize=8)
def _tokens(security: Security) -> Tokens:
    """One for all clients of a process, so that they share a token."""
    tls = security.context if security.tls else ssl.create_default_context
    return Tokens(security.token_url, security.user, security.secret, security.token_scope, tls)


def refuse_faults(security: Security) -> None:
    """Raises SecretError for a combination that no client could be made with, or a file that is not what it should be:
    the variable, what is wrong, the cure.
    """
    _refuse_what_would_be_ignored(security)
    if security.sasl:
        _refuse_sasl(security)
    if security.ca:
        check_certificates(security.ca, "SILLAGE_KAFKA_CA")
    if bool(security.cert) != bool(security.key):
        given, lacking = ("CERT", "KEY") if security.cert else ("KEY", "CERT")
        raise SecretError(f"SILLAGE_KAFKA_{lacking}: is not set, and SILLAGE_KAFKA_{given} is; set both or none")
    if security.cert:
        check_pair(security.cert, security.key, ("SILLAGE_KAFKA_CERT", "SILLAGE_KAFKA_KEY"))


def _refuse_what_would_be_ignored(security: Security) -> None:
    """Whoever gives a password or a CA believes to be safe."""
    password = security.password.get_secret_value()
    tls = {"CA": security.ca, "CERT": security.cert, "KEY": security.key}
    sasl = {
        "MECHANISM": security.mechanism,
        "USER": security.user,
        "PASSWORD": password,
        "PASSWORD_FILE": security.password_file,
        "TOKEN_URL": security.token_url,
        "TOKEN_SCOPE": security.token_scope,
    }
    useless = {} if security.tls else dict.fromkeys((name for name in tls if tls[name]), "ssl or sasl_ssl")
    if not security.sasl:
        useless |= dict.fromkeys((name for name in sasl if sasl[name]), "sasl_ssl or sasl_plaintext")
    for name, cure in useless.items():
        raise SecretError(
            f"SILLAGE_KAFKA_{name}: has no use under SILLAGE_KAFKA_SECURITY={security.protocol}; set that to {cure}"
        )
    for name in ("TOKEN_URL", "TOKEN_SCOPE"):
        if sasl[name] and security.mechanism != "OAUTHBEARER":
            raise SecretError(f"SILLAGE_KAFKA_{name}: is for SILLAGE_KAFKA_MECHANISM=OAUTHBEARER only; unset it")


def _refuse_sasl(security: Security) -> None:
    if not security.mechanism:
        raise SecretError(
            f"SILLAGE_KAFKA_MECHANISM: is not set under SILLAGE_KAFKA_SECURITY={security.protocol}; "
            f"set it to one of {', '.join(MECHANISMS)}"
        )
    if not security.user:
        raise SecretError("SILLAGE_KAFKA_USER: is not set; set it to the user, or the client of the token endpoint")
    given = security.password.get_secret_value()
    if given and security.password_file:
        raise SecretError(f"{_PASSWORD_FILE}: is set, and {_PASSWORD} too; unset one of them")
    if not given and not security.password_file:
        raise SecretError(f"{_PASSWORD_FILE}: is not set, nor is {_PASSWORD}; set one of them")
    security.secret()
    if security.mechanism == "OAUTHBEARER" and not security.token_url:
        raise SecretError("SILLAGE_KAFKA_TOKEN_URL: is not set; set it to where OAUTHBEARER tokens are had")


async def lets_in_one(brokers: Brokers) -> bool:
    """Whether a broker answers us and lets us in."""
    reason, reached = await _try(brokers)
    return reached and not reason


async def why_not(brokers: Brokers) -> str:
    """What keeps a client out of every broker, naming the variable to look at; empty where one lets it in, or where
    none can be reached.
    """
    return (await _try(brokers))[0]


async def _try(brokers: Brokers) -> tuple[str, bool]:
    """The first reason why a broker does not let us in, and whether one did."""
    options = client_options(brokers)
    reason = ""
    for server in options.pop("bootstrap_servers"):
        host, _, port = server.rpartition(":")
        try:
            async with asyncio.timeout(_ASK_SECONDS):
                connection = await create_conn(host.strip("[]"), int(port), **options)
            connection.close()
            return "", True
        except Exception as fault:
            reason = reason or _reason(brokers.security, fault)
    return reason, False


def _reason(security: Security, fault: Exception) -> str:
    password = _PASSWORD_FILE if security.password_file else _PASSWORD
    match fault:
        case TokenError() | SecretError():
            return str(fault)
        case errors.UnsupportedSaslMechanismError():
            return f"the broker does not take {security.mechanism}; set SILLAGE_KAFKA_MECHANISM to what it takes"
        case errors.AuthenticationFailedError() | errors.SaslAuthenticationFailed():
            return f"the broker refuses the user {security.user}; look at SILLAGE_KAFKA_USER and {password}"
        case ssl.SSLCertVerificationError():
            told = security.ca or "this machine's authorities; set it to the file of the broker's"
            return f"the broker's certificate is not trusted ({fault.verify_message}); SILLAGE_KAFKA_CA is {told}"
        case ssl.SSLError():
            return f"no TLS with the broker ({fault.reason}); look at SILLAGE_KAFKA_SECURITY and SILLAGE_KAFKA_CERT"
        case errors.KafkaConnectionError() | ConnectionResetError():
            wants = "a certificate (SILLAGE_KAFKA_CERT), or speaks no TLS" if security.tls else "TLS"
            return f"the broker ends the connection at once, as one that wants {wants}; look at SILLAGE_KAFKA_SECURITY"
    return ""
