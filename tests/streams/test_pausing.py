"""Pausing and resuming as releases: what may be paused and resumed, what outlives a deploy, since when each holds."""

import pytest
from definition_files import folder, journey

from engine.customer import Branch, Enrollment
from engine.program import Pause
from streams.definitions.pausing import CannotPause, Waiting, plan_pause, plan_resume, waiting
from streams.definitions.plan import Plan, UnknownJourney, plan_deploy, plan_release, plan_undeploy
from streams.definitions.shelf import CURRENT, Shelf, blob_key, canonical, release_key


def published(shelf: Shelf, plan: Plan) -> Plan:
    for blob in plan.blobs:
        shelf.feed(blob_key(blob), blob)
    if plan.release:
        shelf.feed(release_key(plan.release.n), canonical(plan.release))
        shelf.feed(CURRENT, str(plan.release.n).encode())
    return plan


@pytest.fixture
def shelf() -> Shelf:
    shelf = Shelf()
    published(shelf, plan_deploy(shelf, folder(j=journey("j"), k=journey("k")), 1, "", "n1"))
    return shelf


def pause(shelf: Shelf, at: int = 10, *, entries_only: bool = False) -> Plan:
    return published(shelf, plan_pause(shelf, "j", at, "", f"p{at}", entries_only=entries_only))


def resume(shelf: Shelf, overdue: str | None = "go", at: int = 20, pace: int = 0) -> Plan:
    return published(shelf, plan_resume(shelf, "j", at, "", f"r{at}", overdue=overdue, pace=pace))


def paused(shelf: Shelf) -> Pause | None:
    assert shelf.release is not None
    return shelf.release.journeys["j"].pause


def test_a_pause_is_a_release_with_a_note_of_what_it_is(shelf: Shelf) -> None:
    assert b"pause" not in canonical(shelf.release)
    plan = pause(shelf)
    assert plan.released == (2, ("j",), (), ())
    assert shelf.release is not None
    assert (shelf.release.note, shelf.release.journeys["k"].pause) == ("pause j", None)
    assert paused(shelf) == Pause(since=10)
    resume(shelf, "skip", pace=7)
    assert shelf.release.note == "resume j"
    assert paused(shelf) == Pause(False, 10, 20, "skip", 7)


def test_what_is_paused_so_already_changes_nothing(shelf: Shelf) -> None:
    pause(shelf)
    assert pause(shelf, 11).release is None
    resume(shelf)
    pause(shelf, 30, entries_only=True)
    assert pause(shelf, 31, entries_only=True).release is None


def test_entries_alone_are_paused_and_resumed_without_a_word_on_those_past_due(shelf: Shelf) -> None:
    pause(shelf, entries_only=True)
    found = paused(shelf)
    assert found is not None and found.closed and not found.stands
    resume(shelf, None)
    found = paused(shelf)
    assert found is not None and not found.closed and not found.until


def test_entries_paused_behind_a_resume_forget_nothing_of_it(shelf: Shelf) -> None:
    pause(shelf)
    resume(shelf, "exit")
    pause(shelf, 30, entries_only=True)
    assert paused(shelf) == Pause(True, 10, 20, "exit")
    pause(shelf, 40)
    assert paused(shelf) == Pause(True, 40)


def test_what_cannot_be_is_refused_with_the_cure(shelf: Shelf) -> None:
    with pytest.raises(CannotPause, match="journey j: not paused; `sillage journeys` shows which are"):
        resume(shelf)
    pause(shelf)
    with pytest.raises(CannotPause, match="journey j: paused whole; resume it first, then pause its entries"):
        pause(shelf, entries_only=True)
    with pytest.raises(CannotPause, match="say what they do: --overdue go, skip or exit"):
        resume(shelf, None)
    resume(shelf)
    with pytest.raises(CannotPause, match="not paused"):
        resume(shelf)
    with pytest.raises(UnknownJourney):
        plan_pause(shelf, "jj", 1, "", "")


def test_a_pause_outlives_deploys_rollbacks_and_a_journey_that_is_closed(shelf: Shelf) -> None:
    pause(shelf)
    published(shelf, plan_deploy(shelf, folder(j=journey("j", wait="2h")), 12, "", "d"))
    assert paused(shelf) == Pause(since=10)
    published(shelf, plan_release(shelf, 1, 13, "", "back"))
    assert paused(shelf) == Pause(since=10)
    published(shelf, plan_undeploy(shelf, "j", 14, "close"))
    assert paused(shelf) == Pause(since=10)
    resume(shelf, "exit")
    published(shelf, plan_release(shelf, 3, 30, "", "back"))
    assert paused(shelf) == Pause(False, 10, 20, "exit")


def test_a_resume_is_walked_for_once_however_many_releases_follow(shelf: Shelf) -> None:
    pause(shelf)
    assert shelf.release is not None
    assert "resumed/j" not in shelf.since(shelf.release)
    resume(shelf)
    published(shelf, plan_deploy(shelf, folder(k=journey("k", wait="2h")), 21, "", "d"))
    assert shelf.since(shelf.release) == {"j": 1, "k": 4, "resumed/j": 3}
    pause(shelf, 30)
    resume(shelf, at=40)
    assert shelf.since(shelf.release)["resumed/j"] == 6


def test_who_is_inside_and_past_due_is_counted() -> None:
    def one(due_at: int = 0, overdue_at: int = 0, *branches: Branch, journey: str = "j") -> Enrollment:
        return Enrollment(
            "e", journey, "v", "", 1, 0, {}, due_at=due_at, overdue_at=overdue_at, branches=list(branches)
        )

    people = [
        one(due_at=100), one(due_at=101), one(), one(overdue_at=5), one(0, 0, Branch("a", "f", due_at=7)),
        one(due_at=1, journey="k"),
    ]  # fmt: skip
    assert waiting(people, "j", 100) == Waiting(5, 3)
