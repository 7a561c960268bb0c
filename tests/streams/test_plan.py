"""What a deploy would publish, without a broker."""

from dataclasses import replace

import msgspec
import pytest
from definition_files import files, folder, journey

from engine.policy.terms import NONE, QuietRule, Terms
from journeys.load import Folder, load_project
from streams.definitions.build import Builder
from streams.definitions.plan import (
    DeployRefused,
    NotCompiled,
    Plan,
    UnknownJourney,
    plan_deploy,
    plan_undeploy,
    read_terms,
)
from streams.definitions.shelf import CURRENT, Release, Shelf, blob_key, canonical, read_release, release_key

AT = 1_700_000_000_000


def published(shelf: Shelf, plan: Plan) -> Plan:
    """Puts on the shelf what the plan would publish, as the broker would."""
    for blob in plan.blobs:
        shelf.feed(blob_key(blob), blob)
    if plan.release:
        shelf.feed(release_key(plan.release.n), canonical(plan.release))
        shelf.feed(CURRENT, str(plan.release.n).encode())
    return plan


def deploy(shelf: Shelf, given: Folder) -> Plan:
    return published(shelf, plan_deploy(shelf, given, AT, "a note", "nonce"))


@pytest.fixture
def shelf() -> Shelf:
    """Two journeys deployed, as release 1."""
    shelf = Shelf()
    deploy(shelf, folder(welcome=journey("welcome"), win_back=journey("win-back")))
    return shelf


def test_a_first_deploy_publishes_all(shelf: Shelf) -> None:
    assert shelf.release is not None
    assert set(shelf.release.journeys) == {"welcome", "win-back"}
    assert all(shelved.open for shelved in shelf.release.journeys.values())
    assert (shelf.release.n, shelf.release.at, shelf.release.note) == (1, AT, "a note")
    assert len(shelf.blobs) == 4  # the project, the message, two journeys


def test_the_same_content_again_publishes_nothing(shelf: Shelf) -> None:
    again = deploy(shelf, folder(welcome=journey("welcome"), win_back=journey("win-back")))
    assert again.release is None
    assert again.released == (1, (), ("welcome", "win-back"), ())


def test_one_journey_is_replaced_and_the_others_stay(shelf: Shelf) -> None:
    before = shelf.release
    assert before is not None
    plan = deploy(shelf, folder(welcome=journey("welcome", wait="2h"), thanks=journey("thanks")))
    assert plan.released == (2, ("welcome",), (), ("thanks",))
    assert plan.release is not None
    assert plan.release.journeys["win-back"] == before.journeys["win-back"]
    assert plan.release.journeys["welcome"].version != before.journeys["welcome"].version
    assert len(plan.blobs) == 2  # project and message are there already


def test_a_version_covers_the_text_of_its_messages_and_the_zone(shelf: Shelf) -> None:
    versions = {shelf.release.journeys["welcome"].version} if shelf.release else set()
    changes = {
        "messages/hello/email.txt": "Good day.",
        "messages/hello/message.yaml": "subject: Good day\n",
        "project.yaml": "zone: Asia/Tokyo\n",
        "journeys/welcome.yaml": journey("welcome", wait="3h"),
    }
    for path, text in changes.items():
        changed = deploy(shelf, load_project({**files(welcome=journey("welcome")), path: text})).release
        assert changed is not None
        versions.add(changed.journeys["welcome"].version)
    assert len(versions) == 5


def test_a_version_does_not_cover_other_messages_nor_where_the_file_lies(shelf: Shelf) -> None:
    given = files(welcome=journey("welcome"))
    given["welcome.yaml"] = given.pop("journeys/welcome.yaml")
    given["messages/other/message.yaml"] = "subject: Other\n"
    given["messages/other/email.txt"] = "Other."
    assert deploy(shelf, load_project(given)).released.unchanged == ("welcome",)


def test_a_message_alone_changes_no_journey_that_is_not_in_the_folder(shelf: Shelf) -> None:
    before = shelf.release
    given = files(welcome=journey("welcome"))
    given["messages/hello/email.txt"] = "Good day."
    after = deploy(shelf, load_project(given)).release
    assert before is not None
    assert after is not None
    assert after.journeys["win-back"] == before.journeys["win-back"]
    assert after.messages["hello"] != before.messages["hello"]


def test_files_without_a_project_keep_the_zone_in_use(shelf: Shelf) -> None:
    given = files(welcome=journey("welcome"))
    del given["project.yaml"]
    assert deploy(shelf, load_project(given)).released.unchanged == ("welcome",)


POLICY = {
    "project.yaml": "quiet_hours: '21:00-08:00'\ncaps: [{most: 3, within: 7d}]\n",
    "brands/lumiere.yaml": "brand: lumiere\ncontent_policy: [{forbid: alcohol, unless: customer.age >= 18}]\n",
}


def terms_of(shelf: Shelf) -> Terms:
    assert shelf.release is not None
    return read_terms(shelf.blobs[shelf.release.project])


