"""The files of helm/sillage/dashboards, by path, each with what gives its text."""

import json
from collections.abc import Callable
from functools import partial

from cli.dashboards.channels import CHANNELS
from cli.dashboards.context import CONTEXT
from cli.dashboards.journeys import JOURNEYS
from cli.dashboards.overview import OVERVIEW
from cli.dashboards.shape import Dashboard, as_json
from cli.dashboards.workers import WORKERS

FOLDER = "helm/sillage/dashboards"


def _text(dashboard: Dashboard) -> str:
    return json.dumps(as_json(dashboard), indent=1, ensure_ascii=False) + "\n"


DASHBOARDS: dict[str, Callable[[], str]] = {
    f"{FOLDER}/{each.name}.json": partial(_text, each) for each in (OVERVIEW, JOURNEYS, CHANNELS, WORKERS, CONTEXT)
}
