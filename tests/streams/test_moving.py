"""What a deploy means for those inside: its moves, what a map must say, and a rehearsal of it."""

import pytest
from definition_files import folder

from streams.definitions.moving import FOLLOW, MIGRATE, STAY, MapRefused, Moving
from streams.definitions.plan import Plan, UnknownRelease, plan_deploy, plan_release
from streams.definitions.rehearsal import Fate, Gone, rehearse
from streams.definitions.shelf import CURRENT, Shelf, Shelved, blob_key, canonical, release_key

HEAD = "journey: j\ntopic: offers\nttl: 9d\nenter:\n  on: began\nsteps:\n"
ONE = "  - wait: 1h\n    id: first\n  - send: hello\n"
TWO = "  - wait: 2h\n    id: second\n  - send: hello\n"
BOTH = ONE + TWO.replace("hello\n", "hello\n    id: again\n")


def forked(name: str, *branches: str) -> str:
    lines = [f"      {each}:\n        do:\n          - wait: 1h\n            id: {each}\n" for each in branches]
    return f"  - parallel: {name}\n    id: {name}\n    join: all\n    branches:\n{''.join(lines)}"


def deploy(shelf: Shelf, steps: str, moving: Moving = STAY) -> Plan:
    return published(shelf, plan_deploy(shelf, folder(j=HEAD + steps), 1, "", f"nonce-{shelf.next_number}", moving))


def published(shelf: Shelf, plan: Plan) -> Plan:
    for blob in plan.blobs:
        shelf.feed(blob_key(blob), blob)
    if plan.release:
        shelf.feed(release_key(plan.release.n), canonical(plan.release))
        shelf.feed(CURRENT, str(plan.release.n).encode())
    return plan


def current(shelf: Shelf) -> Shelved:
    assert shelf.release is not None
    return shelf.release.journeys["j"]


Where = dict[tuple[str, str, tuple[str, ...]], int]


def migrate(standing: Where, **nodes: str | None) -> Moving:
    return Moving(MIGRATE, {"j": nodes}, standing)


@pytest.fixture
def shelf() -> Shelf:
    shelf = Shelf()
    deploy(shelf, ONE)
    return shelf


def test_pin_moves_nobody_and_its_release_says_nothing_of_moves(shelf: Shelf) -> None:
    deploy(shelf, TWO)
    assert current(shelf).moves == {}
    assert b"moves" not in canonical(shelf.release)


def test_follow_moves_by_equal_ids_and_lets_the_others_leave(shelf: Shelf) -> None:
    old = current(shelf).version
    deploy(shelf, TWO, Moving(FOLLOW))
    move = current(shelf).moves[old]
    assert (move.to, move.mode, move.nodes) == (current(shelf).version, "follow", {"first": ""})


def test_a_move_is_walked_for_since_the_release_that_brought_it(shelf: Shelf) -> None:
    old = current(shelf).version
    deploy(shelf, BOTH, Moving(FOLLOW))
    published(shelf, plan_deploy(shelf, folder(k=(HEAD + ONE).replace("journey: j", "journey: k")), 1, "", "k"))
    assert shelf.release is not None
    assert shelf.since(shelf.release)[f"moves/j/{old}"] == 2


def test_the_same_follow_again_changes_nothing(shelf: Shelf) -> None:
    deploy(shelf, BOTH, Moving(FOLLOW))
    assert deploy(shelf, BOTH, Moving(FOLLOW)).release is None
    assert deploy(shelf, BOTH).release is None


def test_a_follow_of_the_text_in_use_takes_those_pinned_before(shelf: Shelf) -> None:
    old = current(shelf).version
    deploy(shelf, BOTH)
    deploy(shelf, BOTH, Moving(FOLLOW, standing={("j", old, ("first",)): 1}))
    assert current(shelf).moves.keys() == {old}


def test_moves_still_to_be_made_outlive_later_deploys_and_those_that_nobody_makes_are_dropped(shelf: Shelf) -> None:
    first = current(shelf).version
    deploy(shelf, BOTH, Moving(FOLLOW))
    second = current(shelf).version
    waiting: Where = {("j", first, ("first",)): 1}
    deploy(shelf, TWO)
    assert current(shelf).moves.keys() == {first}
    deploy(shelf, BOTH + "  - exit: done\n", Moving(FOLLOW, standing=waiting))
    assert current(shelf).moves.keys() >= {first, second}
    deploy(shelf, BOTH + "  - exit: over\n", Moving(FOLLOW))
    assert first not in current(shelf).moves


def test_an_older_text_is_a_deploy_of_its_older_version_and_frees_it(shelf: Shelf) -> None:
    first = current(shelf).version
    deploy(shelf, BOTH, Moving(FOLLOW))
    second = current(shelf).version
    deploy(shelf, ONE, Moving(FOLLOW))
    assert current(shelf).version == first
    assert current(shelf).moves.keys() == {second}


def test_whoever_enters_the_older_version_again_is_not_moved_on_to_the_later_one(shelf: Shelf) -> None:
    deploy(shelf, BOTH, Moving(FOLLOW))
    deploy(shelf, ONE)
    assert current(shelf).moves == {}


