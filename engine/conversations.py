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
from engine.decision import Action, TaskRefused, TaskTurn
from engine.draft import Draft
from engine.event import Event
from engine.ids import task_refused_id, task_turn_id
from engine.policy.proposal import Refusal
from engine.program import MessageSpec
from engine.run import Run
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


def brand_of(run: Run, message: MessageSpec | None = None) -> str:
    """With whom a journey speaks: the brand of its message, else its own, else that of the project; empty for none."""
    named = message.content.head.brand if message is not None and message.content is not None else None
    return named or run.journey.brand or run.draft.catalog.terms.brand


def hear(draft: Draft, event: Event) -> None:
    """Takes what the person said. From now on they are where they said it; whoever has the conversation is told."""
    text, address = event.properties.get("text"), event.properties.get("from")
    if not isinstance(text, str) or not text.strip():
        return
    at, brand = event.occurred_at, event.brand or _meant(draft, event)
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


def _meant(draft: Draft, event: Event) -> str:
    """The brand of the conversation in which an event that names none was written: that of what it answers, else the
    one without, else that of the project, else the latest on its channel."""
    among = draft.customer.conversations
    if not among:
        return ""
    answered = event.properties.get("action_id")
    for brand, each in among.items() if answered else ():
        if any(turn.action == answered for turn in each.turns):
            return brand
    usual = draft.catalog.terms.brand
    if "" in among or usual in among:
        return "" if "" in among else usual
    return next((brand for brand in reversed(among) if among[brand].channel == event.channel), "")


def begin(draft: Draft, brand: str, channel: str) -> Conversation:
    """Opens a conversation in which the person has said nothing yet; what leaves goes to their address."""
    opened = Conversation(draft.at, channel)
    _put(draft, brand, opened, draft.at)
    return opened


def say(draft: Draft, brand: str, who: str, action: Action, text: str, task: str = "", reply: str = "") -> Turn:
    """Takes what left for the person as said by the bot or an agent, who wrote it in the event `reply` of a task."""
    turn = Turn(who, action.channel, action.decided_at, text, action.id, task, reply)
    _keep(draft, brand, draft.customer.conversations[brand], turn)
    return turn


def tell(draft: Draft, task: str, turn: Turn, cause: str) -> None:
    """Tells those who have the conversation that something was said in it."""
    name, customer, text = task_turn_id(task, cause), draft.customer.id, turn.text[:TURN_CHARACTERS]
    draft.outputs.append(TaskTurn(name, customer, task, turn.who, turn.channel, text, draft.at, turn.reply))
    draft.say(trace.TASK_TOLD, code=turn.who, task=task)


def unsaid(draft: Draft, task: str, reply: str, channel: str, refusal: Refusal, cause: str) -> None:
    """Tells those who wrote something that it does not reach the person; `cause` is the event that showed it."""
    name, customer = task_refused_id(task, reply, cause), draft.customer.id
    draft.outputs.append(TaskRefused(name, customer, task, reply, channel, refusal.code, draft.at, refusal.why))
    draft.say(trace.TASK_TOLD, code=trace.UNSAID, why=refusal.code, task=task)


def undelivered(draft: Draft, event: Event) -> None:
    """A receipt: a turn that left as this action did not reach the person. An agent who wrote it is told, once."""
    action = event.properties.get("action_id")
    if not action:
        return
    for brand, each in draft.customer.conversations.items():
        place = next((place for place, turn in enumerate(each.turns) if turn.action == action), None)
        if place is None or each.turns[place].code:
            continue
        turn, told = each.turns[place], event.properties.get("code")
        code = told if isinstance(told, str) and told else event.type.rpartition(".")[2]
        turns = [*each.turns[:place], _copy(turn, code=code), *each.turns[place + 1 :]]
        draft.own().conversations = {**draft.customer.conversations, brand: _copy(each, turns=turns)}
        if turn.who == AGENT:
            unsaid(draft, turn.task, turn.reply, turn.channel, Refusal(code, ""), event.id)
        return


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


def heard_at(draft: Draft, brand: str) -> int:
    """When the person last wrote in the conversation with a brand (ms); 0 for never, or where none is open."""
    found = of(draft.customer, brand)
    return 0 if found is None else found[1].heard_at


def said_last(conversation: Conversation) -> str:
    """What the person said last, empty where that is not kept."""
    return next((turn.text for turn in reversed(conversation.turns) if turn.who == CUSTOMER), "")


def transcript(turns: Iterable[Turn]) -> list[dict[str, Any]]:
    """The turns as others read them; one that did not reach the person has a `code`."""
    return [
        {"who": turn.who, "channel": turn.channel, "at": turn.at, "text": turn.text}
        | ({"code": turn.code} if turn.code else {})
        for turn in turns
    ]


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
    _put(draft, brand, _copy(conversation, turns=turns, dropped=dropped), max(turn.at, draft.at))


def _put(draft: Draft, brand: str, conversation: Conversation, at: int) -> None:
    """Keeps a conversation until a silence behind `at` (ms); of too many the oldest falls out."""
    kept = with_item(draft.customer.conversations, brand, conversation, CONVERSATIONS)
    for name in draft.customer.conversations.keys() - kept.keys():
        set_alarm(draft, ALARM + name, 0)
    draft.own().conversations = kept
    set_alarm(draft, ALARM + brand, at + SILENCE_MS)
