"""JSON Schemas of the designer's YAML, generated from the models, for editors that complete and underline."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from journeys.model import Journey, MessageHead, Project

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Plain(GenerateJsonSchema):
    """Titles that only repeat a key are left out."""

    def field_title_should_be_set(self, schema: Any) -> bool:
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


def _schema(model: type[BaseModel], title: str) -> dict[str, Any]:
    written = _as_written(model.model_json_schema(schema_generator=_Plain))
    return {"$schema": DIALECT, **written, "title": title}


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
