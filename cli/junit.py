"""Results of lives as JUnit XML, in the form that Jenkins' xunit plugin describes and other CI systems read."""

import re
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement, indent, tostring

_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Case(NamedTuple):
    """One life that was played: `lines` tell what differs, none where it passed."""

    journey: str
    name: str
    file: str
    line: int
    lines: list[str]
    seconds: float


def junit(cases: Sequence[Case]) -> bytes:
    """A document with one suite for each journey and one test case for each life."""
    root = Element("testsuites", {"name": "sillage test", **_counts(cases)})
    for journey, group in groupby(sorted(cases, key=lambda case: case.journey), lambda case: case.journey):
        suite = list(group)
        about = {"name": journey, "file": _text(suite[0].file), "skipped": "0"}
        element = SubElement(root, "testsuite", {**about, **_counts(suite)})
        for case in suite:
            _add(element, case)
    indent(root)
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _add(suite: Element, case: Case) -> None:
    element = SubElement(suite, "testcase", classname=case.journey, name=_text(case.name), time=_time([case]))
    if case.lines:
        failure = SubElement(element, "failure", type="difference", message=_text(case.lines[0]))
        failure.text = _text("\n".join(case.lines))
    SubElement(element, "system-out").text = _text(f"{case.file}:{case.line}")


def _counts(cases: Sequence[Case]) -> dict[str, str]:
    failures = sum(bool(case.lines) for case in cases)
    return {"tests": str(len(cases)), "failures": str(failures), "errors": "0", "time": _time(cases)}


def _time(cases: Sequence[Case]) -> str:
    return f"{sum(case.seconds for case in cases):.3f}"


def _text(text: str) -> str:
    return _UNWRITABLE.sub("\ufffd", text)
