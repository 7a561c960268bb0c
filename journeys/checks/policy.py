"""Policy: brands that are there, caps and quiet hours that can be meant, messages that can leave under them."""

import re
from collections.abc import Iterator

from journeys.checks.events import unknown_types
from journeys.duration import DAY_MS, Duration
from journeys.load import Draft, Folder
from journeys.mend import problem
from journeys.messages.parts import PARTS
from journeys.model import Brand, QuietHours
from journeys.model.parts import window_of
from journeys.model.policy import HOLIDAYS, LONGEST_CAP_DAYS, NONE
from journeys.outline import is_slug, nodes
from journeys.problem import Problem, did_you_mean
from journeys.tree import Entry, Mapping, Scalar, Sequence, Tree, texts

CHANNELS = frozenset({"email", "sms", "chat", *(name.partition(".")[0] for name in PARTS)})
"""Those that there is an adapter for."""
_DAY_MINUTES = 24 * 60


def faults(folder: Folder) -> Iterator[Problem]:
    """Each fault of the project's rules, of brands, and of the sends that they make impossible."""
    yield from _brands(folder)
    project = folder.project_draft
    if project is not None:
        root = project.positions.root
        yield from _caps(project, root, own=False)
        yield from _quiet(project, root)
        yield from _channels(folder, project, root)
        for rule in _items(root, "recency"):
            yield from unknown_types(folder.declared, project.path, texts(rule.get("after")))
    for draft in folder.drafts:
        yield from _caps(draft, draft.positions.root, own=True)
        brand = _brand_of(folder, draft)
        for node in nodes(draft.positions.root):
            if node.entry("send"):
                yield from _too_short(folder, draft, node)
                yield from _forbidden(folder, draft, node, brand)


def _brands(folder: Folder) -> Iterator[Problem]:
    known = {name.text for draft in folder.brand_drafts if (name := _text(draft.positions.root, "brand"))}
    for draft in folder.brand_drafts:
        name, stem = _text(draft.positions.root, "brand"), draft.path.removeprefix("brands/").removesuffix(".yaml")
        if name and is_slug(name) and name.text != stem:
            what = f"the file of the brand `{name.text}` is named {stem}.yaml"
            yield problem(draft.path, name.start, "J084", what, f"name it {name.text}.yaml, or write `brand: {stem}`")
    for draft in folder.drafts:
        name = _text(draft.positions.root, "brand")
        if name and is_slug(name) and name.text not in known:
            hint = did_you_mean(name.text, known, f"write brands/{name.text}.yaml")
            yield problem(draft.path, name.start, "J083", f"unknown brand `{name.text}`", hint)


def _caps(draft: Draft, root: Tree | None, *, own: bool) -> Iterator[Problem]:
    for cap in _items(root, "caps"):
        within, each = _text(cap, "within"), _text(cap, "each")
        at = cap.start
        if (within is None) == (each is None):
            what = "the cap has no time" if within is None else "the cap has two times"
            yield problem(draft.path, at, "J085", what, "write `within: 7d`, or `each: week`")
        if within is not None and not 0 < (span := _ms(within.text)) <= LONGEST_CAP_DAYS * DAY_MS:
            what = f"a cap within {within.text}" if span else "a cap within no time"
            yield problem(draft.path, within.start, "J085", what, f"write at most {LONGEST_CAP_DAYS}d")
        for key in ("topic", "journey", "per") if own else ():
            if entry := cap.entry(key):
                what = f"`{key}` in a cap that counts the journey's messages alone"
                hint = "leave it out, or write the cap in project.yaml"
                yield problem(draft.path, entry.key.start, "J085", what, hint)


def _quiet(draft: Draft, root: Tree | None) -> Iterator[Problem]:
    written = root.get("quiet_hours") if isinstance(root, Mapping) else None
    windows = [written] if isinstance(written, Scalar) else []
    if isinstance(written, Mapping):
        channels = written.get("channels")
        windows = [each for each in (written.get("between"),) if isinstance(each, Scalar)]
        windows += [each.value for each in _entries(channels) if isinstance(each.value, Scalar)]
        if not written.entries:
            hint = 'write `between: "21:00-08:00"`'
            yield problem(draft.path, written.start, "J086", "the quiet hours are empty", hint)
        named = _text(written, "holidays")
        if named and re.fullmatch(HOLIDAYS, named.text) and not _is_country(named.text):
            hint = "write two letters as in `FR`, with a region where it has holidays of its own, as in `DE-BY`"
            yield problem(draft.path, named.start, "J086", f"nobody knows the holidays of `{named.text}`", hint)
    for each in windows:
        if each.text != NONE and _minutes(each.text) == _DAY_MINUTES:
            what = f"the quiet hours {each.text} never end"
            yield problem(draft.path, each.start, "J086", what, "write times such as `21:00-08:00`")


