"""`sillage offpolicy` at a terminal: a table or JSON, one line of refusal, and what was left out."""

from collections import Counter
from typing import Any

import pytest
from click.testing import CliRunner

from cli.errors import CliError
from cli.main import main
from cli.offpolicy import POLICIES
from cli.offpolicyshown import estimated, left_out, shown
from streams.learner.chances import Terms
from streams.learner.evaluate import Log
from streams.learner.logged import Choice
from streams.learner.policies import NAMES


def log(number: int) -> Log:
    """Two offers of which the dearer is taken more seldom: of ten choices one of it wins, and two of the other."""
    choices = []
    for place in range(number):
        chosen = place % 2
        terms = [Terms(20, 80, 0, 1), Terms(20, 80, 0, 1)]
        choice = Choice(f"a{place}", ["cheap", "dear"], terms, [1.0, 5.0], chosen, 0.05)
        choices.append((choice, place % 10 in (0, 2, 1)))
    return Log(choices, Counter({"several offers at once": 3, "never": 0}))


def told(number: int, policy: str, floor: float = 0.05, by: str = "wins", **weights: float) -> dict[str, Any]:
    return estimated(log(number), policy, floor, weights, by, 0.95)


def test_a_table_for_people() -> None:
    lines = shown(told(1_000, "greedy", 0.0, dear=9.0), 0.95)
    assert lines[0] == "wins a decision, 95% interval"
    assert lines[1].split() == ["as", "it", "was", "0.3000", "0.2716", "to", "0.3284"]
    assert [line.partition("  ")[0].rstrip() for line in lines[2:5]] == [
        "greedy, inverse propensity", "greedy, self-normalised", "greedy, doubly robust",
    ]  # fmt: skip
    assert all(" 0.2000 " in line for line in lines[2:5])
    assert lines[5] == "1000 decisions weigh as much as 500; the heaviest counts 2.0 times"


def test_value_counts_what_an_offer_is_worth() -> None:
    found = told(1_000, "uniform", by="value")
    assert (found["policy"], found["by"], found["decisions"]) == ("uniform", "value", 1_000)
    # Of ten choices the cheap one wins twice, the dear one once.
    assert found["logged"]["mean"] == pytest.approx((2 * 1 + 1 * 5) / 10)
    assert found["ips"]["mean"] == pytest.approx(found["logged"]["mean"], abs=0.01)
    assert left_out(found["left_out"]) == "left out: 3 (several offers at once)"
    assert left_out({}) == ""


def test_a_log_that_says_too_little_is_refused_in_one_line() -> None:
    with pytest.raises(CliError) as refusal:
        told(40, "greedy")
    assert refusal.value.message == (
        "greedy: 40 decisions have a known outcome, expected 100 at least; wait for more; left out: 3 (several offers "
        "at once)"
    )


def test_a_weight_that_is_none_is_refused_and_every_policy_has_its_name() -> None:
    found = CliRunner().invoke(main, ["offpolicy", "greedy", "--weigh", "dear"])
    assert (found.exit_code, found.output) == (1, "Error: --weigh 'dear': expected OFFER=FACTOR such as shoes=2\n")
    assert POLICIES == NAMES
