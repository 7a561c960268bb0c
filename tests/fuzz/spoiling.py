"""Ways in which a designer's folder goes wrong, drawn by a seeded dice: bytes, lines, values, keys, whole files."""

import re
from collections.abc import Callable
from pathlib import Path
from random import Random

from journeys.lives import Expected, Moment, Outline, Person
from journeys.model import TRIGGERS, VERBS, Journey, MessageHead, Project, Segment
from journeys.schemas.keywords import FOREIGN, KEYWORDS

ROOT = Path(__file__).parents[2]
FOLDERS = ("tests/fuzz/folder", "journeys/definitions", "tests/journeys/folder")
TEXTS = {".yaml", ".yml", ".html", ".txt"}

SIGNS = list(":-#!&*{}[]|>%@`'\",?~ \t\n\r\x85\u2028\ufeff\x00\x07é\ud800\U0010ffff\u202e")
PIECES = [
    "<<: *a", "---\n", "...\n", "\n  ", "\n- ", ": ", "- ", " #", "&a ", "*a", "!x ", "!!int ", "!!binary x",
    "%YAML 1.1\n", "|-\n", ">\n", "? ", "{{", "}}", "{%", "{% if", "{% for x in y %}", "{{ a | b: c", "\t",
    "[" * 70, "{a: " * 70, "&b [*b]", "9" * 400, "1e999", "\\x", "'", '"', "\\U0010ffff", "&&", "||", "!", "(" * 200,
]  # fmt: skip
VALUES = [
    "", "null", "~", "true", "yes", "no", "on", "12", "-1", "0", "1.5", "1e400", ".nan", ".inf", "0x1f", "9" * 30,
    '""', '"x"', "[]", "{}", "[a, b]", "[[[]]]", "[null]", "{a: b}", "[{on: a.b}]", "*a", "&a b", "!!str 1",
    "2026-03-02", "02:30", "20h", "-7d", "1mo", "99999999999d", "100y", "drop", "email", "customer.x",
    "event.value >= 30", "a.b.c", "5%", "101%", "10/s", "Europe/Paris", "2026-02-30",
    "\u0661\u0662h", "\u00b2h", "'é\U0001f600'", "x" * 5000,
    "has(event.a) && (1 + 2) * 3 < 4", 'in_segment("gold")', 'count("a.b", "30d") > 3',
    '"' + "a" * 300 + '"', "|\n  a\n",
]  # fmt: skip
_MODELS = (
    *VERBS.values(),
    *TRIGGERS.values(),
    Journey,
    Project,
    Segment,
    MessageHead,
    Outline,
    Moment,
    Person,
    Expected,
)
KEYS = sorted(
    {field.alias or name for part in _MODELS for name, field in part.model_fields.items()}
    | {
        *KEYWORDS,
        *FOREIGN,
        "event",
        "events",
        "do",
        "when",
        "weight",
        "days",
        "lat",
        "@one",
        "as_",
        "[key]",
        "<<",
        "",
        "é",
        "1",
    }
)
PATHS = [
    "journeys/new.yaml", "journeys/a/b.yaml", "lives/new.yaml", "schemas/new.yaml", "schemas/customer.yaml",
    "segments/new.yaml", "project.yaml", "messages/new/message.yaml", "messages/new/push.yaml",
    "messages/hello/sms.txt", "messages/hello/x.html", "journeys/x.yml", "a.yaml", "messages/é/email.txt",
    "offers/x.yaml", "brands/x.yaml",
]  # fmt: skip
_VALUE = re.compile(r"(?<=: )[^\s#][^#\n]*|(?<=- )[^\s#][^#\n]*|(?<=[\[{,] )[^,\]}\n]+")
_KEY = re.compile(r"(?<=[\s{,-])[A-Za-z_.$]+(?=:)")

Files = dict[str, str]


def folders() -> list[Files]:
    """The folders that are spoilt, by relative path."""
    return [
        {
            path.relative_to(ROOT / name).as_posix(): path.read_text(encoding="utf-8")
            for path in sorted((ROOT / name).rglob("*"))
            if path.suffix in TEXTS
        }
        for name in FOLDERS
    ]


