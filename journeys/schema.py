"""JSON Schemas of the designer's YAML, generated from the models, for editors that complete and underline."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from journeys.model import Journey, MessageHead, Project

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Plain(GenerateJsonSchema):
    """Titles that only repeat a key are left out."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False


def journey_schema() -> dict[str, Any]:
    """The schema of journeys/NAME.yaml."""
    return _schema(Journey, "A Sillage journey")


def project_schema() -> dict[str, Any]:
    """The schema of project.yaml."""
    return _schema(Project, "A Sillage project")


def message_schema() -> dict[str, Any]:
    """The schema of messages/NAME/message.yaml."""
    return _schema(MessageHead, "The head of a Sillage message")


def _schema(model: type[BaseModel], title: str) -> JsonSchemaValue:
    return {"$schema": DIALECT, **model.model_json_schema(schema_generator=_Plain), "title": title}
