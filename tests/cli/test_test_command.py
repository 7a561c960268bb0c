"""`sillage test`: why a life went otherwise, what lives do not reach, results for a CI, and how fast all that is."""

from pathlib import Path
from time import process_time

import pytest
from click.testing import CliRunner, Result
from junitparser import Failure, JUnitXml

from cli.main import main

JOURNEY = """
journey: basket
topic: offers
ttl: 14d
enter:
  - {on: basket.updated, where: event.value >= 30, key: event.basket_id}
  - {on: basket.shared, key: event.basket_id}
exit:
  - {on: order.placed, where: event.basket_id == entry.basket_id, as: converted}
  - {on: basket.emptied, as: gone}
steps:
  - wait: 1d
  - send: reminder
    channel: email
    when_blocked: {else: [{exit: unwanted}]}
  - wait_for:
      - on: message.clicked
      - on: message.opened
        do: [{set: {vars.opened: true}}]
    within: 2d
    id: any-word
    else:
      - choose:
          - when: customer.tier == "gold"
            do: [{send: last-call, channel: email, when_blocked: drop}]
          - else:
              - {exit: silent}
  - task: call-back
    queue: hotline
    due: 1h
    outcomes: {done: {do: [{exit: reached}]}}
"""
HEAD = "journey: basket\n"
BEGIN = """---
life: {name}
customer: {{timezone: Europe/Paris, consent: {{offers: [email]}}, attributes: {{tier: {tier}}}}}
play:
  - at: 2026-03-02T18:00
    event: {{type: basket.updated, basket_id: b1, value: {value}}}
{steps}  - after: 15d
expect: {expect}
"""
FILES = {
    "project.yaml": "zone: UTC\n",
    "journeys/basket.yaml": JOURNEY,
    "messages/reminder/message.yaml": "subject: Still there\n",
    "messages/reminder/email.txt": "Your basket waits.\n",
    "messages/last-call/message.yaml": "subject: Last call\n",
    "messages/last-call/email.txt": "Going, going.\n",
}


def life(expect: str, name: str = "one", steps: str = "", value: float = 80.0, tier: str = "none") -> str:
    return BEGIN.format(name=name, expect=expect, steps=steps, value=value, tier=tier)


def step(after: str, event: str) -> str:
    return f"  - after: {after}\n    event: {{{event}}}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "lives").mkdir()
    return tmp_path


def run(folder: Path, lives: str, *options: str) -> Result:
    (folder / "lives/basket.yaml").write_text(HEAD + lives, encoding="utf-8")
    return CliRunner().invoke(main, ["test", str(folder), *options])


def lines(result: Result) -> list[str]:
    return [line.strip() for line in result.output.splitlines()]


def below(result: Result, line: str) -> str:
    """The line below the first one that is this."""
    found = lines(result)
    return found[found.index(line) + 1]


def test_a_missing_message_is_told_with_the_condition_that_did_not_hold(folder: Path) -> None:
    result = run(folder, life('{sent: ["email:reminder@2026-03-03T18:00"]}', value=29.5))
    why = "2026-03-02T18:00 did not enter where: event.value is 29.5, wanted >= 30"
    assert below(result, "- email:reminder@2026-03-03T18:00") == why
    assert lines(result)[-1] == "0 passed, 1 failed"
    assert result.exit_code == 1


def test_a_missing_message_is_told_with_its_refusal(folder: Path) -> None:
    asked = life('{sent: ["email:reminder@2026-03-03T18:00"]}').replace("consent: {offers: [email]}", "consent: {}")
    told = below(run(folder, asked), "- email:reminder@2026-03-03T18:00")
    assert told.startswith("2026-03-03T18:00 refused email:reminder consent: ")


def test_a_surplus_message_is_told_with_what_led_to_it(folder: Path) -> None:
    result = run(folder, life('{sent: ["email:reminder@2026-03-03T18:00"]}', tier="gold"))
    told = below(result, "+ email:last-call@2026-03-05T18:00")
    assert told == '2026-03-05T18:00 chose 0 at steps[2].else[0]: customer.tier is "gold", wanted == "gold"'


def test_a_message_at_another_time_is_explained_once(folder: Path) -> None:
    result = run(folder, life('{sent: ["email:reminder@2026-03-03T19:00"]}'))
    assert below(result, "- email:reminder@2026-03-03T19:00") == "+ email:reminder@2026-03-03T18:00"
    assert below(result, "+ email:reminder@2026-03-03T18:00") == "2026-03-03T18:00 woke at wait-1d"


def test_a_missing_outcome_is_told_with_the_rule_that_did_not_hold(folder: Path) -> None:
    other = step("1h", "type: order.placed, basket_id: b2")
    told = below(run(folder, life("{outcomes: {b1: converted}}", steps=other)), "- b1: converted")
    assert told == (
        '2026-03-02T19:00 was not ended where at converted: event.basket_id is "b2", wanted == entry.basket_id ("b1")'
    )


def test_the_same_reason_is_told_once_and_a_life_that_never_began_says_so(folder: Path) -> None:
    twice = life('{sent: ["email:reminder@2026-03-03T18:00"], outcomes: [silent]}', value=1)
    assert below(run(folder, twice), "- silent") == "as above"
    never = twice.replace("basket.updated", "basket.seen")
    assert below(run(folder, never), "- silent") == "no event of this life began the journey"


