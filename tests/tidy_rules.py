"""The rules of the house that no tool checks, each a function from one file to the faults found in it."""

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

FILE_LINES = 400
FUNCTION_LINES = 40

# Written so that this file does not fall under its own rules.
_UNFINISHED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b")
_VAGUE = re.compile(r"manager|helper|utils?(?![a-z])", re.IGNORECASE)
_PLACE = re.compile(
    r"(?<![\w.])/(?:home|root|Users|work|tmp)/\w"
    r"|(?<!\.\./)\bshared/(?!data/)"
    r"|\b(?:pypi|files\.pythonhosted|ghcr|quay|registry[\w-]*|index\.docker|repo\d?\.maven)\.(?:org|io|apache|com)\b"
)
_SENTENCE_END = re.compile(r"[.!?](?= +[A-Z])")


@dataclass(frozen=True)
class Source:
    """One file: its path from the root of the checkout, and its text."""

    path: str
    text: str

    @property
    def is_python(self) -> bool:
        return self.path.endswith(".py")

    @property
    def is_test(self) -> bool:
        return self.path.startswith("tests/")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)


Rule = Callable[[Source], Iterator[str]]


def docstring_is_one_sentence(source: Source) -> Iterator[str]:
    if not source.is_python or not source.text.strip():
        return
    first = (ast.get_docstring(source.tree) or "").split("\n\n")[0].replace("\n", " ").strip()
    if not first:
        yield "1: no docstring at its head; say in one sentence what the file is"
    elif _SENTENCE_END.search(first) or first[-1] not in ".!?":
        yield "1: the first paragraph of its docstring is not one sentence"


def files_are_short(source: Source) -> Iterator[str]:
    count = len(source.text.splitlines())
    if source.is_python and count >= FILE_LINES:
        yield f"{count}: {count} lines; think again at {FILE_LINES}"


def functions_are_short(source: Source) -> Iterator[str]:
    if not source.is_python:
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            documentation = 0
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                documentation = (first.end_lineno or 0) - first.lineno + 1
            count = (node.end_lineno or 0) - node.lineno + 1 - documentation
            if count >= FUNCTION_LINES:
                yield f"{node.lineno}: {node.name} has {count} lines; think again at {FUNCTION_LINES}"


def nothing_is_left_unfinished(source: Source) -> Iterator[str]:
    for number, line in enumerate(source.text.splitlines(), 1):
        if found := _UNFINISHED.search(line):
            yield f"{number}: {found.group()}; do it, or write an issue"


def no_code_sleeps_in_comments(source: Source) -> Iterator[str]:
    if not source.is_python:
        return
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type == tokenize.COMMENT and _is_code(token.string.lstrip("#").strip()):
            yield f"{token.start[0]}: commented-out code; remove it, the history keeps it"


def names_say_what_a_thing_does(source: Source) -> Iterator[str]:
    if _VAGUE.search(PurePosixPath(source.path).name):
        yield "1: the name of the file says nothing; name what it does"
    if not source.is_python:
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and _VAGUE.search(node.name):
            yield f"{node.lineno}: {node.name}; name what it does"


def no_circle_hides_from_the_types(source: Source) -> Iterator[str]:
    if not source.is_python:
        return
    for node in ast.walk(source.tree):
        names = {
            ast.Name: lambda node: node.id,
            ast.Attribute: lambda node: node.attr,
            ast.alias: lambda node: node.name,
        }
        if type(node) in names and names[type(node)](node) == "TYPE_CHECKING":
            yield f"{getattr(node, 'lineno', 1)}: TYPE_CHECKING hides a circle; move what both need down a floor"


def no_place_is_named(source: Source) -> Iterator[str]:
    for number, line in enumerate(source.text.splitlines(), 1):
        if found := _PLACE.search(line):
            yield f"{number}: names a place ({found.group()}); the house stands anywhere"


def tests_wait_for_conditions(source: Source) -> Iterator[str]:
    if not source.is_python or not source.is_test or source.path == "tests/waiting.py":
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and _is_sleep(node.func) and not _is_zero(node):
            yield f"{node.lineno}: sleeps and hopes; wait for the condition (tests/waiting.py)"


def _lines(node: ast.stmt) -> int:
    return (node.end_lineno or 0) - node.lineno + 1


def _is_sleep(called: ast.expr) -> bool:
    if isinstance(called, ast.Attribute):
        return called.attr == "sleep" and isinstance(called.value, ast.Name) and called.value.id in {"time", "asyncio"}
    return isinstance(called, ast.Name) and called.id == "sleep"


def _is_zero(call: ast.Call) -> bool:
    """A sleep of zero only lets the others run, and waits for nothing."""
    return len(call.args) == 1 and isinstance(call.args[0], ast.Constant) and call.args[0].value == 0


def _is_code(comment: str) -> bool:
    """Whether a comment reads as a statement that does something. Prose does not parse, or only as a name."""
    for text in (comment, f"{comment}\n    pass"):
        try:
            statements = ast.parse(text).body
        except (SyntaxError, ValueError):
            continue
        return any(_does_something(statement) for statement in statements)
    return False


def _does_something(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Call | ast.Await | ast.Yield)
    if isinstance(statement, ast.AnnAssign):
        return statement.value is not None
    return True


# Each rule with a sample in which it must find exactly one fault.
RULES: dict[Rule, str] = {
    docstring_is_one_sentence: '"""One. Two."""\n',
    files_are_short: '"""Long."""\n' + "\n" * FILE_LINES,
    functions_are_short: "def long():\n" + "    pass\n" * FUNCTION_LINES,
    nothing_is_left_unfinished: "# TO" + "DO: more\n",
    no_code_sleeps_in_comments: "# for row in rows:\n",
    names_say_what_a_thing_does: "class TopicManager:\n    pass\n",
    no_circle_hides_from_the_types: "from typing import TYPE_" + "CHECKING\n",
    no_place_is_named: "folder = '/" + "home/ada'\n",
    tests_wait_for_conditions: "import time\ntime.sleep(1)\n",
}
