"""Node `answer`: looks in a FAQ for the answer to what the person said last."""

from typing import Any

from engine import conversations, trace
from engine.program import AnswerStep, Step
from engine.run import Run
from journeys.faq import Found

FOUND, NONE, OVER = "found", "none", "over"


def enter(step: AnswerStep, run: Run) -> Step:
    """Keeps the answer that is nearest as a variable, or goes on at `else`; the trace says how near it was."""
    open_ = conversations.of(run.draft.customer, conversations.brand_of(run))
    said = conversations.said_last(open_[1]) if open_ is not None else ""
    found = step.answers.find(said) if said else None
    kept = {name: value for name, value in run.enrollment.vars.items() if name != step.name}
    if found is None or not step.answers.reaches(found):
        run.enrollment.vars = kept
        _say(step, run, NONE, found)
        return step.otherwise
    if not step.answers.holds(found, run.at):
        run.enrollment.vars = kept
        _say(step, run, OVER, found)
        return step.otherwise
    spoken = run.draft.customer.attributes.get("language")
    language, text = step.answers.answer(found, spoken if isinstance(spoken, str) else "")
    told = {"entry": found.entry, "text": text, "language": language, "score": found.score}
    run.enrollment.vars = {**kept, step.name: told}
    _say(step, run, FOUND, found)
    return step.then


def _say(step: AnswerStep, run: Run, code: str, found: Found | None) -> None:
    """The line quotes the FAQ, never the person."""
    told: dict[str, Any] = {"faq": step.answers.name, "threshold": step.answers.threshold}
    if found is not None:
        told |= {"entry": found.entry, "question": found.question, "score": found.score}
    run.say(trace.ANSWERED, step.label, code, **told)
