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
    brand, variant, refusal = _place(step, run, BOT)
    refusal = refusal or send.attempt(step, variant, run, pending, 1)
    if refusal is None:
        action = _left(run)
        conversations.say(run.draft, brand, BOT, action, conversations.quoted(step.message, action))
        return step.then
    send.say_refused(step, variant, run, refusal)
    return None if deferred(step, run, pending, (refusal,)) else step.blocked


def reply(step: TaskStep, run: Run, event: Event) -> None:
    """What people wrote leaves where the person is now, at once; they are told once it does."""
    text, says = event.properties.get("text"), step.says
    if says is None or not isinstance(text, str) or not text.strip():
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
        return
    turn = conversations.say(run.draft, brand, AGENT, _left(run), text.strip())
    if run.position.task is not None:
        conversations.tell(run.draft, run.position.task.id, turn, event.id)


def _place(step: SendStep, run: Run, who: str) -> tuple[str, Variant, Refusal | None]:
    """The brand of the conversation, and the channel and address on which the person is, or why it cannot leave."""
    draft = run.draft
    found = conversations.of(draft.customer, run.journey.brand)
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
