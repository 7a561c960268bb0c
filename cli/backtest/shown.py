"""What a backtest prints: tables of what would have happened, and what the recording did not tell."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from cli.terminal import plain
from cli.topics import aligned
from engine import trace
from streams.backtest.crew import Outcome
from streams.backtest.run import Played
from streams.backtest.tally import Pressure, Tally
from streams.touchpoints.instants import iso

Prices = Mapping[str, Decimal]
"""What a message costs, by channel."""
HEAD = ("journey", "entered", "inside", "sent", "refused", "tasks", "converted", "revenue", "cost")


def summary(played: Played, journeys: Sequence[str], prices: Prices, jobs: int) -> Iterator[str]:
    """The whole report on one definition."""
    outcome = played.outcome
    yield from _recording(played, jobs)
    yield ""
    yield from aligned([HEAD, *(_journey(outcome, name, prices) for name in journeys)])
    tally = outcome.tally
    yield from _section(
        ("journey", "channel", "message", "sent"), tally.by("journey", "channel", "message", what=trace.SENT)
    )
    yield from _section(("journey", "refused", "times"), tally.by("journey", "code", what=trace.REFUSED))
    yield from _section(("journey", "outcome", "exits"), tally.by("journey", "code", what=trace.EXITED))
    nodes = {parts: count for parts, count in tally.by("journey", "node", "what", "code").items() if parts[1]}
    yield from _section(("journey", "node", "what", "code", "times"), nodes)
    yield ""
    yield f"messages per person and week: {pressure(tally.pressure)}"
    yield f"cost of messages: {cost(tally, prices)}"


def pressure(found: Pressure) -> str:
    """How many pairs of person and week had one message, two, and so on; and who had the most."""
    if not found.weeks:
        return "none was sent"
    weeks = ", ".join(f"{count} in {number:,}" for count, number in sorted(found.weeks.items()))
    most, begins_at, customer = found.most
    return f"{weeks}; the most {most}, to {plain(customer)} in the week of {iso(begins_at)[:10]}"


def cost(tally: Tally, prices: Prices, journey: str = "") -> str:
    """What all messages cost, and of which channels no price was given."""
    sent = tally.by("channel", what=trace.SENT, journey=journey)
    total = sum((prices[channel] * count for (channel,), count in sent.items() if channel in prices), Decimal(0))
    unknown = sorted(channel for (channel,) in sent if channel not in prices)
    if unknown and len(unknown) == len(sent):
        return "-"
    return f"{total.normalize():f}" + (f" + {'+'.join(unknown)}" if unknown else "")


def _journey(outcome: Outcome, name: str, prices: Prices) -> tuple[str, ...]:
    tally = outcome.tally
    inside = sum(count for (journey, _), count in outcome.inside.items() if journey == name)
    numbers = [tally.number(what, name) for what in (trace.SENT, trace.REFUSED, trace.TASKED, trace.GOAL)]
    revenue = tally.revenue.get(name)
    return (
        plain(name), f"{tally.number(trace.ENTERED, name):,}", f"{inside:,}", *(f"{number:,}" for number in numbers),
        "-" if revenue is None else f"{revenue:,.2f}", cost(tally, prices, name),
    )  # fmt: skip


def _section(head: Sequence[str], counts: Mapping[tuple[str, ...], int]) -> Iterator[str]:
    if counts:
        yield ""
        yield from aligned([head, *((*map(plain, parts), f"{count:,}") for parts, count in sorted(counts.items()))])


def _recording(played: Played, jobs: int) -> Iterator[str]:
    met, outcome = played.met, played.outcome
    rejected = sum(outcome.rejects.codes.values())
    unplayed = rejected - sum(met.rejects.codes.values())
    rate = played.played / played.seconds if played.seconds else 0
    yield (
        f"played {played.played - unplayed:,} of {met.read:,} events of {outcome.customers:,} customers, "
        f"{iso(played.began_at)} to {iso(played.ended_at)}, in {played.seconds:.1f} s "
        f"({rate:,.0f}/s, {jobs} {'job' if jobs == 1 else 'jobs'})"
    )
    if rejected:
        codes = ", ".join(f"{code} {count:,}" for code, count in sorted(outcome.rejects.codes.items()))
        yield f"no touchpoints: {rejected:,} ({codes})"
        yield from (f"  {plain(reason)}" for _, reason in outcome.rejects.first)
    late = f"came too late to be put in order, by up to {met.late_ms:,} ms; sort the recording, or raise --window"
    yield from _told(
        (met.outside, "lie outside --from and --to, and were left out"),
        (played.beyond, "come after --until, and were left out"),
        (met.late, late),
        (outcome.repeats, "repeat an id of the same customer, and were dropped"),
        (outcome.faults, "could not be decided; report it with the log above"),
    )  # fmt: skip


def _told(*counts: tuple[int, str]) -> Iterator[str]:
    yield from (f"{count:,} events {text}" for count, text in counts if count)


def unknown(outcome: Outcome, around: bool, asks: bool, only: bool) -> Iterator[str]:
    """What the recording did not tell: nothing of it is guessed."""
    if outcome.foreign:
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in sorted(outcome.foreign.items()))
        yield f"not known to this play, so that nothing came of it: the messages and tasks meant by {kinds}"
    if asks and not around:
        yield "no --context: places and weather are absent in every condition"
    if outcome.tally.number(trace.REFUSED) and not outcome.facts["consent.changed"]:
        yield "no consent.changed in the recording: nobody is known to have consented"
    if outcome.tally.number(trace.REFUSED) and not outcome.facts["customer.updated"]:
        yield "no customer.updated in the recording: nobody has an address or a zone"
    if outcome.tally.number(trace.TASKED) and not any(kind.startswith("task.") for kind in outcome.facts):
        yield "no task.* in the recording: every task expires"
    if only:
        yield "the other journeys of the folder are not played: what they would have sent holds nothing up"


def changes(before: Mapping[tuple[str, ...], int], after: Mapping[tuple[str, ...], int]) -> Iterator[tuple[str, ...]]:
    """A row for each count that differs: its parts, before, after, and the change."""
    for parts in sorted({*before, *after}):
        was, now = before.get(parts, 0), after.get(parts, 0)
        if was != now:
            yield (*map(plain, parts), f"{was:,}", f"{now:,}", f"{now - was:+,}")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A blank line and the rows under their head; nothing where there are none."""
    found = list(rows)
    if found:
        yield ""
        yield from aligned([head, *found])
