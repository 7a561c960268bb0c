"""The program: a journey compiled, as steps that point at what follows them and rules indexed by event type."""

from engine.program.messages import MessageSpec
from engine.program.rules import (
    CALL_TYPES,
    TASK_TYPES,
    AbsenceRule,
    CompiledJourney,
    DateRule,
    EntryRule,
    ExitRule,
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
    "ALWAYS", "CALL_TYPES", "TASK_TYPES", "AbsenceRule", "AwaitedEvent", "AwaitedState", "BackStep", "CallStep",
    "ChooseStep", "CompiledJourney", "DateRule", "DigestStep", "EmitStep", "EntryRule", "ExitRule", "ExitStep",
    "GoalRule", "Inputs", "JoinStep", "MessageSpec", "Move", "Opening", "ParallelStep", "Pause", "RepeatStep", "RestStep",
    "Schedule", "SegmentRule", "SendStep", "SetStep", "SplitStep", "StartStep", "Step", "TagStep", "TaskStep",
    "Variant", "WaitForStep", "WaitStep", "WaitUntilStep", "WinnerRule",
]  # fmt: skip
