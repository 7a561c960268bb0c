"""A problem is one line, whatever stands in it."""

from journeys.problem import Problem, did_you_mean, listed


def test_the_form_of_a_line() -> None:
    assert (
        str(Problem("a.yaml", 2, 3, "J012", "what is wrong", "the cure"))
        == "a.yaml:2:3: J012 what is wrong; hint: the cure"
    )
    assert str(Problem("a.yaml", 2, 3, "J012", "what is wrong")) == "a.yaml:2:3: J012 what is wrong"


def test_line_breaks_and_control_characters_are_escaped() -> None:
    line = str(Problem("a\nb.yaml", 1, 1, "J001", "x\r\ty\u2028\x1b[31m", "é\ud800"))
    assert line == r"a\nb.yaml:1:1: J001 x\r\ty\u2028\x1b[31m; hint: é\ud800"


def test_problems_sort_by_place() -> None:
    lines = [Problem("b", 1, 1, "J001", ""), Problem("a", 10, 1, "J001", ""), Problem("a", 2, 9, "J009", "")]
    assert [(problem.file, problem.line) for problem in sorted(lines)] == [("a", 2), ("a", 10), ("b", 1)]


def test_hints_name_what_is_near() -> None:
    assert did_you_mean("sendd", ["send", "set"]) == "did you mean `send`?"
    assert did_you_mean("frobnicate", ["send", "set"], "otherwise") == "otherwise"
    assert listed(["a", "b", "c"]) == "`a`, `b` or `c`"
    assert (listed(["a"]), listed([])) == ("`a`", "")
