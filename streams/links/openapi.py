"""The OpenAPI description of what `sillage serve` answers, from the models that answer it."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from streams.links.apptokens import AUDIENCE
from streams.links.inbox import FEWEST_ITEMS, ITEMS, MOST_ITEMS, PROBLEM, Page, Problem

_PROBLEMS = {
    400: "A parameter is not understood: `bad_limit`, `bad_before`.",
    401: "`token_missing`, `token_unreadable`, `token_wrong`, `token_expired`, `token_lasting` or `token_long`.",
    404: "`no_message`: the inbox has no such message.",
    503: "`later`: Kafka or Redis does not answer; ask again after `Retry-After` seconds.",
}
_TOKEN = "What a link of a message holds: who and what it is about, sealed."


def openapi() -> dict[str, Any]:
    """The document, version 3.1; a test holds its paths against the routes of the server."""
    _, schemas = msgspec.json.schema_components([Page, Problem], ref_template="#/components/schemas/{name}")
    scheme = {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": f"Signed by the app's server with HS256: kid, sub, exp, aud {AUDIENCE} (docs/channels.md).",
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "sillage serve",
            "version": "1",
            "description": "The app's inbox, the links of messages, and the calls of providers. Instants are in "
            "milliseconds since 1970, UTC.",
        },
        "paths": {**_inbox(), **_pages(), **_followed(), **_others()},
        "components": {"schemas": schemas, "securitySchemes": {"app": scheme}},
    }


def _inbox() -> dict[str, Any]:
    limit = {"type": "integer", "minimum": FEWEST_ITEMS, "maximum": MOST_ITEMS, "default": ITEMS}
    asked = [
        _query("limit", "Messages of a page.", limit),
        _query("before", "The `next` of the page before.", {"type": "string"}),
        {**_query("If-None-Match", "The `ETag` that is known.", {"type": "string"}), "in": "header"},
    ]
    tag = {"ETag": {"description": "Of this page; it changes when the page does.", "schema": {"type": "string"}}}
    page = {"description": "A page of the inbox, the newest first.", "headers": tag, "content": _holds("Page")}
    unchanged = {"description": "The page is as `If-None-Match` knows it.", "headers": tag}
    listed = _asked("listInbox", "What lies in the inbox", {200: page, 304: unchanged}, (400, 401, 503), asked)
    done = {204: _said("It is, and was told to journeys once.")}
    id_ = [_path("id", "The id of a message of the inbox.")]
    return {
        "/inbox": {"get": listed},
        "/inbox/{id}/read": {"post": _asked("read", "One was read: `message.opened`", done, (401, 404, 503), id_)},
        "/inbox/{id}/dismiss": {
            "post": _asked("dismiss", "One is taken out: `message.dismissed`", done, (401, 503), id_)
        },
    }


def _pages() -> dict[str, Any]:
    body = {"content": {"application/x-www-form-urlencoded": {"schema": {"type": "object"}}}}
    found = {}
    for path, what in (("u", "No to a topic on a channel"), ("p", "What a person wants to hear")):
        about = {"parameters": [_path("token", _TOKEN)]}
        shown = {200: _html("The page; looking changes nothing."), 404: _html("The token is none of ours.")}
        kept = {**shown, 200: _html("It is kept."), 503: _html("It may not be kept; say it again.")}
        found[f"/{path}/{{token}}"] = {
            **about,
            "get": {"operationId": f"show-{path}", "summary": what, "responses": _by_status(shown)},
            "post": {
                "operationId": f"keep-{path}",
                "summary": what,
                "requestBody": body,
                "responses": _by_status(kept),
            },
        }
    return found


def _followed() -> dict[str, Any]:
    led = {302: _said("To what the link was made for."), 404: _html("The link is none of ours.")}
    trap = {204: _said("The link that no person sees.")}
    opened = {200: {"description": "An image of one point.", "content": {"image/gif": {}}}, 404: led[404]}
    away = {503: _html("Redis does not answer; try again.")}
    ways = (
        ("/c/{token}", "A tracked link is followed", led | trap),
        ("/o/{token}", "A mail is opened", opened),
        ("/s/{code}", "A short link is followed", led | away),
        ("/q/{code}", "A code on paper is scanned", led | away),
    )
    drawn = {
        200: {"description": "The code as a picture.", "content": {"image/svg+xml": {}, "image/png": {}}},
        404: led[404], **away,
    }  # fmt: skip
    pictures = {
        f"/{path}/{{code}}.{{form}}": {
            "parameters": [_path("code", "A short code of a message."), _path("form", "`svg` or `png`.")],
            "get": {"operationId": operation, "summary": f"The picture of {what}", "responses": _by_status(drawn)},
        }
        for path, operation, what in (("q", "draw", "a code"), ("s", "draw-s", "a short link"))
    }
    return pictures | {
        path: {
            "parameters": [_path(path[4:-1], _TOKEN if "token" in path else "A short code of a message.")],
            "get": {"operationId": f"follow-{path[1]}", "summary": what, "responses": _by_status(answers)},
        }
        for path, what, answers in ways
    }


def _others() -> dict[str, Any]:
    called = {
        200: _said("What was told is kept, in the words that the provider expects."),
        400: _said("The call is signed, and cannot be read."),
        401: _said("The call is not signed by who was named."),
        404: _html("No such provider is named in SILLAGE_INBOUND."),
        503: _html("It could not be kept; call again."),
    }
    answers = _by_status(called)
    known = {200: _said("It is."), 503: _said("Not yet.")}
    return {
        "/in/{provider}": {
            "parameters": [_path("provider", "A name of SILLAGE_INBOUND (docs/inbound.md).")],
            "get": {"operationId": "prove", "summary": "A provider proves the address", "responses": answers},
            "post": {
                "operationId": "tell",
                "summary": "A provider tells what became of messages",
                "responses": answers,
            },
        },
        "/live": _probe("live", "Whether the process lives", {200: known[200]}),
        "/ready": _probe("ready", "Whether it may be asked", known),
    }


def _asked(
    name: str, summary: str, answers: Mapping[int, Any], problems: Iterable[int], parameters: list[Any]
) -> dict[str, Any]:
    wrong = {status: {"description": _PROBLEMS[status], "content": _holds("Problem", PROBLEM)} for status in problems}
    return {
        "operationId": name,
        "summary": summary,
        "security": [{"app": []}],
        "parameters": parameters,
        "responses": _by_status({**answers, **wrong}),
    }


def _probe(name: str, summary: str, answers: Mapping[int, Any]) -> dict[str, Any]:
    return {"get": {"operationId": name, "summary": summary, "responses": _by_status(answers)}}


def _by_status(answers: Mapping[int, Any]) -> dict[str, Any]:
    return {str(status): answers[status] for status in sorted(answers)}


def _said(description: str) -> dict[str, Any]:
    return {"description": description}


def _html(description: str) -> dict[str, Any]:
    return {"description": description, "content": {"text/html": {"schema": {"type": "string"}}}}


def _holds(schema: str, kind: str = "application/json") -> dict[str, Any]:
    return {kind: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def _path(name: str, description: str) -> dict[str, Any]:
    return {
        "name": name, "in": "path", "required": True, "description": description, "schema": {"type": "string"},
    }  # fmt: skip


def _query(name: str, description: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": description, "schema": schema}
