"""The designer's folder, from paths and texts to journeys and messages; opens no file."""

import re
from collections.abc import Mapping as Files
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from journeys.ids import with_ids
from journeys.mend import mend_conditions, mend_nodes, problem
from journeys.messages.composed import composed
from journeys.messages.model import Message
from journeys.model import Brand, Faq, Journey, MessageHead, Offers, Part, Project, Segment
from journeys.problem import Problem
from journeys.schemas.declared import Declarations, read_declarations
from journeys.structure import fit
from journeys.tree import Mark, Positions
from journeys.yaml import read

P = TypeVar("P", bound=Part)

_JOURNEY = re.compile(r"(?:journeys/)?[^/]+\.yaml")
_SEGMENT = re.compile(r"segments/[^/]+\.yaml")
_BRAND = re.compile(r"brands/[^/]+\.yaml")
_OFFERS = re.compile(r"offers/[^/]+\.yaml")
_FAQ = re.compile(r"faq/[^/]+\.yaml")
_LIVES = re.compile(r"lives/[^/]+\.yaml")
_SCHEMA = re.compile(r"schemas/[^/]+\.yaml")
_LAYOUT = re.compile(r"layouts/([a-z0-9][a-z0-9_-]*(?:\.[A-Za-z0-9_-]+)?\.(?:html|txt))")
_PART = re.compile(r"[a-z][a-z0-9_-]*(?:\.[A-Za-z0-9_-]+)?\.(?:html|txt|yaml)")
_WRONG_NAME = re.compile(
    r"(?:journeys|lives|segments|offers|faq|brands|schemas|messages/[^/]+)/[^/]+\.yml|project\.yml"
)


@dataclass(frozen=True)
class Draft:
    """One file of a journey or message as it was read; `quoted` are the lines that had to be quoted to be read."""

    path: str
    positions: Positions
    quoted: frozenset[int]


@dataclass(frozen=True)
class Loaded(Generic[P]):
    """A definition whose every key and value fits, and the text it came from; a journey has every id filled in."""

    model: P
    path: str
    text: str
    positions: Positions


LoadedJourney = Loaded[Journey]
LoadedSegment = Loaded[Segment]
LoadedOffers = Loaded[Offers]
LoadedFaq = Loaded[Faq]
LoadedBrand = Loaded[Brand]


@dataclass(frozen=True)
class MessageDraft:
    """A message as it was read: its head's draft, if there is one, and its parts by file name."""

    name: str
    head: Draft | None
    parts: dict[str, str]


@dataclass
class Folder:
    """All definitions of one folder. `problems` are those of reading; `check` finds the others.

    `journeys`, `segments`, `offers`, `faqs`, `brands` and `messages` (by name) hold what fits its model, the drafts all
    that is YAML at all; `layouts` the texts by file name.
    """

    project: Project = field(default_factory=lambda: Project())
    journeys: dict[str, LoadedJourney] = field(default_factory=dict)
    segments: dict[str, LoadedSegment] = field(default_factory=dict)
    offers: dict[str, LoadedOffers] = field(default_factory=dict)
    faqs: dict[str, LoadedFaq] = field(default_factory=dict)
    brands: dict[str, LoadedBrand] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    layouts: dict[str, str] = field(default_factory=dict)
    lives: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    segment_drafts: list[Draft] = field(default_factory=list)
    offer_drafts: list[Draft] = field(default_factory=list)
    faq_drafts: list[Draft] = field(default_factory=list)
    brand_drafts: list[Draft] = field(default_factory=list)
    message_drafts: dict[str, MessageDraft] = field(default_factory=dict)
    project_draft: Draft | None = None
    declared: Declarations = field(default_factory=Declarations)


def load_journey(path: str, text: str) -> tuple[Journey | None, Positions, list[Problem]]:
    """The journey of one text with its ids filled in, or None, with where its parts stand and all that does not fit."""
    journey, draft, problems = _load_journey(path, text)
    return journey, draft.positions, problems


def load_segment(path: str, text: str) -> tuple[Segment | None, list[Problem]]:
    """The segment of one text, or None, with all that does not fit."""
    segment, _, problems = _load_conditioned(Segment, path, text)
    return segment, problems


def load_offers(path: str, text: str) -> tuple[Offers | None, list[Problem]]:
    """The catalog of offers of one text, or None, with all that does not fit."""
    offers, _, problems = _load_conditioned(Offers, path, text)
    return offers, problems


def load_faq(path: str, text: str) -> tuple[Faq | None, list[Problem]]:
    """The FAQ of one text, or None, with all that does not fit."""
    faq, _, problems = _load_conditioned(Faq, path, text)
    return faq, problems


def load_message(name: str, files: Files[str, str]) -> tuple[Message | None, list[Problem]]:
    """The message in `messages/NAME/` of a folder's files, or None, with all that does not fit in its head.

    It stands alone, without what a project, a brand or a layout would give it.
    """
    head, draft, problems = _load_message(name, files)
    return (composed(name, head, draft.parts, Project(), {}, {}) if head else None), problems


