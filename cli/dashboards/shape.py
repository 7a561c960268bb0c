"""Panels and dashboards as values, and their JSON as Grafana reads it."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

WIDTH = 24
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
RUNBOOKS = "${runbooks}"
GREEN, ORANGE, RED = "green", "orange", "red"

Json = dict[str, Any]


class Query(NamedTuple):
    """PromQL, and the name of each line that it gives, labels in double braces; `shown` is how Grafana takes it."""

    expr: str
    legend: str = ""
    shown: str = "time_series"


class Panel(NamedTuple):
    """One question and its answer.

    `warn` and `alarm` colour what is at or above them, or below where `falls`. `runbook` names the alert whose section
    says what to do.
    """

    title: str
    description: str
    unit: str
    queries: tuple[Query, ...]
    kind: str = "timeseries"
    width: int = 8
    height: int = 8
    warn: float | None = None
    alarm: float | None = None
    falls: bool = False
    stacked: bool = False
    runbook: str = ""


class Row(NamedTuple):
    """Panels under a heading, from left to right, on as many lines as they take."""

    title: str
    panels: tuple[Panel, ...]


class Dashboard(NamedTuple):
    """One page; `variables` are labels that it can be narrowed by, each with a metric that has it."""

    name: str
    title: str
    description: str
    rows: tuple[Row, ...]
    variables: tuple[tuple[str, str], ...] = ()


def stat(title: str, description: str, unit: str, expr: str, **more: Any) -> Panel:
    """One number, large."""
    return Panel(title, description, unit, (Query(expr),), kind="stat", **{"width": 3, "height": 4, **more})


def lines(title: str, description: str, unit: str, *queries: tuple[str, str], **more: Any) -> Panel:
    """Lines over time, each query with its legend."""
    return Panel(title, description, unit, tuple(Query(*query) for query in queries), **more)


def heat(title: str, description: str, expr: str, **more: Any) -> Panel:
    """How a latency is spread, over time."""
    return Panel(title, description, "s", (Query(expr, "{{le}}", "heatmap"),), kind="heatmap", **more)


def table(title: str, description: str, unit: str, expr: str, **more: Any) -> Panel:
    """What is now, one line for each combination of labels."""
    return Panel(title, description, unit, (Query(expr, "", "table"),), kind="table", **more)


def as_json(dashboard: Dashboard) -> Json:
    """What Grafana loads."""
    return {
        "uid": f"sillage-{dashboard.name}",
        "title": f"Sillage / {dashboard.title}",
        "description": dashboard.description,
        "tags": ["sillage"],
        "schemaVersion": 39,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "10s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "browser",
        "links": list(_links()),
        "templating": {"list": list(_variables(dashboard.variables))},
        "panels": list(_placed(dashboard.rows)),
    }


def _links() -> Iterator[Json]:
    shared = {"asDropdown": False, "includeVars": True, "keepTime": True, "targetBlank": False}
    yield {**shared, "type": "dashboards", "title": "Sillage", "tags": ["sillage"], "icon": "dashboard"}
    yield {
        **shared, "type": "link", "title": "Runbooks", "url": RUNBOOKS, "icon": "doc", "tags": [], "tooltip":
        "What each alert means, how to see it, what to do", "includeVars": False, "keepTime": False,
        "targetBlank": True,
    }  # fmt: skip


def _variables(labels: Iterable[tuple[str, str]]) -> Iterator[Json]:
    yield {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus", "refresh": 1}
    for name, metric in (("namespace", "definitions_release"), *labels):
        yield {
            "name": name, "label": name.capitalize(), "type": "query", "datasource": SOURCE, "refresh": 2, "sort": 1,
            "query": {"query": f"label_values(sillage_{metric}, {name})", "refId": name}, "multi": True,
            "includeAll": True, "allValue": ".*", "current": {"text": "All", "value": "$__all"},
        }  # fmt: skip
    place = "docs/runbooks.md"
    yield {
        "name": "runbooks", "label": "Runbooks at", "type": "textbox", "query": place,
        "current": {"text": place, "value": place},
    }  # fmt: skip


def _placed(rows: Iterable[Row]) -> Iterator[Json]:
    """Panels at their places, each line as tall as its tallest."""
    number, y = 1, 0
    for row in rows:
        yield {
            "id": number, "type": "row", "title": row.title, "collapsed": False, "panels": [],
            "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1},
        }  # fmt: skip
        number, y, x, tallest = number + 1, y + 1, 0, 0
        for panel in row.panels:
            if x + panel.width > WIDTH:
                x, y, tallest = 0, y + tallest, 0
            spot = {"x": x, "y": y, "w": panel.width, "h": panel.height}
            yield {"id": number, "gridPos": spot, **_panel(panel)}
            number, x, tallest = number + 1, x + panel.width, max(tallest, panel.height)
        y += tallest


def _panel(panel: Panel) -> Json:
    links = []
    if panel.runbook:
        url = f"{RUNBOOKS}#{panel.runbook.lower()}"
        links = [{"title": f"Runbook: {panel.runbook}", "url": url, "targetBlank": True}]
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": SOURCE,
        "links": links,
        "targets": [_target(panel, place, query) for place, query in enumerate(panel.queries)],
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
        "options": _options(panel.kind),
        **({"transformations": [_as_table()]} if panel.kind == "table" else {}),
    }


def _target(panel: Panel, place: int, query: Query) -> Json:
    at_once = panel.kind in ("stat", "table")
    return {
        "refId": "ABCDEFGH"[place], "datasource": SOURCE, "expr": query.expr, "legendFormat": query.legend or "__auto",
        "format": query.shown, "instant": at_once, "range": not at_once,
        "exemplar": "event_to_action_seconds_bucket" in query.expr and panel.kind == "timeseries",
    }  # fmt: skip


def _defaults(panel: Panel) -> Json:
    steps = _steps(panel)
    found: Json = {"unit": panel.unit, "thresholds": {"mode": "absolute", "steps": steps}}
    if not panel.falls:
        found["min"] = 0
    if panel.kind == "timeseries":
        found["color"] = {"mode": "palette-classic"}
        found["custom"] = {
            "drawStyle": "line",
            "lineWidth": 1 if panel.stacked else 2,
            "fillOpacity": 30 if panel.stacked else 8,
            "gradientMode": "none" if panel.stacked else "opacity",
            "showPoints": "never",
            "spanNulls": False,
            "stacking": {"mode": "normal" if panel.stacked else "none", "group": "A"},
            "thresholdsStyle": {"mode": "dashed" if len(steps) > 1 else "off"},
        }
    elif panel.kind == "stat":
        found["color"] = {"mode": "thresholds"}
    return found


def _steps(panel: Panel) -> list[Json]:
    """Colours from the least value up; of a share that should not fall, red is below and green above."""
    marks = [(panel.warn, ORANGE), (panel.alarm, RED)]
    if panel.falls:
        return [
            {"color": RED, "value": None},
            {"color": ORANGE, "value": panel.alarm},
            {"color": GREEN, "value": panel.warn},
        ]
    return [
        {"color": GREEN, "value": None},
        *({"color": colour, "value": value} for value, colour in marks if value is not None),
    ]


def _options(kind: str) -> Json:
    match kind:
        case "stat":
            return {
                "colorMode": "value", "graphMode": "none", "textMode": "value", "justifyMode": "center",
                "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
            }  # fmt: skip
        case "heatmap":
            return {
                "calculate": False, "cellGap": 1, "color": {"mode": "scheme", "scheme": "Turbo", "steps": 64},
                "yAxis": {"unit": "s"}, "tooltip": {"mode": "single", "showColorScale": True}, "exemplars":
                {"color": "rgba(255,255,255,0.7)"}, "legend": {"show": True},
            }  # fmt: skip
        case "table":
            return {"showHeader": True, "cellHeight": "sm", "sortBy": [{"displayName": "Value", "desc": True}]}
        case _:
            return {
                "legend": {"displayMode": "table", "placement": "bottom", "calcs": ["lastNotNull", "max"]},
                "tooltip": {"mode": "multi", "sort": "desc"},
            }


def _as_table() -> Json:
    return {"id": "organize", "options": {"excludeByName": {"Time": True}, "indexByName": {}, "renameByName": {}}}
