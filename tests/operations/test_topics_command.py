"""`sillage topics plan` says what `apply` does, and nothing where there is nothing to do."""

from click.testing import CliRunner
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from operations.conftest import Sillage
from pytest import MonkeyPatch
from waiting import wait_until

from cli.main import main
from streams.broker.topics import delete_all, partition_counts
from streams.settings import Settings


def test_what_is_planned_is_what_is_applied(house: Settings, sillage: Sillage) -> None:
    assert sillage("topics", "plan").stdout == ""
    delete_all(house)
    planned = sillage("topics", "plan", code=3)
    assert partition_counts(house) == {}
    assert "`sillage topics apply` makes these changes" in planned.stderr
    applied = sillage("topics", "apply").stdout
    assert applied.replace("created ", "create ") == planned.stdout
    assert f"create {house.topic('state')}: 2 partitions, compact" in planned.stdout
    assert sillage("topics", "plan").stdout == sillage("topics", "apply").stdout == ""


def test_a_setting_that_differs_is_planned_with_both_values(house: Settings, sillage: Sillage) -> None:
    admin = KafkaAdminClient(bootstrap_servers=house.kafka)
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, house.topic("ticks"), {"retention.ms": "60000"})])
    admin.close()
    line = f"change {house.topic('ticks')}: retention.ms from 60000 to 82800000\n"
    wait_until(lambda: CliRunner().invoke(main, ["topics", "plan"]).stdout == line)
    assert sillage("topics", "apply").stdout == line.replace("change ", "changed ")
    assert sillage("topics", "plan").stdout == ""


def test_another_number_of_partitions_cannot_be_planned(
    house: Settings, sillage: Sillage, monkeypatch: MonkeyPatch
) -> None:
    monkeypatch.setenv("SILLAGE_PARTITIONS", "3")
    assert "has 2 partitions, expected 3; set SILLAGE_PARTITIONS=2" in sillage("topics", "plan", code=1).stderr


def test_the_table_stays_as_it_was_and_still_migrates(house: Settings, sillage: Sillage) -> None:
    table = sillage("topics").stdout
    assert table.startswith("topic ") and house.topic("state") in table
    assert sillage("topics", "--migrate").stdout == table
