"""What is promised of any folder whatever: an answer, soon, of whole lines that name a place and a cure."""

import re
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping

from journeys.checks import check
from journeys.codes import CODES
from journeys.lives import read_lives
from journeys.load import load_project
from journeys.problem import Problem

SECONDS = 5.0
"""No folder of the kind that is drawn here takes longer; most take some hundredths."""
JARGON = re.compile(
    r"Input should|pydantic|https://(?!shop\.example|`)|Traceback|(value|type)_error|ruamel|<class|object at 0x|@many|"
    r"@one|Value error|NoneType|frozenset|Mapping\(|Scalar\("
)

Files = Mapping[str, str]


def faults_of(files: Files) -> list[Problem]:
    """All that `check` finds, and all that reading the lives does."""
    found = check(load_project(files))
    for name in files:
        if name.startswith("lives/") and name.endswith(".yaml"):
            found += read_lives(name, files[name])[1]
    return found


def broken(files: Files, look: Callable[[Files], list[Problem]] = faults_of, met: Counter[str] | None = None) -> str:
    """The promise that does not hold for this folder, empty where all do; `met` counts the codes of faults."""
    begun = time.process_time()
    try:
        found = look(files)
    # Whatever it raises is what is looked for.
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return "raised " + "".join(traceback.format_exception(error)[-6:])
    took = time.process_time() - begun
    if took > SECONDS:
        return f"took {took:.1f} s"
    if met is not None:
        met.update(problem.code for problem in found)
    return next((lack for problem in found if (lack := _lack(problem, files))), "")


def _lack(problem: Problem, files: Files) -> str:
    line = str(problem)
    lines = files.get(problem.file, "").count("\n") + 2
    lines += sum(files.get(problem.file, "").count(sign) for sign in "\r\x85\u2028\u2029")
    wrong = {
        "a line break": len(line.splitlines()) != 1,
        "an unknown code": problem.code not in CODES,
        "no place": problem.line < 1 or problem.column < 1 or not problem.file,
        f"a place outside the file of {lines} lines": problem.line > lines,
        "no cure": not problem.hint,
        "nothing wrong": not problem.message,
        "words of a library": JARGON.search(line) is not None,
        "more than a person reads": len(line) > 2000,
    }
    return next((f"told {what}: {line}" for what, is_so in wrong.items() if is_so), "")
