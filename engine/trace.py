"""The trace: the codes of its lines, and the input as it is kept on it, so that a decision can be replayed."""

from typing import Any

import msgspec

from engine.context import EMPTY, Asked
from engine.decision import Trace
from engine.event import EventArrived, Input, TimerFired

FACT = "fact"
ENTERED = "entered"
NOT_ENTERED = "not_entered"
WAITED = "waited"
WOKE = "woke"
TIMED_OUT = "timed_out"
NOT_WOKEN = "not_woken"
CHOSEN = "chosen"
SET = "set"
TASKED = "tasked"
TASK_WARNED = "task_warned"
TASK_CLOSED = "task_closed"
TASK_TOLD = "task_told"
UNSAID = "refused"
"""The code of that line for what people wrote and does not reach the person."""
ANSWERED = "answered"
HELD = "held"
SENT = "sent"
REFUSED = "refused"
DROPPED = "dropped"
DEFERRED = "deferred"
OFFERED = "offered"
GATHERED = "gathered"
SCORED = "scored"
VOIDED = "voided"
GOAL = "goal"
NOT_GOAL = "not_goal"
NOT_EXITED = "not_exited"
EXITED = "exited"
ERROR = "error"
SEGMENT = "segment"
ALARM = "alarm"
EXPOSED = "exposed"
RESTARTED = "restarted"
EMITTED = "emitted"
STARTED = "started"
BRANCHED = "branched"
JOINED = "joined"
COLLECTED = "collected"
REPEATED = "repeated"
CALLED = "called"
HELD_OUT = "held_out"
MOVED = "moved"
FENCE = "fence"
RANKED = "ranked"
FELL_BACK = "fell_back"
PAUSED = "paused"
RESUMED = "resumed"

