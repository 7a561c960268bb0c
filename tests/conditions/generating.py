"""Expressions of the whole grammar, each beside what CEL is given for it, and facts that they may be asked of."""

from collections.abc import Callable
from functools import lru_cache
from random import Random
from typing import Any

import msgspec
from conditions import differences
from conditions.remembered import DIARY, Town
from hypothesis import strategies as st

from journeys.conditions import Facts

NUMBERS = ("0", "1", "2", "-1", "7", "0x1F", "9223372036854775807", "-9223372036854775808")
DOUBLES = ("0.0", "1.0", "2.5", "-1.5", ".5", "1e3", "2E-1")
TEXTS = ('""', "'a'", '"ab"', "'b'", '"1"', "r'a\\n'", '"""a"b"""', '"\\u00e9"', '"\\x41\\101\\t"', "'true'", "'2.5'")
WORDS = ["", "a", "ab", "b", "1", "+5", " 5", "5_0", "1.", "nan", "2.5", "1e2", "true", "T", "é", "A", "offers", "x y"]
ROOTS = ("event", "customer", "entry", "vars")
ENVELOPE = {"t": "event.meta.type", "i": "event.meta.occurred_at", "d": "event.meta.place.lat"}
WHOLE = [0, 1, 2, -1, -3, 7, 2**63 - 1, -(2**63), 2**53 + 1]
FRACTIONS = [0.0, -0.0, 1.0, 2.5, -1.5, 0.1, 1e308, 1234567.5, 2.0**63]


class Written(msgspec.Struct, frozen=True):
    """An expression: for us, for CEL with our differences written out, and how tightly it binds (7 is an atom)."""

    ours: str
    theirs: str
    level: int = 7

    def within(self, level: int) -> "Written":
        """In brackets, unless it binds so tightly by itself."""
        return self if self.level >= level else Written(f"({self.ours})", f"({self.theirs})")


Draw = Callable[[st.SearchStrategy[Any]], Any]


