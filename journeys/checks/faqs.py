"""FAQs: journeys name those that are there, each answer can be found, and speaks each language that asks for it."""

from collections.abc import Iterator

from journeys.checks.charter import never_said
from journeys.checks.facts import ANSWER, held
from journeys.checks.filed import misnamed, own_name
from journeys.checks.reading import Said, said_at
from journeys.checks.templates import faults_in, told
from journeys.checks.variables import Constants, Known
from journeys.faq import words
from journeys.load import Draft, Folder
from journeys.mend import problem
from journeys.messages.composed import constants_of
from journeys.messages.spoken import facts_named
from journeys.messages.template import CONSTANTS
from journeys.model import MessageHead
from journeys.model.nodes import CONVERSATION
from journeys.outline import is_slug, named_blocks, nodes
from journeys.problem import Problem, did_you_mean
from journeys.tree import Entry, Mapping, Scalar, Tree, texts

_ASKED = ("questions", "keywords")


def faults(folder: Folder) -> Iterator[Problem]:
    """Each name of a FAQ that is not there, each fault of a FAQ, each message of a conversation that is marketing."""
    brands = _asking(folder)
    known = {name.text for draft in folder.faq_drafts if (name := own_name(draft, "faq"))}
    for draft in folder.drafts:
        for node in nodes(draft.positions.root):
            value = node.get("answer")
            if isinstance(value, Scalar) and is_slug(value) and value.text not in known:
                hint = did_you_mean(value.text, known, f"write faq/{value.text}.yaml")
                yield problem(draft.path, value.start, "J073", f"unknown FAQ `{value.text}`", hint)
            yield from _classed(folder, draft.path, node)
    for draft in folder.faq_drafts:
        yield from misnamed(draft, "faq", "faq", "FAQ", "J074")
        yield from _entries(draft)
        name = own_name(draft, "faq")
        usual = {folder.project.brand or ""}
        asking = brands.get(name.text, usual) if name else usual
        yield from _templates(folder, draft, asking)
        yield from dict.fromkeys(fault for brand in sorted(asking) for fault in _charter(folder, draft, brand))


class _OnlyConstants:
    """An answer says the same to everyone, so that it names nothing of the person."""

    def lack(self, path: str) -> tuple[str, str] | None:
        """As of a Sender."""
        if path.partition(".")[0] in CONSTANTS:
            return None
        hint = "write it in the message that says `vars.answer.text`"
        return f"unknown name `{path}`: an answer names only `brand` and `facts`", hint


def _asking(folder: Folder) -> dict[str, set[str]]:
    """The brands in whose name each FAQ is asked, empty for none."""
    found: dict[str, set[str]] = {}
    for draft in folder.drafts:
        root = draft.positions.root
        named = root.get("brand") if isinstance(root, Mapping) else None
        brand = named.text if isinstance(named, Scalar) else folder.project.brand or ""
        for node in nodes(root):
            if isinstance(value := node.get("answer"), Scalar):
                found.setdefault(value.text, set()).add(brand)
    return found


def _templates(folder: Folder, draft: Draft, brands: set[str]) -> Iterator[Problem]:
    """Answers that cannot be read, or name what one of the brands that give them does not have."""
    among: list[Known] = [_OnlyConstants(), *(_constants(folder, brand) for brand in sorted(brands))]
    root = draft.positions.root
    for entry in named_blocks(root, "entries") if isinstance(root, Mapping) else []:
        for _, text in _by_language(entry.value.get("answers") if isinstance(entry.value, Mapping) else None):
            for fault in faults_in(text.text, among):
                yield told(draft.path, draft.positions.inside(text, fault.line, fault.column), fault)


def _charter(folder: Folder, draft: Draft, name: str) -> Iterator[Problem]:
    """What an answer must not say for a brand; and what it states otherwise than a fact, or in another language."""
    loaded, root = folder.brands.get(name), draft.positions.root
    brand, head = loaded.model if loaded else None, MessageHead.model_validate({})
    for entry in named_blocks(root, "entries") if isinstance(root, Mapping) else []:
        spoken: dict[str, list[Said]] = {}
        named: set[str] = set()
        for language, text in _by_language(entry.value.get("answers") if isinstance(entry.value, Mapping) else None):
            known = constants_of(head, folder.project, brand, language)
            said = said_at(draft.path, ("", "", language), draft.positions, text, known)
            spoken.setdefault(f"`{language}`", []).append(said)
            named |= facts_named(text.text)
            yield from never_said(said, brand) if brand else ()
        yield from held(spoken, brand.facts if brand else {}, named, folder.project.currency, ANSWER)


def _constants(folder: Folder, brand: str) -> Constants:
    loaded = folder.brands.get(brand)
    if brand and loaded is None:
        # Of a brand that is not there, or does not fit, it is told there.
        return Constants(None)
    head = MessageHead.model_validate({})
    return Constants(constants_of(head, folder.project, loaded.model if loaded else None, ""), brand)


def _entries(draft: Draft) -> Iterator[Problem]:
    root = draft.positions.root
    asked: dict[frozenset[str], tuple[str, Scalar]] = {}
    for entry in named_blocks(root, "entries") if isinstance(root, Mapping) else []:
        if isinstance(entry.value, Mapping):
            yield from _languages(draft.path, entry, entry.value)
            for text in (each for key in _ASKED for _, each in _by_language(entry.value.get(key))):
                yield from _asked(draft.path, entry.name, text, asked)


def _languages(file: str, entry: Entry, content: Mapping) -> Iterator[Problem]:
    """Whoever asks in a language gets an answer in it."""
    answered = {each.name for each in named_blocks(content, "answers")}
    for each in named_blocks(content, "questions"):
        if answered and each.name not in answered:
            what = f"`{entry.name}` is asked for in `{each.name}`, and has no answer in it"
            yield problem(file, each.key.start, "J075", what, f"write `{each.name}:` under its `answers`")


def _asked(file: str, entry: str, text: Scalar, asked: dict[frozenset[str], tuple[str, Scalar]]) -> Iterator[Problem]:
    found = frozenset(words(text.text))
    if not found:
        yield problem(file, text.start, "J075", f"no word stands in `{text.text}`", "write how people ask for it")
        return
    before = asked.setdefault(found, (entry, text))
    if before[0] != entry:
        what = f"`{entry}` and `{before[0]}` are asked for by the same words, so that the first is always found"
        yield problem(file, text.start, "J075", what, "keep it in one of them")


def _by_language(tree: Tree | None) -> Iterator[tuple[str, Scalar]]:
    for entry in tree.entries if isinstance(tree, Mapping) else []:
        yield from ((entry.name, text) for text in texts(entry.value) if isinstance(text.value, str))


def _classed(folder: Folder, file: str, node: Mapping) -> Iterator[Problem]:
    """What is said in a conversation is an answer: it asks for no consent, and must sell nothing."""
    channel = node.get("channel")
    follows = isinstance(channel, Scalar) and channel.text == CONVERSATION
    written = node.get("hand_over") or (node.get("send") if follows else None)
    message = folder.messages.get(written.text) if isinstance(written, Scalar) else None
    if written is not None and message is not None and message.head.class_ == "marketing":
        what = f"the message `{message.name}` of a conversation is of class marketing"
        yield problem(file, written.start, "J076", what, "write `class: service` in its message.yaml")
