"""docs/nodes.md, triggers.md, segments.md, reference.md: examples pass check, keys are there, limits are the code's."""

import re
from pathlib import Path
from textwrap import indent

import pytest

from cli.languagepage import SECTIONS, language_page
from engine.advance import MAX_NODES
from engine.customer import ALARMS, COUNTED_DAYS, OCCURRENCES, REMEMBERED_KEYS
from engine.decide import MOST_DERIVED, MOST_HOPS
from engine.nodes.tag import TAGS
from engine.reviews import KEPT_FIELDS, LONGEST_TEXT
from journeys.checks import check
from journeys.load import load_project
from journeys.model import TRIGGERS, VERBS, Arm, Awaited, Becoming, Entry, Moment, Part, Segment

DOCS = Path(__file__).parents[2] / "docs"
NODES, TRIGGER_PAGE, SEGMENTS = (
    (DOCS / f"{name}.md").read_text(encoding="utf-8") for name in ("nodes", "triggers", "segments")
)
HEAD = "journey: piece\ntopic: offers\nttl: 90d\n"
ENTER = "enter:\n  on: [order.placed, basket.updated]\n"
CALLED = "journey: abandoned-basket\ntopic: offers\nttl: 9d\nenter: {called: yes}\nsteps:\n  - wait: 1d\n"
MAILS = ("basket-reminder", "last-call")
SUMMER = "catalog: summer\noffers:\n  first:\n    message: last-call\n"
VIP = "segment: vip\nwhen: customer.tier == 'gold'\n"
PARTS: dict[str, list[type[Part]]] = {
    NODES: [*VERBS.values(), Awaited, Becoming, Arm, Moment],
    TRIGGER_PAGE: [*TRIGGERS.values()],
    SEGMENTS: [Segment],
}


def pieces(page: str) -> list[str]:
    return re.findall(r"^```yaml\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)


def folder() -> dict[str, str]:
    texts = {"message.yaml": "subject: A\n", "email.txt": "A\n", "push.yaml": "title: A\nbody: B\n"}
    both = {f"messages/both-ways/{part}": text for part, text in texts.items()}
    one = {f"messages/{name}/{part}": texts[part] for name in MAILS for part in ("message.yaml", "email.txt")}
    return {
        **both,
        **one,
        "journeys/abandoned-basket.yaml": CALLED,
        "segments/vip.yaml": VIP,
        "offers/summer.yaml": SUMMER,
        "faq/shop.yaml": "faq: shop\nentries:\n  a:\n    questions: {en: [When?]}\n    answers: {en: Now.}\n",
    }


def faults(piece: str) -> list[str]:
    if piece.startswith("segment:"):
        named = {re.findall(r"^segment: (\w+)", text)[0]: text for text in pieces(SEGMENTS)}
        return [str(each) for each in check(load_project({f"segments/{name}.yaml": named[name] for name in named}))]
    body = ENTER + "steps:\n" + indent(piece, "  ") if piece.startswith("- ") else piece + "steps:\n  - exit: done\n"
    return [str(each) for each in check(load_project({**folder(), "journeys/piece.yaml": HEAD + body}))]


@pytest.mark.parametrize("piece", [*pieces(NODES), *pieces(TRIGGER_PAGE), *pieces(SEGMENTS)])
def test_an_example_passes_check(piece: str) -> None:
    assert faults(piece) == []


def test_a_false_example_would_be_seen() -> None:
    assert faults("- send: nobody-wrote-it\n") != []
    assert len(pieces(NODES)) >= 14
    assert len(pieces(TRIGGER_PAGE)) >= 8


@pytest.mark.parametrize(("page", "part"), [(page, part) for page, parts in PARTS.items() for part in parts])
def test_every_key_is_named_on_its_page(page: str, part: type[Part]) -> None:
    for name, field in part.model_fields.items():
        key = field.alias or name
        assert re.search(rf"`{key}\b|\b{key}:", page), f"{part.__name__} has the key {key}"


def test_every_node_and_trigger_has_its_section() -> None:
    heads = " ".join(re.findall(r"^### (.+)$", NODES, re.MULTILINE)).replace(",", "").split()
    assert set(heads) == set(VERBS)
    named = set(re.findall(r"^## (\w+)$", TRIGGER_PAGE, re.MULTILINE)) - {"Segments", "Places"}
    assert named == {name for name in TRIGGERS if "segment" not in name and "place" not in name}


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (
            NODES,
            [
                f"At most {MAX_NODES} nodes",
                f"after {MAX_NODES} nodes",
                f"{MOST_HOPS} events",
                f"{MOST_DERIVED} be",
                f"{TAGS} tags",
            ],
        ),
        (TRIGGER_PAGE, [f"{ALARMS} alarms", f"{REMEMBERED_KEYS} keys"]),
        (SEGMENTS, [f"**{OCCURRENCES}**", f"**{COUNTED_DAYS}**", f"{KEPT_FIELDS}:", f"{LONGEST_TEXT} characters"]),
    ],
)
def test_limits_are_those_of_the_code(page: str, words: list[str]) -> None:
    assert [word for word in words if word not in page] == []


def test_the_reference_has_every_mapping_and_every_key() -> None:
    page = language_page()
    for parts in SECTIONS.values():
        for title, part in parts.items():
            section = page.partition(f"\n### {title}\n")[2].partition("\n### ")[0]
            shared = Entry.model_fields.keys() if part in TRIGGERS.values() else set()
            keys = [field.alias or name for name, field in part.model_fields.items() if name not in shared]
            assert "|  |" not in section, f"a key of {title} has no meaning"
        assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == keys, title
    assert [target for target in re.findall(r"\]\(#([\w-]+)\)", page) if not heading(page, target)] == []


def heading(page: str, target: str) -> bool:
    return any(head.lower().replace(" ", "-") == target for head in re.findall(r"^#+ (.+)$", page, re.MULTILINE))
