"""What stands beside the map: rates, latencies, journeys, tasks, messages and notes, each as rows of a width."""

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style

from local.town import offering
from local.town.happening import CHANNELS
from local.town.outcome import span
from local.town.rhythm import DAY_MS, HOUR_MS, MINUTE_MS, clock_text
from local.town.scene import Received, Scene
from local.town.view import paint
from local.town.view.map import EMAIL_MARK, PUSH_MARK
from local.town.view.meter import Meter
from local.town.view.rows import BOLD, DIM, NONE, Row, cell, fit, number, plain, sparks, titled, wrapped
from streams.tasks.board import Item

NOTE_SECONDS = 6.0
"""So long a new note stands where there is room for one only."""
DEPLOY = "sillage deploy"
_COLUMNS_FOR_SPANS, _COLUMNS_FOR_FIRST = 62, 43
_HOURS_MOST = 72
_COLUMNS_FOR_WORDS = 100
_BAR = Style.parse("on #1c2433")
_LOGO = Style.parse("bold #ffb25c on #1c2433")
_STRONG = Style.parse("bold #f2f4f8 on #1c2433")
_WEAK = Style.parse("#9aa6ba on #1c2433")
_TINTS = ("#5cc8ff", "#ffb25c", "#7ce896", "#ffe27a", "#ff5ca8", "#d69cff", "#ff8f6b", "#6be0d0", "#b9c4ff", "#c9b08f")
TINTS = {name: Style.parse(tint) for name, tint in zip(CHANNELS, _TINTS, strict=True)}
GOOD, WARNED, LATE = Style.parse("green"), Style.parse("bold yellow"), Style.parse("bold red")
_P50, _P99 = Style.parse("#7ce896"), Style.parse("#ff8f6b")
_TASK_WORDS = (("done", "done"), ("no_answer", "no answer"), ("expired", "expired"), ("cancelled", "cancelled"))


def header(scene: Scene, meter: Meter, width: int) -> Row:
    """One line: the town's clock, and what matters most, as much of it as there is room for."""
    progress, tally = scene.progress, scene.tally
    told = [("", clock_text(scene.now))] if scene.now else []
    told += [("", progress.phase), ("", f"{progress.elapsed_seconds:.0f} s")]
    if tally.release:
        told.append(("release", str(tally.release)))
    if meter.percentiles is not None:
        told.append(("event to action p50" if width >= _COLUMNS_FOR_WORDS else "p50", f"{meter.percentiles[0]:,} ms"))
        told.append(("p99", f"{meter.percentiles[1]:,} ms"))
    told.append(("touchpoints", f"{sum(tally.touchpoints.values()):,}"))
    told.append(("messages", f"{sum(tally.left.values()):,}"))
    if progress.restarts:
        told.append(("restarts", str(progress.restarts)))
    row = [Segment(" sillage", _LOGO)]
    used = 8
    for name, value in told:
        name = f"{name} " if name else ""
        used += len(name) + len(value) + 3
        if used > width:
            break
        row += [Segment(" │ " if name != "p99 " else " · ", _WEAK), Segment(name, _WEAK), Segment(value, _STRONG)]
    return Segment.adjust_line_length(row, width, style=_BAR)


def rates(scene: Scene, meter: Meter, width: int, height: int) -> list[Row]:
    """Touchpoints a second by channel, and how they went; `height` lines for each channel where that is many."""
    total = sum(meter.rate(name) for name in CHANNELS)
    rows = [titled("touchpoints", width, f"{total:,.0f}/s")]
    tall = max(1, (height - 1) // len(CHANNELS))
    counted = width >= 44
    room = width - 16 - (9 if counted else 0)
    for name in CHANNELS:
        rate, tint = meter.rate(name), TINTS[name]
        drawn = sparks(meter.rates[name], room, tall)
        rows += [[Segment(" " * 16), Segment(line, tint)] for line in drawn[:-1]]
        said = f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.1f}/s"
        row = [cell(name, 7), number(said, 8, BOLD if rate >= 0.05 else DIM), Segment(" "), Segment(drawn[-1], tint)]
        rows.append([*row, number(f"{scene.tally.touchpoints[name]:,}", 9, DIM)] if counted else row)
    return rows