def load_project(files: Files[str, str]) -> Folder:
    """All that a folder's files (relative path to text) define. Never raises: every fault is in `problems`.

    Journeys are `journeys/NAME.yaml`, or files beside `project.yaml` when single ones were asked for.
    """
    folder = Folder()
    for path in sorted(files):
        if path == "project.yaml":
            _add_project(folder, files[path])
        elif _JOURNEY.fullmatch(path):
            _add_journey(folder, path, files[path])
        elif _SEGMENT.fullmatch(path):
            _add(folder, path, files[path], Segment, "segment", folder.segments, folder.segment_drafts)
        elif _OFFERS.fullmatch(path):
            _add(folder, path, files[path], Offers, "catalog", folder.offers, folder.offer_drafts)
        elif _FAQ.fullmatch(path):
            _add(folder, path, files[path], Faq, "faq", folder.faqs, folder.faq_drafts)
        elif _BRAND.fullmatch(path):
            _add(folder, path, files[path], Brand, "brand", folder.brands, folder.brand_drafts)
        elif named := _LAYOUT.fullmatch(path):
            folder.layouts[named[1]] = files[path]
        elif _LIVES.fullmatch(path):
            folder.lives[path] = files[path]
            folder.problems += read(path, files[path]).problems
        elif _WRONG_NAME.fullmatch(path):
            what = f"`{path}` is not read as a definition"
            folder.problems.append(Problem(path, 1, 1, "J023", what, f"name it {path.removesuffix('.yml')}.yaml"))
    folder.declared, faults = read_declarations({path: files[path] for path in files if _SCHEMA.fullmatch(path)})
    folder.problems += faults
    for name in sorted({path.split("/")[1] for path in files if re.fullmatch(r"messages/[^/]+/[^/]+", path)}):
        _add_message(folder, name, files)
    return folder


def _add_project(folder: Folder, text: str) -> None:
    folder.project_draft, problems = _draft("project.yaml", text)
    if folder.project_draft.positions.root is not None:
        project, faults = fit(Project, folder.project_draft.positions)
        folder.project = project or folder.project
        problems += faults
    folder.problems += problems


def _add_journey(folder: Folder, path: str, text: str) -> None:
    journey, draft, problems = _load_journey(path, text)
    folder.problems += problems
    folder.drafts.append(draft)
    if journey and journey.journey not in folder.journeys:
        folder.journeys[journey.journey] = LoadedJourney(journey, path, text, draft.positions)


def _add(
    folder: Folder, path: str, text: str, model: type[P], key: str, among: dict[str, Loaded[P]], drafts: list[Draft]
) -> None:
    """A file of a model whose name stands under `key`; the first of a name counts."""
    found, draft, problems = _load_conditioned(model, path, text)
    folder.problems += problems
    drafts.append(draft)
    if found and (name := getattr(found, key)) not in among:
        among[name] = Loaded(found, path, text, draft.positions)


def _add_message(folder: Folder, name: str, files: Files[str, str]) -> None:
    head, draft, problems = _load_message(name, files)
    folder.problems += problems
    folder.message_drafts[name] = draft
    if head:
        brands = {brand: loaded.model for brand, loaded in folder.brands.items()}
        folder.messages[name] = composed(name, head, draft.parts, folder.project, brands, folder.layouts)


def _load_journey(path: str, text: str) -> tuple[Journey | None, Draft, list[Problem]]:
    draft, problems = _draft(path, text)
    root = draft.positions.root
    if root is None:
        return None, draft, problems
    problems += mend_nodes(path, root)
    misread = mend_conditions(draft.positions)
    problems += misread
    draft = replace(draft, quoted=draft.quoted | {fault.line for fault in misread})
    journey, faults = fit(Journey, draft.positions)
    problems += faults
    return (with_ids(journey) if journey and not problems else None), draft, problems


def _load_conditioned(model: type[P], path: str, text: str) -> tuple[P | None, Draft, list[Problem]]:
    """A file other than a journey that holds conditions."""
    draft, problems = _draft(path, text)
    if draft.positions.root is None:
        return None, draft, problems
    misread = mend_conditions(draft.positions)
    found, faults = fit(model, draft.positions)
    problems += [*misread, *faults]
    draft = replace(draft, quoted=draft.quoted | {fault.line for fault in misread})
    return (None if problems else found), draft, problems


def _load_message(name: str, files: Files[str, str]) -> tuple[MessageHead | None, MessageDraft, list[Problem]]:
    base = f"messages/{name}/"
    path = f"{base}message.yaml"
    parts = {
        file.removeprefix(base): text
        for file, text in sorted(files.items())
        if file.startswith(base) and file != path and _PART.fullmatch(file.removeprefix(base))
    }
    if path not in files:
        what = f"the message `{name}` has no message.yaml"
        missing = Problem(path, 1, 1, "J023", what, "write one with `class:` and `subject:`")
        return None, MessageDraft(name, None, parts), [missing]
    draft, problems = _draft(path, files[path])
    head, faults = fit(MessageHead, draft.positions) if draft.positions.root is not None else (None, [])
    problems += faults
    return (None if problems else head), MessageDraft(name, draft, parts), problems


def _draft(path: str, text: str) -> tuple[Draft, list[Problem]]:
    """The one document of a file; that there is none, or another, is a Problem."""
    result = read(path, text)
    problems = list(result.problems)
    documents = result.documents
    if not problems and not documents:
        problems.append(problem(path, Mark(), "J001", "the file is empty", "write a definition, or remove the file"))
    for extra in documents[1:]:
        what = "a second document stands in the file"
        problems.append(problem(path, extra.start, "J001", what, "remove the `---`, or use a file for each"))
    positions = Positions(path, result.text, documents[0] if documents else None)
    return Draft(path, positions, frozenset(result.quoted)), problems
