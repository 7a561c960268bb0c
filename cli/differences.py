"""What came of a life against what its designer expected: a diff, and the trace's own reason for each line of it."""

from collections.abc import Callable, Iterator
from difflib import ndiff
from typing import NamedTuple

from cli.lives import Seen, message_of
from engine import trace
from engine.decision import Line
from engine.why.sentences import short
from journeys.lives import Expected, local

TOLD = frozenset(
    {
        trace.ENTERED, trace.NOT_ENTERED, trace.CHOSEN, trace.WOKE, trace.NOT_WOKEN, trace.TIMED_OUT, trace.HELD,
        trace.SENT, trace.REFUSED, trace.HELD_OUT, trace.VOIDED, trace.EXPOSED, trace.RESTARTED, trace.STARTED,
        trace.JOINED, trace.COLLECTED, trace.REPEATED, trace.CALLED, trace.TASK_CLOSED, trace.NOT_EXITED, trace.EXITED,
        trace.ERROR, trace.DEFERRED, trace.DROPPED,
    }
)  # fmt: skip
"""The lines of a trace that decide which way a person goes."""
MOST = 8
"""Lines of one reason."""

Why = Callable[[bool, str], list["Said"]]


class Said(NamedTuple):
    """One line of a trace with its instant in ms."""

    at: int
    line: Line


def differences(expect: Expected, seen: Seen, zone: str = "UTC") -> list[str]:
    """What differs, as lines for a reader; none when all went as expected. What is not mentioned is not compared.

    Below each line of the diff stands what the traces say of it, in the local time of `zone`.
    """
    told = _Reasons(seen, zone)
    lines = [f"an event was refused at the door: {reason}" for reason in seen.dead]
    lines += told.differ("sent", expect.sent, seen.sent, told.of_message)
    lines += told.differ("refused", expect.refused, seen.refused, told.of_message)
    lines += told.differ("tasks", expect.tasks, list(seen.tasks.values()), told.of_task)
    if isinstance(expect.outcomes, list):
        found = [outcome for _, outcome in seen.outcomes]
        lines += told.differ("outcomes", expect.outcomes, found, told.of_outcome)
    elif expect.outcomes is not None:
        wanted = [f"{key}: {outcome}" for key, outcome in sorted(expect.outcomes.items())]
        found = [f"{key}: {outcome}" for key, outcome in sorted(dict(seen.outcomes).items())]
        lines += told.differ("outcomes", wanted, found, told.of_outcome)
    return lines


class _Reasons:
    """Finds what was said; the same reason is told once for one life."""

    def __init__(self, seen: Seen, zone: str) -> None:
        said = [Said(found.at, line) for found in seen.traces for line in found.lines]
        self._said = [each for each in said if each.line.what in TOLD]
        self._zone = zone
        self._told: list[tuple[Said, ...]] = []

    def differ(self, what: str, wanted: list[str] | None, found: list[str], why: Why) -> list[str]:
        """The diff of two lists, and below each line that differs why."""
        if wanted is None or wanted == found:
            return []
        lines = [f"{what}: expected (-), found (+)"]
        shown = [line for line in ndiff(wanted, found) if not line.startswith("?")]
        moved = {line[2:].partition("@")[0] for line in shown if line[0] == "+" and "@" in line}
        for line in shown:
            lines.append(f"  {line}")
            missing = line[0] == "-"
            # What came at another time is told where it stands as surplus.
            if line[0] == "+" or (missing and line[2:].partition("@")[0] not in moved):
                lines += [f"      {reason}" for reason in self._shown(tuple(why(missing, line[2:])), missing)]
        return lines

    def of_message(self, missing: bool, item: str) -> list[Said]:
        """A missing message: what else became of it, else the whole way; a surplus one: what led there."""
        name, _, rest = item.partition("@")
        about = [each for each in self._said if message_of(each.line) == name]
        if missing:
            return about or self._said
        moment = rest.partition(" ")[0]
        there = [each for each in about if local(each.at, self._zone) == moment]
        return self._way_to(there[-1]) if there else []

    def of_task(self, missing: bool, item: str) -> list[Said]:
        """The whole way, for a task that is not there."""
        return self._said if missing else []

    def of_outcome(self, missing: bool, item: str) -> list[Said]:
        """A missing outcome: why its rule did not hold, else the whole way; a surplus one: what led there."""
        outcome = item.rpartition(": ")[2]
        if missing:
            kept = [each for each in self._said if each.line.what == trace.NOT_EXITED and each.line.node == outcome]
            return kept or self._said
        left = [each for each in self._said if each.line.what == trace.EXITED and each.line.code == outcome]
        return self._way_to(left[-1]) if left else []

    def _way_to(self, last: Said) -> list[Said]:
        """What its enrollment went through before, from its last decision on."""
        own = [each for each in self._said if each.line.enrollment == last.line.enrollment]
        own = own[: own.index(last) + 1]
        decisions = (trace.ENTERED, trace.CHOSEN, trace.WOKE, trace.TIMED_OUT)
        since = [place for place, each in enumerate(own[:-1]) if each.line.what in decisions]
        return own[since[-1] if since else 0 :]

    def _shown(self, said: tuple[Said, ...], missing: bool) -> Iterator[str]:
        if not said:
            yield from ["no event of this life began the journey"] if missing and not self._said else []
            return
        if said in self._told:
            yield "as above"
            return
        self._told.append(said)
        if len(said) > MOST:
            yield f"({len(said) - MOST} lines before)"
        for each in said[-MOST:]:
            yield self._words(each)

    def _words(self, each: Said) -> str:
        line = each.line
        named = message_of(line)
        where = f"at {line.node}" if line.node and not named else ""
        parts = [local(each.at, self._zone), short(line), named, line.code, where]
        return " ".join(part for part in parts if part) + (f": {line.why}" if line.why else "")
