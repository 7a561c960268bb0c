"""Text to YAML trees: the core schema of YAML 1.2, with positions, limits, and every fault a Problem."""

from functools import lru_cache
from typing import Any

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml import events as ev
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.reader import ReaderError

from journeys import quoting
from journeys.problem import Problem
from journeys.scalars import scalar
from journeys.tree import Entry, Mapping, Mark, Scalar, Sequence, Tree, copied
from journeys.yamlfaults import TAG, YamlError, place, strange_tag, worded

TEXT_LIMIT = 256 * 1024
NODE_LIMIT = 20_000
DEPTH_LIMIT = 60
KEY_LIMIT = 1_000
REPAIR_LIMIT = 50
REMEMBERED = 512
"""Texts whose trees are kept: a folder is read again and again, by its editor, its lives, its pages and its tests."""
REMEMBERED_LIMIT = 8 * 1024
"""Characters of a text; longer ones are read anew. What is kept of one takes some 36 bytes each."""


class Text:
    """What reading one file gave: its documents, the text they stand in, and the faults.

    `text` is the given one, except that conditions which YAML could not read are quoted in it, so that the rest of the
    file could be read too; `quoted` are their lines. Where a fault could not be got round, `documents` is empty.
    """

    def __init__(self, file: str, text: str) -> None:
        self.file, self.text = file, text
        self.documents: list[Tree] = []
        self.problems: list[Problem] = []
        self.quoted: set[int] = set()


def read(file: str, text: str) -> Text:
    """All documents of a YAML text, the caller's own to mend. Never raises: what cannot be read is a Problem."""
    if len(text) > REMEMBERED_LIMIT:
        return _read(file, text)
    known = _remembered(file, text)
    result, seen = Text(file, known.text), dict[int, Tree]()
    result.documents = [copied(document, seen) for document in known.documents]
    result.problems, result.quoted = list(known.problems), set(known.quoted)
    return result


def _read(file: str, text: str) -> Text:
    result = Text(file, text.removeprefix("\ufeff"))
    if len(text) > TEXT_LIMIT:
        found = f"the file holds {len(text)} characters, more than {TEXT_LIMIT}"
        result.problems.append(Problem(file, 1, 1, "J001", found, "split it"))
        return result
    for _ in range(REPAIR_LIMIT):
        composer = _Composer(file)
        try:
            result.documents = composer.documents(result.text)
        except YamlError as fault:
            if not _repair(result, fault):
                result.problems.append(_problem(file, fault))
                break
        else:
            break
    result.problems += composer.problems
    return result


_remembered = lru_cache(REMEMBERED)(_read)


def _repair(result: Text, fault: YamlError) -> bool:
    for line in fault.lines:
        bare = quoting.condition_at(result.text, line)
        if bare is None or bare.line in result.quoted:
            continue
        what = bare.reason or fault.message
        result.problems.append(Problem(result.file, bare.line, bare.column, "J001", what, bare.hint))
        result.quoted.add(bare.line)
        result.text = bare.quoted_in(result.text)
        return True
    return False


def _problem(file: str, fault: YamlError) -> Problem:
    return Problem(file, fault.mark.line, fault.mark.column, "J001", fault.message, fault.hint)


