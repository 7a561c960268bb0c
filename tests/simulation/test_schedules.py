"""The schedules that broke earlier versions of the protocol, one by one: each must end as the oracle wants.

In their order: an action held past a take-over (whoever reads `actions` needs no memory of a fence, so a
dispatcher that restarts has none to forget: test_simulation.py kills it anywhere), a zombie that goes on, markers
under compaction, a late record that must be healed, an outbox cleared too early, a lazy snapshot overtaken and
positions taken too late, a request held past its session, two quick take-overs.
"""

import itertools
from unittest.mock import patch

import pytest
from simulation.broker import Fate
from simulation.cluster import Deaf
from simulation.oracle import settled
from simulation.scenario import topic
from simulation.stage import Stage, staged

from state.changelog import MARKER
from state.codec import encode
from state.record import Record
from streams.broker.publish import Out

HELD = Fate(land=3.0)
"""Longer than a client waits and a take-over takes."""


def test_an_action_held_past_the_take_over_leaves_again_under_its_id() -> None:
    async def play(stage: Stage) -> None:
        held = stage.cue(stage.first, "actions", HELD)
        stage.touch("account.created")
        await stage.met_with(held)
        stage.first.process.pause()
        stage.move({0}, stage.first, stage.second)
        await stage.until(lambda: len(stage.ids("actions")) == 2)

    [first, again] = staged(play).ids("actions")
    assert first == again


def test_a_zombie_that_goes_on_after_the_take_over_lets_nothing_leave() -> None:
    async def play(stage: Stage) -> None:
        stage.first.process.pause()
        stage.move({0}, stage.first, stage.second)
        await stage.until(lambda: stage.owns(stage.second))
        stage.touch("account.created")
        await stage.until(lambda: stage.ids("actions"))
        stage.first.process.resume()
        await stage.until(lambda: not stage.owns(stage.first))

    assert len(staged(play).ids("actions")) == 1


def test_all_markers_survive_compaction_and_what_they_exclude_stays_excluded() -> None:
    async def play(stage: Stage) -> None:
        late = stage.cue(stage.first, "state", HELD, b"c0")
        stage.touch("page.viewed")
        await stage.met_with(late)
        owners = [stage.first, stage.second]
        for _ in range(3):
            stage.cluster.kill(owners[-2])
            stage.cluster.give(owners[-1], {0, 1})
            await stage.until(lambda: stage.owns(owners[-1]))
            owners.append(stage.cluster.start())
        await stage.until(lambda: len(stage.states("c0")) > 2)
        stage.broker.clean((topic("state"), 0))

    stage = staged(play)
    keys = [row.key or b"" for row in stage.broker.rows[topic("state"), 0]]
    assert len({key for key in keys if key.startswith(MARKER)}) >= 5
    assert stage.counting("c0").applied != {}


def test_a_zombies_late_record_is_healed_before_compaction_leaves_it_alone() -> None:
    async def play(stage: Stage) -> None:
        stage.touch("page.viewed")
        await stage.until(lambda: stage.counting("c0").out_seq == 1 and not stage.counting("c0").outbox)
        late = stage.cue(stage.first, "state", HELD, b"c0")
        stage.touch("account.created")
        await stage.met_with(late)
        stage.first.process.pause()
        stage.move({0}, stage.first, stage.second)
        await stage.until(lambda: len(stage.ids("actions")) == 1)
        written = len(stage.states("c0"))
        await stage.until(lambda: len(stage.states("c0")) == written + 2)

    stage = staged(play)
    spot = (topic("state"), 0)
    assert stage.broker.fold(spot).to_heal == []
    assert len(stage.broker.rows[spot]) < len(stage.broker.history[spot])


def test_a_take_over_tells_how_many_it_healed() -> None:
    def taken(_ear: Deaf, number: int, _seconds: float, _records: int, heals: int) -> None:
        healed.append((number, heals))

    async def play(stage: Stage) -> None:
        stage.broker.land(topic("state"), 0, [Out(b"c0", encode(Record(None), 1 << 40))])
        stage.cluster.kill(stage.first)
        stage.cluster.give(stage.second, {0, 1})
        await stage.until(lambda: len(healed) == 4)

    healed: list[tuple[int, int]] = []
    with patch.object(Deaf, "taken", taken, create=True):
        staged(play)
    assert sorted(healed[2:]) == [(0, 1), (1, 0)]


def test_an_outbox_is_not_cleared_by_the_next_record_of_its_customer() -> None:
    async def play(stage: Stage) -> None:
        lost = stage.cue(stage.first, "actions", Fate(land=None))
        stage.touch("account.created")
        await stage.met_with(lost)
        written = len(stage.states("c0"))
        stage.touch("account.created")
        await stage.until(lambda: len(stage.states("c0")) > written)
        assert [entry.topic for entry in stage.counting("c0").outbox].count("actions") == 2
        stage.cluster.kill(stage.first)
        stage.cluster.give(stage.second, {0, 1})

    assert len(staged(play).ids("actions")) == 2


