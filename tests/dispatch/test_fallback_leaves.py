"""A message whose next channel is tried does not leave any more, once the decision that said so is on the log."""

from channeling import FALLBACK, action, began, message, tried
from dispatching import HELLO, Office
from msgspec.structs import replace

from engine.decision import Action, Output


def _as_hello(each: Output) -> Output:
    """With the text and the channel that the office has."""
    if not isinstance(each, Action):
        return each
    name = {"customer": {"name": each.channel}}
    return replace(each, channel="email", message_hash=HELLO.content_hash, variables=name, decided_at=0)


async def test_the_first_message_stays_and_the_next_one_leaves(office: Office) -> None:
    life = began(message(fallback=FALLBACK))
    life.advance("2h")
    outputs = [each for decision in life.decisions for each in decision.outputs if isinstance(each, Output)]
    push, email = action(life, "push"), action(life, "email")
    await office.take(*map(_as_hello, outputs))
    assert office.hatch.ids() == [email.id]
    assert sorted(office.receipts()) == [("action.refused", push.id, "void"), ("message.sent", email.id, "")]
    for type_, name, code in office.receipts():
        life.event(type_, {"action_id": name, "code": code})
    assert tried(life) == [("push", 0), ("email", 2)]