class _Composer:
    """Builds trees from events, without recursion; an alias counts as often as it is used."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self._done: list[Tree] = []
        self._open: list[tuple[Sequence | Mapping, str | None]] = []
        self._keys: list[Scalar | None] = []
        self._sizes: list[list[int]] = []
        self._anchors: dict[str, tuple[Tree, int, int]] = {}

    def documents(self, text: str) -> list[Tree]:
        last = Mark()
        try:
            for event in YAML(typ="safe", pure=True).parse(text):
                last = place(event.start_mark)
                self._take(event)
        except YamlError:
            raise
        except MarkedYAMLError as error:
            raise worded(error, self._open[-1][0].start if self._open else last) from None
        except ReaderError as error:
            head = text[: error.position]
            mark = Mark(head.count("\n") + 1, len(head) - head.rfind("\n"), error.position)
            raise YamlError(f"the character {error.character:#06x} may not stand in YAML", mark, "remove it") from None
        # The parser is another's and the text anybody's: a parser that stumbles must not take `check` down with it.
        except Exception as error:
            raise YamlError(f"not YAML: {error}", last, "look at this line and the one before") from None
        return self._done

    def _take(self, event: Any) -> None:
        mark = place(event.start_mark)
        match event:
            case ev.DocumentStartEvent():
                self._anchors = {}
            case ev.ScalarEvent():
                self._add(scalar(event, mark), event.anchor, 1, 0, mark)
            case ev.AliasEvent():
                if event.anchor not in self._anchors:
                    raise YamlError(
                        f"the alias `*{event.anchor}` has no anchor before it", mark, "quote a text with `*`"
                    )
                self._add(self._anchors[event.anchor][0], None, *self._anchors[event.anchor][1:], mark)
            case ev.SequenceStartEvent() | ev.MappingStartEvent():
                self._begin(event, mark)
            case ev.SequenceEndEvent() | ev.MappingEndEvent():
                tree, anchor = self._open.pop()
                self._keys.pop()
                size, depth = self._sizes.pop()
                self._add(tree, anchor, size, depth, tree.start)
            case _:
                pass

    def _begin(self, event: Any, mark: Mark) -> None:
        wanted = "seq" if isinstance(event, ev.SequenceStartEvent) else "map"
        if event.tag not in (None, "!", TAG + wanted):
            raise strange_tag(event.tag, mark)
        if len(self._open) >= DEPTH_LIMIT:
            raise YamlError(f"nested deeper than {DEPTH_LIMIT} levels", mark, "split the journey")
        kind = Sequence if wanted == "seq" else Mapping
        self._open.append((kind([], mark, bool(event.flow_style)), event.anchor))
        self._keys.append(None)
        self._sizes.append([1, 1])

    def _add(self, tree: Tree, anchor: str | None, size: int, depth: int, mark: Mark) -> None:
        if anchor:
            self._anchors[anchor] = (tree, size, depth)
        if not self._open:
            self._done.append(tree)
            return
        counted = self._sizes[-1]
        counted[0] += size
        counted[1] = max(counted[1], depth + 1)
        if counted[0] > NODE_LIMIT:
            raise YamlError(f"more than {NODE_LIMIT} values, aliases counted as often as used", mark, "split the file")
        if len(self._open) + depth > DEPTH_LIMIT:
            raise YamlError(f"nested deeper than {DEPTH_LIMIT} levels through aliases", mark, "write it out flat")
        into = self._open[-1][0]
        if isinstance(into, Sequence):
            into.items.append(tree)
        else:
            self._pair(into, tree, mark)

    def _pair(self, into: Mapping, tree: Tree, mark: Mark) -> None:
        key = self._keys[-1]
        if key is None:
            if not isinstance(tree, Scalar):
                raise YamlError("a key must be text, found a list or a mapping", mark, "quote a text with `{` or `[`")
            self._keys[-1] = tree
            return
        self._keys[-1] = None
        if isinstance(tree, Scalar) and not tree.text and not tree.style:
            # The parser places what is not there at the next thing that is, often a line below.
            tree = msgspec.structs.replace(tree, start=key.start, end=key.start)
        first = into.entry(key.text)
        if first is None:
            if len(into.entries) >= KEY_LIMIT:
                raise YamlError(f"more than {KEY_LIMIT} keys in one mapping", mark, "split the file")
            into.entries.append(Entry(key.text, key, tree))
            return
        what = f"the key `{key.text}` stands here twice, first in line {first.key.start.line}"
        at = key.start
        self.problems.append(Problem(self.file, at.line, at.column, "J002", what, "keep one of them"))
