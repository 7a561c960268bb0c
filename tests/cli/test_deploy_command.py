"""`sillage deploy`, `undeploy` and `journeys` as a person types them, on a real Kafka."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from definition_files import files, journey

from cli.deploy import rows
from cli.main import main
from engine.customer import Customer, Enrollment
from state.changelog import marker_key
from state.codec import encode
from state.record import Record
from streams.broker.publish import KafkaPublisher, Out
from streams.definitions.shelf import Release, Shelved
from streams.definitions.shelf_reader import read_shelf
from streams.settings import Settings

SHOP = files(welcome=journey("welcome"), win_back=journey("win-back"))


@pytest.fixture
def shop(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A designer's folder, seen from the folder above it, and a prefix of its own."""
    monkeypatch.chdir(tmp_path)
    given = {"kafka": settings.kafka, "prefix": settings.prefix, "partitions": "2", "channels": "web"}
    for name, value in given.items():
        monkeypatch.setenv(f"SILLAGE_{name.upper()}", value)
    write(tmp_path / "shop", SHOP)
    return tmp_path / "shop"


def write(root: Path, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def sillage(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def listed() -> list[list[str]]:
    """The rows of `sillage journeys` without its head: name, version, state, people inside."""
    result = sillage("journeys")
    assert result.exit_code == 0, result.output
    return [line.split() for line in result.stdout.splitlines()[1:]]


async def put_inside(settings: Settings, people: Mapping[str, list[tuple[str, str]]], ignored: str) -> None:
    """Writes customers with their enrollments to `state`, the one called `ignored` for an epoch that is over."""
    publisher = KafkaPublisher(settings.kafka)
    await publisher.start()
    topic = settings.topic("state")
    await publisher.append(topic, 0, [Out(marker_key("old"), b"")])
    epoch = await publisher.append(topic, 0, [Out(marker_key("new"), b"")])
    for name, inside in people.items():
        customer = Customer(name, name, 1)
        customer.enrollments = [
            Enrollment(f"e{number}", *one, str(number), 1, 0, {}) for number, one in enumerate(inside)
        ]
        value = encode(Record(customer), epoch - 1 if name == ignored else epoch)
        await publisher.append(topic, 0, [Out(name.encode(), value)])
    await publisher.stop()


def test_a_folder_is_deployed_changed_listed_and_closed(shop: Path, settings: Settings) -> None:
    assert sillage("deploy", "shop").stdout == "release 1\nadded: welcome, win-back\n"
    assert sillage("deploy", "shop").stdout == "release 1\nunchanged: welcome, win-back\n"
    (_, old, *_), (_, kept, *_) = listed()

    write(shop, {"journeys/welcome.yaml": journey("welcome", wait="2h")})
    assert sillage("deploy", "shop").stdout == "release 2\nchanged: welcome\nunchanged: win-back\n"
    (_, new, *_), _ = listed()
    assert new != old

    people = {"a": [("welcome", old)], "b": [("welcome", new), ("welcome", new)], "gone": [("win-back", kept)], "c": []}
    asyncio.run(put_inside(settings, people, ignored="gone"))
    assert sillage("undeploy", "win-back").stdout == "release 3\nchanged: win-back\n"
    assert listed() == [
        ["welcome", new, "open", "1"],
        ["welcome", old, "old", "1"],
        ["win-back", kept, "closed", "0"],
    ]


def test_a_single_file_changes_just_that_journey(shop: Path) -> None:
    sillage("deploy", "shop")
    write(
        shop,
        {
            "journeys/welcome.yaml": journey("welcome", wait="2h"),
            "journeys/win-back.yaml": "journey: [broken",
            "messages/broken/message.yaml": "subject: [broken",
        },
    )
    assert sillage("deploy", "shop/journeys/welcome.yaml").stdout == "release 2\nchanged: welcome\n"
    assert [row[0] for row in listed()] == ["welcome", "win-back"]


GOLD = 'segment: gold\nwhen: customer.tier == "gold" && in_segment("here")\n'
HERE = 'segment: here\nwhen: customer.country == "FR"\n'
SCHEMA = """events:
  account.created:
    description: Somebody signed up.
    properties:
      plan: {type: string}
      basket: {type: string}
"""


def test_a_single_file_brings_the_segments_and_schemas_that_it_needs(shop: Path, settings: Settings) -> None:
    sillage("deploy", "shop")
    meant = journey("welcome").replace("created\n", 'created\n  where: event.plan == "pro" && in_segment("gold")\n')
    segments = {f"segments/{name}.yaml": text for name, text in (("gold", GOLD), ("here", HERE))}
    other = {"segments/other.yaml": HERE.replace("here", "other")}
    write(shop, {"journeys/welcome.yaml": meant, "schemas/accounts.yaml": SCHEMA, **segments, **other})
    done = sillage("deploy", "shop/journeys/welcome.yaml")
    assert done.stdout == "release 2\nchanged: welcome\n", done.output
    release = asyncio.run(read_shelf(settings)).release
    assert release is not None and set(release.segments) == {"gold", "here"}
    write(shop, {"journeys/welcome.yaml": meant.replace("event.plan", "event.plam")})
    refused = sillage("deploy", "shop/journeys/welcome.yaml")
    assert "J034" in refused.stdout


def test_a_faulty_folder_is_refused_with_the_lines_of_check(shop: Path) -> None:
    sillage("deploy", "shop")
    before = listed()
    write(
        shop,
        {
            "journeys/welcome.yaml": journey("welcome", wait="soon"),
            "journeys/win-back.yaml": journey("win-back", message="nobody"),
        },
    )
    refused = sillage("deploy", "shop")
    assert refused.exit_code == 1
    assert refused.stdout == sillage("check", "shop").stdout
    assert refused.stdout.startswith("shop/journeys/welcome.yaml:")
    assert refused.stderr == "2 faults; nothing was changed\n"
    assert listed() == before


def test_an_unknown_name_is_refused_with_the_one_that_was_meant(shop: Path) -> None:
    sillage("deploy", "shop")
    result = sillage("undeploy", "welcom")
    assert result.exit_code == 1
    assert result.stderr == "Error: journey welcom: not deployed; did you mean `welcome`?\n"


def test_before_any_deploy_there_is_nothing_to_list(shop: Path, settings: Settings) -> None:
    result = sillage("journeys")
    assert result.exit_code == 1
    assert f"topic {settings.topic('definitions')} does not exist" in result.stderr
    sillage("topics", "--migrate")
    result = sillage("journeys")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "no journey is deployed" in result.stderr


def test_versions_left_behind_are_listed_after_the_one_in_use() -> None:
    release = Release(2, 1, "n", "", {"b": Shelved("22", open=False), "a": Shelved("99")})
    inside = Counter({("a", "11"): 3, ("b", "22"): 1, ("gone", "33"): 2})
    assert rows(release, inside) == [
        ("a", "99", "open", "0"),
        ("a", "11", "old", "3"),
        ("b", "22", "closed", "1"),
        ("gone", "33", "old", "2"),
    ]
