"""YAML 1.2 as the core schema reads it, its places, and the limits that keep a hostile file small."""

from itertools import pairwise

import pytest

from journeys.scalars import core
from journeys.tree import Entry, Mapping, Positions, Scalar, Sequence, plain
from journeys.yaml import DEPTH_LIMIT, TEXT_LIMIT, read


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("off", "off"),
        ("true", True),
        ("FALSE", False),
        ("tRue", "tRue"),
        ("~", None),
        ("Null", None),
        ("", None),
        ("12", 12),
        ("-012", -12),
        ("0x1F", 31),
        ("0o17", 15),
        ("1_000", "1_000"),
        ("0b1", "0b1"),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("-.inf", float("-inf")),
        ("inf", "inf"),
        ("nan", "nan"),
        ("12:30", "12:30"),
        ("2026-03-02", "2026-03-02"),
        ("2026-03-02T18:00", "2026-03-02T18:00"),
        ("=", "="),
        ("<<", "<<"),
        ("9" * 61, 1e61),
    ],
)
def test_the_core_schema(text: str, value: object) -> None:
    assert core(text) == value
    assert type(core(text)) is type(value)
    (document,) = read("f.yaml", f"- {text}\n").documents
    assert plain(document) == [value]


def test_documents_follow_each_other() -> None:
    result = read("f.yaml", "a: 1\n---\n- 2\n...\n---\n")
    assert [plain(document) for document in result.documents] == [{"a": 1}, [2], None]
    assert not result.problems


def test_a_byte_order_mark_and_windows_line_ends_are_no_fault() -> None:
    result = read("f.yaml", "\ufeffa: 1\r\nb: x\r\n")
    assert [plain(document) for document in result.documents] == [{"a": 1, "b": "x"}]
    assert not result.problems


def test_an_alias_stands_for_its_anchor() -> None:
    (document,) = read("f.yaml", "a: &x [1, {b: 2}]\nc: *x\n").documents
    assert plain(document) == {"a": [1, {"b": 2}], "c": [1, {"b": 2}]}


def test_tags_of_the_core_schema_say_what_a_value_is() -> None:
    (document,) = read("f.yaml", 'a: !!str 12\nb: !!int "12"\nc: ! 12\nd: !!float 1\n').documents
    assert plain(document) == {"a": "12", "b": 12, "c": "12", "d": 1}


def laughs(levels: int) -> str:
    names = [f"n{level}" for level in range(levels)]
    lines = [f"{names[0]}: &{names[0]} [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"{name}: &{name} [{', '.join([f'*{last}'] * 10)}]" for last, name in pairwise(names)]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (laughs(12), "aliases counted as often as used"),
        ("a: &a [*a]\n", "the alias `*a` has no anchor before it"),
        ("a: &a [1]\n---\nb: *a\n", "the alias `*a` has no anchor before it"),
        ("[" * 5000, f"nested deeper than {DEPTH_LIMIT} levels"),
        ("{a: " * 5000, f"nested deeper than {DEPTH_LIMIT} levels"),
        ("- " * 5000 + "1", f"nested deeper than {DEPTH_LIMIT} levels"),
        ("a0: &a0 [1]\n" + "".join(f"a{n}: &a{n} [[[*a{n - 1}]]]\n" for n in range(1, 40)), "through aliases"),
        ("x" * (TEXT_LIMIT + 1), f"more than {TEXT_LIMIT}"),
        ("".join(f"k{n}: 1\n" for n in range(1_001)), "more than 1000 keys"),
        ("- 1\n" * 20_001, "more than 20000 values"),
        ('a: "\\UFFFFFFFF"\n', "not YAML"),
        ("a: \x07\n", "may not stand in YAML"),
        ("a: \ud800\n", "may not stand in YAML"),
        ("%YAML 9.9\n---\na: 1\n", "not YAML"),
        ("a: !!int x\n", "is not what its tag says"),
        ("a: !!set {b: null}\n", "the tag `!!set` means nothing here"),
    ],
)
def test_a_hostile_file_is_one_problem(text: str, wanted: str) -> None:
    result = read("f.yaml", text)
    # No document may reach pytest's own display: written out, the worst would fill the memory.
    count = len(result.documents)
    assert count == 0
    (problem,) = result.problems
    assert wanted in problem.message
    assert problem.code == "J001"
    assert len(str(problem).splitlines()) == 1


def test_places_of_keys_and_values() -> None:
    text = "a:\n  - b: 'it''s'\n    c: |\n      one\n      two\n"
    (document,) = read("f.yaml", text).documents
    where = Positions("f.yaml", text, document)
    assert (where.at(("a", 0, "b")).line, where.at(("a", 0, "b")).column) == (2, 8)
    assert (where.key(("a", 0, "b")).line, where.key(("a", 0, "b")).column) == (2, 5)
    assert (where.at(("a", 0, "missing")).line, where.at(("a", 0, "missing")).column) == (2, 5)
    quoted, block = (where.find(("a", 0, name)) for name in "bc")
    assert isinstance(quoted, Scalar)
    assert isinstance(block, Scalar)
    assert (where.inside(quoted, 1, 4).line, where.inside(quoted, 1, 4).column) == (2, 13)
    assert (where.inside(block, 2, 3).line, where.inside(block, 2, 3).column) == (5, 9)


def test_a_text_read_again_is_not_what_was_mended_of_it() -> None:
    text = "a:\n  - b: 1\n    when: !done && x\n  - &d {e: 2}\nf: *d\n"

    def root() -> tuple[Mapping, Sequence]:
        result = read("f.yaml", text)
        (document,) = result.documents
        assert isinstance(document, Mapping)
        items = document.entries[0].value
        assert isinstance(items, Sequence)
        assert len(result.problems) == len(result.quoted) == 1
        result.problems.clear()
        result.quoted.clear()
        return document, items

    first, items = root()
    wanted = plain(first)
    assert items.items[1] is first.entries[1].value, "an alias is what it names"
    node = items.items[0]
    assert isinstance(node, Mapping)
    node.sound = False
    node.entries[0].name = "meant"
    node.entries[0].value = first.entries.pop().value
    items.items.append(node)
    first.entries.append(Entry("g", node.entries[0].key, node))
    again, items = root()
    assert plain(again) == wanted
    assert items.items[1] is again.entries[1].value
    assert read("g.yaml", text).problems[0].file == "g.yaml"