def spoilt(files: Files, dice: Random) -> Files:
    """The folder with one to six things gone wrong, most of them in one file."""
    result = dict(files)
    victim = dice.choice(sorted(result))
    for _ in range(dice.choice((1, 1, 1, 2, 3, 6))):
        if dice.random() < 0.04:
            _whole_file(result, dice)
        if dice.random() < 0.1 or victim not in result:
            victim = dice.choice(sorted(result) or ["project.yaml"])
        if result.get(victim):
            result[victim] = dice.choice(_WAYS)(result[victim], dice)
    return result


def _bytes(text: str, dice: Random) -> str:
    raw = bytearray(text.encode("utf-8", "surrogatepass"))
    for _ in range(dice.randint(1, 4)):
        raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
    # The command line refuses what is no UTF-8; what stands for it here is as strange to whoever reads on.
    return raw.decode("utf-8", "surrogateescape")


def _cut(text: str, dice: Random) -> str:
    start = dice.randrange(len(text))
    return text[:start] + text[start + dice.choice((1, 2, 5, 20, 80)) :]


def _put(text: str, dice: Random) -> str:
    start = dice.randrange(len(text) + 1)
    return text[:start] + dice.choice((*SIGNS, *PIECES)) + text[start:]


def _end(text: str, dice: Random) -> str:
    return text[: dice.randrange(len(text))]


def _lines(change: Callable[[list[str], int, Random], None]) -> Callable[[str, Random], str]:
    def changed(text: str, dice: Random) -> str:
        lines = text.split("\n")
        change(lines, dice.randrange(len(lines)), dice)
        return "\n".join(lines)

    return changed


def _drop(lines: list[str], at: int, dice: Random) -> None:
    del lines[at : at + dice.choice((1, 1, 2, 5))]


def _double(lines: list[str], at: int, dice: Random) -> None:
    lines[at:at] = lines[at : at + dice.choice((1, 1, 3, 10))]


def _indent(lines: list[str], at: int, dice: Random) -> None:
    by = dice.choice((" ", "  ", "    ", "\t", "- "))
    for place in range(at, min(len(lines), at + dice.choice((1, 1, 4)))):
        lines[place] = by + lines[place]


def _outdent(lines: list[str], at: int, dice: Random) -> None:
    for place in range(at, min(len(lines), at + dice.choice((1, 1, 4)))):
        lines[place] = lines[place][dice.choice((1, 2, 4)) :] if lines[place].startswith(" ") else lines[place]


def _move(lines: list[str], at: int, dice: Random) -> None:
    line = lines.pop(at)
    lines.insert(dice.randrange(len(lines) + 1), line)


def _tabs(lines: list[str], at: int, dice: Random) -> None:
    lines[at] = lines[at].replace("  ", "\t")


def _value(text: str, dice: Random) -> str:
    return _replaced(text, _VALUE, dice.choice(VALUES), dice)


def _key(text: str, dice: Random) -> str:
    return _replaced(text, _KEY, dice.choice(KEYS), dice)


def _swap(text: str, dice: Random) -> str:
    found = list(_VALUE.finditer(text))
    return _replaced(text, _VALUE, dice.choice(found).group(), dice) if found else text


def _replaced(text: str, pattern: re.Pattern[str], by: str, dice: Random) -> str:
    found = list(pattern.finditer(text))
    if not found:
        return text
    start, end = dice.choice(found).span()
    return text[:start] + by + text[end:]


def _whole_file(files: Files, dice: Random) -> None:
    name = dice.choice(sorted(files))
    match dice.randrange(4):
        case 0:
            del files[name]
        case 1:
            files[dice.choice(PATHS)] = files[name]
        case 2:
            files[name] = dice.choice(
                ("", "\n", "# nothing\n", "---\n", "a\n", "- a\n", "null\n", "\ufeff", "[]", "{}")
            )
        case _:
            files[dice.choice(PATHS)] = files.pop(name)


_WAYS: list[Callable[[str, Random], str]] = [
    *[_value, _key] * 4, *[_swap, _put] * 2, _bytes, _cut, _end,
    *map(_lines, (_drop, _double, _indent, _outdent, _move, _tabs)),
]  # fmt: skip
