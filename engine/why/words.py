"""What the codes of a trace's lines mean, for people: one table for each kind of line that has reasons."""

NOT_ENTERED = {
    "late": "the event came too late to begin anything",
    "paused": "the journey is paused",
    "where": "its condition did not hold",
    "pinned": "they want another text of a property",
    "unless": "something spoke against it",
    "segment": "they are not in its segment",
    "sequence": "the events before it are missing, or came too long ago",
    "live": "they are inside already",
    "again": "they were inside, and may not come again yet",
    "max_live": "they are inside as often as is allowed",
    "key": "what tells one enrollment from another is absent",
    "error": "its condition failed",
}
NOT_WOKEN = {
    "late": "it came too late",
    "where": "its condition did not hold",
    "foreign": "it is about another message or task",
}
NOT_GOAL = {"where": "its condition did not hold", "early": "it came before the entry", "after": "it came too late"}
NOT_EXITED = {"where": "its condition did not hold", "unless": "something spoke against it"}
RULES = {
    "budget": "the budget of the journey is used up",
    "cap": "they have had as many messages as they may",
    "catching_up": "the engine is catching up",
    "consent": "there is no consent",
    "content": "the brand does not allow it",
    "erased": "the customer was erased",
    "facts_early": "what it states is not true yet",
    "facts_expired": "what it states is over",
    "holdout": "they are in the control group",
    "no_conversation": "they have said nothing for long",
    "no_text": "it has no text for where they are",
    "outside_window": "they have not written on WhatsApp for a day",
    "outscored": "another message was the better one",
    "quiet_hours": "it is their quiet time",
    "recency": "they turned something down not long ago",
    "stopped": "they said STOP there",
    "suppressed": "the address is suppressed",
    "unreachable": "there is no address",
    "with_people": "somebody of the company has the conversation",
}
"""Refusals, and why a proposal waits. A rule that is not here is told by its code and its own reason."""
VOIDED = {
    "answered": "an earlier message was answered after all",
    "exit": "the enrollment ended before it left",
    "expired": "it would have come too late",
    "fallback": "another channel is tried instead",
    "paused": "the journey was paused",
    "removed": "its node is no longer there",
    "stopped": "they said STOP meanwhile",
}
FELL_BACK = {
    "unanswered": "there was no answer in time, the next channel is tried",
    "failed": "it did not reach them, the next channel is tried",
    "none": "there was no answer, and no other channel is left",
}
DROPPED = {"left": "they had left before it was judged", "late": "it would have been too late"}
FENCES = {
    "entered": "Came to {}",
    "left": "Left {}",
    "stayed": "Has stayed at {}",
    "gone": "{} is not there any more",
    "unsure": "Nobody can tell from this fix whether they are at {}",
}
RESUMED = {"go": "goes on", "skip": "goes on behind what it stood at", "exit": "leaves"}
MOVED = {
    "follow": "a deploy took it along",
    "migrate": "a deploy took it along, by its map",
    "removed": "the node where it stood is no longer there",
}
FACTS = {
    "attributes": "noted what they are",
    "older": "something newer was known already",
    "invalid": "what came cannot be read, and is not noted",
    "consent": "noted the answer",
    "consent_change": "told dispatch of the answer",
    "no_consent": "without consent nothing is kept",
    "position": "noted where they are",
    "identifiers": "noted how else they are known",
    "erased": "erased the customer",
    "conversation": "noted it in the conversation",
    "receipt": "noted what became of a message",
}
DISPATCH = {
    "consent": "the consent was withdrawn meanwhile",
    "erased": "the customer was erased meanwhile",
    "expired": "it would have come too late",
    "unresolved": "nobody knows whether it left",
    "voided": "it was taken back",
}
"""Why a message did not leave in the end, as its receipt says it."""
REPEATED = {
    "until": "The loop is over: its condition holds",
    "most": "The loop is over: it has gone round often enough",
}
COLLECTED = {
    "event": "Collected the event",
    "time": "The time of collecting is over",
    "most": "Collected as many as it may",
    "flush": "An event ended the collecting",
}
ERRORS = {
    "evaluation": "an expression failed",
    "too_many_nodes": "too many nodes in one decision",
    "unknown_node": "the node where it stood is unknown",
    "unknown_version": "the version that it is in is unknown",
    "hop_limit": "events led to events too often",
    "too_many_alarms": "they have too many dates and absences to be watched",
    "too_many_fences": "they are at too many places to be watched",
}


def said(table: dict[str, str], code: str) -> str:
    """What the code means; one that the table lacks is said as it is, its `_` as blanks."""
    return table.get(code) or code.replace("_", " ")
