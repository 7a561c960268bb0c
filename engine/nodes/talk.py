"""Sends of a conversation: they leave on the channel where the person is now, and what people write leaves so too."""

from msgspec.structs import replace

from engine import conversations
from engine.conversations import AGENT, BOT
from engine.decision import Action
from engine.deferral import deferred
from engine.event import Event
from engine.nodes import send
from engine.pending import Pending
from engine.policy.proposal import Refusal
from engine.program import SendStep, Step, TaskStep, Variant
from engine.run import Run

NO_CONVERSATION, WITH_PEOPLE, NO_TEXT = "no_conversation", "with_people", "no_text"
"""Codes of the refusals that only a conversation knows."""
FOLLOWED = Variant("conversation", ())
"""In the place of a channel where the person is on none."""


def judge(step: SendStep, run: Run, pending: Pending) -> Step | None:
    """Sends where the person is, unless people have the conversation, in which the bot is silent then."""
    brand = conversations.brand_of(run, step.message)
    if step.begins and conversations.of(run.draft.customer, brand) is None:
        return _begin(step, run, pending, brand)
    brand, variant, refusal = _place(step, run, BOT)
    refusal = refusal or send.attempt(step, variant, run, pending, 1)
    if refusal is None:
        _say(step, run, brand)
        return step.then
    send.say_refused(step, variant, run, refusal)
    return None if deferred(step, run, pending, (refusal,)) else step.blocked


def _begin(step: SendStep, run: Run, pending: Pending, brand: str) -> Step | None:
    """Opens a conversation on the first channel that policy lets the message through on."""
    refusals: list[Refusal] = []
    for number, variant in enumerate(step.begins, 1):
        refusal = send.attempt(step, variant, run, pending, number)
        if refusal is None:
            conversations.begin(run.draft, brand, variant.channel)
            _say(step, run, brand)
            return step.then
        send.say_refused(step, variant, run, refusal)
        refusals.append(refusal)
    return None if deferred(step, run, pending, refusals) else step.blocked


def _say(step: SendStep, run: Run, brand: str) -> None:
    action = _left(run)
    conversations.say(run.draft, brand, BOT, action, conversations.quoted(step.message, action))


def take_over(step: TaskStep, run: Run, task: str) -> tuple[str, str]:
    """Gives the people of a task the conversation, which begins here where none is open: its brand, and its channel.

    Where they can be reached on no channel, the refusals are told and there is none.
    """
    says = step.says
    if says is None:
        return "", ""
    draft, brand = run.draft, conversations.brand_of(run, says.message)
    found = conversations.of(draft.customer, brand)
    if found is None:
        channel = _open_channel(says, run)
        if not channel:
            return brand, ""
        found = brand, conversations.begin(draft, brand, channel)
    conversations.hand_over(draft, found[0], task)
    return found[0] or brand, found[1].channel


def _open_channel(says: SendStep, run: Run) -> str:
    """The first channel on which people could write now, or once quiet hours end; empty where policy allows none."""
    refused: list[tuple[Variant, Refusal]] = []
    for variant in says.begins:
        refusal = send.allowed(says, variant, run)
        if refusal is None or refusal.until:
            return variant.channel
        refused.append((variant, refusal))
    for variant, refusal in refused:
        send.say_refused(says, variant, run, refusal)
    return ""


def reply(step: TaskStep, run: Run, event: Event) -> None:
    """What people wrote leaves where the person is now, at once; they are told once it does, or that it does not."""
    text, says, task = event.properties.get("text"), step.says, run.position.task
    if says is None or task is None or not isinstance(text, str) or not text.strip():
        return
    brand, variant, refusal = _place(says, run, AGENT)
    if refusal is None:
        draft, visit = run.draft, run.visit(step.label)
        pending = Pending(
            run.enrollment.id, "", run.journey, says, visit, run.at, run.at, draft.event, draft.hops, {}, run.walked
        )
        refusal = send.attempt(says, variant, run, pending, 1)
    if refusal is not None:
        send.say_refused(says, variant, run, refusal)
        conversations.unsaid(run.draft, task.id, event.id, variant.channel, refusal, event.id)
        return
    turn = conversations.say(run.draft, brand, AGENT, _left(run), text.strip(), task.id, event.id)
    conversations.tell(run.draft, task.id, turn, event.id)


def _place(step: SendStep, run: Run, who: str) -> tuple[str, Variant, Refusal | None]:
    """The brand of the conversation, and the channel and address on which the person is, or why it cannot leave."""
    draft = run.draft
    found = conversations.of(draft.customer, conversations.brand_of(run, step.message))
    if found is None:
        return "", FOLLOWED, Refusal(NO_CONVERSATION, "the person has said nothing for long")
    brand, conversation = found
    task = conversations.holder(draft, conversation) if who == BOT else ""
    if task:
        return brand, replace(FOLLOWED, channel=conversation.channel), Refusal(WITH_PEOPLE, f"task {task} is open")
    for variant in step.variants:
        if variant.channel == conversation.channel:
            return brand, replace(variant, recipient=variant.recipient or conversation.address), None
    why = f"{step.message.name} has no text for {conversation.channel}, where the person is"
    return brand, replace(FOLLOWED, channel=conversation.channel), Refusal(NO_TEXT, why)


def _left(run: Run) -> Action:
    """The action that was decided just now."""
    return next(each for each in reversed(run.draft.outputs) if isinstance(each, Action))
