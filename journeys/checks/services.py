"""Services: those that journeys call are in project.yaml, give an answer in time, and hold no secret in clear."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from journeys.duration import Duration
from journeys.load import Draft, Folder
from journeys.mend import problem
from journeys.outline import nodes
from journeys.problem import Problem, did_you_mean
from journeys.tree import Entry, Mapping, Scalar

LONGEST_TIME_OUT_MS = 5 * 60_000
_SECRET_NAME = re.compile(r"(^|[-_])(authorization|auth|token|secret|password|passwd|cookie|key|apikey)($|[-_])", re.I)
_NO_SECRET = frozenset({"idempotency-key"})
_REFERENCE = re.compile(r"(?:\S+ )?secret:[A-Za-z0-9._-]+")


def faults(folder: Folder) -> Iterator[Problem]:
    """Each service of the project, and each `call` of a journey; without a project.yaml it is the one in use."""
    project = folder.project_draft
    if project is None:
        return
    services = _services(project)
    for service in services:
        yield from _time_out(project, service)
        yield from _secrets(project, service)
    known = [service.name for service in services]
    for draft in folder.drafts:
        for node in nodes(draft.positions.root):
            name = node.get("call")
            if isinstance(name, Scalar) and isinstance(name.value, str) and name.text not in known:
                hint = did_you_mean(name.text, known, "write it under `services:` of project.yaml")
                yield problem(draft.path, name.start, "J040", f"unknown service `{name.text}`", hint)


def _services(project: Draft) -> list[Entry]:
    root = project.positions.root
    services = root.get("services") if isinstance(root, Mapping) else None
    return services.entries if isinstance(services, Mapping) else []


def _time_out(project: Draft, service: Entry) -> Iterator[Problem]:
    written = service.value.get("timeout") if isinstance(service.value, Mapping) else None
    if not isinstance(written, Scalar):
        return
    try:
        duration = Duration.parse(written.text)
    except ValueError:
        return
    if duration.months or duration.days or not 0 < duration.elapsed_ms <= LONGEST_TIME_OUT_MS:
        what = f"`timeout: {written.text}` is no time in which a service answers"
        yield problem(project.path, written.start, "J042", what, "write one from `1s` to `5m`")


def _secrets(project: Draft, service: Entry) -> Iterator[Problem]:
    if not isinstance(service.value, Mapping):
        return
    url, headers = service.value.get("url"), service.value.get("headers")
    if isinstance(url, Scalar) and _has_login(url.text):
        what = "the URL holds a login, and project.yaml is published with each deploy"
        hint = "take it out, and write a header with `secret:NAME`"
        yield problem(project.path, url.start, "J041", what, hint)
    for header in headers.entries if isinstance(headers, Mapping) else []:
        value, name = header.value, header.name.lower()
        if name in _NO_SECRET or not _SECRET_NAME.search(name) or not isinstance(value, Scalar):
            continue
        if not _REFERENCE.fullmatch(value.text):
            what = f"header `{header.name}` holds a secret, and project.yaml is published with each deploy"
            hint = f"write `{header.name}: Bearer secret:NAME`, and the secret into the file of SILLAGE_SERVICE_SECRETS"
            yield problem(project.path, value.start, "J041", what, hint)


def _has_login(url: str) -> bool:
    try:
        return "@" in urlsplit(url).netloc
    except ValueError:
        return False
