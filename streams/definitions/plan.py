"""What a deploy would publish, as values: the release on top of what is there, and the blobs that are missing."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import msgspec

from engine.compile import compile_terms
from engine.policy.terms import Terms
from journeys.checks import check
from journeys.conditions import ConditionError
from journeys.load import Folder, LoadedJourney, LoadedOffers
from journeys.messages.spoken import spoken
from journeys.model import Answer, Brand, Project
from journeys.model.walk import all_nodes
from journeys.outline import nodes
from journeys.problem import Problem, did_you_mean
from journeys.tree import Scalar
from streams.definitions.build import Builder
from streams.definitions.moving import STAY, Moving, Spot, with_moves
from streams.definitions.shelf import (
    JourneyBlob,
    OffersBlob,
    ProjectBlob,
    Release,
    SegmentBlob,
    Shelf,
    ShelfFault,
    Shelved,
    canonical,
    digest,
)


class Released(NamedTuple):
    """What a deploy did: the number of the release in use after it, and the journeys by what became of them, sorted."""

    n: int
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    added: tuple[str, ...] = ()


class Plan(NamedTuple):
    """What is to be published, in this order: `blobs`, then `release`; None where all is there already."""

    released: Released
    release: Release | None = None
    blobs: tuple[bytes, ...] = ()


class DeployRefused(Exception):
    """The definitions have faults, and nothing was changed; `problems` holds all of them."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class NotCompiled(Exception):
    """`check` let pass what workers could not build; nothing was changed, and the fault is ours, not the designer's."""


class UnknownJourney(Exception):
    """No journey of this name is deployed; the message names the one that was probably meant."""


class UnknownRelease(Exception):
    """There was no release of this number; the message names those that there are."""


def plan_deploy(shelf: Shelf, folder: Folder, at: int, note: str, nonce: str, moving: Moving = STAY) -> Plan:
    """`folder` on top of what `shelf` holds. Raises DeployRefused, NotCompiled, or MapRefused."""
    base = shelf.release or Release(0, at, nonce, "")
    in_use = {f"unknown journey `{name}`" for name in base.journeys}
    # A single file may start a journey that is deployed already and does not stand beside it here.
    problems = [each for each in check(folder) if each.code != "J052" or each.message not in in_use]
    if problems:
        raise DeployRefused(problems)
    project = _project(shelf, base, folder)
    messages = {name: message.to_json() for name, message in folder.messages.items()}
    hashes = {**base.messages, **{name: digest(blob) for name, blob in messages.items()}}
    read = read_project(project)
    journeys = {name: _journey_blob(loaded, read, hashes, folder) for name, loaded in folder.journeys.items()}
    segments = {name: canonical(SegmentBlob(name, loaded.text)) for name, loaded in folder.segments.items()}
    catalogs = {name: _offers_blob(loaded, hashes) for name, loaded in folder.offers.items()}
    written = (project, *messages.values(), *journeys.values(), *segments.values(), *catalogs.values())
    blobs = {digest(blob): blob for blob in written}
    now = {name: Shelved(digest(blob)) for name, blob in journeys.items()}
    members = {**base.segments, **{name: digest(blob) for name, blob in segments.items()}}
    offers = {**base.offers, **{name: digest(blob) for name, blob in catalogs.items()}}
    read_terms(project)
    builder = Builder({**shelf.blobs, **blobs})
    _try(builder, folder, now, members, offers)
    now = with_moves(builder, base.journeys, now, moving, _spots(folder))
    release = Release(
        shelf.next_number, at, nonce, digest(project), {**base.journeys, **now}, hashes, note, members, offers=offers
    )
    missing = tuple(blob for name, blob in blobs.items() if name not in shelf.blobs)
    return _plan(base, release, missing, now)


def plan_undeploy(shelf: Shelf, name: str, at: int, nonce: str) -> Plan:
    """The journey closed, all else as it is. Raises UnknownJourney."""
    base = deployed(shelf, name)
    closed = {name: msgspec.structs.replace(base.journeys[name], open=False)}
    release = msgspec.structs.replace(
        base, n=shelf.next_number, at=at, nonce=nonce, note=f"undeploy {name}", journeys={**base.journeys, **closed}
    )
    return _plan(base, release, (), closed)


def deployed(shelf: Shelf, name: str) -> Release:
    """The release in use, which holds a journey of this name, open or closed. Raises UnknownJourney."""
    base = shelf.release
    if base is None or name not in base.journeys:
        known = base.journeys if base else {}
        hint = did_you_mean(name, known, "`sillage journeys` lists those that are")
        raise UnknownJourney(f"journey {name}: not deployed; {hint}")
    return base


def plan_release(shelf: Shelf, n: int, at: int, note: str, nonce: str, moving: Moving = STAY) -> Plan:
    """Release `n` once more; what it did not have yet is closed. Raises UnknownRelease, ShelfFault or MapRefused."""
    base, old = shelf.release, shelf.releases.get(n)
    if base is None or old is None:
        known = f"there are {min(shelf.releases)} to {max(shelf.releases)}" if shelf.releases else "there is none yet"
        raise UnknownRelease(f"release {n}: not found; {known}")
    now = {name: msgspec.structs.replace(shelved, open=False) for name, shelved in base.journeys.items()}
    now |= {name: Shelved(shelved.version, shelved.open) for name, shelved in old.journeys.items()}
    builder = Builder(shelf.blobs)
    for name, shelved in old.journeys.items():
        builder.journey(name, shelved.version)
    now = with_moves(builder, base.journeys, now, moving)
    release = msgspec.structs.replace(old, n=shelf.next_number, at=at, nonce=nonce, journeys=now, note=note)
    return _plan(base, release, (), now)


