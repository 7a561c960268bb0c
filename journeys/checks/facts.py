"""Facts: that they can be true, that texts name them instead of repeating them, and that no two texts differ."""

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from journeys.checks.reading import Reading, Said, brand_of
from journeys.checks.stated import CODE, DAY, MONEY, PERCENT, Statement, day, number, statements
from journeys.load import Draft, Folder
from journeys.mend import problem
from journeys.messages.composed import day_at, facts_of
from journeys.messages.model import Message
from journeys.model import Fact
from journeys.outline import nodes
from journeys.problem import Problem, listed
from journeys.tree import Mapping as Keys
from journeys.tree import Mark, Scalar

_AMOUNTS = ("amount", "price", "minimum")
MESSAGE, ANSWER = "message", "answer"
_FACTS_OF = {MESSAGE: "message.yaml or in the brand", ANSWER: "the brand"}
"""Where the facts stand that each may name."""
_STRINGS = re.compile(r"\"([^\"]*)\"|'([^']*)'")
Known = Mapping[tuple[str, str], str]
"""What facts state, by kind and value, each with the name that templates know it by."""


@dataclass(frozen=True, eq=False)
class Found:
    """A statement with the text that it stands in."""

    statement: Statement
    text: Said

    @property
    def written(self) -> bool:
        """Whether it was typed, and does not come from a fact."""
        return self.text.reading.written[self.statement.at]

    def told(self, code: str, what: str, hint: str) -> Problem:
        """A Problem at its place."""
        return problem(self.text.file, self.text.mark(self.statement.at), code, what, hint)


def faulty(folder: Folder) -> Iterator[Problem]:
    """Facts that state nothing, end before they begin, or stand both in a message and in its brand."""
    for draft in folder.brand_drafts:
        yield from _impossible(draft, frozenset())
    for name, message in folder.messages.items():
        brand, head = brand_of(folder, message.head), folder.message_drafts[name].head
        if head is not None:
            yield from _impossible(head, frozenset(brand.facts) if brand else frozenset())


def over(folder: Folder, at: int) -> Iterator[Problem]:
    """Facts that are over at an instant (ms); what names them does not leave any more."""
    heads = [each.head for each in folder.message_drafts.values() if each.head]
    for draft in (*folder.brand_drafts, *heads):
        for name, written in _written(draft):
            until = written.get("until")
            if isinstance(until, Scalar) and 0 < day_at(until.text, folder.project.zone, after=True) <= at:
                what = f"`facts.{name}` is over since {until.text}: what names it does not leave any more"
                hint = "write a later day, or take it out of the messages"
                yield problem(draft.path, until.start, "J118", what, hint)


def contradictions(folder: Folder, message: Message, texts: list[Said]) -> Iterator[Problem]:
    """What stands in a text where a fact says it, or says otherwise; then what two texts of a message say apart."""
    by_file: dict[str, list[Said]] = {}
    for each in texts:
        by_file.setdefault(each.file, []).append(each)
    facts = facts_of(message.head, brand_of(folder, message.head))
    yield from held(by_file, facts, message.constants.get("", {}).get("facts", {}), folder.project.currency)


def held(
    texts: Mapping[str, Iterable[Said]],
    facts: Mapping[str, Fact],
    named: Container[str],
    currency: str | None,
    of: str = MESSAGE,
) -> Iterator[Problem]:
    """The same of texts by what each is called; `named` are the facts that they name, `of` what they are texts of."""
    known = _known(facts, currency)
    codes = frozenset(fact.code for fact in facts.values() if fact.code)
    units = {
        name: [Found(one, each) for each in several for one in statements(each.reading.text, codes)]
        for name, several in texts.items()
    }
    used = _used(named, facts, currency, (one.statement for ones in units.values() for one in ones))
    for name, found in units.items():
        faulty_ones = {one: fault for one in found if (fault := _against_facts(one, known, used, of))}
        yield from faulty_ones.values()
        # What differs from a fact is told; it is not held against the other texts as well.
        units[name] = [one for one in found if one not in faulty_ones or faulty_ones[one].code != "J110"]
    own = {name: found for name, found in units.items() if not any(one.text.layout for one in found)}
    for first, second in combinations(own.items(), 2):
        yield from _apart(first, second, of)


def journey_texts(draft: Draft) -> Iterator[Said]:
    """The texts that a journey writes into variables: `set: {vars.subject: '"Welcome"'}`."""
    for node in nodes(draft.positions.root):
        written = node.get("set")
        for entry in written.entries if isinstance(written, Keys) else []:
            if isinstance(entry.value, Scalar):
                for match in _STRINGS.finditer(entry.value.text):
                    yield _text(draft, entry.value, match)


def _text(draft: Draft, written: Scalar, match: re.Match[str]) -> Said:
    group = 1 if match[1] is not None else 2
    text, start = match[group], match.start(group)

    def place(index: int) -> Mark:
        return draft.positions.inside(written, *_line(written.text, index))

    reading = Reading(text, list(range(start, start + len(text))), [True] * len(text))
    return Said(draft.path, "", "", "", reading, place)


def _line(text: str, index: int) -> tuple[int, int]:
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