def _channels(folder: Folder, draft: Draft, root: Tree | None) -> Iterator[Problem]:
    """A rule about a channel that nobody writes on holds for nothing."""
    known = CHANNELS | {part.partition(".")[0] for message in folder.message_drafts.values() for part in message.parts}
    for key in ("opt_in", "stops"):
        for named in texts(root.get(key)) if isinstance(root, Mapping) else ():
            if named.text not in known:
                hint = did_you_mean(named.text, known, f"write one of {', '.join(sorted(known))}")
                yield problem(draft.path, named.start, "J089", f"`{key}` names the channel `{named.text}`", hint)


def _is_country(name: str) -> bool:
    # Imported where it is used: it costs some 50 ms, and most projects have no holidays.
    from holidays import country_holidays

    country, _, region = name.partition("-")
    try:
        country_holidays(country, region or None)
    except NotImplementedError:
        return False
    return True


def _too_short(folder: Folder, draft: Draft, node: Mapping) -> Iterator[Problem]:
    """A message that is put off by the quiet hours must be worth something when they are over."""
    written, blocked = _text(node, "void_after"), node.get("when_blocked")
    quiet, message = folder.project.quiet_hours, folder.messages.get(_name(node))
    if written is None or quiet is None or (message is not None and message.head.class_ == "critical"):
        return
    if blocked is not None and not (isinstance(blocked, Mapping) and blocked.entry("defer")):
        return
    named = {each.text for key in ("channel", "channels") for each in texts(node.get(key))}
    longest, span = _longest(quiet, named), _ms(written.text)
    if 0 < span <= longest * 60_000:
        what = f"`void_after: {written.text}` is over before quiet hours of {longest // 60} h {longest % 60:02} min are"
        hint = "write a longer one, or `when_blocked: drop`"
        yield problem(draft.path, written.start, "J087", what, hint)


def _forbidden(folder: Folder, draft: Draft, node: Mapping, brand: Brand | None) -> Iterator[Problem]:
    written, message = node.get("send"), folder.messages.get(_name(node))
    if brand is None or message is None or written is None:
        return
    for rule in brand.content_policy:
        found = sorted({rule.forbid} if isinstance(rule.forbid, str) else set(rule.forbid))
        met = [each for each in found if each in message.head.categories]
        if met and rule.when is None and rule.unless is None:
            what = f"the brand `{brand.brand}` never promotes {', '.join(met)}, as `{message.name}` does"
            yield problem(draft.path, written.start, "J088", what, "send another message")
            return


def _longest(quiet: QuietHours | str, named: set[str]) -> int:
    """The longest quiet hours, in minutes, of the channels named, or of any."""
    if isinstance(quiet, str):
        return _minutes(quiet)
    usual = _minutes(quiet.between) if quiet.between else 0
    own = {name: 0 if each == NONE else _minutes(each) for name, each in quiet.channels.items()}
    return max((own.get(name, usual) for name in named), default=max([usual, *own.values()]))


def _minutes(window: str) -> int:
    """How long a window lasts; 0 for a text that is none."""
    try:
        start, end = window_of(window)
    except ValueError:
        return 0
    return (end - start) % _DAY_MINUTES or _DAY_MINUTES


def _brand_of(folder: Folder, draft: Draft) -> Brand | None:
    name = _text(draft.positions.root, "brand")
    loaded = folder.brands.get(name.text if name else folder.project.brand or "")
    return loaded.model if loaded else None


def _name(node: Mapping) -> str:
    written = node.get("send")
    return written.text if isinstance(written, Scalar) else ""


def _items(root: Tree | None, name: str) -> list[Mapping]:
    listed = root.get(name) if isinstance(root, Mapping) else None
    return [each for each in listed.items if isinstance(each, Mapping)] if isinstance(listed, Sequence) else []


def _entries(tree: Tree | None) -> list[Entry]:
    return tree.entries if isinstance(tree, Mapping) else []


def _text(tree: Tree | None, name: str) -> Scalar | None:
    value = tree.get(name) if isinstance(tree, Mapping) else None
    return value if isinstance(value, Scalar) and isinstance(value.value, str) else None


def _ms(text: str) -> int:
    """Roughly how long a duration is; 0 for a text that is none."""
    try:
        duration = Duration.parse(text)
    except ValueError:
        return 0
    return duration.roughly_ms
