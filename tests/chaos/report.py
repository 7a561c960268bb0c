"""What a run tells: a line for each round, what was found wrong, and one last line."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from chaos.plan import Round
from chaos.verdict import Verdict

MOST_FINDINGS = 20


class Played(NamedTuple):
    """A round as it went: from when to when (ms), until all its inputs were decided, and how many there were."""

    planned: Round
    begin: int
    end: int
    inputs: int


def table(played: Sequence[Played], verdict: Verdict) -> list[str]:
    """A head and a line for each round; the pause is the longest that an input of the round waited."""
    lines = ["round  fault                     aimed at                 load    seconds  inputs  pause"]
    for each in played:
        planned = each.planned
        waited = [pause.waited for pause in verdict.pauses if each.begin <= pause.at < each.end]
        aim = "" if planned.aim is None or not _aims(planned.fault) else " ".join(planned.aim)
        load = "lazy" if planned.lazy else "eager"
        seconds, pause = (each.end - each.begin) / 1000, max(waited, default=0) / 1000
        lines.append(
            f"{planned.number + 1:5}  {planned.fault:24}  {aim:23}  {load:6}  {seconds:7.1f}  "
            f"{each.inputs:6}  {pause:4.1f}s"
        )
    return lines


def _aims(fault: str) -> bool:
    return fault.startswith(("worker killed", "worker stopped", "dispatcher"))


def wrongs(verdict: Verdict, seed: int, folder: str) -> list[str]:
    """What was found wrong, with what is needed to look for its cause; nothing where nothing was."""
    if not verdict.findings:
        return []
    lines = [str(finding) for finding in verdict.findings[:MOST_FINDINGS]]
    rest = len(verdict.findings) - len(lines)
    lines += [f"... and {rest} more"] if rest > 0 else []
    return [*lines, f"seed {seed}; logs and data are in {folder}"]


def last_line(played: Sequence[Played], verdict: Verdict, seed: int) -> str:
    """The run in one line."""
    faults = ", ".join(f"{name} {count}" for name, count in Counter(each.planned.fault for each in played).items())
    pause = max((each.waited for each in verdict.pauses), default=0) / 1000
    agrees = "the oracle agrees" if not verdict.findings else f"{len(verdict.findings)} findings"
    return (
        f"chaos, seed {seed}: {len(played)} rounds ({faults}), {verdict.inputs} inputs, {verdict.actions} actions, "
        f"missing {verdict.count('missing')}, doubled {verdict.count('doubled')}, wrong {verdict.count('wrong')}, "
        f"unresolved {verdict.unresolved}, critical repeats dropped {verdict.repeats}, "
        f"take-overs {verdict.epochs.takeovers}, late writes ignored {verdict.epochs.strays}, "
        f"longest pause {pause:.1f} s: {agrees}"
    )
