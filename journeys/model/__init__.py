"""What a journey is: the shape that a designer's YAML has once it is read."""

from journeys.model.charter import Fact, Utm, Voice, Words
from journeys.model.faq import Faq, FaqEntry
from journeys.model.folder import ChannelCost, Hours, MessageHead, Project, Segment, Service, SmsRules
from journeys.model.journey import Budget, Journey
from journeys.model.leaves import (
    Add,
    Defer,
    Emit,
    Exit,
    Fallback,
    First,
    Moment,
    Set,
    Tagged,
    Untagged,
    Wait,
    Winner,
)
from journeys.model.nodes import (
    VERBS,
    Answer,
    Arm,
    Awaited,
    Becoming,
    BestOffer,
    Blocked,
    Call,
    Choose,
    Digest,
    Node,
    Otherwise,
    Outcome,
    Parallel,
    ParallelBranch,
    Repeat,
    Send,
    Split,
    Start,
    Task,
    WaitFor,
    WaitUntil,
    When,
)
from journeys.model.offers import Arbitration, Offer, Offers
from journeys.model.parts import (
    EVENT_TYPE,
    NAME,
    SLUG,
    TARGET,
    Condition,
    EventType,
    EventTypes,
    Expression,
    Inputs,
    Part,
    Slug,
)
from journeys.model.policy import Brand, Cap, ContentRule, QuietHours, Recency
from journeys.model.triggers import (
    AGAIN,
    PLACE,
    TRIGGERS,
    AtPlace,
    Called,
    Enter,
    EntersPlace,
    EntersSegment,
    Entry,
    Every,
    ExitRule,
    Goal,
    LeavesPlace,
    LeavesSegment,
    OnAbsence,
    OnBroadcast,
    OnDate,
    OnSequence,
    StaysInPlace,
    Trigger,
)

__all__ = [
    "AGAIN", "EVENT_TYPE", "NAME", "PLACE", "SLUG", "TAGS", "TARGET", "TRIGGERS", "VERBS", "Add", "Answer",
    "Arbitration", "Arm", "AtPlace", "Awaited", "Becoming", "BestOffer", "Blocked", "Brand", "Budget", "Call",
    "Called", "Cap", "ChannelCost", "Choose", "Condition", "ContentRule", "Defer", "Digest", "Emit", "Enter",
    "EntersPlace", "EntersSegment", "Entry", "EventType", "EventTypes", "Every", "Exit", "ExitRule", "Expression",
    "Fact", "Fallback", "Faq", "FaqEntry", "First", "Goal", "Hours", "Inputs", "Journey", "LeavesPlace",
    "LeavesSegment", "MessageHead", "Moment", "Node", "Offer", "Offers", "OnAbsence", "OnBroadcast", "OnDate",
    "OnSequence", "Otherwise", "Outcome", "Parallel", "ParallelBranch", "Part", "Project", "QuietHours", "Recency",
    "Repeat", "Segment", "Send", "Service", "Set", "Slug", "SmsRules", "Split", "Start", "StaysInPlace", "Tagged",
    "Task", "Trigger", "Untagged", "Utm", "Voice", "Wait", "WaitFor", "WaitUntil", "When", "Winner", "Words",
]  # fmt: skip

TAGS = frozenset(
    {
        "@one", "@many", "@single", "@text", "@whole", "@number", "@truth", "@word", "@steps", "@when", "@else",
        "@awaited", "@becoming", "@moment", "@date", "@duration", "@defer", "@first",
    }
    | {f"@{name}" for name in TRIGGERS}
)  # fmt: skip
"""What stands in the place of a fault for a choice among shapes, beside `@` and a verb; no key of the language."""