def latencies(meter: Meter, width: int, height: int) -> list[Row]:
    """Event to action: half and almost all of the last ones, and how they went."""
    rows = [titled("event to action", width, "of the last 1,000")]
    tall = max(1, (height - 1) // 2)
    told = meter.percentiles or ("-", "-")
    for name, value, history, tint in (
        ("p50", told[0], meter.p50_ms, _P50),
        ("p99", told[1], meter.p99_ms, _P99),
    ):
        drawn = sparks(history, width - 16, tall)
        rows += [[Segment(" " * 16), Segment(line, tint)] for line in drawn[:-1]]
        said = f"{value:,} ms" if isinstance(value, int) else value
        rows.append([cell(name, 4), number(said, 11, BOLD), Segment(" "), Segment(drawn[-1], tint)])
    return rows


def journeys(scene: Scene, width: int) -> list[Row]:
    """Of each journey: who entered, what left by which channel, who converted, how long the first message took."""
    tally = scene.tally
    long = width >= _COLUMNS_FOR_SPANS
    others = sorted({channel for _, channel in tally.left} - {"email", "push"})
    columns = ["entered", "e-mail", "push", *(others if long else []), "goals"]
    step, wide = (8, 14) if long else (6, 6) if width >= _COLUMNS_FOR_FIRST else (5, 0)
    names = width - step * len(columns) - wide
    heads = "".join(_head(name, step) for name in columns) + (
        "first after".rjust(wide) if long else "first".rjust(wide)
    )
    rows = [
        [Segment("─ ", DIM), Segment("journeys ", BOLD), Segment("─" * max(0, names - 11), DIM), Segment(heads, DIM)]
    ]
    for name in sorted(set(tally.entered) | {journey for journey, _ in tally.left}):
        told = [tally.entered[name], tally.left[name, "email"], tally.left[name, "push"]]
        told += [tally.left[name, other] for other in others] if long else []
        row = [cell(plain(name), names), *(number(f"{count:,}", step, _weight(count)) for count in told)]
        row.append(number(f"{tally.converted[name]:,}", step, GOOD if tally.converted[name] else DIM))
        after = tally.first_after_ms(name)
        said = "" if after is None else span(after) if long else _short(after)
        rows.append([*row, number(said, wide, DIM)] if wide else row)
    if len(rows) == 1:
        rows.append([Segment("nobody entered yet", DIM)])
    return rows


def offers(scene: Scene, width: int, height: int) -> list[Row]:
    """The lift, then proposals, refusals by code and winners, in at most `height` lines; nothing before a proposal."""
    market = scene.market
    if not market.proposed or height < 2:
        return []
    tail = offering.short(market)
    facts = [
        offering.proposals(market),
        f"refused: {offering.refusals(market) or 'none'}",
        f"won: {offering.winners(market) or 'none yet'}",
    ]
    lines = [wrapped(plain(fact), width) for fact in facts]
    # The first line of each before the others of any, so that each is seen however low it is.
    room = max(0, height - 1 - len(lines))
    rows = [titled("offers", width, tail if len(tail) <= width - 12 else tail.partition(",")[0])]
    for told in lines[: height - 1]:
        more = min(room, len(told) - 1)
        room -= more
        rows += [[cell(line, width)] for line in told[:more]]
        rows.append([cell(" ".join(told[more:]), width)])
    return rows


def _weight(count: int) -> Style:
    return NONE if count else DIM


def _head(name: str, step: int) -> str:
    """The name of a column, shorter where there is no room: `entered` is `in`."""
    short = {"entered": "in", "e-mail": "mail"}.get(name, name)
    return (name if len(name) < step else short)[: step - 1].rjust(step)


def _short(ms: int) -> str:
    """`90 d`, `20 h`, or `30 m`."""
    if ms >= _HOURS_MOST * HOUR_MS:
        return f"{ms // DAY_MS} d"
    return f"{ms // HOUR_MS} h" if ms >= HOUR_MS else f"{ms // MINUTE_MS} m"


def tasks(scene: Scene, meter: Meter, width: int, height: int) -> list[Row]:
    """Open tasks by when they are due, then the last ones that ended."""
    board = meter.tasks
    ends = [f"{board.counts[code]} {word}" for code, word in _TASK_WORDS if board.counts[code]]
    tail = ", ".join([f"{len(board.open)} open", *ends])
    while len(tail) > width - 10 and ends:
        ends.pop()
        tail = ", ".join([f"{len(board.open)} open", *ends])
    rows = [titled("tasks", width, tail)]
    waiting = sorted(board.open.values(), key=lambda item: (item.task.due_at, item.task.id))
    rows += [_waiting(item, scene.now, width) for item in waiting[: height - 1]]
    rows += [_ended(item, width) for item in list(board.ended)[: max(0, height - len(rows))]]
    if len(rows) == 1:
        rows.append([Segment("nobody is asked for anything yet", DIM)])
    return rows


def _waiting(item: Item, now: int, width: int) -> Row:
    left = item.task.due_at - now
    late = left < 0
    style = LATE if late else WARNED if item.warned else NONE
    coming = "due in" if width >= _COLUMNS_FOR_FIRST else "in"
    said = f"{'late' if late else coming} {span(abs(left))}"
    mark = "!" if late or item.warned else "·"
    return _task(mark, said, item, width, style, style)


def _ended(item: Item, width: int) -> Row:
    word = dict(_TASK_WORDS).get(item.state, item.state)
    if item.closed is not None and item.closed.reason and width >= _COLUMNS_FOR_FIRST:
        word = f"{word}: {item.closed.reason}"
    return _task(" ", plain(word), item, width, GOOD if item.state == "done" else DIM, DIM)


def _task(mark: str, said: str, item: Item, width: int, first: Style, rest: Style) -> Row:
    """The mark and the time first, so that they are seen however narrow it is."""
    task = item.task
    wide = 19 if width >= _COLUMNS_FOR_FIRST else 16
    row = [Segment(f"{mark} ", first), cell(said, wide, first)]
    if width < _COLUMNS_FOR_FIRST:
        return [*row, cell(plain(task.customer), width - 2 - wide, rest)]
    return [*row, cell(plain(task.customer), 11, rest), cell(plain(task.title), width - 13 - wide, rest)]


def cards(meter: Meter, width: int, height: int, count: int) -> list[list[Row]]:
    """`count` messages on show, as their recipients read them, each in `width` by `height` cells."""
    shown = [card for card in meter.cards if card is not None][:count]
    return [_card(card, width, height) for card in shown]


def _card(card: Received, width: int, height: int) -> list[Row]:
    tint = paint.style(paint.PUSH if card.channel == "push" else paint.EMAIL)
    mark = PUSH_MARK if card.channel == "push" else EMAIL_MARK
    spoken = "e-mail" if card.channel == "email" else plain(card.channel)
    head = [Segment("▎", tint), Segment(f"{mark} {spoken} ", tint), Segment(f"to {plain(card.customer)}", NONE)]
    bar = Segment("▎", tint)
    rows = [fit([*head, Segment(f", {clock_text(card.at)}", DIM)], width)]
    rows += [[bar, Segment(line, BOLD)] for line in wrapped(plain(card.title), width - 1)[:2]]
    lines = [line for text in card.text.splitlines() for line in wrapped(plain(text), width - 1)]
    room = max(0, height - len(rows))
    if len(lines) > room:
        # Run on, more of it can be read.
        lines = wrapped(plain(card.text), width - 1)
    if len(lines) > room > 0:
        lines = [*lines[: room - 1], f"{set_cell_size(lines[room - 1], width - 3).rstrip()} …"]
    rows += [[bar, *fit([Segment(line)], width - 1)] for line in lines[:room]]
    return [fit(row, width) for row in rows]


def notes(scene: Scene, meter: Meter, width: int, height: int) -> list[Row]:
    """The last notes; the one that tells how to deploy always stays, after a new one had its time."""
    told = [plain(note) for note in scene.notes]
    pinned = [note for note in told if DEPLOY in note][-1:]
    others = [note for note in told if note not in pinned]
    if height == 1:
        fresh = others and told[-1] == others[-1] and meter.clock() - meter.noted_at < NOTE_SECONDS
        chosen = others[-1:] if fresh or not pinned else pinned
    else:
        room = height - len(pinned)
        chosen = [*others[-room:], *pinned]
    return [[Segment("› ", DIM), cell(note, max(0, width - 2), NONE if DEPLOY in note else DIM)] for note in chosen]
