"""How a client gets to Redis: URL, TLS, and a password from a file, read at each new connection."""

import contextlib
import ssl
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from redis.asyncio import Redis
from redis.credentials import CredentialProvider
from redis.exceptions import AuthenticationError, AuthorizationError, NoPermissionError, RedisError

from streams.secrets import SecretError, check_certificates, check_pair, read_secret

_FILE = "SILLAGE_REDIS_PASSWORD_FILE"
_ASK_SECONDS = 2.0


@dataclass(frozen=True)
class RedisAccess:
    """Where Redis is and how to be let in; the URL may hold a user and a password. Empty: no file."""

    url: str = field(repr=False)
    password_file: str = ""
    ca: str = ""
    cert: str = ""
    key: str = ""


class RedisRefused(Exception):
    """Redis is there and does not let this process in, which no waiting mends: the variable to look at."""


class FilePassword(CredentialProvider):
    """A user with the password that the file holds when a connection is made, so that it may change."""

    def __init__(self, user: str, path: str) -> None:
        self._user = user
        self._path = path

    def get_credentials(self) -> tuple[str] | tuple[str, str]:
        password = read_secret(self._path, _FILE)
        return (self._user, password) if self._user else (password,)

    async def get_credentials_async(self) -> tuple[str] | tuple[str, str]:
        """A line of a file on this machine: no thread is worth it."""
        return self.get_credentials()


def redis_options(access: RedisAccess) -> dict[str, Any]:
    """What `Redis.from_url` is called with, in every place. TLS always checks the server's certificate and name."""
    parts = urlsplit(access.url)
    found: dict[str, Any] = {"url": access.url}
    if parts.scheme == "rediss":
        given = {"ssl_ca_certs": access.ca, "ssl_certfile": access.cert, "ssl_keyfile": access.key}
        found |= {name: path for name, path in given.items() if path}
    if access.password_file:
        # redis-py takes a user from one place only.
        found["url"] = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        found["credential_provider"] = FilePassword(unquote(parts.username or ""), access.password_file)
    return found


async def refuse_redis(access: RedisAccess) -> None:
    """Raises RedisRefused where Redis answers and does not let us in; one that is away is waited for elsewhere."""
    options = redis_options(access)
    asked = Redis.from_url(**options, socket_timeout=_ASK_SECONDS, socket_connect_timeout=_ASK_SECONDS)
    reason = ""
    try:
        await asked.ping()
        await asked.info("server")
    except (AuthenticationError, AuthorizationError) as fault:
        reason = f"refuses the user or the password ({fault}); look at SILLAGE_REDIS" + (
            f" and {_FILE}" if access.password_file else ""
        )
    except NoPermissionError as fault:
        reason = f"{fault}; give the user of SILLAGE_REDIS the rights of docs/security.md"
    except (RedisError, OSError) as fault:
        reason = _tls_reason(access, fault)
    finally:
        with contextlib.suppress(RedisError, OSError):
            await asked.aclose()
    if reason:
        host = urlsplit(access.url).netloc.rpartition("@")[2]
        raise RedisRefused(f"Redis at {host}: {reason}")


def _tls_reason(access: RedisAccess, fault: BaseException) -> str:
    """redis-py tells a fault of TLS as one of the connection; the cause says more."""
    cause: BaseException | None = fault
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            told = access.ca or "this machine's authorities; set it to the file of the server's"
            return f"its certificate is not trusted ({cause.verify_message}); SILLAGE_REDIS_CA is {told}"
        if isinstance(cause, ssl.SSLError):
            return f"no TLS with it ({cause.reason}); look at SILLAGE_REDIS and SILLAGE_REDIS_CERT"
        cause = cause.__cause__ or cause.__context__
    return ""


def refuse_redis_faults(access: RedisAccess) -> None:
    """Raises SecretError for settings of Redis that contradict each other, or a file that is not what it should be."""
    parts = urlsplit(access.url)
    given = {"CA": access.ca, "CERT": access.cert, "KEY": access.key}
    for name, path in given.items():
        if path and parts.scheme != "rediss":
            raise SecretError(f"SILLAGE_REDIS_{name}: has no use without TLS; let SILLAGE_REDIS begin with rediss://")
    if access.password_file:
        if parts.password:
            raise SecretError(f"{_FILE}: is set, and SILLAGE_REDIS has a password too; take it out of the URL")
        read_secret(access.password_file, _FILE)
    if access.ca:
        check_certificates(access.ca, "SILLAGE_REDIS_CA")
    if bool(access.cert) != bool(access.key):
        given_name, lacking = ("CERT", "KEY") if access.cert else ("KEY", "CERT")
        raise SecretError(f"SILLAGE_REDIS_{lacking}: is not set, and SILLAGE_REDIS_{given_name} is; set both or none")
    if access.cert:
        check_pair(access.cert, access.key, ("SILLAGE_REDIS_CERT", "SILLAGE_REDIS_KEY"))
