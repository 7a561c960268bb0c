"""The parts of a message that are YAML: what a designer writes in push.yaml and webhook.yaml, as templates."""

from functools import lru_cache
from typing import Annotated

from pydantic import Field

from journeys.messages.template import TemplateFault
from journeys.model import EventType, Part, Slug
from journeys.problem import Problem
from journeys.structure import fit
from journeys.tree import Positions
from journeys.yaml import read

Texts = dict[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,79}$")], str]


class PushPart(Part):
    """messages/NAME/push.yaml: what stands on the screen, where a tap leads, and what only the app reads."""

    title: str = Field(min_length=1)
    body: str = Field(min_length=1)
    link: str = ""
    image: str = ""
    data: Texts = Field(default_factory=dict)


class WebhookPart(Part):
    """messages/NAME/webhook.yaml: the endpoint that is called, the type of its event, and what it is told."""

    to: Slug
    type: EventType
    data: Texts = Field(default_factory=dict)


YamlPart = PushPart | WebhookPart
PARTS: dict[str, type[PushPart] | type[WebhookPart]] = {"push.yaml": PushPart, "webhook.yaml": WebhookPart}
"""By file name; the channel is what stands before the dot."""


def read_part(file: str, text: str) -> tuple[YamlPart | None, Positions, list[Problem]]:
    """The part of one text, by the name of its file; None with any fault, with where its values stand."""
    model = PARTS[file.rpartition("/")[2]]
    result = read(file, text)
    problems = list(result.problems)
    positions = Positions(file, result.text, result.documents[0] if result.documents else None)
    if problems:
        return None, positions, problems
    if len(result.documents) != 1:
        required = " and ".join(f"`{name}:`" for name, field in model.model_fields.items() if field.is_required())
        what = "one mapping is expected in the file"
        return None, positions, [Problem(file, 1, 1, "J001", what, f"write {required}")]
    part, faults = fit(model, positions)
    return (None if faults else part), positions, faults


@lru_cache(maxsize=1024)
def sound_part(file: str, text: str) -> YamlPart:
    """The part of a text that `check` found sound. Raises TemplateFault for any other."""
    part, _, problems = read_part(file, text)
    if part is None:
        raise TemplateFault("; ".join(map(str, problems)))
    return part