def test_policy_travels_with_the_project_and_a_single_file_keeps_it(shelf: Shelf) -> None:
    assert terms_of(shelf) == NONE
    deploy(shelf, load_project({**files(welcome=journey("welcome")), **POLICY}))
    terms = terms_of(shelf)
    assert terms.quiet == QuietRule((1260, 480))
    assert [rule.most for rule in terms.caps] == [3]
    assert terms.content["lumiere"][0].categories == {"alcohol"}
    given = files(welcome=journey("welcome", wait="3h"))
    del given["project.yaml"]
    deploy(shelf, load_project({**given, "brands/noir.yaml": "brand: noir\ncontent_policy: [{forbid: credit}]\n"}))
    after = terms_of(shelf)
    assert after.quiet == terms.quiet
    assert set(after.content) == {"lumiere", "noir"}


def test_faults_are_all_told_and_nothing_is_planned(shelf: Shelf) -> None:
    given = folder(welcome=journey("welcome", message="nobody"), thanks="journey: thanks\nsteps: []\n")
    with pytest.raises(DeployRefused) as refusal:
        deploy(shelf, given)
    found = [(problem.file, problem.code) for problem in refusal.value.problems]
    assert ("journeys/welcome.yaml", "J012") in found
    assert any(file == "journeys/thanks.yaml" for file, _ in found)
    assert "J012" in str(refusal.value)


def test_a_single_file_may_start_a_journey_that_is_in_use(shelf: Shelf) -> None:
    text = journey("thanks").replace("  - send: hello\n", "  - start: {}\n")
    assert deploy(shelf, folder(thanks=text.format("welcome"))).released.added == ("thanks",)
    with pytest.raises(DeployRefused, match="J052 unknown journey `welcom`"):
        deploy(shelf, folder(thanks=text.format("welcom")))


def test_undeploy_closes_and_a_deploy_of_the_same_opens_again(shelf: Shelf) -> None:
    closed = published(shelf, plan_undeploy(shelf, "welcome", AT, "nonce"))
    assert closed.released == (2, ("welcome",), (), ())
    assert closed.release is not None
    assert not closed.release.journeys["welcome"].open
    assert closed.release.journeys["win-back"].open
    assert published(shelf, plan_undeploy(shelf, "welcome", AT, "nonce")).released == (2, (), ("welcome",), ())
    opened = deploy(shelf, folder(welcome=journey("welcome")))
    assert opened.released == (3, ("welcome",), (), ())
    assert opened.release is not None
    assert opened.release.journeys["welcome"].open


@pytest.mark.parametrize(("name", "hint"), [("wellcome", "did you mean `welcome`"), ("zzz", "sillage journeys")])
def test_an_unknown_journey_cannot_be_undeployed(shelf: Shelf, name: str, hint: str) -> None:
    with pytest.raises(UnknownJourney, match=f"journey {name}: not deployed; .*{hint}"):
        plan_undeploy(shelf, name, AT, "nonce")
    with pytest.raises(UnknownJourney):
        plan_undeploy(Shelf(), name, AT, "nonce")


def test_a_deploy_builds_on_the_newest_release_even_where_current_is_lost(shelf: Shelf) -> None:
    shelf.current = 0
    plan = deploy(shelf, folder(thanks=journey("thanks")))
    assert plan.release is not None
    assert set(plan.release.journeys) == {"welcome", "win-back", "thanks"}


def test_what_check_lets_pass_and_no_worker_could_build_is_a_fault_of_ours(shelf: Shelf) -> None:
    given = folder(welcome=journey("welcome"))
    given.journeys["welcome"] = replace(given.journeys["welcome"], text="journey: welcome\n")
    with pytest.raises(NotCompiled, match=r"journeys/welcome\.yaml: .* cannot be built: .*; nothing was changed"):
        plan_deploy(shelf, given, AT, "", "nonce")


SHOP = "catalog: shop\noffers:\n  hello:\n    message: gift\n    value: 2\n"
GIFT = {"messages/gift/message.yaml": "subject: A\n", "messages/gift/email.txt": "A\n"}


def with_offers(text: str = SHOP, **more: str) -> Folder:
    return load_project({**files(welcome=journey("welcome")), "offers/shop.yaml": text, **GIFT, **more})


def test_offers_travel_with_the_release_and_stay_where_a_folder_has_none(shelf: Shelf) -> None:
    first = deploy(shelf, with_offers())
    assert first.release is not None
    catalog = Builder(shelf.blobs).offers("shop", first.release.offers["shop"])
    assert (catalog.name, [offer.name for offer in catalog.offers]) == ("shop", ["shop/hello"])
    assert deploy(shelf, with_offers()).release is None
    after = deploy(shelf, folder(welcome=journey("welcome", wait="2h")))
    assert after.release is not None
    assert after.release.offers == first.release.offers


def test_a_catalog_is_another_version_with_its_text_and_with_the_messages_that_make_its_offers(shelf: Shelf) -> None:
    versions = []
    for text, more in ((SHOP, {}), (SHOP.replace("2", "3"), {}), (SHOP, {"messages/gift/email.txt": "B\n"})):
        plan = deploy(shelf, with_offers(text, **more))
        assert plan.release is not None
        versions.append(plan.release.offers["shop"])
    assert len(set(versions)) == 3


def test_a_release_of_a_program_without_offers_has_none() -> None:
    plain = msgspec.to_builtins(Release(1, AT, "nonce", "project"))
    del plain["offers"]
    assert read_release(msgspec.json.encode(plain)).offers == {}
