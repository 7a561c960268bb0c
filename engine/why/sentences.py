"""One sentence for each code of a trace's line: the only place where traces are put into plain language."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from engine import trace
from engine.decision import Line
from engine.why import words
from engine.why.instants import readable, span, until
from engine.why.words import said

GO, GOOD, BAD, WORK = "go", "good", "bad", "task"


class Said(NamedTuple):
    """A line in words. `short` is a word or two; `tone` is go, good, bad, task, or empty for what is of less weight."""

    short: str
    tone: str
    text: str


class Telling(msgspec.Struct, frozen=True):
    """How a line is told: the instant (ms) of its decision, the zone of who listens, and journeys' titles by name."""

    at: int
    zone: str = "UTC"
    titles: Mapping[str, str] = {}

    def title(self, journey: str) -> str:
        """The journey's title in quotes, else its name as it is."""
        title = self.titles.get(journey, "")
        return f"“{title}”" if title else journey or "a journey"

    def until(self, at: Any) -> str:
        """An instant that people read."""
        return until(at, self.zone, self.at) if isinstance(at, int) else "an unknown time"


def tell(line: Line, telling: Telling) -> Said:
    """The line in words; of a code that nobody gave a sentence, the code and its data."""
    sentence = SENTENCES.get(line.what)
    if sentence is None:
        return Said(short(line), "", f"{line.what} {line.code} {_pairs(line.data)}".strip())
    return Said(sentence[0], sentence[1], sentence[2](line, telling))


def short(line: Line) -> str:
    """The line in a word or two."""
    sentence = SENTENCES.get(line.what)
    return line.what.replace("_", " ") if sentence is None else sentence[0]


def reason(line: Line, telling: Telling) -> str:
    """The engine's own reason, its instants in the zone of who listens; empty where it adds nothing to the sentence."""
    return readable(line.why, telling.zone, telling.at)


def _message(line: Line) -> str:
    channel = line.data.get("channel", "")
    return value_text(line.data.get("message", "a message")) + (f" by {value_text(channel)}" if channel else "")


def _waited(line: Line, told: Telling) -> str:
    end = line.data.get("until")
    long = f", for {span(end - told.at)}" if isinstance(end, int) and end > told.at else ""
    return f"Waits until {told.until(end)}{long}"


def _woke(line: Line, _told: Telling) -> str:
    if line.code == "looked_back":
        return "What was waited for had come already"
    if line.code == "past":
        return "The date is over already: goes on"
    return "What was waited for came" if line.why or line.code else "The wait is over"


def _timed_out(line: Line, _told: Telling) -> str:
    return "There is no date to wait for" if line.code == "no_date" else "What was waited for did not come in time"


def _chosen(line: Line, _told: Telling) -> str:
    if line.code == "else":
        return "None of the branches held: took the other"
    return f"Took branch {int(line.code) + 1}" if line.code.isdecimal() else f"Took branch {line.code}"


def _set(line: Line, _told: Telling) -> str:
    return "Nothing was set" if line.code else f"Set {line.data.get('name')} to {value_text(line.data.get('value'))}"


def _tasked(line: Line, told: Telling) -> str:
    data = line.data
    return f"Asked {data.get('queue')} for “{data.get('title')}”, due {told.until(data.get('until'))}"


def _task_told(line: Line, _told: Telling) -> str:
    if line.code == trace.UNSAID:
        return "Who has the conversation is told that their answer does not reach the customer"
    return f"Who has the conversation sees what the {line.code} wrote"


def _task_closed(line: Line, _told: Telling) -> str:
    since = f", since {line.data['reason']}" if line.data.get("reason") else ""
    return f"The task ended: {line.code.replace('_', ' ')}{since}"


def _goal(line: Line, _told: Telling) -> str:
    worth = f", worth {amount(line.data['revenue'])}" if "revenue" in line.data else ""
    return f"Reached the goal{worth}"


def _entered(line: Line, told: Telling) -> str:
    key = line.data.get("key")
    return f"Entered {told.title(line.journey)}{f' for {key}' if key else ''}"


def _not_entered(line: Line, told: Telling) -> str:
    if line.code == "pinned":
        return f"Did not enter other journeys: {said(words.NOT_ENTERED, line.code)}"
    return f"Did not enter {told.title(line.journey)}: {said(words.NOT_ENTERED, line.code)}"


def _repeated(line: Line, _told: Telling) -> str:
    return f"Round {line.code} of the loop" if line.code.isdecimal() else said(words.REPEATED, line.code)