def _spots(folder: Folder) -> dict[str, Spot]:
    """Where the steps of each journey stand in its file."""
    marks = {name: (each.path, each.positions.key(("steps",))) for name, each in folder.journeys.items()}
    return {name: (path, mark.line, mark.column) for name, (path, mark) in marks.items()}


def messages_of(loaded: LoadedJourney) -> set[str]:
    """The names of the messages that a journey sends, or as which people write in it."""
    among = [node.get(key) for node in nodes(loaded.positions.root) for key in ("send", "hand_over")]
    return {value.text for value in among if isinstance(value, Scalar)}


def read_project(blob: bytes) -> Project:
    """What a project's blob holds. Raises ShelfFault."""
    try:
        return Project.model_validate(msgspec.json.decode(blob, type=ProjectBlob).project)
    except (msgspec.MsgspecError, ValueError) as fault:
        raise ShelfFault(f"blob {digest(blob)} is no project that can be read here: {fault}") from fault


def read_terms(blob: bytes) -> Terms:
    """The policy of a project's blob. Raises ShelfFault."""
    try:
        brands = msgspec.json.decode(blob, type=ProjectBlob).brands
        return compile_terms(read_project(blob), {name: Brand.model_validate(each) for name, each in brands.items()})
    except (msgspec.MsgspecError, ValueError, ConditionError) as fault:
        raise ShelfFault(f"blob {digest(blob)} holds no policy that can be used here: {fault}") from fault


def _plan(base: Release, release: Release, blobs: tuple[bytes, ...], now: dict[str, Shelved]) -> Plan:
    added = sorted(now.keys() - base.journeys.keys())
    unchanged = sorted(name for name, shelved in now.items() if base.journeys.get(name) == shelved)
    changed = sorted(now.keys() - {*added, *unchanged})
    same = _content(base) == _content(release)
    released = Released(base.n if same else release.n, tuple(changed), tuple(unchanged), tuple(added))
    return Plan(released) if same else Plan(released, release, blobs)


def _content(release: Release) -> tuple[object, ...]:
    return release.project, release.journeys, release.messages, release.segments, release.offers


def _project(shelf: Shelf, base: Release, folder: Folder) -> bytes:
    """The project's blob: the folder's, or what is in use where the folder has none (single files), with its brands."""
    brands = {
        name: loaded.model.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        for name, loaded in folder.brands.items()
    }
    if folder.project_draft is None and base.project in shelf.blobs:
        held = msgspec.json.decode(shelf.blobs[base.project], type=ProjectBlob)
        return canonical(ProjectBlob(held.project, {**held.brands, **brands})) if brands else shelf.blobs[base.project]
    return canonical(ProjectBlob(folder.project.model_dump(mode="json", by_alias=True), brands))


def _journey_blob(loaded: LoadedJourney, project: Project, hashes: dict[str, str], folder: Folder) -> bytes:
    messages = {name: hashes[name] for name in messages_of(loaded) if name in hashes}
    open_ = {hours for _, node in all_nodes(loaded.model) if (hours := getattr(node, "hours", None))}
    hours = {
        name: project.hours[name].model_dump(mode="json", by_alias=True, exclude_defaults=True)
        for name in sorted(open_)
        if name in project.hours
    }
    asked = {node.answer for _, node in all_nodes(loaded.model) if isinstance(node, Answer)}
    faqs = {name: folder.faqs[name].text for name in sorted(asked) if name in folder.faqs}
    brand = folder.brands.get(loaded.model.brand or project.brand or "")
    named = {name: spoken(folder.faqs[name].model, project, brand.model if brand else None) for name in faqs}
    said = {name: each for name, each in named.items() if each.texts}
    paid = loaded.model.budget is not None and loaded.model.budget.cost is not None
    costs = {name: float(each.cost) for name, each in project.channels.items()} if paid else {}
    return canonical(JourneyBlob(loaded.model.journey, loaded.text, project.zone, messages, hours, costs, faqs, said))


def _offers_blob(loaded: LoadedOffers, hashes: dict[str, str]) -> bytes:
    model = loaded.model
    named = sorted({offer.message for offer in model.offers.values()} & hashes.keys())
    return canonical(OffersBlob(model.catalog, loaded.text, {name: hashes[name] for name in named}))


def _try(
    builder: Builder, folder: Folder, now: dict[str, Shelved], segments: dict[str, str], offers: dict[str, str]
) -> None:
    """Builds what workers would build, so that nothing that they could not use is ever published."""
    for name in sorted(folder.segments):
        _built("segment", folder.segments[name].path, partial(builder.segment, name, segments[name]))
    for name in sorted(folder.offers):
        _built("catalog of offers", folder.offers[name].path, partial(builder.offers, name, offers[name]))
    for name in sorted(now):
        _built("journey", folder.journeys[name].path, partial(builder.journey, name, now[name].version))


def _built(what: str, path: str, build: Callable[[], object]) -> None:
    try:
        build()
    except ShelfFault as fault:
        raise NotCompiled(
            f"{path}: `sillage check` finds no fault, but the {what} cannot be built: {fault}; nothing was "
            "changed; this is a fault of Sillage: report it with the file"
        ) from fault
