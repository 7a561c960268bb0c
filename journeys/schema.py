"""JSON Schemas of the designer's YAML, generated from the models, for editors that complete and underline."""

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from journeys.lives import Expected, Head, Moment, Outline, Person, Surroundings
from journeys.meanings import meaning
from journeys.messages.parts import ApprisePart, CrmPart, InappPart, PostalPart, PushPart, WebhookPart, WhatsappPart
from journeys.model import TRIGGERS, VERBS, Brand, Faq, Journey, MessageHead, Offers, Part, Project, Segment
from journeys.schemas.keywords import file_schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Plain(GenerateJsonSchema):
    """Titles that only repeat a key are left out."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


class _Life(Outline):
    """One life: a customer, what happens to them, and what shall come of it."""

    customer: Person = Person()
    context: Surroundings = Surroundings()
    play: list[Moment]
    expect: Expected


def journey_schema() -> dict[str, Any]:
    """The schema of journeys/NAME.yaml."""
    return _schema(Journey, "A Sillage journey")


def segment_schema() -> dict[str, Any]:
    """The schema of segments/NAME.yaml."""
    return _schema(Segment, "A Sillage segment")


def offers_schema() -> dict[str, Any]:
    """The schema of offers/NAME.yaml."""
    return _schema(Offers, "A catalog of offers of Sillage")


def faq_schema() -> dict[str, Any]:
    """The schema of faq/NAME.yaml."""
    return _schema(Faq, "A FAQ of Sillage")


def brand_schema() -> dict[str, Any]:
    """The schema of brands/NAME.yaml."""
    return _schema(Brand, "A brand of Sillage")


def project_schema() -> dict[str, Any]:
    """The schema of project.yaml."""
    return _schema(Project, "A Sillage project")


def message_schema() -> dict[str, Any]:
    """The schema of messages/NAME/message.yaml."""
    return _schema(MessageHead, "The head of a Sillage message")


def push_schema() -> dict[str, Any]:
    """The schema of messages/NAME/push.yaml."""
    return _schema(PushPart, "A Sillage message as a push")


def webhook_schema() -> dict[str, Any]:
    """The schema of messages/NAME/webhook.yaml."""
    return _schema(WebhookPart, "A Sillage message as a webhook")


def whatsapp_schema() -> dict[str, Any]:
    """The schema of messages/NAME/whatsapp.yaml."""
    return _schema(WhatsappPart, "A Sillage message on WhatsApp")


def postal_schema() -> dict[str, Any]:
    """The schema of messages/NAME/postal.yaml."""
    return _schema(PostalPart, "A Sillage message as a letter")


def inapp_schema() -> dict[str, Any]:
    """The schema of messages/NAME/inapp.yaml."""
    return _schema(InappPart, "A Sillage message in the app's inbox")


def crm_schema() -> dict[str, Any]:
    """The schema of messages/NAME/crm.yaml."""
    return _schema(CrmPart, "A Sillage message as an upsert at a CRM")


def webpush_schema() -> dict[str, Any]:
    """The schema of messages/NAME/webpush.yaml."""
    return _schema(PushPart, "A Sillage message as a push to a browser")


def apprise_schema() -> dict[str, Any]:
    """The schema of messages/NAME/apprise.yaml."""
    return _schema(ApprisePart, "A Sillage message to an endpoint of apprise")


def lives_schema() -> dict[str, Any]:
    """The schema of each document of lives/NAME.yaml: the head that names the journey, then one life after another."""
    head, life = _schema(Head, ""), _schema(_Life, "")
    shapes = {**head.pop("$defs", {}), **life.pop("$defs", {})}
    return {
        "$schema": DIALECT,
        "title": "Lives of a Sillage journey",
        "type": "object",
        "if": {"required": ["journey"]},
        "then": {key: value for key, value in head.items() if key not in ("$schema", "title")},
        "else": {key: value for key, value in life.items() if key not in ("$schema", "title")},
        "$defs": shapes,
    }


def schemas_schema() -> dict[str, Any]:
    """The schema of a file in schemas/."""
    return {"$schema": DIALECT, **file_schema(), "title": "What the events and customers of a company hold"}


EDITOR: dict[str, tuple[Callable[[], dict[str, Any]], str]] = {
    "journey.schema.json": (journey_schema, "journeys/*.yaml"),
    "lives.schema.json": (lives_schema, "lives/*.yaml"),
    "message.schema.json": (message_schema, "messages/*/message.yaml"),
    "push.schema.json": (push_schema, "messages/*/push.yaml"),
    "webhook.schema.json": (webhook_schema, "messages/*/webhook.yaml"),
    "whatsapp.schema.json": (whatsapp_schema, "messages/*/whatsapp.yaml"),
    "postal.schema.json": (postal_schema, "messages/*/postal.yaml"),
    "inapp.schema.json": (inapp_schema, "messages/*/inapp.yaml"),
    "crm.schema.json": (crm_schema, "messages/*/crm.yaml"),
    "webpush.schema.json": (webpush_schema, "messages/*/webpush.yaml"),
    "apprise.schema.json": (apprise_schema, "messages/*/apprise.yaml"),
    "segment.schema.json": (segment_schema, "segments/*.yaml"),
    "offers.schema.json": (offers_schema, "offers/*.yaml"),
    "faq.schema.json": (faq_schema, "faq/*.yaml"),
    "brand.schema.json": (brand_schema, "brands/*.yaml"),
    "schemas.schema.json": (schemas_schema, "schemas/*.yaml"),
    "project.schema.json": (project_schema, "project.yaml"),
}
"""Each schema of the designer's folder by file name, with the files that it is the schema of."""


def _schema(model: type[BaseModel], title: str) -> dict[str, Any]:
    written = _as_written(model.model_json_schema(schema_generator=_Plain))
    for name, shape in ((model.__name__, written), *written.get("$defs", {}).items()):
        _explain(name, shape)
    return {"$schema": DIALECT, **written, "title": title}


def _explain(model: str, shape: dict[str, Any]) -> None:
    """Gives each key of a mapping the sentence that an editor shows."""
    for key, property_ in shape.get("properties", {}).items():
        verb = (VERBS.get(key) or TRIGGERS.get(key) or Part).__name__ == model
        told = meaning(model, key, shape.get("description", ""), verb=verb)
        if told:
            property_["description"] = told


def _as_written(part: Any) -> Any:
    """A schema as YAML is written: a key is left out rather than null, and 1 is a whole number and a number at once."""
    if isinstance(part, list):
        return [_as_written(item) for item in part]
    if not isinstance(part, dict):
        return part
    kept = {key: value for key, value in part.items() if not (key == "default" and value is None)}
    among = [_as_written(item) for item in (*kept.pop("oneOf", ()), *kept.pop("anyOf", ())) if item != {"type": "null"}]
    result = {key: _as_written(value) for key, value in kept.items()}
    if len(among) == 1:
        return {**among[0], **result}
    return {**result, "anyOf": among} if among else result
