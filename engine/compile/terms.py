"""A project and its brands become terms: caps, quiet hours, recency, content policies, as policy asks them."""

from collections.abc import Mapping

from engine.compile.conditions import optional, unless
from engine.policy.terms import Arbitration, CapRule, ContentRule, QuietRule, RecencyRule, Terms, Window
from journeys.conditions.needed import Wanted, together_wanted
from journeys.model import Arbitration as WrittenArbitration
from journeys.model import Brand, Cap, Project, QuietHours
from journeys.model import ContentRule as Written
from journeys.model import Recency as WrittenRecency
from journeys.model.parts import share_of, window_of
from journeys.model.policy import NONE


def compile_terms(project: Project, brands: Mapping[str, Brand]) -> Terms:
    """The terms of a project. Raises ConditionError for a condition of a brand that does not compile."""
    content = {name: tuple(map(_content, brand.content_policy)) for name, brand in brands.items()}
    # The brand of a journey that names none.
    content[""] = content.get(project.brand or "", ())
    recency = tuple(map(_recency, project.recency))
    asked = [each for rules in content.values() for rule in rules for each in (rule.when, rule.unless)]
    wanted = [pair for each in asked if each is not None for pair in each.needs.counts.items()]
    wanted += [(type_, Wanted(last=frozenset({"at"}))) for rule in recency for type_ in rule.types]
    return Terms(
        caps=tuple(compile_cap(each) for each in project.caps),
        quiet=_quiet(project.quiet_hours),
        recency=recency,
        content={name: rules for name, rules in content.items() if rules},
        wanted=together_wanted(wanted),
        holidays=_holidays(project),
        arbitration=_arbitration(project.arbitration),
        holdout=0.0 if project.holdout is None else share_of(project.holdout),
        redact=frozenset(project.redact),
        costs={name: float(each.cost) for name, each in project.channels.items()},
        opt_in=frozenset(project.opt_in),
        stops=frozenset(project.stops),
        brand=project.brand or "",
    )


def compile_cap(cap: Cap, journey: str = "") -> CapRule:
    """A cap of the project, or of one journey."""
    kinds = [cap.per] if isinstance(cap.per, str) else cap.per or []
    return CapRule(
        cap.most,
        cap.within,
        cap.each or "",
        cap.channel or "",
        cap.topic or "",
        journey or cap.journey or "",
        "channel" in kinds,
        "topic" in kinds,
        "journey" in kinds,
    )


def _quiet(hours: QuietHours | str | None) -> QuietRule | None:
    if hours is None:
        return None
    if isinstance(hours, str):
        return QuietRule(window_of(hours))
    channels: dict[str, Window | None] = {
        name: None if each == NONE else window_of(each) for name, each in hours.channels.items()
    }
    return QuietRule(window_of(hours.between) if hours.between else None, channels, hours.holidays or "")


def _recency(rule: WrittenRecency) -> RecencyRule:
    return RecencyRule((rule.after,) if isinstance(rule.after, str) else tuple(rule.after), rule.for_)


def _arbitration(written: WrittenArbitration | None) -> Arbitration | None:
    if written is None:
        return None
    window = written.window
    waits = window.months or window.days or window.elapsed_ms
    return Arbitration(written.most or 0, window if waits else None, written.retry)


def _content(rule: Written) -> ContentRule:
    forbidden = [rule.forbid] if isinstance(rule.forbid, str) else rule.forbid
    return ContentRule(frozenset(forbidden), optional(rule.when), unless(rule.unless))


def _holidays(project: Project) -> tuple[str, ...]:
    """The countries whose holidays close a place of the project, or are quiet."""
    named = [hours.holidays for hours in project.hours.values()]
    if isinstance(project.quiet_hours, QuietHours):
        named.append(project.quiet_hours.holidays)
    return tuple(sorted({each for each in named if each}))