def repeated(folder: Folder, draft: Draft, facts: Mapping[str, Fact]) -> Iterator[Problem]:
    """What a journey writes into variables and a fact says: no template stands there, so the message must say it."""
    known = _known(facts, folder.project.currency)
    codes = frozenset(fact.code for fact in facts.values() if fact.code)
    for text in journey_texts(draft):
        for one in statements(text.reading.text, codes):
            if name := known.get((one.kind, one.value)):
                what = f"`{one.written}` stands in the journey, and is `{name}`"
                hint = f"say it in the message, as `{{{{ {name} }}}}`"
                yield Found(one, text).told("J111", what, hint)


def _impossible(draft: Draft, of_brand: frozenset[str]) -> Iterator[Problem]:
    for name, written in _written(draft):
        at = written.start
        days = {key: value for key in ("from", "until") if isinstance(value := written.get(key), Scalar)}
        for value in days.values():
            if not day_at(value.text, "UTC"):
                yield problem(draft.path, value.start, "J116", f"`{value.text}` is no day", "write one as `2026-12-31`")
        if len(days) == 2 and days["until"].text < days["from"].text:
            what = f"`facts.{name}` ends before it begins"
            yield problem(draft.path, days["until"].start, "J116", what, "write a later day")
        if not {entry.name for entry in written.entries} & {"code", "percent", *_AMOUNTS}:
            what = f"`facts.{name}` states nothing"
            yield problem(draft.path, at, "J116", what, "write a code, a percent, an amount, a price or a minimum")
        if name in of_brand:
            what = f"`facts.{name}` stands in the message and in its brand"
            yield problem(draft.path, at, "J116", what, "give one of them another name, or remove it")


def _written(draft: Draft) -> Iterator[tuple[str, Keys]]:
    root = draft.positions.root
    facts = root.get("facts") if isinstance(root, Keys) else None
    for entry in facts.entries if isinstance(facts, Keys) else []:
        if isinstance(entry.value, Keys):
            yield entry.name, entry.value


def _known(facts: Mapping[str, Fact], currency: str | None) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for name, fact in facts.items():
        for key, kind, value in _stated(fact, currency):
            found.setdefault((kind, value), f"facts.{name}.{key}")
    return found


def _stated(fact: Fact, currency: str | None) -> Iterator[tuple[str, str, str]]:
    """Key, kind and value of what a fact states; money of no known currency is none that a text could repeat."""
    if fact.code:
        yield "code", CODE, fact.code
    if fact.percent is not None:
        yield "percent", PERCENT, number(fact.percent)
    unit = fact.currency or currency
    for key in _AMOUNTS:
        value = getattr(fact, key)
        if value is not None and unit:
            yield key, f"{MONEY}{unit}", number(value)
    for key, value in (("from", fact.from_), ("until", fact.until)):
        if value:
            yield key, DAY, day(value)


def _used(
    named: Container[str], facts: Mapping[str, Fact], currency: str | None, found: Iterable[Statement]
) -> dict[str, set[str]]:
    """By kind all values of the facts that the texts name, or whose code stands in them."""
    codes = {each.value for each in found if each.kind == CODE}
    values: dict[str, set[str]] = {}
    for name, fact in facts.items():
        if name in named or fact.code in codes:
            for _, kind, value in _stated(fact, currency):
                values.setdefault(kind, set()).add(value)
    return values


def _against_facts(one: Found, known: Known, used: Mapping[str, set[str]], of: str) -> Problem | None:
    kind, value, written, _ = one.statement
    if not one.written:
        return None
    name = known.get((kind, value))
    if name is not None:
        hint = f"write `{{{{ {name} }}}}`, so that all texts change with it"
        return one.told("J111", f"`{written}` is written out, and is `{name}`", hint)
    if kind in used:
        says = listed(sorted(used[kind]), "and")
        hint = "name the fact, or write a fact of its own: `facts: {delivery: {price: 3}}`"
        return one.told("J110", f"`{written}` stands here, and the facts that the {of} names say {says}", hint)
    return None


def _apart(first: tuple[str, list[Found]], second: tuple[str, list[Found]], of: str) -> Iterator[Problem]:
    """Of each kind one of two texts must say all that the other says; a longer text may say more."""
    for kind in sorted({one.statement.kind for one in first[1]}):
        ones, others = _of(kind, first[1]), _of(kind, second[1])
        more, less = ones.keys() - others.keys(), others.keys() - ones.keys()
        if not more or not less:
            continue
        # What was typed is at fault rather than what a fact says.
        swap = any(ones[value].written for value in more) and not any(others[value].written for value in less)
        here, there, where = (ones, others, second[0]) if swap else (others, ones, first[0])
        says = listed(sorted({each.statement.written for each in there.values()}), "and")
        for value in sorted(here.keys() - there.keys()):
            what = f"`{here[value].statement.written}` stands here, and {says} in {where.rpartition('/')[2]}"
            hint = f"say the same in all texts, best with a fact: `facts:` in {_FACTS_OF[of]}"
            yield here[value].told("J110", what, hint)


def _of(kind: str, found: Iterable[Found]) -> dict[str, Found]:
    return {one.statement.value: one for one in found if one.statement.kind == kind}
