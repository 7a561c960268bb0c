"""The figure of docs/real-orders.md as SVG: letters by month, and how soon people came back."""

from collections import Counter
from collections.abc import Iterator, Sequence

WIDTH, HEIGHT, LEFT, TOP, DEEP, WIDE = 860, 300, 46, 52, 190, 350
COLORS = ("#6b4f3a", "#c08a4a")
MONTHS = tuple(f"2011-{month:02}" for month in range(1, 13))
DAYS = 60
MOST_SHARE = 0.4
STYLE = "font:12px sans-serif;fill:#2b2622"


def figure(
    sent: Sequence[Sequence[str]], treated: Sequence[float], of: int, control: Sequence[float], held: int
) -> str:
    """Months of the letters of about-to-leave and running-low; days until the goal of both groups, and their sizes."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" style="{STYLE}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fffdf9"/>',
        *_bars([Counter(each) for each in sent]),
        *_curves([(treated, of), (control, held)]),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _bars(counts: Sequence[Counter[str]]) -> Iterator[str]:
    most = max((max(each.values(), default=0) for each in counts), default=0) or 1
    top = -(-most // 100) * 100
    yield from _frame(LEFT, "letters that would have left, by month", [(0, "0"), (1, f"{top}")])
    step = WIDE / len(MONTHS)
    for number, month in enumerate(MONTHS):
        x = LEFT + number * step
        for place, each in enumerate(counts):
            deep = DEEP * each[month] / top
            yield (
                f'<rect x="{x + 3 + place * 12:.1f}" y="{TOP + DEEP - deep:.1f}" width="11" height="{deep:.1f}" '
                f'fill="{COLORS[place]}"/>'
            )
        yield f'<text x="{x + step / 2:.1f}" y="{TOP + DEEP + 16}" text-anchor="middle">{int(month[5:])}</text>'
    yield from _legend(LEFT, ("about-to-leave", "running-low"))


def _curves(groups: Sequence[tuple[Sequence[float], int]]) -> Iterator[str]:
    left = LEFT + WIDE + 80
    shares = [(0.0, "0 %"), (0.5, f"{MOST_SHARE / 2:.0%}"), (1.0, f"{MOST_SHARE:.0%}")]
    yield from _frame(left, "came back, by days since the silence was noticed", shares)
    for color, (days, of) in zip(COLORS, groups, strict=True):
        points = []
        for day in range(DAYS + 1):
            share = sum(each <= day for each in days) / of if of else 0.0
            points.append(f"{left + WIDE * day / DAYS:.1f},{TOP + DEEP * (1 - share / MOST_SHARE):.1f}")
        yield f'<polyline points="{" ".join(points)}" fill="none" stroke="{color}" stroke-width="2"/>'
    for day in range(0, DAYS + 1, 15):
        x = left + WIDE * day / DAYS
        yield f'<text x="{x:.1f}" y="{TOP + DEEP + 16}" text-anchor="middle">{day}</text>'
    yield from _legend(left, ("treated", "control group"))


def _frame(left: int, title: str, marks: Sequence[tuple[float, str]]) -> Iterator[str]:
    yield f'<text x="{left}" y="28" style="font-weight:bold">{title}</text>'
    for share, label in marks:
        y = TOP + DEEP * (1 - share)
        yield f'<line x1="{left}" y1="{y:.1f}" x2="{left + WIDE}" y2="{y:.1f}" stroke="#d8d2c8"/>'
        yield f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>'


def _legend(left: int, names: Sequence[str]) -> Iterator[str]:
    for place, (color, name) in enumerate(zip(COLORS, names, strict=True)):
        x = left + place * 130
        yield f'<rect x="{x}" y="{TOP + DEEP + 30}" width="11" height="11" fill="{color}"/>'
        yield f'<text x="{x + 16}" y="{TOP + DEEP + 40}">{name}</text>'
