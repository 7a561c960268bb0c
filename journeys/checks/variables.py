"""What the templates of a message read: that the journeys which send it can have it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from journeys.checks.scope import Scope, scope_of
from journeys.load import Folder
from journeys.messages.template import CONSTANTS
from journeys.outline import is_slug, nodes
from journeys.problem import did_you_mean, listed
from journeys.schemas.schema import Schema
from journeys.tree import Mapping as Keys
from journeys.tree import Scalar, Tree

_SET = ("set", "add")
_DEFAULT = {"digest": "digest", "best_offer": "offer", "answer": "answer"}


@dataclass(frozen=True)
class Sender:
    """A journey that sends a message: what it knows, and the variables that it sets, None where others set some."""

    journey: str
    scope: Scope
    variables: frozenset[str] | None

    def lack(self, path: str) -> tuple[str, str] | None:
        """What is wrong with a variable of a template, with the cure; None where it can exist."""
        root, *names = path.split(".")
        if not names:
            return None
        if root == "vars":
            return self._unset(names[0])
        known: dict[str, Schema | None] = {
            "customer": self.scope.declared.customer,
            "entry": self.scope.entry,
            "event": self.scope.event,
        }
        at: Schema | None = known.get(root)
        for place, name in enumerate(names):
            if at is None or name == "meta":
                return None
            if (inner := at.find(name)) is None:
                above = ".".join([root, *names[:place]])
                what = f"`{above}` has no `{name}`, in the journey `{self.journey}`"
                return what, did_you_mean(name, at.properties, _cure(at, root))
            at = inner
        return None

    def _unset(self, name: str) -> tuple[str, str] | None:
        if self.variables is None or name in self.variables:
            return None
        hint = f"write `- set: {{vars.{name}: ...}}` before the send"
        what = f"nothing sets `vars.{name}` in the journey `{self.journey}`"
        return what, did_you_mean(name, self.variables, hint)


@dataclass(frozen=True)
class Constants:
    """What is the same in every copy of a message: its facts, and what it knows of its brand; None where all may be."""

    known: Mapping[str, Any] | None
    brand: str = ""

    def lack(self, path: str) -> tuple[str, str] | None:
        """As of a Sender."""
        root, *names = path.split(".")
        if root not in CONSTANTS or self.known is None:
            return None
        if root not in self.known:
            return self._nothing(root, names)
        at: Any = self.known[root]
        for place, name in enumerate(names):
            if not isinstance(at, Mapping):
                return None
            if name not in at:
                above = ".".join([root, *names[:place]])
                has = f"it has {listed(sorted(map(str, at)), 'and')}" if at else "it has nothing"
                return f"`{above}` has no `{name}`", did_you_mean(name, at, has)
            at = at[name]
        return None

    def _nothing(self, root: str, names: list[str]) -> tuple[str, str]:
        if root == "assets_url":
            return "`assets_url` is not known", "write `assets_url: https://...` in project.yaml"
        if root == "facts" and self.brand:
            hint = f"write `facts: {{{next(iter(names), 'welcome')}: ...}}` in brands/{self.brand}.yaml or message.yaml"
            return "`facts` has nothing", hint
        hint = "write `brand: NAME` in message.yaml or project.yaml"
        return f"`{root}` has nothing, since the message has no brand", hint


class Known(Protocol):
    """What may be named in a template."""

    def lack(self, path: str) -> tuple[str, str] | None:
        """What is wrong with a variable of a template, with the cure; None where it can exist."""
        ...


def senders(folder: Folder) -> dict[str, list[Sender]]:
    """The journeys that send each message."""
    found: dict[str, list[Sender]] = {}
    for draft in folder.drafts:
        root = draft.positions.root
        named = root.get("journey") if isinstance(root, Keys) else None
        if not isinstance(named, Scalar):
            continue
        sender = Sender(named.text, scope_of(folder.declared, root), _variables(root))
        for message in dict.fromkeys(sent_by(folder, root)):
            found.setdefault(message, []).append(sender)
    return found


def lacking(
    among: Iterable[Known], places: Mapping[str, tuple[int, int]]
) -> Iterator[tuple[tuple[int, int], str, str]]:
    """Each variable that one of these cannot have: its place in the template, what is wrong, the cure."""
    for path, place in places.items():
        told = next((lack for each in among if (lack := each.lack(path))), None)
        if told:
            yield place, *told


def sent_by(folder: Folder, root: Tree | None) -> Iterator[str]:
    """The names of the messages that a journey sends, those of its offers included."""
    for node in nodes(root):
        catalog = node.get("best_offer")
        for sent in (node.get("send"), node.get("hand_over")):
            if isinstance(sent, Scalar) and is_slug(sent):
                yield sent.text
        if isinstance(catalog, Scalar) and catalog.text in folder.offers:
            yield from (offer.message for offer in folder.offers[catalog.text].model.offers.values())


def _variables(root: Tree | None) -> frozenset[str] | None:
    """The names of all variables that the nodes of a journey write; None where a verb writes some that are not seen."""
    names: set[str] = set()
    for node in nodes(root):
        for verb in _SET:
            written = node.get(verb)
            for entry in written.entries if isinstance(written, Keys) else []:
                root_name, *rest = entry.name.split(".")
                names |= set(rest[:1]) if root_name == "vars" else set()
        if node.entry("call") and not node.entry("as"):
            return None
        names |= _given(node)
    return frozenset(names)


def _given(node: Keys) -> set[str]:
    """The variable that a call's answer, what a digest collected, or the offer chosen is kept in."""
    named = node.get("as")
    if isinstance(named, Scalar):
        return {named.text}
    return {name for verb, name in _DEFAULT.items() if node.entry(verb)}


def _cure(at: Schema, root: str) -> str:
    if at.properties:
        return f"it has {listed(sorted(at.properties), 'and')}"
    return f"declare it in schemas/{'customer.yaml' if root == 'customer' else ''}"
