"""A trace has a greatest size: what is beyond it is cut and counted, and what happened is given up last."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from engine import trace
from engine.decision import Line, Trace
from engine.trace import CODES, input_of
from engine.why.bounded import FIRST, MOST_BYTES, MOST_REASON, bounded

EVENT = {"id": "e", "type": "t", "customer": "c", "channel": "web", "occurred_at": 1, "received_at": 1}


def made(lines: list[Line], context: dict[str, Any] | None = None) -> Trace:
    return Trace("t", "c", 1, 1, {"event": EVENT, "at": 1}, lines, context or {})


def test_what_fits_stays_as_it_is() -> None:
    whole = made([Line(trace.SENT, data={"candidates": [{"offer": n} for n in range(50)]})])
    assert bounded(whole) is whole


def test_what_happened_is_kept_before_what_did_not() -> None:
    idle = [Line(trace.NOT_ENTERED, f"j{n}", code="where", why="x" * 400) for n in range(1_000)]
    cut = bounded(made([*idle, Line(trace.SENT, "j", data={"action": "a"}), Line(trace.REFUSED, "k")]))
    assert [line.what for line in cut.lines[-2:]] == [trace.SENT, trace.REFUSED]
    assert cut.lines[0].journey == "j0"
    assert cut.cut == len(idle) + 2 - len(cut.lines)
    assert cut.cut > 100


def test_of_a_long_list_the_winners_and_the_first_are_kept() -> None:
    many = [{"offer": f"o{n}", "code": "made" if n == 4_000 else "behind", "why": "y" * 60} for n in range(5_000)]
    line = bounded(made([Line(trace.OFFERED, "j", code="o4000", data={"candidates": many})])).lines[0]
    kept = line.data["candidates"]
    assert [each["offer"] for each in kept[:-1]] == [*(f"o{n}" for n in range(FIRST)), "o4000"]
    assert kept[-1] == "and 4989 more"


def test_a_reason_is_cut_and_says_how_long_it_was() -> None:
    line = bounded(made([Line(trace.ERROR, why="z" * 400_000)])).lines[0]
    assert line.why == f"{'z' * MOST_REASON}... (400000 characters)"


def test_the_input_is_never_cut() -> None:
    whole = made([Line(trace.ERROR, why="z" * 400_000)])
    large = msgspec.structs.replace(whole, input={"event": {**EVENT, "properties": {"p": "p" * 900_000}}, "at": 1})
    assert input_of(bounded(large)) == input_of(large)


@given(
    st.lists(
        st.builds(
            Line,
            st.sampled_from(sorted(CODES)),
            why=st.integers(0, 30_000).map(lambda n: "w" * n),
            data=st.dictionaries(st.sampled_from("abc"), st.integers(0, 20_000).map(lambda n: "é" * n)),
        ),
        max_size=40,
    ),
    st.integers(0, 300_000),
)
def test_no_trace_is_larger(lines: list[Line], answer: int) -> None:
    whole = made(lines, {"question": "a" * answer})
    cut = bounded(whole)
    assert len(msgspec.json.encode(cut.lines)) + len(msgspec.json.encode(cut.context)) <= MOST_BYTES + 16
    assert (cut.cut == 0) == (cut == whole)
    order = iter(lines)
    assert all(any(line.what == each.what for each in order) for line in cut.lines)
