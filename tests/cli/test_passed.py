"""What lines of a trace say was passed, where no node behind it would say the same."""

import pytest

from cli.passed import passes
from engine.decision import Line
from engine.trace import CODES
from journeys.coverage import coverage
from journeys.flow.shape import Door, Flow, Stop, Way


def line(what: str, node: str = "n", code: str = "", enrollment: str = "e", **data: object) -> Line:
    assert what in CODES
    return Line(what, "j", enrollment, node, code, data=data)


def keys(*lines: Line) -> set[str]:
    return {key for _, (name, key) in passes(lines) if name == "n" and key}


@pytest.mark.parametrize(
    ("told", "found"),
    [
        (line("chosen", code="else"), {"else"}),
        (line("exposed", code="plain"), {"plain"}),
        (line("task_closed", code="done"), {"done"}),
        (line("woke", awaited=2), {"2"}),
        (line("woke", code="not_entered"), {"timed_out"}),
        (line("timed_out"), {"timed_out", "expired"}),
        (line("timed_out", code="no_date"), {"else"}),
        (line("branched", branches=["a", "b"]), {"a", "b"}),
        (line("repeated", code="1"), {"do"}),
        (line("repeated", code="most"), {"else"}),
        (line("repeated", code="until"), set()),
        (line("collected", code="time", count=0), {"else"}),
        (line("collected", code="time", count=2), set()),
        (line("collected", code="event"), set()),
        (line("refused", code="consent"), {"refused"}),
        (line("sent"), set()),
    ],
)
def test_a_line_names_its_way(told: Line, found: set[str]) -> None:
    assert keys(told) == found


def test_a_message_that_leaves_on_its_second_channel_was_not_refused() -> None:
    assert keys(line("refused"), line("sent")) == set()
    assert keys(line("refused"), line("refused")) == {"refused"}
    assert keys(line("refused"), line("sent", node="other")) == {"refused"}
    assert keys(line("refused"), line("sent", enrollment="other")) == {"refused"}


def test_what_did_not_happen_is_not_passed() -> None:
    quiet = (
        "not_entered",
        "not_woken",
        "not_exited",
        "goal",
        "not_goal",
        "voided",
        "fact",
        "segment",
        "alarm",
        "held_out",
    )
    assert list(passes(line(what) for what in quiet)) == []


def test_what_lies_before_and_around_something_reached_is_reached_too() -> None:
    inner = (
        Stop("silent", "wait", "wait 0s", ()),
        Stop("told", "send", "send m", ()),
        Stop("behind", "set", "set", ()),
    )
    choose = Stop("c", "choose", "choose", (), (Way("0", "if so", (), inner), Way("else", "else", ())))
    flow = Flow("j", "", (Door("a", "", ()),), (), (Stop("first", "wait", "wait 0s", ()), choose), ())
    missed = [item.what for item in coverage(flow, {("told", "")}).missed]
    assert missed == ["entry by a", "choose: else", "set (behind)"]
    assert coverage(flow, {("behind", "")}).percent == pytest.approx(100 * 6 / 8)
