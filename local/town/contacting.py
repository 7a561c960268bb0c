"""How people turn to the company: they call and wait, chat, write, post in public, and scan what the post brought."""

from collections.abc import Iterator
from random import Random

from local.town.geography import nearest_store
from local.town.happening import Touch
from local.town.people import Person
from local.town.rhythm import HOUR_MS, MINUTE_MS, SECOND_MS, hour_of
from local.town.shopping import visit
from local.town.stage import Coming, Later, touch

TELL_AFTER_S = (60, 120)
"""A caller's wait is told when it passes these, in seconds."""
_RUSH_HOURS = frozenset({9, 10, 11, 16, 17})
_WAIT_S = (70.0, 260.0)
"""How long a caller waits on the average: usually, and in the rush."""
_PATIENCE_S = (150.0, 900.0)
_TALK_MS = (3 * MINUTE_MS, 9 * MINUTE_MS)
_CHATS_INSTEAD = 0.2
_GOES_TO_A_STORE = 0.12
_CALLS_AGAIN = 0.12
_MOODS = ("praise", "question", "complaint")


def call(person: Person, at: int, dice: Random) -> Iterator[Coming]:
    """A call to the hotline. Its wait is told in steps; then it is answered, or the caller gives up."""
    if person.calling:
        return
    person.calling = True
    id = f"{person.id}-call-{person.number('call')}"
    wait_s = dice.expovariate(1 / _WAIT_S[hour_of(at) in _RUSH_HOURS])
    patience_s = dice.uniform(*_PATIENCE_S)
    ends_at = at + int(min(wait_s, patience_s) * SECOND_MS)
    for seconds in TELL_AFTER_S:
        if seconds <= min(wait_s, patience_s):
            properties = {"call_id": id, "waited_s": seconds}
            yield touch(person, at + seconds * SECOND_MS, "call.queued", "call", properties)
    if wait_s <= patience_s:
        yield touch(person, ends_at, "call.answered", "call", {"call_id": id})
        ends_at += dice.randint(*_TALK_MS)
    yield Later(ends_at, lambda now: _hang_up(person, now, dice, answered=wait_s <= patience_s))


def _hang_up(person: Person, at: int, dice: Random, *, answered: bool) -> Iterator[Coming]:
    """Who was not answered may chat, go to a store or call again."""
    person.calling = False
    choice = dice.random()
    if answered:
        return
    if choice < _CHATS_INSTEAD:
        yield from chat(person, at + 2 * MINUTE_MS, dice)
    elif choice < _CHATS_INSTEAD + _GOES_TO_A_STORE:
        yield Later(
            at + dice.randint(8, 25) * MINUTE_MS, lambda now: visit(person, now, nearest_store(person.at), dice)
        )
    elif choice < _CHATS_INSTEAD + _GOES_TO_A_STORE + _CALLS_AGAIN:
        yield Later(at + dice.randint(5, 15) * MINUTE_MS, lambda now: call(person, now, dice))


def chat(person: Person, at: int, dice: Random) -> Iterator[Touch]:
    """A chat on the website, mostly answered."""
    id = f"{person.id}-chat-{person.number('chat')}"
    yield touch(person, at, "chat.started", "chat", {"chat_id": id})
    if dice.random() < 0.85:
        yield touch(person, at + dice.randint(20, 240) * SECOND_MS, "chat.answered", "chat", {"chat_id": id})


def write(person: Person, at: int, dice: Random) -> Iterator[Touch]:
    """A chat, a text message or a post in public."""
    kind = dice.random()
    if kind < 0.4:
        yield from chat(person, at, dice)
    elif kind < 0.75:
        yield touch(person, at, "sms.received", "sms", {"text": dice.choice(("when do you open?", "thanks", "help"))})
    else:
        yield touch(person, at, "social.mentioned", "social", {"mood": dice.choice(_MOODS)})


def scan(person: Person, at: int, dice: Random) -> Iterator[Touch]:
    """The code on a letter that the post brought, in the evening or later."""
    yield touch(person, at, "letter.scanned", "postal", {"letter": dice.choice(("spring", "voucher"))})
    if dice.random() < 0.3:
        yield touch(person, at + dice.randint(MINUTE_MS, HOUR_MS // 4), "page.viewed", "web", {"page": "voucher"})