CODES: dict[str, str] = {
    FACT: "a reserved event was taken into the customer's record; `code` says which part of it, or why not",
    ENTERED: "an enrollment began; `data.trigger` is the place of its trigger under `enter`, from 0",
    NOT_ENTERED: (
        "a trigger began nothing; `code`: late, paused, where, pinned, unless, segment, sequence, live, again, "
        "max_live, key or error"
    ),
    WAITED: "the enrollment rests at a wait until `data.until` (ms)",
    WOKE: "a wait ended, by its time or by the event waited for, whose place in the list is `data.awaited`, from 0",
    TIMED_OUT: "the event waited for did not come in time",
    NOT_WOKEN: "an event of the type waited for was not the one; `code`: late, where or foreign",
    CHOSEN: "a branch of `choose` was taken; `code` is its number from 0, or else",
    SET: "an attribute or variable was written; `code` absent when the expression named something absent",
    TASKED: "work for a person was asked for; `data.task` is its id, `data.until` (ms) when it is due",
    TASK_WARNED: "a task is due soon, at `data.until` (ms)",
    TASK_CLOSED: "a task ended; `code` is its outcome, expired or cancelled",
    TASK_TOLD: (
        "the people who have a conversation are told what was said in it; `code`: customer, agent, or refused for what "
        "does not reach the person"
    ),
    ANSWERED: (
        "a FAQ was asked for the answer to what the person said last; `code`: found, none, or over for one whose "
        "facts are not true now; `data.entry` came nearest, by `data.question`, with `data.score` of the "
        "`data.threshold` that is needed"
    ),
    HELD: "a proposal waits until `data.until` (ms), and is then made anew; `code`: catching_up",
    SENT: "an action leaves; `data.action` is its id",
    REFUSED: "a proposal was refused; `code` is the rule's",
    DROPPED: (
        "a proposal came to nothing; `code`: left, where its enrollment did so before it was judged, or late, where a "
        "rule would allow it only at `data.until` (ms)"
    ),
    DEFERRED: "a refused proposal is made again at `data.until` (ms), which the rule `code` allows",
    GATHERED: "a proposal waits until `data.until` (ms) for others, to be judged together with them",
    OFFERED: (
        "the best of a catalog was looked for; `code` is the offer's id, or none; `data.candidates` are the first of "
        "them with their fate and the parts of their score, `data.more` counts the others"
    ),
    SCORED: "a proposal competed with others; `data` are the parts of its score",
    VOIDED: (
        "a queued action shall not leave any more; `code`: exit, expired, paused or removed, fallback where another "
        "channel leaves instead, answered where an earlier one did its work"
    ),
    RANKED: (
        "the channels of a message were compared; `code` is the best, `data.channels` are all of them, the best first, "
        "with the parts of their worth"
    ),
    FELL_BACK: ("another channel of a message is tried; `code`: unanswered, or failed; none where no channel is left"),
    GOAL: "the goal of an enrollment was reached; `data.revenue` when the journey names one",
    NOT_GOAL: "an event of the goal's type did not count; `code`: where, early or after",
    NOT_EXITED: "an event of an exit's type did not end the enrollment; `code`: where or unless",
    EXITED: "the enrollment ended; `code` is the outcome, `data.rule` the place under `exit` where a rule ended it",
    SEGMENT: "the person came into a segment or left it; `code`: entered or left, `data.segment` is its name",
    ALARM: "a time of the person came; `code`: date or absence",
    EXPOSED: (
        "the person met an arm of a split; `code` is the arm, `data.split` its name, `data.control` for a control; "
        "where it was drawn just now, `data.shares` are those of all arms, `data.lost` the arm that is gone"
    ),
    RESTARTED: "a wait began anew by an event of its `restart_on`, until `data.until` (ms)",
    EMITTED: "an event was brought about; `code` is its type, `data.to` the topic where it left the engine",
    STARTED: "another journey was started; `code` is its name",
    BRANCHED: "a parallel began; `data.branches` are its branches",
    JOINED: "a branch of a parallel is at its end; `code` is the branch, `data.on` true where that ended the parallel",
    COLLECTED: "a digest took an event, or was flushed with `data.count` of them; `code`: event, time, most or flush",
    REPEATED: "a round of a loop began; `code` is its number from 1, or how the loop ended: until, most",
    CALLED: "a service was called; `data.call` is the id, `data.until` (ms) how long an answer is waited for",
    HELD_OUT: (
        "the person is in a control group: the enrollment runs, and sends no marketing; `code`: journey, or global "
        "where it is that of the project"
    ),
    MOVED: (
        "a release took the enrollment from version `data.from` to `data.to`, by `data.nodes`; `code`: follow, "
        "migrate, or removed where its node is not there"
    ),
    PAUSED: (
        "the journey is paused: what would have taken the enrollment on waits for the resume; `code`: overdue, or event"
    ),
    RESUMED: "the journey goes on, and the enrollment was past due; `code`: go, skip or exit",
    FENCE: (
        "the person came into a place that a journey looks at, or left it; `data.place` is its id; `code`: entered, "
        "left, stayed, gone (the place is not there any more), or unsure where a fix is too old or too vague to tell"
    ),
    ERROR: (
        "an expression or a definition failed; `code`: evaluation, too_many_nodes, unknown_node, unknown_version, "
        "hop_limit, too_many_alarms or too_many_fences"
    ),
}


def input_on_trace(given: Input) -> dict[str, Any]:
    """The input as plain values, `{"event": {...}, "at": ms}` or `{"timer": ms}`; `input_of` reads it back.

    Both with `hold_until` (ms) where the partition was catching up.
    """
    if isinstance(given, TimerFired):
        return {"timer": given.at, "hold_until": given.hold_until} if given.hold_until else {"timer": given.at}
    plain: dict[str, Any] = msgspec.to_builtins(given)
    return plain


def input_of(trace: Trace) -> Input:
    """The input that this trace was made of, equal to the one decided, so that the decision can be taken again."""
    if "timer" in trace.input:
        return TimerFired(trace.input["timer"], trace.input.get("hold_until", 0))
    return msgspec.convert(trace.input, EventArrived)


def asked_of(trace: Trace) -> Asked:
    """The context as the decision of this trace met it, for taking the decision again."""
    return Asked(EMPTY, trace.at, dict(trace.context))