@pytest.mark.parametrize(("type_", "customer"), [("account.created", "c4"), ("page.viewed", "c0")])
def test_an_input_in_the_middle_of_a_lazy_pass_outlives_a_crash_behind_it(type_: str, customer: str) -> None:
    """An urgent one overtakes the pass's older state of its customer; a lazy one of a customer whom the pass has
    written lies behind the pass's positions.
    """

    async def play(stage: Stage) -> None:
        for each in ("c0", "c4"):
            stage.touch("page.viewed", each)
        positions = stage.broker.fold((topic("state"), 0)).mark.positions_offset
        slow = stage.cue(stage.first, "state", Fate(land=0.3), b"c0")
        await stage.met_with(slow)
        stage.touch(type_, customer)
        await stage.until(lambda: stage.broker.fold((topic("state"), 0)).mark.positions_offset > positions)
        stage.cluster.kill(stage.first)
        stage.cluster.give(stage.second, {0, 1})

    with patch("streams.commit.SLICE", 1):
        stage = staged(play)
    applied = [list(record.applied.values()) for record in stage.states(customer)]
    assert applied == sorted(applied)


def test_a_request_held_past_its_session_changes_nothing_when_it_lands() -> None:
    async def play(stage: Stage) -> None:
        held = stage.cue(stage.first, "state", HELD, b"c0")
        stage.touch("page.viewed")
        await stage.met_with(held)
        stage.touch("account.created")
        await stage.until(lambda: stage.ids("actions"))
        newest = stage.counting("c0").out_seq
        written = len(stage.states("c0"))
        await stage.until(lambda: any(record.out_seq < newest for record in stage.states("c0")[written:]))
        assert stage.counting("c0").out_seq >= newest

    stage = staged(play)
    assert stage.states("c0")[-1].out_seq == stage.counting("c0").out_seq


def test_of_two_quick_take_overs_the_one_whose_marker_lands_last_wins() -> None:
    async def play(stage: Stage) -> None:
        stage.cluster.kill(stage.first)
        third = stage.cluster.start()
        slow = stage.cue(third, "state", Fate(land=0.4), MARKER)
        stage.cluster.give(third, {0})
        await stage.met_with(slow)
        stage.cluster.give(stage.second, {0, 1})
        await stage.until(lambda: stage.owns(stage.second))
        stage.touch("account.created")
        await stage.until(lambda: stage.owns(third))
        stage.touch("account.created")

    assert len(set(staged(play).ids("actions"))) == 2


def test_a_write_without_an_offset_ends_the_session_and_nothing_is_lost() -> None:
    async def play(stage: Stage) -> None:
        unknown = stage.cue(stage.first, "state", Fate(offset=False), b"c0")
        stage.touch("account.created")
        await stage.met_with(unknown)

    stage = staged(play)
    assert len(stage.first.sessions) == 2
    assert len(set(stage.ids("actions"))) == 1


def test_what_lands_in_part_leaves_whole_and_in_order() -> None:
    """The witness sees to the order of each outbox."""

    async def play(stage: Stage) -> None:
        cut = stage.cue(stage.first, "decisions", Fate(whole=False))
        for customer in ("c0", "c4", "c0", "c4"):
            stage.touch("account.created", customer)
        await stage.met_with(cut)

    stage = staged(play)
    assert len(set(stage.ids("actions"))) == 4
    assert len(stage.first.sessions) == 2


def test_forwards_on_two_roads_and_out_of_order_are_taken_once() -> None:
    """One event comes at home and away, and the zombie's forward lands behind the new owner's later ones."""

    async def play(stage: Stage) -> None:
        late = stage.cue(stage.first, "touchpoints.rekeyed", HELD)
        stage.touch("account.created", away=True, id_="twice")
        await stage.met_with(late)
        stage.first.process.pause()
        stage.move({0, 1}, stage.first, stage.second)
        stage.touch("account.created", id_="twice")
        stage.touch("account.created", away=True)
        await stage.until(lambda: len(stage.broker.rows[topic("touchpoints.rekeyed"), 0]) == 3)

    stage = staged(play)
    assert len(set(stage.ids("actions"))) == 2
    assert stage.counting("c0").applied["1>0"] == 2


def killed_at(step: int) -> bool:
    """Kills the owner at its `step`-th step after the inputs; false where all had left by then."""

    async def play(stage: Stage) -> None:
        stage.touch("account.created", "c0")
        stage.touch("account.created", "c0", away=True)
        stage.touch("page.viewed", "c4")
        process = stage.first.process
        process.alarm_at = process.steps + step
        process.alarm = lambda: stage.cluster.kill(stage.first)
        await stage.until(lambda: process.dead or not settled(stage.broker, stage.witness))
        killed.append(process.dead)
        stage.cluster.kill(stage.first)
        stage.cluster.give(stage.second, {0, 1})

    killed: list[bool] = []
    assert len(set(staged(play).ids("actions"))) == 2
    return killed[0]


def test_a_crash_between_any_two_awaits_loses_nothing_and_doubles_nothing() -> None:
    steps = next(step for step in itertools.count(1) if not killed_at(step))
    assert steps > 50
