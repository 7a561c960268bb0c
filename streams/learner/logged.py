"""Decisions of the past as off-policy estimates want them: read off traces, joined with what became of each."""

from collections import Counter
from math import prod
from typing import Any, NamedTuple

from engine import trace
from engine.decision import Line, Trace
from streams.learner.chances import Terms, chances
from streams.learner.offpolicy import Logged
from streams.learner.outcomes import drawn_of, is_number
from streams.learner.policies import Policy

UNDRAWN = "nothing was drawn, or the project keeps it off the trace"
AVAILABLE = ("made", "behind")
"""The fates of candidates that could have been made: of those behind, policy was not asked."""


class Choice(NamedTuple):
    """One choice among offers whose draws are on its trace."""

    action: str
    offers: list[str]
    terms: list[Terms]
    values: list[float]
    chosen: int
    floor: float

    def logged(self, won: bool, policy: Policy, *, by_value: bool) -> Logged:
        """As one decision of a log: it brought its value, or one win."""
        worth = self.values if by_value else [1.0] * len(self.values)
        return Logged(
            chances(self.terms, self.floor),
            self.chosen,
            worth[self.chosen] * won,
            policy.target(self.offers, self.terms),
            [each.mean * value for each, value in zip(self.terms, worth, strict=True)],
        )


class Choices:
    """Gathers choices by the action that they led to; `left_out` counts the others by why."""

    def __init__(self, catalog: str = "") -> None:
        self.found: dict[str, Choice] = {}
        self.left_out: Counter[str] = Counter()
        self._catalog = catalog

    def take(self, told: Trace) -> None:
        """Takes what a trace tells of choices; the same one again changes nothing."""
        for line in told.lines:
            if line.what == trace.OFFERED and self._catalog in ("", line.data.get("catalog")):
                made = _made(told, line)
                if made is not None and made.data["action"] not in self.found:
                    self._take(told, line, made)

    def _take(self, told: Trace, line: Line, made: Line) -> None:
        if line.data.get("more"):
            self.left_out["more candidates than a trace holds"] += 1
            return
        rows = [each for each in line.data.get("candidates", ()) if each.get("code") in AVAILABLE]
        if sum(each["code"] == "made" for each in rows) != 1:
            self.left_out["several offers at once"] += 1
            return
        segment = made.data.get("segment", "")
        terms = [_terms(told, str(line.data["catalog"]), segment, each) for each in rows]
        known = [each for each in terms if each is not None]
        if len(known) < len(terms):
            self.left_out[UNDRAWN] += 1
            return
        self.found[made.data["action"]] = Choice(
            str(made.data["action"]),
            [str(each["offer"]) for each in rows],
            known,
            [float(each["value"]) for each in rows],
            next(place for place, each in enumerate(rows) if each["code"] == "made"),
            float(told.context.get("floor", 0.0)),
        )


def _made(told: Trace, line: Line) -> Line | None:
    """The line of the message that a choice led to."""
    return next(
        (
            each
            for each in told.lines
            if each.what == trace.SENT
            and (each.enrollment, each.node) == (line.enrollment, line.node)
            and each.data.get("offer") == f"{line.data.get('catalog')}/{line.code}"
        ),
        None,
    )


def _terms(told: Trace, catalog: str, segment: str, row: dict[str, Any]) -> Terms | None:
    drawn = drawn_of(told, f"{catalog}/{row['offer']}", row["channel"], segment)
    parts: list[Any] = [row.get(name) for name in ("context", "value", "lever")]
    if drawn is None or not all(map(is_number, parts)):
        return None
    return Terms(*drawn, prod(parts))
