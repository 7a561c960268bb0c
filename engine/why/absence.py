"""Why a journey did nothing for a person: the nearest cause first, and what would have to be true."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

import msgspec

from engine import trace
from engine.catalog import Catalog
from engine.customer import Customer, Enrollment, answer_for
from engine.event import Event
from engine.facts import may_locate
from engine.policy.consent import SERVICE, WITHOUT_CONSENT, stop_of
from engine.policy.holdout import GLOBAL, HELD_OUT, holdout_key
from engine.policy.reachable import address
from engine.program import CompiledJourney, SendStep
from engine.program.rules import (
    ABSENCE_NOTICED,
    DATE_REACHED,
    ENTERED_PLACE,
    ENTERED_SEGMENT,
    LEFT_PLACE,
    LEFT_SEGMENT,
    SCHEDULE_DUE,
    STARTED,
    STAYED_IN_PLACE,
)
from engine.why.account import Absence, Cause, Moment, Saying
from engine.why.again import asked_again
from engine.why.instants import until
from engine.why.sentences import Telling, reason
from engine.why.words import NOT_ENTERED, RULES, said
from journeys.model import Journey
from journeys.prose.triggers import who_enters

PLACES = frozenset({ENTERED_PLACE, LEFT_PLACE, STAYED_IN_PLACE})
INTERNAL = PLACES | {ENTERED_SEGMENT, LEFT_SEGMENT, DATE_REACHED, ABSENCE_NOTICED, SCHEDULE_DUE, STARTED}
"""Types of events that the engine makes itself."""


class Question(msgspec.Struct, frozen=True):
    """What is asked of one person and one journey, as it is `now` (ms), about the time since `since`.

    `journey` and `written` are its definition in use (None: none is), open for entry or not, paused or not, in this
    version since `in_use_at`; `customer` is None where nothing is known of them. `moments` are those of this journey,
    `events` all that came. `catalog` holds the journey alone, with the segments.
    """

    name: str
    journey: CompiledJourney | None
    written: Journey | None
    catalog: Catalog
    customer: Customer | None
    moments: Sequence[Moment]
    events: Sequence[Event]
    since: int
    now: int
    zone: str = "UTC"
    open: bool = True
    paused: bool = False
    in_use_at: int = 0


def absence(asked: Question) -> Absence:
    """How many messages the journey sent, and why not more; no cause where it sent some and nothing was refused."""
    lines = [line for moment in asked.moments for line in moment.lines]
    sent = sum(line.what == trace.SENT for line in lines)
    found = [*_never(asked), *_refused(lines)]
    if not sent and not found:
        found += _inside(asked, lines) or _outside(asked)
    if not sent:
        found += [each for each in _gates(asked) if each.code not in {known.code for known in found}]
    return Absence(asked.name, sent, found)


def _never(asked: Question) -> list[Cause]:
    """What keeps everybody or this person from anything at all."""
    customer = asked.customer
    if asked.journey is None:
        return [Cause("not_deployed", "no journey of that name is in use", "`sillage deploy` puts it into use")]
    if customer is None:
        return [Cause("unknown", "nothing is known of this customer", "see the spelling of the id")]
    if customer.erased_at:
        at = until(customer.erased_at, asked.zone, asked.now)
        return [Cause("erased", f"the customer was erased at {at}")]
    if asked.paused:
        return [Cause("paused", "the journey is paused", "`sillage resume` lets it go on")]
    if not asked.open:
        return [Cause("closed", "the journey is closed, so that nobody enters", "a deploy opens it again")]
    return []


def _refused(lines: Sequence[Saying]) -> Iterator[Cause]:
    """The last refusal of each message that did not leave after it, and what dispatch refused."""
    last = {line.data.get("message"): line for line in lines if line.what in (trace.REFUSED, trace.SENT)}
    for line in reversed(list(last.values())):
        if line.what == trace.REFUSED:
            yield Cause(line.code, f"{_low(line.text)}{_why(line.why)}")
    for line in lines:
        if line.fate is not None and line.fate.state != "sent":
            yield Cause(f"dispatch_{line.fate.state}", f"{line.data.get('message')} did not leave: {line.fate.code}")


def _inside(asked: Question, lines: Sequence[Saying]) -> list[Cause]:
    """Where they stand, or how they left, where they were inside at all."""
    customer, zone, now = asked.customer, asked.zone, asked.now
    live = [each for each in (customer.enrollments if customer else ()) if each.journey == asked.name]
    if live:
        return [_standing(each, zone, now) for each in live]
    for line in reversed(lines):
        if line.what == trace.HELD_OUT:
            return [Cause("holdout", f"they are in the control group of {_group(line.code)}")]
        if line.what == trace.EXITED and line.code != trace.ERROR:
            return [Cause("left", f"they left as {line.code.replace('_', ' ')} before anything was sent")]
        if line.what == trace.ERROR:
            return [Cause("error", f"it failed{_why(line.why)}")]
    return []


def _group(code: str) -> str:
    return "all marketing" if code == "global" else "the journey"


def _standing(enrollment: Enrollment, zone: str, now: int) -> Cause:
    since = until(enrollment.entered_at, zone, now)
    key = f" for {enrollment.key}" if enrollment.key else ""
    text = f"they are inside{key} since {since} and stand at {enrollment.node or 'its beginning'}"
    if enrollment.due_at:
        text += f" until {until(enrollment.due_at, zone, now)}"
    return Cause("waits", text)


def _outside(asked: Question) -> list[Cause]:
    """Why they did not enter: the last event that might have begun it, asked again where no trace says so."""
    journey = asked.journey
    if journey is None or asked.customer is None:
        return []
    events = [event for event in asked.events if event.type in journey.entries and event.type not in INTERNAL]
    if not events:
        return _nothing_came(asked, journey, asked.customer)
    last = max(events, key=lambda event: event.occurred_at)
    told = [line for moment in asked.moments if moment.input.get("id") == last.id for line in moment.lines]
    for line in told:
        if line.what == trace.NOT_ENTERED:
            return [_not_entered(asked, last, line.code, line.why)]
    if last.occurred_at < asked.in_use_at:
        at, since = (until(each, asked.zone, asked.now) for each in (last.occurred_at, asked.in_use_at))
        return [Cause("not_in_use", f"the last {last.type} came at {at}, and the journey is in use since {since}")]
    return [_asked_again(asked, last)]


def _asked_again(asked: Question, event: Event) -> Cause:
    """What the event would come to now."""
    assert asked.customer is not None
    lines = asked_again(asked.catalog, asked.customer, event, asked.now)
    mine = [line for line in lines if line.journey == asked.name]
    if not any(line.what == trace.ENTERED for line in mine):
        for line in mine:
            if line.what == trace.NOT_ENTERED:
                return _not_entered(asked, event, line.code, reason(line, Telling(asked.now, asked.zone)))
    at = until(event.occurred_at, asked.zone, asked.now)
    text = f"{event.type} of {at} did not begin it, though it would as things are now; look at that day with --at"
    return Cause("changed", text)


def _not_entered(asked: Question, event: Event, code: str, why: str) -> Cause:
    at = until(event.occurred_at, asked.zone, asked.now)
    text = f"at the last {event.type}, {at}, {said(NOT_ENTERED, code)}{_why(why)}"
    return Cause(code, text, _would_enter(asked) if code in ("where", "unless", "segment", "sequence", "key") else "")


def _nothing_came(asked: Question, journey: CompiledJourney, customer: Customer) -> list[Cause]:
    types = sorted(type_ for type_ in journey.entries if type_ not in INTERNAL)
    found = [Cause("no_event", f"no {' or '.join(types)} came", _would_enter(asked))] if types else []
    for name in sorted(journey.segments):
        there = name in customer.segments
        text = f"they are in the segment {name} since before" if there else f"they are not in the segment {name}"
        found.append(Cause("segment", text, _would_enter(asked)))
    for kind, rules in (("date", journey.dates), ("absence", journey.absences)):
        for place in rules:
            due = customer.alarms.get(f"{kind}/{asked.name}/{place}", 0)
            if due:
                what = "its date comes" if kind == "date" else "they will have been silent long enough"
                found.append(Cause("not_yet", f"{what} at {until(due, asked.zone, asked.now)}"))
            else:
                found.append(Cause("no_date", f"there is no {kind} to wait for", _would_enter(asked)))
    if PLACES & journey.entries.keys():
        allowed = may_locate(customer)
        text = (
            "no position showed them where it begins"
            if allowed
            else "without consent for location/app no position is kept"
        )
        found.append(Cause("place" if allowed else "no_location_consent", text, _would_enter(asked)))
    if SCHEDULE_DUE in journey.entries or STARTED in journey.entries:
        found.append(Cause("not_begun", "nothing began it for them", _would_enter(asked)))
    return found


def _gates(asked: Question) -> Iterator[Cause]:
    """What would keep its marketing from them whatever came: control group, consent, address."""
    journey, customer = asked.journey, asked.customer
    if journey is None or customer is None or customer.erased_at:
        return
    if customer.arms.get(holdout_key(asked.name)) == HELD_OUT:
        yield Cause("holdout", "they are in the control group of the journey")
    if asked.catalog.terms.holdout and customer.arms.get(GLOBAL) == HELD_OUT:
        yield Cause("holdout", "they are in the control group of all marketing")
    sends = [step for step in journey.rests.values() if isinstance(step, SendStep)]
    opt_in = asked.catalog.terms.opt_in
    asking = {each.channel for step in sends if _asks_consent(step, opt_in) for each in step.variants}
    without = [channel for channel in sorted(asking) if not _consented(customer, journey.topic, channel)]
    if asking and len(without) == len(asking):
        cure = f"a `consent.changed` with topic {journey.topic}, one of these channels and given: true"
        yield Cause("consent", f"{said(RULES, 'consent')} for {journey.topic} by {' or '.join(without)}", cure)
    served = {each.channel for step in sends if step.message.class_ == SERVICE for each in step.variants}
    stops = asked.catalog.terms.stops
    if served and all(each in stops and stop_of(customer, journey.topic, each) for each in served):
        named = " or ".join(sorted(served))
        cure = f"a START: a `consent.changed` with topic *, {named} and given: true"
        yield Cause("stopped", f"{said(RULES, 'stopped')}: {named}", cure)
    channels = {each.channel for step in sends for each in step.variants if not each.recipient}
    away = [channel for channel in sorted(channels) if not address(customer, channel)]
    if channels and len(away) == len(channels):
        cure = f"a `customer.updated` that sets {' or '.join(away)}"
        yield Cause("unreachable", f"they have no address for {' or '.join(away)}", cure)


def _asks_consent(step: SendStep, opt_in: AbstractSet[str]) -> bool:
    """Whether it leaves on none of its channels without a yes."""
    return step.message.class_ not in WITHOUT_CONSENT or all(each.channel in opt_in for each in step.variants)


def _consented(customer: Customer, topic: str, channel: str) -> bool:
    answer = answer_for(customer.consent, topic, channel)
    return answer is not None and answer.given


def _would_enter(asked: Question) -> str:
    """Who enters, in the words of the journey's page."""
    if asked.written is None:
        return ""
    told = " ".join(who_enters(asked.written)).replace("**", "").replace("`", "")
    return f"{_low(told).rstrip('.')}"


def _low(text: str) -> str:
    return text[:1].lower() + text[1:]


def _why(why: str) -> str:
    return f": {why}" if why else ""
