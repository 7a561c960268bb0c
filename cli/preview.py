"""`sillage preview`: a message as a person reads it, with the values of a life, of a file or of a customer."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from cli.docs import body_of
from cli.errors import CliError
from cli.folder import read_folders
from cli.lives import play
from cli.livesfolder import catalogs_of, definitions_at, played_with
from cli.settings import load_settings
from cli.terminal import plain
from engine.person import person_facts
from journeys.lives import Life
from journeys.load import Folder, load_project
from journeys.messages.missing import missing
from journeys.messages.model import Message
from journeys.messages.render import Rendered, channels_of, render, variables_of
from journeys.messages.template import LINKS, ROOTS, SCAN_URL, TemplateFault
from journeys.model import Send
from journeys.model.walk import all_nodes
from streams.broker.topics import partition_counts
from streams.links.qr import FORMS, data_url, picture
from streams.operations.customer import look_up
from streams.operations.sweep import Sweep
from streams.settings import Settings

EXAMPLES = {name: f"https://links.example/{name.partition('_')[0]}" for name in sorted(LINKS)}
EXAMPLES[SCAN_URL] = "https://links.example/q/Ab3dEf9h"
"""As long as those that leave, so that its code is as fine."""


class Sample(NamedTuple):
    """Values by root, the language, whose they are, and the journey that sends it, empty where none is known."""

    values: dict[str, Any]
    language: str
    whose: str
    journey: str = ""


@click.command()
@click.argument("message", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--channel", default="", help="On which channel; needed where the message has several.")
@click.option("--customer", default="", help="With the attributes of this customer, read from Kafka: personal data.")
@click.option(
    "--attributes",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="With those of a YAML or JSON file; `customer`, `entry`, `event` and `vars` may be keys of it.",
)
@click.option("--language", default="", help="As somebody of this language reads it, as fr or fr-CA.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write its HTML there.")
@click.option(
    "--qr",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the code that it has people scan there, as .svg or .png.",
)
def preview(
    message: Path,
    channel: str,
    customer: str,
    attributes: Path | None,
    language: str,
    out: Path | None,
    qr: Path | None,
) -> None:
    """Show a message as a person reads it: MESSAGE is its folder, messages/NAME.

    Without --customer and --attributes it has the values of the first life in which it leaves. What it names and has no
    value is listed below it, each with its place and the cure. Links are examples.
    """
    if customer and attributes:
        raise CliError("--customer and --attributes: both are given; give one of them")
    root, name = message.absolute().parent.parent, message.absolute().name
    reading = read_folders([root])[0]
    folder = load_project(reading.files)
    found = folder.messages.get(name)
    if found is None or message.absolute().parent.name != "messages":
        raise CliError(f"{message}: is no message that can be read; give its folder, such as messages/welcome")
    channel = _channel(found, channel)
    sample = _given(customer, attributes) or _lived(root, folder, found, channel)
    language = language or sample.language
    try:
        rendered = render(found, channel, {**sample.values, **EXAMPLES}, language, sample.journey)
        lacks = missing(found, folder.message_drafts[name], channel, language, sample.values)
    except TemplateFault as fault:
        raise CliError(f"message {name}: {fault.message}") from fault
    spoken = f", in {plain(language)}" if language and found.languages else ""
    click.echo(f"{name} by {channel}{spoken}, {sample.whose}")
    shown = (f"{reading.shown(each.file)}{str(each).removeprefix(each.file)}" for each in lacks)
    for line in (*_lines(rendered), *_html(rendered, out), *_code(found, channel, qr), *shown):
        click.echo(line)


def _channel(message: Message, asked: str) -> str:
    having = channels_of(message)
    if asked in having:
        return asked
    if not asked and len(having) == 1:
        return having[0]
    found = f"no text for {asked}" if asked else "several channels" if having else "no text"
    raise CliError(f"message {message.name}: has {found}; give --channel {' or '.join(having)}")


def _given(customer: str, attributes: Path | None) -> Sample | None:
    """The values that were asked for; None where none were."""
    if customer:
        facts = asyncio.run(_facts(load_settings(), customer))
        return Sample({"customer": facts}, str(facts.get("language") or ""), f"for customer {plain(customer)}")
    if attributes:
        values = _read(attributes)
        return Sample(values, str(values.get("customer", {}).get("language") or ""), f"with {attributes}")
    return None


def _lived(root: Path, folder: Folder, message: Message, channel: str) -> Sample:
    """The values of the first life in which the message leaves on the channel."""
    lives = definitions_at(root).lives if folder.journeys else []
    catalogs = catalogs_of(folder, lives)
    for life in sorted(lives, key=lambda each: not _names(folder, each, message.name)):
        for action in play(life, catalogs[life.journey, life.beside]).actions:
            if (action.message, action.channel) == (message.name, channel):
                whose = f"as the customer of the life “{life.name}” reads it"
                return Sample(action.variables, action.language, whose, action.journey)
    return Sample({}, "", "without values, since no life gets it")


def _names(folder: Folder, life: Life, message: str) -> bool:
    """Whether a journey of the life has a send of the message; offers send others."""
    nodes = (node for name in played_with(folder, life) for _, node in all_nodes(folder.journeys[name].model))
    return any(isinstance(node, Send) and node.send == message for node in nodes)


def _read(path: Path) -> dict[str, Any]:
    try:
        found = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except (YAMLError, UnicodeDecodeError) as fault:
        raise CliError(f"{path}: cannot be read as YAML; write `first_name: Ada`") from fault
    if not isinstance(found, dict):
        raise CliError(f"{path}: holds no mapping; write `first_name: Ada`, or `customer: {{first_name: Ada}}`")
    if not found.keys() <= set(ROOTS):
        return {"customer": found}
    wrong = next((name for name, value in found.items() if not isinstance(value, dict)), None)
    if wrong is not None:
        raise CliError(f"{path}: `{wrong}` holds no mapping; write `{wrong}: {{name: value}}`")
    return found


async def _facts(settings: Settings, customer: str) -> dict[str, Any]:
    if not customer.isprintable():
        raise CliError(f"customer {plain(customer)}: expected an id of UTF-8 text without control characters")
    topics = await asyncio.to_thread(partition_counts, settings)
    async with Sweep(settings.brokers) as sweep:
        seen = await look_up(sweep, settings, topics, customer)
    if seen is None or seen.record is None or seen.record.customer is None:
        raise CliError(f"customer {plain(customer)}: nothing is known of them; see the spelling of the id")
    return person_facts(seen.record.customer, time.time_ns() // 1_000_000)


def _lines(rendered: Rendered) -> Iterator[str]:
    """What is read, without anything that would act in a terminal."""
    named = {"subject": rendered.subject, "link": rendered.link, "image": rendered.image}
    yield from (f"{name}: {plain(value)}" for name, value in named.items() if value)
    yield ""
    yield from (plain(line) for line in body_of(rendered).splitlines())
    yield ""


def _html(rendered: Rendered, out: Path | None) -> Iterator[str]:
    if out is not None and not rendered.html:
        raise CliError(f"{out}: not written, the message has no HTML on this channel; leave --out away")
    if out is not None:
        out.write_text(_with_pictures(rendered.html), encoding="utf-8")
        yield f"wrote {out}"
    elif rendered.html:
        yield "it has HTML as well; --out FILE writes it"


def _with_pictures(html: str) -> str:
    """HTML in which the pictures of the example's code stand themselves: nothing answers at its address."""
    for form in FORMS:
        html = html.replace(f"{EXAMPLES[SCAN_URL]}.{form}", data_url(EXAMPLES[SCAN_URL], form))
    return html


def _code(message: Message, channel: str, qr: Path | None) -> Iterator[str]:
    if qr is None:
        return
    form = qr.suffix.removeprefix(".").lower()
    if form not in FORMS:
        raise CliError(f"{qr}: not written; give a file that ends with {' or '.join(f'.{each}' for each in FORMS)}")
    if SCAN_URL not in variables_of(message, channel):
        raise CliError(f"{qr}: not written, the message names no {SCAN_URL} on this channel; leave --qr away")
    qr.write_bytes(picture(EXAMPLES[SCAN_URL], form))
    yield f"wrote {qr}, the code of an example"