class _Grammar:
    """Draws expressions of a kind. One in some is of another kind, through a field that only the facts will tell."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw

    def _one(self, options: Any) -> Any:
        return self._draw(st.sampled_from(options))

    def any(self, depth: int) -> Written:
        return self._kind(self._one("iddtbbblm"), depth)

    def _kind(self, kind: str, depth: int) -> Written:
        choice = self._draw(st.integers(0, 19))
        if choice == 0:
            return self._path(self._one("idtblmn"))
        if depth == 0 or choice < 5:
            return self._leaf(kind)
        if choice == 19:
            return self._either(kind, depth - 1)
        made = {
            "i": self._number,
            "d": self._number,
            "t": self._text,
            "b": self._truth,
            "l": self._list,
            "m": self._map,
        }
        return made[kind](depth - 1)

    def _leaf(self, kind: str) -> Written:
        literals = {"i": NUMBERS, "d": DOUBLES, "t": TEXTS, "b": ("true", "false"), "l": ("[]",), "m": ("{}",)}[kind]
        if self._draw(st.booleans()):
            return self._path(kind)
        written = self._one(literals)
        return Written(written, written, 6 if written.startswith("-") else 7)

    def _path(self, kind: str) -> Written:
        forms = ["{root}.{field}", "{root}.{field}", "{root}.{field}", '{root}["{field}"]', "event.m.{field}"]
        forms += ["event.l[1].{field}", "{root}.no.{field}", ENVELOPE.get(kind, "{root}.{field}")]
        written = self._one(forms).format(root=self._one(ROOTS), field=self._one([kind, kind, f"{kind}2"]))
        return Written(written, written)

    def _operand(self, kind: str, depth: int) -> Written:
        """Often arithmetic again, so that operators of all levels meet without brackets."""
        if kind in "id" and depth and self._draw(st.booleans()):
            signs, level = self._one([("+ -", 4), ("* /", 5)])
            return self._joined(signs, level, kind, depth - 1)
        return self._kind(kind, depth)

    def _joined(self, signs: str, level: int, kind: str, depth: int) -> Written:
        """Operators from the left: what stands right of one binds more tightly, or is in brackets."""
        left, right = self._operand(kind, depth).within(level), self._operand(kind, depth).within(level + 1)
        sign = self._one(signs.split())
        gap = self._one([" ", "", "\n  ", " // why\n"])
        ours = f"{left.ours}{gap}{sign}{gap}{right.ours}"
        if sign in ("+", "-", "*", "/"):
            return Written(ours, differences.arithmetic(sign, left.theirs, right.theirs), level)
        return Written(ours, f"{left.theirs} {sign} {right.theirs}", level)

    def _number(self, depth: int) -> Written:
        match self._one("ssssppppnccfz"):
            case "s":
                return self._joined("+ -", 4, self._one("id"), depth)
            case "p":
                signs, kind = self._one([("* / %", "i"), ("* / %", "i"), ("* /", "d")])
                return self._joined(signs, 5, kind, depth)
            case "n":
                return self._signed(self._one("id"), "-", depth)
            case "c":
                return self._converted(depth)
            case "f":
                return self._asked(
                    ['count("order.placed")', "days_since('call.ended')", 'sum("order.placed", "total")']
                )
            case _:
                return self._sized(depth)

    def _signed(self, kind: str, sign: str, depth: int) -> Written:
        inner = self._kind(kind, depth).within(7)
        if self._one("112") == "1":
            return Written(f"{sign}{inner.ours}", f"{sign}{inner.theirs}", 6)
        return Written(f"{sign}{sign}{inner.ours}", differences.signed_twice(sign, inner.theirs), 6)

    def _converted(self, depth: int) -> Written:
        inner = self._kind(self._one("iiddttb"), depth)
        name, theirs = self._one([("int", differences.to_int), ("double", differences.to_double)])
        return Written(f"{name}({inner.ours})", theirs(inner.theirs))

    def _sized(self, depth: int) -> Written:
        inner = self._kind(self._one("tlm"), depth)
        if self._draw(st.booleans()):
            return Written(f"size({inner.ours})", f"size({inner.theirs})")
        inner = inner.within(7)
        return Written(f"{inner.ours}.size()", f"{inner.theirs}.size()")

    def _text(self, depth: int) -> Written:
        match self._one("jsa"):
            case "j":
                return self._joined("+", 4, "t", depth)
            case "s":
                inner = self._kind(self._one("idtb"), depth)
                return Written(f"string({inner.ours})", differences.to_string(inner.theirs))
            case _:
                return self._asked(["local_time().weekday", 'last("order.placed").city', 'last("call.ended").agent'])

    def _asked(self, calls: list[str]) -> Written:
        written = self._one(calls)
        return Written(written, written)

    def _truth(self, depth: int) -> Written:
        match self._one("llloooeeemnhbcpa"):
            case "l":
                return self._logic(depth)
            case "o":
                return self._joined("< <= > >=", 3, self._one("iidt"), depth)
            case "e":
                return self._joined("== !=", 3, self._one("iidtblm"), depth)
            case "m":
                return self._member(depth)
            case "n":
                return self._signed("b", "!", depth)
            case "h":
                return self._has(depth)
            case "b":
                inner = self._kind(self._one("bt"), depth)
                return Written(f"bool({inner.ours})", f"bool({inner.theirs})")
            case "c":
                return self._searched(depth)
            case _:
                return self._known(depth)

    def _logic(self, depth: int) -> Written:
        sign, level = self._one([("&&", 2), ("||", 1)])
        parts = [self._kind("b", depth).within(level + 1) for _ in range(self._draw(st.integers(2, 4)))]
        return Written(
            f" {sign} ".join(each.ours for each in parts), f" {sign} ".join(each.theirs for each in parts), level
        )

    def _either(self, kind: str, depth: int) -> Written:
        test, then = self._kind("b", depth).within(1), self._kind(kind, depth).within(1)
        other = self._kind(kind, depth)
        return Written(
            f"{test.ours} ? {then.ours} : {other.ours}", f"{test.theirs} ? {then.theirs} : {other.theirs}", 0
        )

    def _member(self, depth: int) -> Written:
        left, right = self._kind(self._one("idtb"), depth).within(3), self._kind(self._one("llm"), depth).within(4)
        return Written(f"{left.ours} in {right.ours}", f"{left.theirs} in {right.theirs}", 3)

    def _has(self, depth: int) -> Written:
        if self._draw(st.booleans()):
            written = f"has({self._one(ROOTS)}.{self._one(['i', 't', 'm.i', 'no', 'no.i', 'l.i'])})"
            return Written(written, written)
        inner = self._kind("m", depth).within(7)
        return Written(f"has({inner.ours}.i)", f"has({inner.theirs}.i)")

    def _searched(self, depth: int) -> Written:
        text, part = self._kind("t", depth).within(7), self._kind("t", depth)
        name = self._one(["startsWith", "endsWith", "contains"])
        return Written(f"{text.ours}.{name}({part.ours})", f"{text.theirs}.{name}({part.theirs})")

    def _known(self, depth: int) -> Written:
        if self._draw(st.booleans()):
            return self._asked(
                ['in_segment("regulars")', 'near(event.here, "stores", 300)', "weather(event.here).raining"]
            )
        topic, channel = self._kind("t", depth), self._kind("t", depth)
        return Written(f"consented({topic.ours}, {channel.ours})", f"consented({topic.theirs}, {channel.theirs})")

    def _list(self, depth: int) -> Written:
        if self._one("ij") == "j":
            return self._joined("+", 4, "l", depth)
        items = [self.any(depth) for _ in range(self._draw(st.integers(0, 3)))]
        comma = self._one(["", ","]) if items else ""
        return Written(
            f"[{', '.join(each.ours for each in items)}{comma}]", f"[{', '.join(each.theirs for each in items)}]"
        )

    def _map(self, depth: int) -> Written:
        match self._one("fki"):
            case "f":
                fields = self._draw(st.lists(st.sampled_from(["i", "t", "a b"]), unique=True, max_size=2))
                pairs = [(f'"{field}"', self.any(depth)) for field in fields]
                ours = ", ".join(f"{key}: {value.ours}" for key, value in pairs)
                return Written(f"{{{ours}}}", f"{{{', '.join(f'{key}: {value.theirs}' for key, value in pairs)}}}")
            case "k":
                key, value = self._kind("t", depth), self.any(depth)
                return Written(f"{{{key.ours}: {value.ours}}}", differences.keyed(key.theirs, value.theirs))
            case _:
                held, by = self._one(["li", "mt"])
                operand, key = self._kind(held, depth).within(7), self._kind(by, depth)
                return Written(f"{operand.ours}[{key.ours}]", differences.indexed(operand.theirs, key.theirs))


@st.composite
def expressions(draw: Draw) -> Written:
    """One expression of any kind, up to five operators deep."""
    return _Grammar(draw).any(draw(st.sampled_from([1, 2, 2, 3, 3, 4])))


def _value(chance: Random, kind: str, depth: int = 0) -> Any:
    match kind:
        case "i":
            return chance.choice(WHOLE)
        case "d":
            return chance.choice(FRACTIONS)
        case "t":
            return chance.choice(WORDS)
        case "b":
            return chance.random() < 0.5
        case "l":
            deeper = _map(chance, depth + 1) if depth < 2 else {}
            return [_value(chance, chance.choice("idt")), deeper][: chance.randrange(3)]
        case "m":
            return _map(chance, depth + 1) if depth < 2 else {}
        case _:
            return None


def _map(chance: Random, depth: int = 0) -> dict[str, Any]:
    """Most fields are of the kind that they are named for, some of another, some absent."""
    found = {}
    for field in ("i", "i2", "d", "d2", "t", "t2", "b", "b2", "l", "l2", "m", "m2", "n"):
        if chance.random() < 0.95:
            found[field] = _value(chance, field[0] if chance.random() < 0.96 else chance.choice("idtblmn"), depth)
    return found


@lru_cache(1024)
def facts(seed: int) -> Facts:
    """Facts, the same for the same seed."""
    chance = Random(seed)
    event = {**_map(chance), "here": chance.choice([{"lat": 48.0, "lon": 2.0}, {"lat": 48, "lon": 2}, {"lat": 1.0}, 5])}
    customer = event if chance.random() < 0.3 else _map(chance)
    consents = {key: chance.random() < 0.5 for key in ("offers/a", "a/b", "a/a", "/") if chance.random() < 0.8}
    meta = {"type": chance.choice(WORDS), "occurred_at": 1_700_000_000_000, "place": chance.choice([{"lat": 48.0}, {}])}
    return Facts(event, meta, customer, _map(chance), _map(chance), consents, Town(), DIARY)
