"""Secrets and certificates in files: read when they are needed, and looked at once when a process starts."""

import ssl
import stat
from pathlib import Path
from typing import Annotated

import msgspec

Secret = Annotated[str, msgspec.Meta(pattern=r"^[^\x00-\x1f\x7f]+$")]


class SecretError(OSError):
    """A file that should hold a secret or a certificate does not: the variable, the file, what is wrong, the cure.

    An OSError, so that one that is gone while a process runs is as a server that is away: waited for.
    """


def read_secret(path: str, variable: str) -> str:
    """The text of a secret's file without its last line end. Raises SecretError, which never holds the text."""
    text = _read(path, variable).removesuffix("\n").removesuffix("\r")
    if not text or "\n" in text or "\0" in text:
        found = "is empty" if not text else "has more than one line"
        raise SecretError(f"{variable}={path}: {found}; put the secret into it, alone and in one line")
    return text


def read_secrets(path: str, variable: str) -> dict[str, str]:
    """The secrets of a JSON file, by name. Raises SecretError, which never holds one."""
    try:
        return msgspec.json.decode(_read(path, variable), type=dict[str, Secret])
    except (msgspec.MsgspecError, RecursionError):
        cure = 'expected JSON such as {"score-token": "..."}, each in one line'
        raise SecretError(f"{variable}={path}: holds no secrets by name; {cure}") from None


def check_certificates(path: str, variable: str) -> None:
    """Raises SecretError where the file holds no certificate in PEM form."""
    try:
        ssl.create_default_context(cadata=_read(path, variable))
    except (ssl.SSLError, ValueError):
        cure = "give a file that begins with -----BEGIN CERTIFICATE-----"
        raise SecretError(f"{variable}={path}: holds no certificate in PEM form; {cure}") from None


def check_pair(cert: str, key: str, variables: tuple[str, str]) -> None:
    """Raises SecretError where the two files are no certificate with its key, in PEM form and without a password."""
    check_certificates(cert, variables[0])
    _read(key, variables[1])
    try:
        # Without this function OpenSSL would ask at the terminal.
        ssl.create_default_context().load_cert_chain(cert, key, password=lambda: "")
    except (ssl.SSLError, ValueError):
        cure = f"give the PEM key, without a password, that belongs to {variables[0]}"
        raise SecretError(f"{variables[1]}={key}: is not the key of the certificate {cert}; {cure}") from None


def open_to_all(path: str) -> bool:
    """Whether every user of this machine may read the file."""
    return bool(Path(path).stat().st_mode & stat.S_IROTH)


def _read(path: str, variable: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise SecretError(f"{variable}={path}: is no text; give a file in UTF-8, certificates in PEM form") from None
    except OSError as fault:
        cure = "give a file that this process may read"
        raise SecretError(f"{variable}={path}: cannot be read ({fault.strerror}); {cure}") from None
