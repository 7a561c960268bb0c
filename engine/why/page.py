"""An account as lines for people: what came in, what was decided of it and why, what became of it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from engine import trace
from engine.why.account import Absence, Account, Fate, Moment, Saying
from engine.why.instants import clock, day, span, until
from engine.why.sentences import value_text
from engine.why.words import DISPATCH, said

MOST_SAID = 6
"""Properties of an event that the story tells; all of them stand in the whole of a decision."""
HIDDEN = frozenset({trace.FACT, trace.WAITED, trace.SET})
"""Lines whose reason adds nothing to what their sentence says."""


def lines(account: Account) -> Iterator[str]:
    """The whole story, or first what a journey did not do."""
    if account.absence is not None:
        yield from absence_lines(account)
        yield ""
    if account.erased_at:
        at = until(account.erased_at, account.zone, account.until)
        yield f"erased at {at}; what came before stays on the topics until their retention ends"
        yield ""
    if account.redacted:
        yield "values of this person are redacted on the topic, by the project's `redact`"
        yield ""
    if not account.moments:
        yield f"nothing came of {account.customer} since {until(account.since, account.zone, account.until)}"
    today = ""
    for moment in _bundled(account.moments):
        first = moment[0]
        if day(first.at, account.zone) != today:
            today = day(first.at, account.zone)
            yield today
        yield from _brief(moment, account.zone)


def absence_lines(account: Account) -> Iterator[str]:
    """Why a journey did nothing for the person, the nearest cause first."""
    absence = account.absence or Absence("", 0)
    since = until(account.since, account.zone, account.until)
    if absence.sent:
        count = "1 message" if absence.sent == 1 else f"{absence.sent} messages"
        head = f"{account.customer} got {count} from {absence.journey} since {since}"
    else:
        head = f"{account.customer} got nothing from {absence.journey} since {since}"
    if not absence.causes:
        yield f"{head}."
        return
    first, *others = absence.causes
    yield f"{head}, {'but' if absence.sent else 'because'} {first.text}."
    yield from ([f"  What would have to be true: {first.cure}."] if first.cure else [])
    for cause in others:
        yield f"Also, {cause.text}."
        yield from ([f"  What would have to be true: {cause.cure}."] if cause.cure else [])


def whole(moment: Moment, zone: str) -> Iterator[str]:
    """One decision in full: input, lines with their nodes and data, candidates, context, versions, latencies."""
    yield f"{day(moment.at, zone)} {clock(moment.at, zone)}: decision {moment.decision}, release {moment.release}"
    yield f"what came: {_came(moment)}"
    for name, value in moment.input.items():
        yield f"  {name}: {value_text(value)}"
    yield "what was decided:" if moment.lines else "nothing was decided"
    for line in moment.lines:
        yield f"  {line.text}{_fated(line.fate)}"
        yield from (f"    {row}" for row in _details(line))
        yield from (f"    {row}" for row in candidates(line.data))
    if moment.context:
        yield "what the context answered:"
        yield from (f"  {question}: {value_text(answer)}" for question, answer in moment.context.items())
    if moment.lines_cut:
        yield f"{moment.lines_cut} lines or answers were left out: the trace was too large"
    if moment.published_ms is not None:
        yield f"decided and on the topic {span(moment.published_ms)} after it came"


def candidates(data: Mapping[str, Any]) -> list[str]:
    """The lists of candidates in a line's data as small tables, the parts of each score beside it."""
    found: list[str] = []
    for name, value in data.items():
        rows = [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
        if rows:
            heads = list(dict.fromkeys(key for row in rows for key in row))
            table = [[str(head) for head in heads], *([_cell(row.get(head, "")) for head in heads] for row in rows)]
            widths = [max(len(row[place]) for row in table) for place in range(len(heads))]
            found += [f"{name}:"]
            found += ["  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in table]
            found += [f"  {each}" for each in value if isinstance(each, str)]
    return found


def _brief(bundle: Sequence[Moment], zone: str) -> Iterator[str]:
    moment = bundle[-1]
    times = f", {len(bundle)} times" if len(bundle) > 1 else ""
    yield f"  {clock(bundle[0].at, zone)}  {_came(moment)}{times}{'' if times else _properties(moment)}"
    journey = ""
    if moment.asked_again:
        yield "            asked again, as things are now:"
    for line in moment.lines:
        named = f"{line.journey}: " if line.journey and line.journey != journey else ""
        journey = line.journey
        yield f"            {named}{line.text}{_fated(line.fate)}"
        if line.why and line.what not in HIDDEN:
            yield f"              {line.why}"
        yield from (f"              {row}" for row in candidates(line.data))
    if moment.lines_cut:
        yield f"            and {moment.lines_cut} lines more, which were left out: the trace was too large"


def _bundled(moments: Sequence[Moment]) -> list[list[Moment]]:
    """Undecided events of one type that follow each other are told in one line."""
    found: list[list[Moment]] = []
    for moment in moments:
        last = found[-1][-1] if found else None
        same = last is not None and last.input.get("type") == moment.input.get("type")
        if last is not None and same and not (last.decision or moment.decision or last.lines or moment.lines):
            found[-1].append(moment)
        else:
            found.append([moment])
    return found


def _came(moment: Moment) -> str:
    if not moment.input:
        return "a time had come"
    event = moment.input
    return f"{event.get('type')} by {event.get('channel')}" + ("" if moment.decision else ", which led to no decision")


def _properties(moment: Moment) -> str:
    found = list(moment.input.get("properties", {}).items())
    told = [f"{name} {value_text(value)}" for name, value in found[:MOST_SAID]]
    told += [f"and {len(found) - MOST_SAID} more"] if len(found) > MOST_SAID else []
    return f": {', '.join(told)}" if told else ""


def _fated(fate: Fate | None) -> str:
    if fate is None:
        return ""
    if fate.state == "sent":
        return f"; handed over {span(fate.after_ms)} later"
    return f"; it {'failed' if fate.state == 'failed' else 'was refused at dispatch'}: {said(DISPATCH, fate.code)}"


def _details(line: Saying) -> Iterator[str]:
    told = {"because": line.why, "journey": line.journey, "version": line.version, "node": line.node}
    told |= {"code": f"{line.what} {line.code}".strip(), "enrollment": line.enrollment}
    yield from (f"{name}: {text}" for name, text in told.items() if text)
    for name, value in line.data.items():
        if not (isinstance(value, list) and any(isinstance(each, dict) for each in value)):
            yield f"{name}: {value_text(value)}"


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