SILENT = life("{outcomes: [silent]}", "silent")
REACHED = [
    SILENT,
    life("{outcomes: [unwanted]}", "unwanted").replace("consent: {offers: [email]}", "consent: {}"),
    life("{outcomes: [completed]}", "gold", tier="gold"),
    life("{outcomes: [converted]}", "orders", step("1h", "type: order.placed, basket_id: b1")),
    life("{outcomes: [gone]}", "empties", step("1h", "type: basket.emptied, basket_id: b1")),
    life(
        "{outcomes: [reached]}",
        "clicks",
        step("25h", "type: message.clicked, message: reminder") + step("10m", "type: task.done"),
    ),
    life("{outcomes: [completed]}", "opens", step("25h", "type: message.opened, message: reminder")),
    life("{outcomes: [silent]}", "shared").replace("basket.updated", "basket.shared"),
]


def test_coverage_names_what_no_life_reached_with_its_place(folder: Path) -> None:
    result = run(folder, SILENT, "--coverage")
    assert result.exit_code == 0, result.output
    head, *missed = lines(result)[1:-1]
    assert head == "coverage of basket: 36.4 % (8 of 22)"
    where = str(folder / "journeys/basket.yaml")
    assert missed == [
        f"{where}:7:5: no life reaches entry by basket.shared",
        f"{where}:9:5: no life reaches exit by order.placed as converted",
        f"{where}:10:5: no life reaches exit by basket.emptied as gone",
        f"{where}:15:20: no life reaches send reminder by email: refused",
        f"{where}:15:27: no life reaches exit unwanted",
        f"{where}:17:9: no life reaches wait for the first (any-word): message.clicked",
        f"{where}:18:9: no life reaches wait for the first (any-word): message.opened",
        f"{where}:19:14: no life reaches set vars.opened",
        f'{where}:24:13: no life reaches choose: customer.tier == "gold"',
        f"{where}:25:18: no life reaches send last-call by email",
        f"{where}:28:5: no life reaches task call-back",
        f"{where}:31:16: no life reaches task call-back: done",
        f"{where}:28:5: no life reaches task call-back: after 1h",
        f"{where}:31:28: no life reaches exit reached",
    ]
    assert lines(result)[-1] == "1 passed, 0 failed"


@pytest.mark.parametrize("place", range(len(REACHED)))
def test_each_life_adds_something_and_all_reach_everything(folder: Path, place: int) -> None:
    result = run(folder, "".join(REACHED), "--fail-under", "100")
    assert "coverage of basket: 100.0 % (22 of 22)" in result.output
    assert result.exit_code == 0
    fewer = run(folder, "".join(REACHED[:place] + REACHED[place + 1 :]), "--fail-under", "100")
    assert fewer.exit_code == (0 if REACHED[place] == SILENT else 1), fewer.output
    assert lines(fewer)[-1] == f"{len(REACHED) - 1} passed, 0 failed"


def test_too_little_coverage_fails_and_the_last_line_still_counts(folder: Path) -> None:
    result = run(folder, SILENT, "--fail-under", "36.5")
    assert result.exit_code == 1
    assert lines(result)[-2:] == ["less than 36.5 %", "1 passed, 0 failed"]
    assert run(folder, SILENT, "--fail-under", "36").exit_code == 0


def test_lives_are_picked_by_a_text(folder: Path) -> None:
    result = run(folder, "".join(REACHED), "-k", "ORDERS")
    assert lines(result)[-1] == "1 passed, 0 failed"
    assert "no life holds 'nobody'" in run(folder, SILENT, "-k", "nobody").output


def test_results_are_written_as_junit(folder: Path, tmp_path: Path) -> None:
    wrong = life('{sent: ["email:reminder@2026-03-03T18:00"]}', "wrong <&> \\u0007", value=1).replace(
        "life: wrong <&> \\u0007", 'life: "wrong <&> \\u0007"'
    )
    to = tmp_path / "junit.xml"
    assert run(folder, SILENT + wrong, "--junit", str(to)).exit_code == 1
    found = JUnitXml.fromfile(str(to))
    assert (found.tests, found.failures, found.errors) == (2, 1, 0)
    suite = next(iter(found))
    assert suite.name == "basket"
    passed, failed = list(suite)
    assert (passed.classname, passed.name, passed.is_passed) == ("basket", "silent", True)
    assert passed.system_out == f"{folder / 'lives/basket.yaml'}:3"
    assert failed.name == "wrong <&> \ufffd"
    (failure,) = failed.result
    assert isinstance(failure, Failure)
    assert "did not enter where: event.value is 1" in (failure.text or "")


def test_two_thousand_lives_take_seconds(folder: Path) -> None:
    for file in range(10):
        more = "".join(life("{outcomes: [silent]}", f"life {file} {number}") for number in range(200))
        (folder / f"lives/more-{file}.yaml").write_text(HEAD + more, encoding="utf-8")
    began = process_time()
    result = run(folder, SILENT, "--coverage")
    seconds = process_time() - began
    assert lines(result)[-1:] == ["2001 passed, 0 failed"], result.exception
    assert seconds < 60, f"{2000 / seconds:.0f} lives a second"
