"""The log of a process: text or one JSON object a line, with nobody's data and no secret in it."""

import json
import logging
import re
import sys
import threading
import time
from asyncio import AbstractEventLoop
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from streams.observing.customers import Hasher, hasher
from streams.observing.faults import OURS, said, traced
from streams.settings import Settings

log = logging.getLogger("sillage")

MOST_A_MINUTE = 20
"""Lines of one kind on single events, of one logger, in a minute; the next says how many were left out."""
SHORTEST_SECRET = 6
"""Characters from which a secret is looked for in every line: a shorter one would be found in ordinary words."""

_URL_LOGIN = re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^\s'\"]*@", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s<>'\"(),;:/*]+@[^\s<>'\"(),;:/]+")
_PHONE = re.compile(r"(?<!\w)\+\d[\d ()-]{5,}\d")
_NAME = re.compile(r"[A-Za-z][\w.-]{0,99}")
_hashed = Hasher(b"sillage/")


def about(customer: str = "", event: str = "", event_type: str = "", **told: str | int) -> dict[str, Any]:
    """The `extra` of a line on a single event: the customer and the event's id as keyed hashes, all else as it is.

    Of `told` only what names things of ours may be given: journey, step, action, channel, code, topic, partition,
    offset, trace_id. What is empty is left out.
    """
    found: dict[str, str | int] = {
        "customer": _hashed(customer) if customer else "",
        "event": _hashed(event) if event else "",
        "event_type": name_like(event_type),
        **told,
    }
    return {"about": {name: value for name, value in found.items() if value != ""}}


def name_like(event_type: str) -> str:
    """A type of events where it looks like a name; whoever sends events may put anything there."""
    return event_type if not event_type or _NAME.fullmatch(event_type) else "other"


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without logins in URLs, e-mail addresses, phone numbers and these secrets.

    The net below the rule, which is that no line is given such a thing.
    """
    for secret in secrets:
        text = text.replace(secret, "***")
    return _PHONE.sub("+***", _ADDRESS.sub("***@***", _URL_LOGIN.sub(r"\1***@", text)))


def secrets_of(settings: Settings) -> list[str]:
    """The secrets among the settings that are long enough to be looked for, the longest first."""
    found = {settings.log_key, settings.kafka_password.get_secret_value(), *settings.secrets_in_files()}
    for url in (settings.redis, settings.smtp, settings.push_url, settings.traces):
        password = urlsplit(url).password or ""
        found |= {password, unquote(password)}
    return sorted((secret for secret in found if len(secret) >= SHORTEST_SECRET), key=len, reverse=True)


class Discreet(logging.Filter):
    """Lets a line's format see of a fault only what may be said of it, whoever logs it."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.msg, BaseException):
            record.msg, record.args = "%s", (record.msg,)
        if isinstance(record.args, Mapping):
            record.args = {name: _sayable(value) for name, value in record.args.items()}
        elif record.args:
            record.args = tuple(map(_sayable, record.args))
        return True


class Sparing(logging.Filter):
    """Lets at most MOST_A_MINUTE lines of a kind through that tell of single events, but all that are for debugging."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._seconds = seconds
        self._minutes: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        single = hasattr(record, "about") or record.name.startswith("opentelemetry")
        if not single or record.levelno <= logging.DEBUG:
            return True
        kind, now = (record.name, str(record.msg)), self._seconds()
        began, count = self._minutes.get(kind, (now, 0))
        if now - began >= 60:
            if count > MOST_A_MINUTE:
                record.msg = f"{record.msg} ({count - MOST_A_MINUTE} more like this were left out before)"
            began, count = now, 0
        self._minutes[kind] = (began, count + 1)
        return count < MOST_A_MINUTE


class Text(logging.Formatter):
    """A line for people: time, level, logger, message, and in brackets what it is about."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._secrets = list(secrets)

    def format(self, record: logging.LogRecord) -> str:
        told = " ".join(f"{name}={value}" for name, value in getattr(record, "about", {}).items())
        line = f"{self.formatTime(record)} {record.levelname} {record.name}: {_message(record)}"
        parts = [f"{line} [{told}]" if told else line, *([_fault(record)] if record.exc_info else [])]
        return redacted("\n".join(parts), self._secrets)


class Json(logging.Formatter):
    """A line for machines: one JSON object with time, level, logger, role, message, what it is about, and the fault."""

    def __init__(self, role: str, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._role = role
        self._secrets = list(secrets)

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {
            "time": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "role": self._role,
            "message": redacted(_message(record), self._secrets),
            **getattr(record, "about", {}),
        }
        if record.exc_info:
            line["fault"] = redacted(_fault(record), self._secrets)
        return json.dumps(line)


def configure(settings: Settings, role: str) -> None:
    """Sets the log of this process up, once: one handler on stderr, ours from SILLAGE_LOG_LEVEL, others from warnings.

    What the clients say below that may show whole records. Faults that nobody catches are logged too, and not printed.
    """
    global _hashed  # The hash goes where logging itself is: one for the process.
    _hashed = hasher(settings)
    secrets = secrets_of(settings)
    handler = logging.StreamHandler()
    handler.setFormatter(Json(role, secrets) if settings.log == "json" else Text(secrets))
    for filter_ in (Discreet(), Sparing()):
        handler.addFilter(filter_)
    logging.raiseExceptions = False
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[handler], force=True)
    for room in ("sillage", *OURS):
        logging.getLogger(room).setLevel(level)
    logging.captureWarnings(True)
    sys.excepthook = lambda _kind, fault, _frames: _uncaught(fault)
    threading.excepthook = lambda given: _uncaught(given.exc_value)
    sys.unraisablehook = lambda given: _uncaught(given.exc_value)


def loop_fault(_loop: AbstractEventLoop, context: Mapping[str, Any]) -> None:
    """The exception handler of an event loop: asyncio's own would show whatever a task's fault holds."""
    log.error("%s", context.get("message", "a fault on the loop"), exc_info=context.get("exception"))


def _uncaught(fault: BaseException | None) -> None:
    if isinstance(fault, KeyboardInterrupt):
        return
    log.critical("a fault that nobody caught; report it with these lines", exc_info=fault)


def _sayable(value: object) -> object:
    return said(value) if isinstance(value, BaseException) else value


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        return f"{record.msg} (with values that do not fit)"


def _fault(record: logging.LogRecord) -> str:
    return traced(record.exc_info[1]) if record.exc_info else ""
