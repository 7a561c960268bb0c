"""The page of a journey: who enters, what they get and when, when it ends, its messages, examples and the graph."""

from collections.abc import Sequence
from typing import NamedTuple

from journeys.model import Journey
from journeys.prose.steps import listed
from journeys.prose.triggers import how_it_ends, what_is_measured, who_enters, within_budget


class Reading(NamedTuple):
    """One message as its recipient reads it on one channel; `sample` says whose values stand in it."""

    message: str
    channel: str
    class_: str
    subject: str
    body: str
    sample: str


class Example(NamedTuple):
    """One life: its name, and what happens in it, a line each."""

    name: str
    lines: Sequence[str]


def page(journey: Journey, readings: Sequence[Reading], examples: Sequence[Example], graph: str) -> str:
    """The page as Markdown; `graph` is what shows the graph, as Markdown or HTML."""
    parts = [
        f"# {plain(journey.title or journey.journey)}",
        f"`{journey.journey}`, topic **{journey.topic}**, priority {journey.priority} of 100.",
        "## Who enters",
        *who_enters(journey),
        f"Messages of class marketing leave only to people who consented to **{journey.topic}** on the channel.",
        *within_budget(journey),
        "## What they get, and when",
        "\n".join(listed(journey.steps)),
        "## When it ends",
        "\n".join(f"- {line}" for line in how_it_ends(journey)),
    ]
    measured = what_is_measured(journey)
    if measured:
        parts += ["## What is measured", *measured]
    if journey.on_error:
        parts += ["## If something fails", "\n".join(listed(journey.on_error))]
    if readings:
        parts += ["## The messages", *(part for reading in readings for part in _reading(reading))]
    if examples:
        parts += ["## Examples", *(part for example in examples for part in _example(example))]
    return "\n\n".join([*parts, "## The way as a picture", graph]) + "\n"


def contents(title: str, journeys: Sequence[Journey], ending: str) -> str:
    """The table of contents: each journey with its page, who enters, and what it sends for."""
    rows = [
        f"| [{plain(journey.title or journey.journey)}]({journey.journey}.{ending})"
        f" | {' '.join(who_enters(journey)).replace('|', '&#124;')} | {journey.topic} |"
        for journey in journeys
    ]
    return "\n".join([f"# {plain(title)}", "", "| journey | who enters | topic |", "|---|---|---|", *rows]) + "\n"


def plain(text: str) -> str:
    """Text as Markdown that reads as nothing but itself."""
    return "".join(f"\\{char}" if char in "\\`*_{}[]<>#|" else char for char in " ".join(text.split()))


def _reading(reading: Reading) -> list[str]:
    quoted = [f"**{plain(reading.subject)}**", "", *(plain(line) + "  " for line in reading.body.strip().splitlines())]
    return [
        f"### {reading.message}, by {reading.channel}",
        f"Class {reading.class_}. {reading.sample}",
        "\n".join(f"> {line}".rstrip(" ") + ("  " if line.endswith("  ") else "") for line in quoted),
    ]


def _example(example: Example) -> list[str]:
    return [
        f"### {plain(example.name[:1].upper() + example.name[1:])}",
        "\n".join(f"- {line}" for line in example.lines),
    ]
