"""The parts of a message that are YAML, as templates: those of push, webhook, WhatsApp, letter, inbox and CRM."""

from functools import lru_cache
from typing import Annotated

from pydantic import Field

from journeys.duration import DAY_MS, Duration
from journeys.messages.languages import split
from journeys.messages.template import TemplateFault
from journeys.model import EventType, Part, Slug
from journeys.problem import Problem
from journeys.structure import fit
from journeys.tree import Positions
from journeys.yaml import read

Texts = dict[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,79}$")], str]

MAX_PUSH = 4_096
MAX_INAPP = 16_384
"""Bytes that a push, and a message in the app's inbox, has at most."""
MAX_WHATSAPP, MAX_PARAMETER = 4_096, 1_024
"""Characters of a text on WhatsApp, and of a parameter of a template."""
MIN_LINES, MAX_LINES, MAX_LINE = 2, 7, 70
"""Lines of the address of a letter, and characters of each."""


class PushPart(Part):
    """messages/NAME/push.yaml or webpush.yaml: what the screen shows, where a tap leads, what only the app reads."""

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


class WhatsappPart(Part):
    """messages/NAME/whatsapp.yaml: an approved template with its parameters, or a text that answers."""

    template: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,512}$")] = ""
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$")] = "en"
    header: str = ""
    image: str = ""
    body: list[str] | Texts = Field(default_factory=list)
    buttons: list[str] = Field([], max_length=10)
    text: str = ""

    @property
    def parameters(self) -> dict[str, str]:
        """What the template is filled with, by its place: `header`, `body.1` or `body.name`, `button.0`."""
        body = self.body if isinstance(self.body, dict) else {str(at): each for at, each in enumerate(self.body, 1)}
        return {
            **({"header": self.header} if self.header else {}),
            **{f"body.{name}": each for name, each in body.items()},
            **{f"button.{at}": each for at, each in enumerate(self.buttons)},
        }


class PostalPart(Part):
    """messages/NAME/postal.yaml: which letter the print house takes, whom it goes to, and what it is filled with."""

    letter: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")]
    address: list[str] = Field([], max_length=MAX_LINES)
    fields: Texts = Field(default_factory=dict)
    code: str = ""

    @property
    def places(self) -> dict[str, str]:
        """What the letter is filled with, by its place: `address.1`, `fields.name`, `code`."""
        return {
            **{f"address.{at}": line for at, line in enumerate(self.address, 1)},
            **{f"fields.{name}": text for name, text in self.fields.items()},
            **({"code": self.code} if self.code else {}),
        }


class InappPart(Part):
    """messages/NAME/inapp.yaml: what the app's inbox shows, where it leads, and for how long it is shown."""

    title: str = Field(min_length=1)
    body: str = Field(min_length=1)
    link: str = ""
    image: str = ""
    data: Texts = Field(default_factory=dict)
    until: Duration | None = None

    @property
    def shown_ms(self) -> int:
        """How long it is shown, a month as 30 days; 0 for as long as the inbox is kept."""
        span = self.until
        return 0 if span is None else (span.months * 30 + span.days) * DAY_MS + span.elapsed_ms


class CrmPart(Part):
    """messages/NAME/crm.yaml: the account, the record by a field that is unique, and what its other fields become."""

    to: Slug
    object: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,79}$")]
    id: Texts = Field(min_length=1, max_length=1)
    fields: Texts = Field(default_factory=dict)

    @property
    def places(self) -> dict[str, str]:
        """What the record is found and filled with, by its place: `id.email`, `fields.city`."""
        return {
            **{f"id.{name}": text for name, text in self.id.items()},
            **{f"fields.{name}": text for name, text in self.fields.items()},
        }


class ApprisePart(Part):
    """messages/NAME/apprise.yaml: the endpoint that is told, and what it is told."""

    to: Slug
    title: str = ""
    body: str = Field(min_length=1)


YamlPart = PushPart | WebhookPart | WhatsappPart | PostalPart | InappPart | CrmPart | ApprisePart
PARTS: dict[str, type[YamlPart]] = {
    "push.yaml": PushPart,
    "webpush.yaml": PushPart,
    "webhook.yaml": WebhookPart,
    "whatsapp.yaml": WhatsappPart,
    "postal.yaml": PostalPart,
    "inapp.yaml": InappPart,
    "crm.yaml": CrmPart,
    "apprise.yaml": ApprisePart,
}
"""By file name; the channel is what stands before the dot."""
FOR_SYSTEMS = ("webhook.yaml", "crm.yaml", "apprise.yaml")
"""Those that go to systems and endpoints of the house, and are in no language."""


def read_part(file: str, text: str) -> tuple[YamlPart | None, Positions, list[Problem]]:
    """The part of one text, by the name of its file; None with any fault, with where its values stand."""
    model = PARTS[split(file.rpartition("/")[2])[0]]
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
