"""Faults of YAML in plain words, from those of its parser."""

from typing import Any

from ruamel.yaml.error import MarkedYAMLError

from journeys.tree import Mark

TAG = "tag:yaml.org,2002:"
"""How the tags of YAML itself begin."""
_WORDS = {
    "mapping values are not allowed here": (
        "a second `: ` in one line, or a line indented more than the one before",
        "quote a value that holds `: `, or align the line with its siblings",
    ),
    "could not find expected ':'": ("a key without `:`", "write `key: value`, or quote the text"),
    "found unexpected end of stream": ("a quote that opens here is never closed", "close the quote"),
    "found character '\\t' that cannot start any token": ("a tab cannot indent YAML", "indent with spaces"),
    "found a tab character that violates indentation": ("a tab cannot indent YAML", "indent with spaces"),
    "expected the node content, but found '<stream end>'": ("a `[` or `{` that is never closed", "close it"),
    "found unexpected document separator": ("`---` inside a quoted text", "close the quote before it"),
}


class YamlError(Exception):
    """Text that is not YAML, or not the YAML that a definition may use."""

    def __init__(self, message: str, mark: Mark, hint: str = "", lines: tuple[int, ...] = ()) -> None:
        super().__init__(message)
        self.message, self.mark, self.hint = message, mark, hint
        self.lines = lines or (mark.line,)


def strange_tag(tag: str, mark: Mark) -> YamlError:
    """The fault of a tag that definitions do not know."""
    what = f"the tag `{tag.replace(TAG, '!!')}` means nothing here"
    return YamlError(what, mark, "quote a text that starts with `!`")


def place(mark: Any) -> Mark:
    """The parser's mark as one of ours."""
    return Mark(mark.line + 1, mark.column + 1, mark.index) if mark else Mark()


def worded(error: MarkedYAMLError, opened: Mark) -> YamlError:
    """What the parser found, in plain words; `opened` is where the innermost open list or mapping begins."""
    problem = str(error.problem or error.context or "not YAML")
    marks = [place(mark) for mark in (error.problem_mark, error.context_mark) if mark] or [opened]
    at = marks[-1] if "end of stream" in problem else opened if "<stream end>" in problem else marks[0]
    message, hint = _WORDS.get(problem, (None, ""))
    if message is None and problem.startswith("expected ',' or "):
        message = f"the list or mapping that opens in line {marks[-1].line} is not closed before this"
        hint = "close it, or put `,` between its parts"
    if message is None and problem.startswith("expected <block end>"):
        message = "this does not fit what stands before it"
        hint = "align the line with its siblings, or quote the whole value"
    if message is None:
        message, hint = f"not YAML: {problem}", "look at this line and the one before"
    return YamlError(message, at, hint, tuple(mark.line for mark in marks))
