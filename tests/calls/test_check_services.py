"""What check says of services: unknown ones, secrets in clear, times that cannot be."""

import pytest

from journeys.checks import check
from journeys.load import load_project

JOURNEY = """\
journey: scored
topic: offers
ttl: 1d
enter: {on: basket.updated}
steps:
  - call: score
    as: score
    else:
      - call: stock
        id: deep
"""


def lines(project: str, journey: str = JOURNEY) -> list[str]:
    files = {"project.yaml": project, "journeys/scored.yaml": journey}
    return [str(problem) for problem in check(load_project(files))]


def service(**told: str) -> str:
    parts = "".join(f"    {name}: {value}\n" for name, value in told.items())
    both = "".join(f"  {name}:\n    url: https://{name}.example/\n" for name in ("score", "stock"))
    return f"services:\n{both}{parts}"


def test_services_that_are_there_are_called_also_in_branches() -> None:
    assert lines(service()) == []
    assert lines("services: {score: {url: https://s.example/}, stok: {url: https://s.example/}}\n") == [
        "journeys/scored.yaml:9:15: J040 unknown service `stock`; hint: did you mean `stok`?"
    ]
    assert lines("zone: UTC\n") == [
        f"journeys/scored.yaml:{place}: J040 unknown service `{name}`; hint: write it under `services:` of project.yaml"
        for place, name in (("6:11", "score"), ("9:15", "stock"))
    ]


def test_without_a_project_the_services_are_those_in_use() -> None:
    assert check(load_project({"scored.yaml": JOURNEY})) == []


@pytest.mark.parametrize(
    "header",
    [
        "Authorization: Bearer f3Kz9", "Authorization: f3Kz9", "authorization: Basic dTpw", "X-Api-Key: f3Kz9",
        "Cookie: a=b", "X-Shop-Token: f1", "Proxy-Authorization: x", "Authorization: Bearer secret:a b",
        "api_key: secret:", "X-Auth: xsecret:a",
    ],
)  # fmt: skip
def test_a_secret_in_clear_is_refused_with_the_form_that_keeps_it(header: str) -> None:
    (line,) = lines(service(headers="{" + header + "}"))
    assert line.startswith("project.yaml:6:")
    assert f"J041 header `{header.split(':')[0]}` holds a secret" in line
    assert f"write `{header.split(':')[0]}: Bearer secret:NAME`" in line
    assert "f3Kz9" not in line


@pytest.mark.parametrize(
    "header",
    [
        "Authorization: Bearer secret:score-token", "X-Api-Key: secret:a.b_c-1", "Accept-Language: fr",
        "X-Keyboard: azerty", "Idempotency-Key: x",
    ],
)  # fmt: skip
def test_a_secret_that_is_named_is_not(header: str) -> None:
    assert lines(service(headers="{" + header + "}")) == []


def test_a_login_in_a_url_is_a_secret_too() -> None:
    (line,) = lines("services: {score: {url: https://u:p4ss@score.example/}, stock: {url: https://a/b@c}}\n")
    assert line.startswith("project.yaml:1:25: J041 the URL holds a login")
    assert "p4ss" not in line


@pytest.mark.parametrize(
    ("time_out", "sound"), [("1s", True), ("5m", True), ("0s", False), ("301s", False), ("1d", False)]
)
def test_a_time_out_is_a_time_in_which_a_service_answers(time_out: str, sound: bool) -> None:
    what = f"`timeout: {time_out}` is no time in which a service answers; hint: write one from `1s` to `5m`"
    assert lines(service(timeout=time_out)) == ([] if sound else [f"project.yaml:6:14: J042 {what}"])
