"""Conversations: what a person, the bot and people of the company said, in one order over every channel.

A person has one with each brand. It ends some days after the last word, and is then forgotten whole.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from engine import trace
from engine.bounds import with_item
from engine.customer import (
    CONVERSATIONS,
    TURN_CHARACTERS,
    TURNS,
    TURNS_BYTES,
    Conversation,
    Customer,
    Turn,
    positions,
)
from engine.decision import Action, TaskTurn
from engine.draft import Draft
from engine.event import Event
from engine.ids import task_turn_id
from engine.program import MessageSpec
from engine.segments import set_alarm
from journeys.messages.render import render
from journeys.messages.template import TemplateFault

CUSTOMER, BOT, AGENT = "customer", "bot", "agent"
"""Who may have said something."""
ALARM = "conversation/"
"""What the alarms of conversations begin with; the brand follows."""
SILENCE_MS = 72 * 3600 * 1000
"""A conversation is forgotten so long after its last word, unless people have it then."""
ANSWERS_MS = 3600 * 1000
"""What leaves so soon after the person spoke answers them, and leaves in quiet hours as well."""

_copy = msgspec.structs.replace


def of(customer: Customer, brand: str) -> tuple[str, Conversation] | None:
    """The open conversation with a brand, else that with none in particular, with the brand that it goes by."""
    among = customer.conversations
    name = brand if brand in among else ""
    return (name, among[name]) if name in among else None


def hear(draft: Draft, event: Event) -> None:
    """Takes what the person said. From now on they are where they said it; whoever has the conversation is told."""
    text, address, brand = event.properties.get("text"), event.properties.get("from"), event.brand or ""
    if not isinstance(text, str) or not text.strip():
        return
    at = event.occurred_at
    before = draft.customer.conversations.get(brand)
    if before is None:
        before = Conversation(at, event.channel)
    if at >= before.heard_at:
        sender = address if isinstance(address, str) else ""
        before = _copy(before, channel=event.channel, address=sender, heard_at=at)
    turn = Turn(CUSTOMER, event.channel, at, text.strip())
    _keep(draft, brand, before, turn)
    draft.touch("customer")
    draft.note(trace.FACT, code="conversation", why=f"{CUSTOMER} on {event.channel}")
    task = holder(draft, before)
    if task:
        tell(draft, task, turn, event.id)


def say(draft: Draft, brand: str, who: str, action: Action, text: str) -> Turn:
    """Takes what left for the person as said by the bot or an agent."""
    turn = Turn(who, action.channel, action.decided_at, text)
    _keep(draft, brand, draft.customer.conversations[brand], turn)
    return turn


def tell(draft: Draft, task: str, turn: Turn, cause: str) -> None:
    """Tells those who have the conversation that something was said in it."""
    name, customer = task_turn_id(task, cause), draft.customer.id
    draft.outputs.append(TaskTurn(name, customer, task, turn.who, turn.channel, turn.text[:TURN_CHARACTERS], draft.at))
    draft.say(trace.TASK_TOLD, code=turn.who, task=task)


def hand_over(draft: Draft, brand: str, task: str) -> None:
    """The conversation is that of the people of a task, for as long as that is open."""
    found = draft.customer.conversations[brand]
    draft.own().conversations = {**draft.customer.conversations, brand: _copy(found, task=task)}


def holder(draft: Draft, conversation: Conversation) -> str:
    """The open task whose people have the conversation, empty where nobody has and the bot may speak."""
    if not conversation.task:
        return ""
    among = draft.live.values() if draft.has_live else draft.customer.enrollments
    tasks = (spot.task for each in among for spot in positions(each))
    return conversation.task if any(task is not None and task.id == conversation.task for task in tasks) else ""


def forget(draft: Draft, brand: str) -> None:
    """Nothing was said for long: the conversation is over, unless people still have it."""
    found = draft.customer.conversations.get(brand)
    if found is None:
        return
    if holder(draft, found):
        set_alarm(draft, ALARM + brand, draft.at + SILENCE_MS)
        return
    draft.own().conversations = {name: each for name, each in draft.customer.conversations.items() if name != brand}
    draft.say(trace.FACT, code="conversation", why="nothing was said for long; the conversation is forgotten")


def answers(customer: Customer, brand: str, at: int) -> bool:
    """Whether what leaves now (ms) is an answer to what the person said just before."""
    found = of(customer, brand)
    return found is not None and at - found[1].heard_at <= ANSWERS_MS


def said_last(conversation: Conversation) -> str:
    """What the person said last, empty where that is not kept."""
    return next((turn.text for turn in reversed(conversation.turns) if turn.who == CUSTOMER), "")


def transcript(turns: Iterable[Turn]) -> list[dict[str, Any]]:
    """The turns as others read them."""
    return [{"who": turn.who, "channel": turn.channel, "at": turn.at, "text": turn.text} for turn in turns]


def quoted(message: MessageSpec, action: Action) -> str:
    """What the person reads of a message; its name in brackets where nobody knows that here."""
    named = f"[{message.name}]"
    if message.content is None:
        return named
    try:
        read = render(message.content, action.channel, action.variables, action.language)
    except TemplateFault:
        return named
    return read.text.strip() or read.subject or named


def _keep(draft: Draft, brand: str, conversation: Conversation, turn: Turn) -> None:
    """Adds a turn; at the limits of number and size the oldest fall out, and are counted."""
    if len(turn.text) > TURN_CHARACTERS:
        turn = _copy(turn, text=turn.text[: TURN_CHARACTERS - 1] + "…")
    turns = [*conversation.turns, turn][-TURNS:]
    sizes = [len(each.text.encode()) for each in turns]
    first, size = 0, sum(sizes)
    while size > TURNS_BYTES and first < len(turns) - 1:
        size -= sizes[first]
        first += 1
    turns = turns[first:]
    dropped = conversation.dropped + len(conversation.turns) + 1 - len(turns)
    kept = with_item(
        draft.customer.conversations, brand, _copy(conversation, turns=turns, dropped=dropped), CONVERSATIONS
    )
    for name in draft.customer.conversations.keys() - kept.keys():
        set_alarm(draft, ALARM + name, 0)
    draft.own().conversations = kept
    set_alarm(draft, ALARM + brand, turn.at + SILENCE_MS if turn.at > draft.at else draft.at + SILENCE_MS)
