"""A scene as SVG: one self-contained picture, in light and dark."""

from html import escape

from journeys.graph.scene import LINE, Box, Label, Scene, Wire

MARGIN = 12.0
FILLS = {
    "enter": ("#e0f2fe", "#0369a1"),
    "event": ("#f1f5f9", "#64748b"),
    "end": ("#334155", "#334155"),
    "exit": ("#334155", "#334155"),
    "send": ("#dbeafe", "#1d4ed8"),
    "best_offer": ("#dbeafe", "#1d4ed8"),
    "wait": ("#fef3c7", "#b45309"),
    "wait_until": ("#fef3c7", "#b45309"),
    "wait_for": ("#fef3c7", "#b45309"),
    "digest": ("#fef3c7", "#b45309"),
    "choose": ("#ede9fe", "#6d28d9"),
    "split": ("#ede9fe", "#6d28d9"),
    "repeat": ("#ede9fe", "#6d28d9"),
    "parallel": ("#ede9fe", "#6d28d9"),
    "task": ("#dcfce7", "#15803d"),
    "call": ("#dcfce7", "#15803d"),
    "start": ("#dcfce7", "#15803d"),
}
"""Ground and edge by kind; others are plain."""
PLAIN = ("#f8fafc", "#94a3b8")
ROUND = ("enter", "end", "exit")
STYLE = """
svg { background: #ffffff; font: 12px ui-sans-serif, system-ui, sans-serif; }
text { fill: #0f172a; text-anchor: middle; }
.title { font-weight: 600; } .count { fill: #475569; font-variant-numeric: tabular-nums; }
.end, .exit { fill: #ffffff; } .label { fill: #334155; } .late { fill: #b45309; }
.ground { fill: #ffffff; } .frame { fill: none; stroke: #cbd5e1; stroke-dasharray: 2 3; }
path { fill: none; stroke: #475569; stroke-width: 1.3; }
path.w-late { stroke: #b45309; stroke-dasharray: 7 3; } path.w-exit { stroke-dasharray: 2 3; }
marker path { fill: #475569; stroke: none; }
"""


def svg(scene: Scene, title: str) -> str:
    """The picture; `title` is what a reader who cannot see it is told."""
    left, top, width, height = scene.size()
    frame = (left - MARGIN, top - MARGIN, width + 2 * MARGIN, height + 2 * MARGIN)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="{" ".join(map(_number, frame))}"'
        f' width="{_number(frame[2])}" height="{_number(frame[3])}">',
        f"<title>{escape(title)}</title>",
        f"<style>{STYLE}</style>",
        '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7"'
        ' orient="auto-start-reverse"><path d="M0 0 8 4 0 8z"/></marker></defs>',
        *(_wire(wire) for wire in scene.wires),
        *(_box(box) for box in scene.boxes),
        *(_label(label) for label in scene.labels),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _wire(wire: Wire) -> str:
    points = " ".join(f"{'L' if place else 'M'}{_number(x)} {_number(y)}" for place, (x, y) in enumerate(wire.points))
    arrow = ' marker-end="url(#arrow)"' if wire.arrow else ""
    return f'<path class="w-{wire.kind or "on"}" d="{points}"{arrow}/>'


def _box(box: Box) -> str:
    place = f'x="{_number(box.x)}" y="{_number(box.y)}" width="{_number(box.width)}" height="{_number(box.height)}"'
    if box.kind == "frame":
        return f'<rect class="frame" {place} rx="8"/>'
    fill, edge = FILLS.get(box.kind, PLAIN)
    corner = min(box.height / 2, 16) if box.kind in ROUND else 5
    rect = f'<rect {place} rx="{_number(corner)}" fill="{fill}" stroke="{edge}"/>'
    lines = [(line, "title" if place < box.bold else "") for place, line in enumerate(box.lines)]
    lines += [(box.told, "count")] if box.told else []
    return rect + _texts(box.x + box.width / 2, box.y, box.height, lines, box.kind if box.kind in ROUND[1:] else "")


def _label(label: Label) -> str:
    place = f'x="{_number(label.x)}" y="{_number(label.y)}" width="{_number(label.width)}"'
    ground = f'<rect class="ground" {place} height="{_number(label.height)}"/>'
    lines = [(line, "") for line in label.lines]
    return ground + _texts(label.x + label.width / 2, label.y, label.height, lines, f"label {label.kind}".strip())


def _texts(x: float, y: float, height: float, lines: list[tuple[str, str]], kind: str) -> str:
    first = y + (height - LINE * len(lines)) / 2 + LINE * 0.75
    return "".join(
        f'<text class="{f"{own} {kind}".strip()}" x="{_number(x)}" y="{_number(first + place * LINE)}">'
        f"{escape(line)}</text>"
        for place, (line, own) in enumerate(lines)
    )


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
