"""Fences: the places that a person is known to be in, from fixes that jump about, and what is told of it.

A fix says that a person is inside only deeper than a margin and than its own accuracy, and outside only as far beyond
the edge; between the two nothing changes. So where fixes are as good as they say, each change is a true one.
"""

from typing import Any

from engine import trace
from engine.customer import ALARMS, FENCES, Fence, Position
from engine.draft import Draft
from engine.event import Place
from engine.places.watches import Watch
from engine.program.rules import ENTERED_PLACE, LEFT_PLACE, STAYED_IN_PLACE
from engine.segments import set_alarm
from engine.time import after
from journeys.duration import Duration

STAY = "stay/"
"""Begins the name of an alarm, before the key of the fence."""
Told = dict[str, Any]
"""What the context tells of a place: kind, depth_m, and the name where it has one."""


def follow(draft: Draft, fix: Position) -> None:
    """Takes a fix that is newer than all before it: who comes into a watched place or leaves it is told so."""
    around, place = draft.around, fix.place
    inside = around.fences(place.lat, place.lon, draft.catalog.fences.names) if draft.catalog.fences else {}
    _forget_unwatched(draft)
    for watch in draft.catalog.fences.by_key.values():
        limits = watch.limits
        if draft.at - fix.at > limits.max_age_ms or (place.accuracy_m or 0.0) > limits.max_accuracy_m:
            draft.note(trace.FENCE, code="unsure", why=f"the fix is older or vaguer than {watch.key} allows")
            continue
        for key in [key for key in draft.customer.fences if key.startswith(f"{watch.key}/")]:
            _look_at_held(draft, watch, key, fix)
        for name, told in inside.items():
            if watch.names & {name, told["kind"]} and f"{watch.key}/{name}" not in draft.customer.fences:
                _perhaps_enter(draft, watch, name, told, fix)


def forget(draft: Draft) -> None:
    """Forgets where the person is; nobody is told, since nobody knows it any more."""
    for key in draft.customer.fences:
        set_alarm(draft, STAY + key, 0)
    if draft.customer.fences:
        draft.own().fences = {}


def notice_stay(draft: Draft, key: str) -> None:
    """Takes the alarm of a stay: it is told where a fix that counts shows the person inside, else with the next."""
    watch, name = _watch_of(draft, key)
    fence, fix = draft.customer.fences.get(key), draft.customer.position
    if watch is None or fence is None or fix is None:
        return
    told = draft.around.fence(name, fix.place.lat, fix.place.lon)
    if told is None or _is_out(watch, told, fix.place):
        return
    if fence.seen_at < draft.at - watch.limits.max_age_ms:
        draft.say(trace.FENCE, code="unsure", why="the last fix is too old to say that the stay goes on", place=name)
        return
    _tell_stays(draft, watch, key, told, draft.at)


def _look_at_held(draft: Draft, watch: Watch, key: str, fix: Position) -> None:
    name = key.removeprefix(f"{watch.key}/")
    told = draft.around.fence(name, fix.place.lat, fix.place.lon)
    if told is None:
        _drop(draft, key)
        draft.say(trace.FENCE, code="gone", why="the place is not there any more", place=name)
    elif not watch.names & {name, told["kind"]}:
        _drop(draft, key)
    elif _is_out(watch, told, fix.place):
        since = draft.customer.fences[key].since
        _drop(draft, key)
        _tell(draft, LEFT_PLACE, "left", watch, name, told, since=since)
    elif _is_in(watch, told, fix.place) and watch.stays_at(name, told["kind"]):
        fence = draft.customer.fences[key]
        _keep(draft, key, Fence(fence.since, fix.at, fence.told_at))
        _tell_stays(draft, watch, key, told, fix.at)


def _perhaps_enter(draft: Draft, watch: Watch, name: str, told: Told, fix: Position) -> None:
    if not _is_in(watch, told, fix.place):
        return
    if len(draft.customer.fences) >= FENCES:
        draft.say(
            trace.ERROR, code="too_many_fences", why=f"{name} is not followed: the customer is in {FENCES} places"
        )
        return
    key = f"{watch.key}/{name}"
    _keep(draft, key, Fence(fix.at, fix.at))
    _tell(draft, ENTERED_PLACE, "entered", watch, name, told)
    _tell_stays(draft, watch, key, told, fix.at)


def _is_in(watch: Watch, told: Told, fix: Place) -> bool:
    return bool(told["depth_m"] >= max(watch.limits.enter_margin_m, fix.accuracy_m or 0.0))


def _is_out(watch: Watch, told: Told, fix: Place) -> bool:
    return bool(-told["depth_m"] >= max(watch.limits.leave_margin_m, fix.accuracy_m or 0.0))


def _tell_stays(draft: Draft, watch: Watch, key: str, told: Told, upto: int) -> None:
    """Tells of each stay that is over by `upto` (ms) and not told yet, and sets the alarm of the next."""
    name, fence = key.removeprefix(f"{watch.key}/"), draft.customer.fences[key]
    dues = [(_due(draft, fence, stay), stay.text) for stay in watch.stays_at(name, told["kind"])]
    over = sorted(each for each in dues if fence.told_at < each[0] <= upto)
    for _, text in over:
        _tell(draft, STAYED_IN_PLACE, "stayed", watch, name, told, since=fence.since, **{"for": text})
    if over:
        _keep(draft, key, Fence(fence.since, fence.seen_at, over[-1][0]))
    _arm(draft, STAY + key, min((due for due, _ in dues if due > max(upto, fence.told_at)), default=0))


def _due(draft: Draft, fence: Fence, stay: Duration) -> int:
    return after(fence.since, stay, draft.past.zone)


def _arm(draft: Draft, name: str, due: int) -> None:
    alarms = draft.customer.alarms
    if due and name not in alarms and len(alarms) >= ALARMS:
        draft.say(trace.ERROR, code="too_many_alarms", why=f"{name} is not set: the customer has {ALARMS} alarms")
        return
    set_alarm(draft, name, due)


def _tell(draft: Draft, type_: str, code: str, watch: Watch, name: str, told: Told, **more: Any) -> None:
    called = {"name": told["name"]} if "name" in told else {}
    draft.say(trace.FENCE, code=code, place=name, kind=told["kind"])
    draft.derive(type_, {"place": name, "kind": told["kind"], **called, **more, "fixes": watch.key})


def _forget_unwatched(draft: Draft) -> None:
    """What no journey looks at any more is forgotten, so that it is not old news when one does again."""
    for key in [key for key in draft.customer.fences if _watch_of(draft, key)[0] is None]:
        _drop(draft, key)


def _watch_of(draft: Draft, key: str) -> tuple[Watch | None, str]:
    limits, _, name = key.partition("/")
    return draft.catalog.fences.by_key.get(limits), name


def _keep(draft: Draft, key: str, fence: Fence) -> None:
    if draft.customer.fences.get(key) != fence:
        draft.own().fences = {**draft.customer.fences, key: fence}


def _drop(draft: Draft, key: str) -> None:
    set_alarm(draft, STAY + key, 0)
    draft.own().fences = {name: each for name, each in draft.customer.fences.items() if name != key}
