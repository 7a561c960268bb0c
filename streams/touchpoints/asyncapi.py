"""The AsyncAPI document of what upstream systems may publish, and of where that goes which cannot be processed."""

from importlib.metadata import version
from io import StringIO
from typing import Any

from ruamel.yaml import YAML

from streams.broker.topic_table import declare
from streams.settings import Settings

TOUCHPOINT_SCHEMA = "schemas/touchpoint.schema.json"
_CHANNEL = "touchpoints"
_TEXT = {"type": "string", "minLength": 1}
_EXTENSIONS = {
    "subject": _TEXT | {"description": "The customer."},
    "time": {"type": "string", "description": "When it happened, else its arrival."},
    "channel": _TEXT | {"description": "Where it happened, else what the topic is named after."},
    "brand": _TEXT | {"description": "The brand it was sent under."},
    "traceparent": _TEXT | {"description": "The trace that goes on where traces are on: W3C Trace Context."},
}
_DATA = {
    "type": "object",
    "description": "The properties. `identifiers` and `place` inside are those of the touchpoint.",
    "properties": {part: {"$ref": f"./{TOUCHPOINT_SCHEMA}#/properties/{part}"} for part in ("identifiers", "place")},
}


def asyncapi() -> str:
    """The document as YAML (AsyncAPI 3.0.0)."""
    text = StringIO()
    yaml = YAML()
    yaml.width = 120
    yaml.representer.ignore_aliases = lambda *_: True
    yaml.dump(document(), text)
    return text.getvalue()


def document() -> dict[str, Any]:
    """The document. Its channels, retention and limits are those of the table of topics."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Sillage touchpoints",
            "version": version("sillage"),
            "description": "What upstream systems publish for Sillage. docs/events.md tells the same in words.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {_CHANNEL: _touchpoints(), "deadLetters": _dead_letters()},
        "operations": {
            "takeTouchpoint": {
                "action": "receive",
                "channel": {"$ref": f"#/channels/{_CHANNEL}"},
                "summary": "Sillage takes every touchpoint and decides what to do next for its customer.",
            },
            "putAsideDeadLetter": {
                "action": "send",
                "channel": {"$ref": "#/channels/deadLetters"},
                "summary": "Sillage puts aside what it cannot process, whole and with the reason.",
            },
        },
        "components": {"messages": {name: make() for name, make in _MESSAGES.items()}},
    }


def _touchpoints() -> dict[str, Any]:
    return {
        "address": "{prefix}.touchpoints.{channel}",
        "description": "What happened. Key each record by the customer's id where you can: it saves a hop. "
        "What is about the business has the customer *, and is taken to every customer at a pace (docs/fanout.md).",
        "parameters": _parameters(),
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in ("plain", "structured", "binary")},
        "bindings": {"kafka": _kafka("touchpoints.web")},
    }


def _dead_letters() -> dict[str, Any]:
    return {
        "address": "{prefix}.touchpoints.{channel}.dead",
        "description": "What could not be processed: the raw value, under its origin topic/partition/offset.",
        "parameters": _parameters(),
        "messages": {"deadLetter": {"$ref": "#/components/messages/deadLetter"}},
        "bindings": {"kafka": _kafka("touchpoints.web.dead")},
    }


def _parameters() -> dict[str, Any]:
    channels = Settings.model_fields["channels"].default.split(",")
    return {
        "prefix": {"default": "sillage", "description": "SILLAGE_PREFIX."},
        "channel": {"description": "Where the touchpoint comes from.", "examples": channels},
    }


def _kafka(name: str) -> dict[str, Any]:
    settings = Settings.model_construct()
    topic = next(topic for topic in declare(settings) if topic.name == settings.topic(name))
    kept = {key: int(topic.config[key]) for key in ("retention.ms", "max.message.bytes")}
    policy = {"cleanup.policy": [topic.config["cleanup.policy"]]}
    return {"partitions": topic.partitions, "topicConfiguration": policy | kept, "bindingVersion": "0.5.0"}


def _plain() -> dict[str, Any]:
    return {
        "title": "Plain JSON",
        "contentType": "application/json",
        "payload": {"$ref": f"./{TOUCHPOINT_SCHEMA}"},
        "bindings": _KEY,
        "examples": [{"payload": PLAIN_EXAMPLE}],
    }


def _structured() -> dict[str, Any]:
    required = ["specversion", "id", "source", "type"]
    return {
        "title": "CloudEvents 1.0, structured mode",
        "contentType": "application/cloudevents+json",
        "payload": {
            "type": "object",
            "required": required,
            "properties": {
                "specversion": {"const": "1.0"},
                **dict.fromkeys(required[1:], _TEXT),
                **_EXTENSIONS,
                "data": _DATA,
                "data_base64": {"type": "string"},
            },
        },
        "bindings": _KEY,
        "examples": [{"payload": CLOUD_EXAMPLE}],
    }


def _binary() -> dict[str, Any]:
    required = ["ce_specversion", "ce_id", "ce_source", "ce_type"]
    extensions = {f"ce_{name}": part for name, part in _EXTENSIONS.items()}
    return {
        "title": "CloudEvents 1.0, binary mode",
        "contentType": "application/json",
        "headers": {
            "type": "object",
            "required": required,
            "properties": {"ce_specversion": {"const": "1.0"}, **dict.fromkeys(required[1:], _TEXT), **extensions},
        },
        "payload": _DATA,
        "bindings": _KEY,
    }


def _dead_letter() -> dict[str, Any]:
    told = {
        "code": "What kind of fault, to count by.",
        "reason": "What is wrong and how to cure it.",
        "attempts": "How often it was tried.",
        "timestamp": "Of the record, in milliseconds.",
        "timestamp_type": "0 when the sender set it, 1 when the broker did.",
        "key": "Of the record, where it had one. Its own headers stand behind `original.`.",
    }
    return {
        "title": "Dead letter",
        "contentType": "application/octet-stream",
        "headers": {
            "type": "object",
            "required": list(told)[:5],
            "properties": {name: {"type": "string", "description": text} for name, text in told.items()},
        },
        "payload": {"description": "The raw bytes of the record's value."},
        "bindings": {"kafka": {"key": {"type": "string", "description": "topic/partition/offset"}}},
    }


_KEY = {"kafka": {"key": {"type": "string", "description": "The customer's id, if you know it."}}}
_MESSAGES = {"plain": _plain, "structured": _structured, "binary": _binary, "deadLetter": _dead_letter}
PLAIN_EXAMPLE: dict[str, Any] = {
    "id": "o-1001",
    "type": "order.placed",
    "customer": "c42",
    "occurred_at": "2026-03-02T18:00:00Z",
    "properties": {"total": 84.5},
}
CLOUD_EXAMPLE: dict[str, Any] = {
    "specversion": "1.0",
    "source": "/shop/eu",
    "id": "o-1001",
    "type": "order.placed",
    "subject": "c42",
    "time": "2026-03-02T18:00:00Z",
    "data": {"total": 84.5},
}
