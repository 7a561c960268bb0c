"""What a journey does, in sentences: one for each node, with what follows on each of its ways."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, assert_never

from journeys.model import (
    Add,
    Answer,
    Awaited,
    Becoming,
    BestOffer,
    Blocked,
    Call,
    Choose,
    Defer,
    Digest,
    Emit,
    Exit,
    Moment,
    Node,
    Otherwise,
    Parallel,
    Repeat,
    Send,
    Set,
    Split,
    Start,
    Tagged,
    Task,
    Untagged,
    Wait,
    WaitFor,
    WaitUntil,
    Winner,
)
from journeys.model.walk import awaited_of
from journeys.prose.triggers import shifted
from journeys.prose.words import clock_window, code, duration, events, holds, several

ZONE = "in the person's zone"


class Turn(NamedTuple):
    """One way on: when it is taken, and the nodes that follow."""

    when: str
    nodes: Sequence[Node]


class Sentence(NamedTuple):
    """One node: what it does, and the ways that lead on."""

    text: str
    turns: tuple[Turn, ...] = ()


def listed(nodes: Sequence[Node], depth: int = 0) -> Iterator[str]:
    """The nodes as a numbered Markdown list, the ways of each as bullets below it."""
    pad = "    " * depth
    for number, node in enumerate(nodes, 1):
        sentence = said(node)
        yield f"{pad}{number}. {sentence.text}"
        for turn in sentence.turns:
            yield f"{pad}    - {turn.when}:{'' if turn.nodes else ' goes on below.'}"
            yield from listed(turn.nodes, depth + 2)


def said(node: Node) -> Sentence:
    """One node in words."""
    match node:
        case Wait() | WaitUntil() | WaitFor() | Digest():
            return _waiting(node)
        case Choose() | Answer() | Split() | Repeat() | Parallel():
            return _branching(node)
        case Send() | BestOffer() | Task() | Call() | Start():
            return _reaching(node)
        case Set() | Add() | Tagged() | Untagged() | Emit():
            return Sentence(_writing(node))
        case Exit():
            return Sentence(f"Leaves as **{node.exit}**.")
        case _:
            assert_never(node)


def _waiting(node: Wait | WaitUntil | WaitFor | Digest) -> Sentence:
    match node:
        case Wait():
            restart = f" Begins anew with each {events(node.restart_on)}." if node.restart_on else ""
            return Sentence(f"Waits {duration(node.wait)}{_opening(node)}.{restart}")
        case WaitUntil():
            past = {"go": "goes on at once", "skip": "leaves out the next step", "exit": "leaves as **past**"}[
                node.past
            ]
            dated = f" A date that is past already: {past}." if isinstance(node.wait_until, str) else ""
            turns = (Turn("Without a date", node.else_),) if node.else_ is not None else ()
            return Sentence(f"Waits until {_moment(node)}{_opening(node)}.{dated}", turns)
        case WaitFor():
            return _wait_for(node)
        case Digest():
            until = f", or until {events(node.flush_on)} comes" if node.flush_on is not None else ""
            where = f" for which {holds(node.where)}" if node.where is not None else ""
            text = (
                f"Collects {events(node.digest, 'and')}{where} for {duration(node.for_)}{until}, at most {node.most}."
            )
            return Sentence(text, (Turn("If none came", node.else_),))
        case _:
            assert_never(node)


def _opening(node: Wait | WaitUntil) -> str:
    found = ""
    if node.between is not None:
        found += f", then until the next moment {clock_window(node.between)} {ZONE}"
    if node.hours is not None:
        found += f", then until **{node.hours}** is open"
    if node.jitter is not None:
        found += f", spread over {duration(node.jitter)}"
    return found


def _moment(node: WaitUntil) -> str:
    until = node.wait_until
    if isinstance(until, Moment):
        days = [until.weekday] if isinstance(until.weekday, str) else until.weekday or []
        return f"the next {several(day.capitalize() for day in days) or 'day'} at {until.at} {ZONE}"
    return shifted(until, node.offset) + (f" at {node.at} {ZONE}" if node.at else "")


def _wait_for(node: WaitFor) -> Sentence:
    within, back = (
        duration(node.within),
        f" (or came within {duration(node.look_back)} before)" if node.look_back else "",
    )
    any_ = "" if node.from_ is None else ", about any message"
    late = Turn(f"If it does not come within {within}", node.else_)
    if isinstance(node.wait_for, str):
        where = f" and {holds(node.where)}" if node.where is not None else ""
        text = f"Waits at most {within} for {code(node.wait_for)}{any_}{back}."
        return Sentence(text, (Turn(f"When it comes{where}", node.do), late))
    turns = tuple(Turn(_awaited(each), [*each.do, *node.do]) for each in awaited_of(node))
    return Sentence(f"Waits at most {within} for the first of these{any_}{back}.", (*turns, late))


def _awaited(each: Awaited | Becoming) -> str:
    if isinstance(each, Becoming):
        return f"When {holds(each.when)}"
    return f"When {code(each.on)} comes" + (f" and {holds(each.where)}" if each.where is not None else "")


def _branching(node: Choose | Answer | Split | Repeat | Parallel) -> Sentence:
    match node:
        case Choose():
            turns = tuple(
                Turn("Otherwise", each.else_)
                if isinstance(each, Otherwise)
                else Turn(f"If {holds(each.when)}", each.do)
                for each in node.choose
            )
            return Sentence("Goes the first way that holds.", turns)
        case Answer():
            turns = (Turn("If there is one", node.do), Turn("If there is none", node.else_))
            return Sentence(f"Looks in **{node.answer}** for the answer to what the person said last.", turns)
        case Split():
            arms = tuple(
                Turn(f"{arm.weight:g}%: **{name}**{' (control)' if arm.control else ''}", arm.do)
                for name, arm in node.arms.items()
            )
            text = f"Compares ways in the experiment **{node.split}**; a person keeps the way drawn."
            return Sentence(text + _winner(node.winner), arms)
        case Repeat():
            until = f", until {holds(node.until)}" if node.until is not None else ""
            never = (Turn("If that never holds", node.else_),) if node.until is not None else ()
            return Sentence(f"Repeats at most {node.repeat} times{until}.", (Turn("Each time", node.do), *never))
        case Parallel():
            number = {"all": "all are", "any": "one is"}.get(node.join) if isinstance(node.join, str) else None
            number = number or (f"{node.join.first} are" if not isinstance(node.join, str) else "")
            branches = tuple(Turn(f"**{name}**", branch.do) for name, branch in node.branches.items())
            return Sentence(f"Goes several ways at once, and on when {number} at the end.", branches)
        case _:
            assert_never(node)


def _winner(rule: Winner | None) -> str:
    """How new people follow what was learned."""
    if rule is None or rule.method == "fixed":
        return ""
    first = f" Once each way was met by {rule.min_exposures:,} people"
    kept = f"; each way keeps at least {rule.floor}" if rule.floor else ""
    match rule.method:
        case "thompson":
            return f"{first}, new people go the more often the way that is the more probably the best{kept}."
        case "z-test":
            return f"{first}, it is looked once: if one reaches the goal clearly more often, new people go it{kept}."
        case "sequential":
            return f"{first}, and as soon as one reaches the goal clearly more often, new people go it{kept}."


def _reaching(node: Send | BestOffer | Task | Call | Start) -> Sentence:
    match node:
        case Send():
            return _send(node)
        case BestOffer():
            few = "the best" if node.pick == 1 else f"the best {node.pick}"
            text = f"Makes {few} of the offers of **{node.best_offer}** that this person may have."
            if node.void_after is not None:
                text += f" It is worth nothing any more {duration(node.void_after)} later."
            return Sentence(text, (Turn("If there is none", node.else_),))
        case Task():
            told = tuple(Turn(f"If the outcome is **{name}**", each.do) for name, each in node.outcomes.items())
            by = f"by {code(node.due)}" if isinstance(node.due, str) else f"within {duration(node.due)}"
            late = Turn(f"If nobody does it {by}", node.else_)
            over = f" They take the conversation over.{_begins(node.begin_on)}" if node.hand_over else ""
            return Sentence(f"Asks the people of **{node.queue}** for work: **{node.task}**.{over}", (*told, late))
        case Call():
            late = Turn(f"Without an answer within {duration(node.within)}", node.else_)
            return Sentence(f"Asks the service **{node.call}**.", (late,))
        case Start():
            text = f"Starts the journey **{node.start}**"
            if not node.join:
                return Sentence(f"{text}.")
            within = f" within {duration(node.within)}" if node.within is not None else ""
            return Sentence(f"{text} and waits for its end.", (Turn(f"If it does not end{within}", node.else_),))
        case _:
            assert_never(node)


def _send(node: Send) -> Sentence:
    how = ""
    if node.channels:
        how = " by the best of " if node.pick == "best" else " by the first that is allowed of "
        how += several(node.channels)
    elif node.channel:
        how = f" by {node.channel}"
    text = f"Sends **{node.send}**{how}.{_begins(node.begin_on)}"
    if node.fallback is not None:
        answers, span = events(node.fallback.unless), duration(node.fallback.after)
        text += f" Without {answers} within {span}, the next channel is tried."
    if node.void_after is not None:
        text += f" It is worth nothing any more {duration(node.void_after)} later."
    blocked = node.when_blocked
    if isinstance(blocked, Defer):
        text += f" When a rule refuses it for now, it is tried again for {duration(blocked.defer)}."
    return Sentence(text, (Turn("If it may not be sent", blocked.else_),) if isinstance(blocked, Blocked) else ())


def _begins(channels: list[str] | None) -> str:
    return f" Where none is open, one begins by the first that is allowed of {several(channels)}." if channels else ""


def _writing(node: Set | Add | Tagged | Untagged | Emit) -> str:
    match node:
        case Set():
            return (
                f"Notes {several((f'{code(name)} as {code(str(value))}' for name, value in node.set.items()), 'and')}."
            )
        case Add():
            return (
                f"Adds {several((f'{code(str(value))} to {code(name)}' for name, value in node.add.items()), 'and')}."
            )
        case Tagged():
            return f"Tags the person {events(node.tag, 'and')}."
        case Untagged():
            return f"Takes the tag {events(node.untag, 'and')} off the person."
        case Emit():
            where = f" on the topic {code(node.to)}" if node.to else ""
            return f"Tells {code(node.emit)}{where}."
        case _:
            assert_never(node)
