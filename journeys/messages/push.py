"""A push message: what a designer writes in push.yaml, every value a template."""

from functools import lru_cache
from typing import Annotated

from pydantic import Field

from journeys.messages.template import TemplateFault
from journeys.model import Part
from journeys.problem import Problem
from journeys.structure import fit
from journeys.tree import Positions
from journeys.yaml import read

PART = "push.yaml"


class PushPart(Part):
    """messages/NAME/push.yaml: what stands on the screen, where a tap leads, and what only the app reads."""

    title: str = Field(min_length=1)
    body: str = Field(min_length=1)
    link: str = ""
    image: str = ""
    data: dict[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,79}$")], str] = Field(default_factory=dict)


def read_push(file: str, text: str) -> tuple[PushPart | None, Positions, list[Problem]]:
    """The part of one text, None with any fault, with where its values stand and all that does not fit."""
    result = read(file, text)
    problems = list(result.problems)
    positions = Positions(file, result.text, result.documents[0] if result.documents else None)
    if problems:
        return None, positions, problems
    if len(result.documents) != 1:
        what = "one mapping is expected in the file"
        return None, positions, [Problem(file, 1, 1, "J001", what, "write `title:` and `body:`")]
    part, faults = fit(PushPart, positions)
    return (None if faults else part), positions, faults


@lru_cache(maxsize=1024)
def push_part(text: str) -> PushPart:
    """The part of a text that `check` found sound. Raises TemplateFault for any other."""
    part, _, problems = read_push(PART, text)
    if part is None:
        raise TemplateFault("; ".join(map(str, problems)))
    return part