def _collected(line: Line, _told: Telling) -> str:
    count = line.data.get("count")
    return said(words.COLLECTED, line.code) + (f", with {count} of them" if count is not None else "")


def _segment(line: Line, _told: Telling) -> str:
    came = "Came into" if line.code == "entered" else "Left"
    return f"{came} the segment {line.data.get('segment')}"


def _alarm(line: Line, told: Telling) -> str:
    what = "A date of theirs came" if line.code == "date" else "They had been silent long enough"
    return f"{what}, looked at by {told.title(line.journey)}"


def _exposed(line: Line, _told: Telling) -> str:
    control = ", which is the control" if line.data.get("control") else ""
    return f"Met arm {line.code} of {line.data.get('split')}{control}"


def _group(line: Line, told: Telling) -> str:
    return "all marketing" if line.code == "global" else told.title(line.journey)


def _moved(line: Line, _told: Telling) -> str:
    data = line.data
    return f"Moved from version {data.get('from')} to {data.get('to')}: {said(words.MOVED, line.code)}"


def _emitted(line: Line, _told: Telling) -> str:
    to = line.data.get("to")
    return f"Brought about {line.code}{f', for the topic {to}' if to else ''}"


def _branched(line: Line, _told: Telling) -> str:
    return f"Goes on in branches side by side: {', '.join(map(str, line.data.get('branches', ())))}"


def _joined(line: Line, _told: Telling) -> str:
    return f"Branch {line.code} is at its end{', and goes on behind it' if line.data.get('on') else ''}"


def _offered(line: Line, _told: Telling) -> str:
    catalog = value_text(line.data.get("catalog", "a catalog"))
    return f"None of the offers of {catalog} was right" if line.code == "none" else f"Best of {catalog}: {line.code}"


def _scored(line: Line, _told: Telling) -> str:
    data = line.data
    parts = " x ".join(f"{name} {data[name]:.4g}" for name in SCORE if isinstance(data.get(name), int | float))
    score = f": {data['score']:.4g} = {parts}" if isinstance(data.get("score"), int | float) else ""
    return f"{_message(line)} competes{', and lost' if line.code == 'outscored' else ''}{score}"


SCORE = ("propensity", "context", "value", "lever")
"""The parts of a score, multiplied."""
WORTH = ("worth", "propensity", "value", "cost")
"""What a channel is worth, and the parts of that."""


def _ranked(line: Line, _told: Telling) -> str:
    among = [each for each in line.data.get("channels", ()) if isinstance(each, Mapping)]
    worth = ", ".join(f"{each.get('channel')} is worth {_worth(each)}" for each in among)
    return f"The best channel for {_message(line)} is {line.code}{f': {worth}' if worth else ''}"


def _worth(channel: Mapping[str, Any]) -> str:
    """The worth of a channel with its parts."""
    parts = [each for name in WORTH if isinstance(each := channel.get(name), int | float)]
    if len(parts) < len(WORTH):
        return "an unknown sum"
    past = f", {channel['answered']} of {channel['of']} answered" if "of" in channel else ""
    return "{:.4g} = {:.4g} x {:.4g} - {:.4g}".format(*parts) + past


def _fence(line: Line, _told: Telling) -> str:
    place = value_text(line.data.get("place", "a place"))
    return words.FENCES.get(line.code, "{}: " + line.code).format(place)


def _asked_faq(line: Line, _told: Telling) -> str:
    data = line.data
    near = f"“{data['question']}” came nearest, {data['score']} of {data['threshold']}" if "question" in data else ""
    if line.code == "found":
        return f"Found the answer {data.get('entry')} in {data.get('faq')}: {near}"
    if line.code == "over":
        return f"Did not give the answer {data.get('entry')} of {data.get('faq')}, whose facts are not true now: {near}"
    return f"Found no answer in {data.get('faq')}" + (f": {near}" if near else "")


