"""What single files of a folder need of the others: what they name, and what that names in turn."""

import pytest

from journeys.uses import needed

REST = {
    "project.yaml": "", "schemas/a.yaml": "", "journeys/other.yaml": "", "lives/j.yaml": "",
    "segments/gold.yaml": 'when: in_segment("here")', "segments/here.yaml": "", "segments/not.yaml": "",
    "messages/hello/message.yaml": "", "messages/hello/email.txt": "", "messages/bye/message.yaml": "",
    "offers/autumn.yaml": "segments: [gold]\noffers:\n  one: {message: bye}\n",
}  # fmt: skip
COMMON = {"project.yaml", "schemas/a.yaml", "journeys/j.yaml"}
GOLD = {"segments/gold.yaml", "segments/here.yaml"}
HELLO = {"messages/hello/message.yaml", "messages/hello/email.txt"}


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("", set()),
        ("- send: hello", HELLO),
        ('- {"send": "hello"}', HELLO),
        ("- send: hell", set()),
        ("enter:\n  enters_segment: here", {"segments/here.yaml"}),
        ('enter: {every: "0 9 * * 1", to_segment: gold}', GOLD),
        ("where: in_segment('gold')", GOLD),
        ("- best_offer: autumn", {"offers/autumn.yaml", "messages/bye/message.yaml", *GOLD}),
    ],
)
def test_what_is_named_comes_along_and_nothing_else(text: str, more: set[str]) -> None:
    found = needed({**REST, "journeys/j.yaml": text}, {"journeys/j.yaml"})
    assert found.keys() == COMMON | more


def test_segments_may_stand_one_below_the_other() -> None:
    files = {**REST, "offers/autumn.yaml": "catalog: autumn\nsegments:\n  - gold\noffers: {}\n"}
    assert needed(files, {"offers/autumn.yaml"}).keys() == {
        "project.yaml",
        "schemas/a.yaml",
        "offers/autumn.yaml",
        *GOLD,
    }
