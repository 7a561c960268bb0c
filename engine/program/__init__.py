"""The program: a journey compiled, as steps that point at what follows them and rules indexed by event type."""

from engine.program.messages import MessageSpec
from engine.program.offers import OfferCatalog, OfferRule
from engine.program.rules import (
    CALL_TYPES,
    TASK_TYPES,
    AbsenceRule,
    BudgetRule,
    CompiledJourney,
    DateRule,
    EntryRule,
    ExitRule,
    FenceRule,
    FixLimits,
    GoalRule,
    Move,
    Pause,
    Schedule,
    SegmentRule,
)
from engine.program.steps import (
    ALWAYS,
    AwaitedEvent,
    AwaitedState,
    BackStep,
    BestOfferStep,
    CallStep,
    ChooseStep,
    DigestStep,
    EmitStep,
    ExitStep,
    Inputs,
    JoinStep,
    Opening,
    ParallelStep,
    RepeatStep,
    RestStep,
    SendStep,
    SetStep,
    SplitStep,
    StartStep,
    Step,
    TagStep,
    TaskStep,
    Variant,
    WaitForStep,
    WaitStep,
    WaitUntilStep,
    WinnerRule,
)

__all__ = [
    "ALWAYS", "CALL_TYPES", "TASK_TYPES", "AbsenceRule", "AwaitedEvent", "AwaitedState", "BackStep", "BestOfferStep", "BudgetRule", "CallStep",
    "ChooseStep", "CompiledJourney", "DateRule", "DigestStep", "EmitStep", "EntryRule", "ExitRule", "ExitStep", "FenceRule", "FixLimits",
    "GoalRule", "Inputs", "JoinStep", "MessageSpec", "Move", "OfferCatalog", "OfferRule", "Opening", "ParallelStep", "Pause", "RepeatStep", "RestStep",
    "Schedule", "SegmentRule", "SendStep", "SetStep", "SplitStep", "StartStep", "Step", "TagStep", "TaskStep",
    "Variant", "WaitForStep", "WaitStep", "WaitUntilStep", "WinnerRule",
]  # fmt: skip