def test_a_release_is_put_into_use_once_more_and_what_it_did_not_have_is_closed(shelf: Shelf) -> None:
    first = current(shelf).version
    other = folder(k=(HEAD + ONE).replace("journey: j", "journey: k"))
    published(shelf, plan_deploy(shelf, other, 1, "", "k"))
    deploy(shelf, TWO)
    plan = published(shelf, plan_release(shelf, 1, 2, "", "back", Moving(FOLLOW)))
    assert plan.released.n == 4
    assert current(shelf).version == first
    assert len(current(shelf).moves) == 1
    assert shelf.release is not None
    assert not shelf.release.journeys["k"].open
    with pytest.raises(UnknownRelease, match="release 9: not found; there are 1 to 4"):
        plan_release(shelf, 9, 2, "", "back")


def test_a_removed_node_that_holds_people_asks_for_a_map(shelf: Shelf) -> None:
    standing: Where = {("j", current(shelf).version, ("first",)): 3}
    with pytest.raises(MapRefused) as refused:
        deploy(shelf, TWO, migrate(standing))
    assert str(refused.value) == (
        "journeys/j.yaml:6:1: J059 node `first` is removed and 3 stand there; hint: write `j: {first: NEW-ID}` into "
        "the map, or null for NEW-ID where they shall leave"
    )
    old = current(shelf).version
    deploy(shelf, TWO, migrate(standing, first="second"))
    assert current(shelf).moves[old].nodes == {"first": "second"}


def test_null_lets_them_leave_and_a_node_without_people_needs_no_map(shelf: Shelf) -> None:
    old = current(shelf).version
    deploy(shelf, TWO, migrate({}))
    assert current(shelf).moves[old].nodes == {}
    back = current(shelf).version
    deploy(shelf, ONE, migrate({("j", back, ("second",)): 1}, second=None))
    assert current(shelf).moves[back].nodes == {"second": ""}


def test_every_fault_of_a_map_is_told_at_once(shelf: Shelf) -> None:
    given = {"j": {"frist": "second", "first": "thrid"}, "jj": {"a": "b"}}
    with pytest.raises(MapRefused) as refused:
        deploy(shelf, TWO, Moving(MIGRATE, given))
    assert str(refused.value).splitlines() == [
        "map: journey jj is not among those that are deployed here; did you mean `j`?",
        "map: journey j: `first` cannot go on at `thrid`, which is not in the new version; name another",
        "map: journey j: nobody can stand at `frist`; did you mean `first`?",
    ]


def test_a_parallel_goes_on_in_one_of_the_same_branches_only() -> None:
    shelf = Shelf()
    deploy(shelf, forked("p", "a", "b"))
    first = current(shelf).version
    standing: Where = {("j", first, ("p", "a", "b")): 1}
    deploy(shelf, forked("q", "a", "b"), migrate(standing, p="q"))
    assert current(shelf).moves[first].nodes == {"p": "q"}
    second = current(shelf).version
    deploy(shelf, forked("q", "a", "c"), Moving(FOLLOW))
    assert current(shelf).moves[second].nodes.keys() >= {"q", "b"}


def test_a_node_that_left_its_branch_cannot_be_followed() -> None:
    shelf = Shelf()
    deploy(shelf, forked("p", "a", "b"))
    first = current(shelf).version
    deploy(shelf, "  - wait: 1h\n    id: a\n", Moving(FOLLOW))
    assert current(shelf).moves[first].nodes["a"] == ""


def test_a_rehearsal_says_who_stays_moves_and_leaves(shelf: Shelf) -> None:
    old = current(shelf).version
    standing: Where = {("j", old, ("first",)): 3, ("j", old, ("hello",)): 2, ("other", "v", ("x",)): 9}

    def fate(moving: Moving) -> tuple[tuple[Fate, ...], list[Gone]]:
        plan = plan_deploy(shelf, folder(j=HEAD + TWO), 1, "", "n", moving)
        found = rehearse(shelf, plan, moving)
        return found.fates, [each for each in found.gone if each.standing]

    assert fate(Moving(standing=standing)) == ((Fate("j", "pin", 5, 0, 0),), [Gone("j", "first", 3, None)])
    assert fate(Moving(FOLLOW, standing=standing)) == ((Fate("j", "follow", 0, 2, 3),), [Gone("j", "first", 3, None)])
    mapped = migrate(standing, first="second")
    assert fate(mapped) == ((Fate("j", "migrate", 0, 5, 0),), [Gone("j", "first", 3, "second")])
    assert shelf.next_number == 2


def test_null_for_a_parallel_needs_no_word_on_what_is_in_it() -> None:
    shelf = Shelf()
    deploy(shelf, forked("p", "a", "b"))
    first = current(shelf).version
    deploy(shelf, ONE, migrate({("j", first, ("p", "a", "b")): 1}, p=None))
    assert current(shelf).moves[first].nodes == {"p": ""}
