"""Experiments and control groups as lines for a person at a terminal."""

from collections.abc import Iterator, Sequence

from cli.terminal import plain
from cli.topics import aligned
from streams.learner.report import MISMATCH, ArmReport, FactorReport, HoldoutReport, SplitReport
from streams.learner.statistics import Interval

_LIST = ("journey", "split", "arms", "people", "converted", "best so far", "lift", "p always", "shares")
_ARMS = ("arm", "share", "people", "converted", "rate", "95 %", "lift", "difference", "p one look", "p always", "best")
_HELD = ("journey", "group", "held out", "rate", "written to", "rate", "lift", "difference", "95 %", "p one look")
_CELLS = ("", "", "people", "converted", "rate", "95 %")


def listed(found: Sequence[SplitReport]) -> list[str]:
    """One line for each split, and a warning for each whose arms have not the people that their shares say."""
    if not found:
        return []
    lines = list(aligned([_LIST, *(_row(each) for each in found)]))
    return [*lines, *(line for each in found for line in _warning(each))]


def split_shown(found: SplitReport) -> list[str]:
    """One split: its arms beside the baseline, what the check of shares says, how to read it."""
    unit = "people" if found.per == "person" else "enrollments"
    rule = (
        f"winner by {found.method} from {found.first_look} people an arm on" if found.method else "no winner is sought"
    )
    lines = [f"{plain(found.journey)}: split {plain(found.split)}, {rule}; counted by {found.per}"]
    lines += aligned([_named(_ARMS, unit), *(_arm(each, found.baseline) for each in found.arms)])
    lines += _warning(found) or [f"shares: as they should be (p {_p(found.shares_p)})"]
    if found.moved:
        lines.append(f"{found.moved} people lost their arm and were drawn anew; they count in the first")
    if found.method == "thompson":
        lines.append("shares follow what is learned: read `best`, whose p-values beside it hold for fixed shares alone")
    else:
        lines.append(
            f"lift, difference and p compare with {plain(found.baseline)}; `p one look` holds if you look once"
        )
    return lines


def factors_shown(found: FactorReport) -> Iterator[str]:
    """Two splits together: each combination of arms."""
    one, other = map(plain, found.splits)
    yield f"{plain(found.journey)}: {one} with {other}"
    head = (one, other, *_CELLS[2:])
    rows = [
        (*map(plain, each.arms), str(each.people), str(each.converted), _percent(each.rate), _interval(each.interval))
        for each in found.cells
    ]
    yield from aligned([head, *rows])
    yield f"the two are drawn apart: p {_p(found.independent_p)}"
    if found.interaction is not None and found.interaction_p is not None:
        yield f"interaction: {_points(found.interaction)}, p {_p(found.interaction_p)}"


def holdouts_shown(found: Sequence[HoldoutReport]) -> list[str]:
    """Who was held out beside who was not."""
    if not found:
        return []
    rows = [
        (
            plain(each.journey) or "all journeys", each.group, str(each.held_people), _percent(each.held_rate),
            str(each.treated_people), _percent(each.treated_rate), _lift(each.lift), _points(each.difference),
            _points_interval(each.difference_interval), _p(each.p_value),
        )
        for each in found
    ]  # fmt: skip
    return ["control groups, compared with those who were written to:", *aligned([_HELD, *rows])]


def _row(found: SplitReport) -> tuple[str, ...]:
    ahead = max(found.arms, key=lambda each: each.best)
    people, converted = sum(each.people for each in found.arms), sum(each.converted for each in found.arms)
    return (
        plain(found.journey), plain(found.split), str(len(found.arms)), str(people), str(converted),
        f"{plain(ahead.arm)} ({ahead.best:.0%})", _lift(ahead.lift), "-" if ahead.always is None else _p(ahead.always),
        "WRONG" if found.mismatch else "ok",
    )  # fmt: skip


def _named(head: tuple[str, ...], unit: str) -> tuple[str, ...]:
    return tuple(unit if each == "people" else each for each in head)


def _arm(found: ArmReport, baseline: str) -> tuple[str, ...]:
    name = plain(found.arm) + (" (control)" if found.control else "")
    compared = ["-"] * 4
    if found.arm != baseline and found.difference is not None and found.difference_interval is not None:
        assert found.p_value is not None and found.always is not None
        difference = f"{_points(found.difference)} {_points_interval(found.difference_interval)}"
        compared = [_lift(found.lift), difference, _p(found.p_value), _p(found.always)]
    return (
        name, "-" if found.share is None else f"{found.share:.1%}", str(found.people), str(found.converted),
        _percent(found.rate), _interval(found.interval), *compared, f"{found.best:.1%}",
    )  # fmt: skip


def _warning(found: SplitReport) -> list[str]:
    if not found.mismatch:
        return []
    met = ", ".join(f"{plain(each.arm)} {each.people}" for each in found.arms)
    return [
        f"WARNING: {plain(found.journey)}, split {plain(found.split)}: the arms have not the people of their shares",
        f"  ({met}; p {_p(found.shares_p)}, below {MISMATCH:g}). Whatever made it so may have made the difference too:",
        "  conclude nothing until you know why.",
    ]


def _percent(rate: float) -> str:
    return f"{rate:.2%}"


def _interval(found: Interval) -> str:
    return f"{found.low:.2%} to {found.high:.2%}"


def _points(difference: float) -> str:
    """A difference of rates, in percentage points."""
    return f"{difference * 100:+.2f}"


def _points_interval(found: Interval) -> str:
    return f"({found.low * 100:+.2f} to {found.high * 100:+.2f})"


def _lift(lift: float | None) -> str:
    return "-" if lift is None else f"{lift:+.1%}"


def _p(p_value: float) -> str:
    return "<0.0001" if p_value < 0.0001 else f"{p_value:.4f}"
