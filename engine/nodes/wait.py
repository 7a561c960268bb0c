"""Node `wait`: rests from arrival for a duration; one that is over already does not stop anybody."""

from engine import trace
from engine.calendar import next_inside
from engine.hours import next_open
from engine.ids import share
from engine.program import ALWAYS, Opening, Step, WaitStep
from engine.run import Run
from engine.time import after


def enter(step: WaitStep, run: Run) -> Step | None:
    """Rests, or goes on at once when the wait ends at this instant."""
    due_at = after(run.at, step.duration, run.zone())
    if step.opening is not ALWAYS:
        due_at = opening(step.opening, due_at, step.label, run)
    if due_at <= run.at:
        return step.then
    run.rest(step.label, due_at)
    return None


def time_out(step: WaitStep, run: Run) -> Step:
    """The wait is over."""
    run.say(trace.WOKE, step.label)
    return step.then


def restart(step: WaitStep, run: Run) -> None:
    """An event of the same key came: the wait begins anew."""
    due_at = opening(step.opening, after(run.at, step.duration, run.zone()), step.label, run)
    run.stand(step.label, run.at, due_at)
    run.say(trace.RESTARTED, step.label, until=due_at)


def opening(allowed: Opening, at: int, label: str, run: Run) -> int:
    """The first instant (ms) from `at` on at which the enrollment may go on.

    The spread is a share of `jitter` that the enrollment and the node draw; it never leads out of window or hours.
    """
    zone = run.zone()
    found = within(allowed, at, zone)
    if allowed.jitter is not None:
        spread = after(found, allowed.jitter, zone) - found
        visit = run.enrollment.visits.get(label, 0)
        found = within(allowed, found + int(spread * share("jitter", run.enrollment.id, label, visit)), zone)
    return found


def within(allowed: Opening, at: int, zone: str) -> int:
    """Inside the window and open at once, found in a few steps; where the two never meet, what the hours say."""
    for _ in range(10):
        inside = at if allowed.between is None else next_inside(at, allowed.between, zone)
        found = inside if allowed.hours is None else next_open(inside, allowed.hours)
        if found == at:
            break
        at = found
    return at
