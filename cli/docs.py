"""`sillage docs`: a page for each journey of a folder, for people who read no YAML."""

from html.parser import HTMLParser
from pathlib import Path

import click

from cli.errors import CliError
from cli.lives import Seen, play
from cli.livesfolder import Catalogs, Lives, catalogs_of, definitions_at
from engine import trace
from engine.decision import Action
from journeys.flow.read import flow_of
from journeys.graph.layout import laid_out
from journeys.graph.mermaid import mermaid
from journeys.graph.svg import svg
from journeys.lives import Life, local
from journeys.messages.model import Message
from journeys.messages.render import Rendered, channels_of, render
from journeys.model import Journey, Send
from journeys.model.nodes import CONVERSATION
from journeys.model.walk import all_nodes
from journeys.prose.html import PICTURE, html
from journeys.prose.page import Example, Reading, contents, page
from journeys.prose.words import code, duration, several

ENDINGS = {"markdown": "md", "html": "html"}


@click.command()
@click.argument("folder", type=click.Path(exists=True, path_type=Path))
@click.option("--format", "form", type=click.Choice(list(ENDINGS)), default="markdown", help="Default markdown.")
@click.option(
    "-o",
    "out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("journey-docs"),
    metavar="DIR",
    help="Where the pages go; default journey-docs.",
)
def docs(folder: Path, form: str, out: Path) -> None:
    """Write a page for each journey of FOLDER in plain language, and a table of contents.

    Who enters, what they get and when, when it ends, the messages as they are read, the lives as examples, the graph.
    """
    lives = definitions_at(folder)
    if "index" in lives.folder.journeys:
        raise CliError("a journey is named index, as the table of contents is; rename it")
    out.mkdir(parents=True, exist_ok=True)
    journeys = [loaded.model for _, loaded in sorted(lives.folder.journeys.items())]
    catalogs = catalogs_of(lives.folder, lives.lives)
    for journey in journeys:
        _write(out / f"{journey.journey}.{ENDINGS[form]}", _page(lives, catalogs, journey, form))
    text = contents("Journeys", journeys, ENDINGS[form])
    _write(out / f"index.{ENDINGS[form]}", text if form == "markdown" else html(text, "Journeys"))


def _page(lives: Lives, catalogs: Catalogs, journey: Journey, form: str) -> str:
    own = [life for life in lives.lives if life.journey == journey.journey]
    played = [(life, play(life, catalogs[life.journey, life.beside])) for life in own]
    readings = _readings(lives.folder.messages, journey, played)
    examples = [_example(life, seen) for life, seen in played]
    flow = flow_of(journey)
    if form == "markdown":
        return page(journey, readings, examples, f"```mermaid\n{mermaid(flow)}```")
    title = journey.title or journey.journey
    return html(page(journey, readings, examples, PICTURE), title, svg(laid_out(flow), title), "index.html")


def _readings(messages: dict[str, Message], journey: Journey, played: list[tuple[Life, Seen]]) -> list[Reading]:
    """Each message on each channel that it is sent on, with the values of the first life in which it left."""
    found: dict[tuple[str, str], Reading] = {}
    for life, seen in played:
        for action in seen.actions:
            key = (action.message, action.channel)
            if key not in found:
                found[key] = _reading(messages[action.message], action, life)
    for _, node in all_nodes(journey):
        if isinstance(node, Send) and node.send in messages:
            message = messages[node.send]
            # In a conversation it is the channel on which the customer is: any that the message has.
            alone = [node.channel] if node.channel and node.channel != CONVERSATION else channels_of(message)
            for channel in node.channels or alone:
                found.setdefault((message.name, channel), _unsent(message, channel))
    return [found[key] for key in sorted(found)]


def _reading(message: Message, action: Action, life: Life) -> Reading:
    rendered = render(message, action.channel, action.variables, action.language, action.journey)
    sample = f"As the customer of “{life.name}” reads it."
    return Reading(message.name, action.channel, message.head.class_, rendered.subject, body_of(rendered), sample)


def _unsent(message: Message, channel: str) -> Reading:
    rendered = render(message, channel, {})
    sample = "No life gets it; what depends on the person is empty here."
    return Reading(message.name, channel, message.head.class_, rendered.subject, body_of(rendered), sample)


def body_of(rendered: Rendered) -> str:
    """What is read of it as text."""
    if rendered.text:
        return rendered.text
    if rendered.html:
        reader = _Text()
        reader.feed(rendered.html)
        return "\n".join(line.strip() for line in "".join(reader.found).splitlines() if line.strip())
    return "\n".join(f"{name}: {value}" for name, value in rendered.data.items())


class _Text(HTMLParser):
    """What stands between the tags of a message, without what nobody sees."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("style", "script", "title")
        self.found.append("\n" if tag in ("p", "br", "li", "tr", "div", "h1", "h2", "h3") else "")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("style", "script", "title")

    def handle_data(self, data: str) -> None:
        self.found.append("" if self._hidden else data)


def _example(life: Life, seen: Seen) -> Example:
    lines = _person(life)
    for step in life.steps:
        when = local(step.at, life.zone).replace("T", " ") if step.at is not None else ""
        if step.after is not None:
            when = f"{duration(step.after)} later"
        if step.type:
            about = ", ".join(f"{name} {value}" for name, value in step.properties.items())
            lines.append(f"{when}: {code(step.type)}" + (f" ({code(about)})" if about else ""))
        else:
            lines.append(f"{when}.")
    got = several(
        (f"{code(name)} at {at.replace('T', ' ')}" for name, _, at in (each.partition("@") for each in seen.sent)),
        "and",
    )
    lines.append(f"Gets {got}." if got else "Gets nothing.")
    if seen.refused:
        lines.append(f"Refused: {several(map(code, seen.refused), 'and')}.")
    if seen.tasks:
        lines.append(f"Work asked of people: {several(map(code, seen.tasks.values()), 'and')}.")
    outcomes = [outcome for _, outcome in seen.outcomes]
    entered = any(line.what == trace.ENTERED for found in seen.traces for line in found.lines)
    end = "Is still inside at the end." if entered else "Does not enter."
    lines.append(f"Leaves as {several(map(code, outcomes), 'and')}." if outcomes else end)
    return Example(life.name, lines)


def _person(life: Life) -> list[str]:
    """Who it is, as far as the life says."""
    person = life.person
    said = [
        f"consent to {topic} by {several(channels, 'and')}" for topic, channels in person.consent.items() if channels
    ]
    said += [code(f"{name} {value}") for name, value in person.attributes.items()]
    said += [f"the tags {several(person.tags, 'and')}"] if person.tags else []
    said += [f"the arm {arm} of {split}" for split, arm in life.arms.items()]
    said += ["a place in the control group"] if life.holdout else []
    return [f"A customer with {several(said, 'and') or 'no consent'}."]


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    click.echo(f"wrote {path}")
