"""What may be said of a fault in a log: its kind always, its message only where that holds nobody's data."""

import traceback
from pathlib import Path

OURS = ("cli", "local", "streams", "state", "channels")
"""Rooms whose messages name records and settings, never values; those of `engine` and `journeys` may show some."""
_KAFKA = ("aiokafka", "kafka")
_SYSTEM = ("builtins", "socket", "ssl")
_SHOWING = ("RefusalError", "ContextFault")
"""Faults of ours that show what was found, for a dead letter."""


class Said(str):
    """A text that a format's %r gives without quotes, as it does %s."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def said(fault: BaseException) -> Said:
    """One line: the kind, with the message where it may be shown, else with the place in the code.

    A message of a decoder, a template, an SMTP server or the language itself (`KeyError: 'c42'`) may hold what belongs
    to a customer, or a secret; nobody can tell by looking at it.
    """
    name = type(fault).__name__
    if isinstance(fault, BaseExceptionGroup):
        return Said(f"{name} of " + "; ".join(said(each) for each in fault.exceptions[:3]))
    if not _may_be_shown(type(fault)):
        return Said(f"{name}{_place(fault)}")
    text = " ".join(str(fault).split())
    return Said(f"{name}: {text}" if text else name)


def traced(fault: BaseException | None) -> str:
    """Where a fault and those behind it came from, frame by frame, as `said` tells of each; the first cause first."""
    parts: list[str] = []
    while fault is not None:
        frames = [f"  {_short(frame.filename)}:{frame.lineno} in {frame.name}" for frame in _frames(fault)]
        parts.insert(0, "\n".join([*frames, said(fault)]))
        fault = fault.__cause__ or (None if fault.__suppress_context__ else fault.__context__)
    return "\nwhich led to\n".join(parts)


def _may_be_shown(kind: type[BaseException]) -> bool:
    room = kind.__module__.partition(".")[0]
    if room in OURS:
        return kind.__name__ not in _SHOWING
    return room in _KAFKA or (room in _SYSTEM and issubclass(kind, OSError))


def _place(fault: BaseException) -> str:
    frames = _frames(fault)
    return f" at {_short(frames[-1].filename)}:{frames[-1].lineno}" if frames else ""


def _frames(fault: BaseException) -> traceback.StackSummary:
    return traceback.extract_tb(fault.__traceback__)


def _short(filename: str) -> str:
    return "/".join(Path(filename).parts[-3:])
