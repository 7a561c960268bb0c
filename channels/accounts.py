"""Accounts at providers, each in a JSON file of its own: read once, told of without what is secret in them."""

from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

T = TypeVar("T")


class AccountError(Exception):
    """The file of an account cannot be used: the variable, the file, what is wrong, and what is expected."""


def read_account(path: Path, variable: str, shape: type[T], example: str) -> T:
    """What the file holds. Raises AccountError, without any of its content."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=shape)
    except OSError as fault:
        raise AccountError(f"{variable} {path}: {fault.strerror}; set it to the path of a file") from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
        where = f"{fault}" if isinstance(fault, msgspec.ValidationError) else "no JSON"
        raise AccountError(f"{variable} {path}: {where}; expected JSON such as {example}") from None


def refuse(path: Path, variable: str, fault: str) -> None:
    """Raises AccountError where there is a fault."""
    if fault:
        raise AccountError(f"{variable} {path}: {fault}")


def url_fault(url: str) -> str:
    """What is wrong with a provider's URL, empty for nothing."""
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    return "" if sound else "url is none, expected one such as https://api.example"


def header_fault(text: str) -> str:
    """What is wrong with a text that goes into a header, empty for nothing."""
    printable = bool(text) and all(" " <= character <= "~" for character in text)
    return "" if printable else "is empty, or has characters that no header takes"