SENTENCES: dict[str, tuple[str, str, Callable[[Line, Telling], str]]] = {
    trace.FACT: ("noted", "", lambda line, _: f"{said(words.FACTS, line.code).capitalize()}"),
    trace.ENTERED: ("entered", GO, _entered),
    trace.NOT_ENTERED: ("did not enter", "", _not_entered),
    trace.WAITED: ("waits", "", _waited),
    trace.WOKE: ("woke", GO, _woke),
    trace.TIMED_OUT: ("waited in vain", "", _timed_out),
    trace.NOT_WOKEN: ("was not woken", "", lambda line, _: f"Goes on waiting: {said(words.NOT_WOKEN, line.code)}"),
    trace.CHOSEN: ("chose", GO, _chosen),
    trace.SET: ("set", "", _set),
    trace.TASKED: ("task", WORK, _tasked),
    trace.TASK_WARNED: (
        "task due",
        WORK,
        lambda line, told: f"The task is due soon, at {told.until(line.data.get('until'))}",
    ),
    trace.TASK_CLOSED: ("task closed", WORK, _task_closed),
    trace.TASK_TOLD: ("task told", WORK, _task_told),
    trace.ANSWERED: ("asked a FAQ", GO, _asked_faq),
    trace.HELD: (
        "held",
        "",
        lambda line, told: (
            f"{_message(line)} waits until {told.until(line.data.get('until'))}: {said(words.RULES, line.code)}"
        ),
    ),
    trace.SENT: ("sent", GOOD, lambda line, _: f"Sent {_message(line)}"),
    trace.REFUSED: (
        "refused",
        BAD,
        lambda line, _: f"Refused to send {_message(line)}: {said(words.RULES, line.code)}",
    ),
    trace.DEFERRED: (
        "deferred",
        "",
        lambda line, told: (
            f"{_message(line)} waits until {told.until(line.data.get('until'))}: {said(words.RULES, line.code)}"
        ),
    ),
    trace.DROPPED: (
        "dropped",
        "",
        lambda line, _: f"{_message(line)} came to nothing: {said(words.DROPPED, line.code)}",
    ),
    trace.GATHERED: (
        "gathers",
        "",
        lambda line, told: f"{_message(line)} waits until {told.until(line.data.get('until'))} for others to compete",
    ),
    trace.OFFERED: ("best offer", GO, _offered),
    trace.SCORED: ("scored", "", _scored),
    trace.RANKED: ("ranked", "", _ranked),
    trace.FELL_BACK: (
        "next channel",
        GO,
        lambda line, _: f"{_message(line)}: {said(words.FELL_BACK, line.code)}",
    ),
    trace.PAUSED: ("paused", "", lambda _line, _told: "The journey is paused: goes on when it is resumed"),
    trace.RESUMED: ("resumed", GO, lambda line, _: f"The journey was resumed: {said(words.RESUMED, line.code)}"),
    trace.VOIDED: ("voided", BAD, lambda line, _: f"Took back what was on its way: {said(words.VOIDED, line.code)}"),
    trace.GOAL: ("goal", GOOD, _goal),
    trace.NOT_GOAL: ("no goal", "", lambda line, _: f"Not the goal: {said(words.NOT_GOAL, line.code)}"),
    trace.NOT_EXITED: (
        "was not ended",
        "",
        lambda line, _: f"Stays inside, the exit {line.node} does not apply: {said(words.NOT_EXITED, line.code)}",
    ),
    trace.EXITED: ("left", GO, lambda line, told: f"Left {told.title(line.journey)}: {line.code.replace('_', ' ')}"),
    trace.ERROR: ("failed", BAD, lambda line, _: f"Failed: {said(words.ERRORS, line.code)}"),
    trace.SEGMENT: ("segment", "", _segment),
    trace.ALARM: ("alarm", "", _alarm),
    trace.FENCE: ("place", "", _fence),
    trace.EXPOSED: ("drew the arm", "", _exposed),
    trace.RESTARTED: (
        "waits anew",
        "",
        lambda line, told: f"The wait begins anew, until {told.until(line.data.get('until'))}",
    ),
    trace.EMITTED: ("emitted", "", _emitted),
    trace.STARTED: ("started", GO, lambda line, told: f"Started {told.title(line.code)}"),
    trace.BRANCHED: ("branches", GO, _branched),
    trace.JOINED: ("ended the branch", "", _joined),
    trace.COLLECTED: ("collected", "", _collected),
    trace.REPEATED: ("round", GO, _repeated),
    trace.CALLED: (
        "called",
        "",
        lambda line, told: (
            f"Asked the service {line.data.get('service')}, whose answer has until {told.until(line.data.get('until'))}"
        ),
    ),
    trace.HELD_OUT: (
        "is in the control group",
        "",
        lambda line, told: f"Is in the control group of {_group(line, told)}: runs along, and gets no marketing",
    ),
    trace.MOVED: ("moved", "", _moved),
}
"""For each code of engine/trace.py: its word or two, its tone, and its sentence."""


def value_text(value: Any) -> str:
    """A value of an event or of a line as text: lists and mappings as JSON."""
    if isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode()


def amount(value: Any) -> str:
    """A sum with two decimals."""
    return f"{value:.2f}" if isinstance(value, int | float) and not isinstance(value, bool) else value_text(value)


def _pairs(data: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value_text(value)}" for name, value in data.items())
