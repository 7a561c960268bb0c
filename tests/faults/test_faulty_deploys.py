"""Faulty definitions against running processes: refused with their lines, and what is in use stays in use."""

import asyncio
import os
import subprocess
from pathlib import Path

from breakable import COMMAND, FOLDER, House, calm, orders, people, thanks

from local.demo.house import environment

TEN = Path(__file__).parents[1] / "journeys" / "faults" / "ten.yaml"


def write(root: Path, texts: dict[str, str]) -> Path:
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


async def sillage(house: House, *words: str) -> subprocess.CompletedProcess[str]:
    given = {**os.environ, **environment(house.settings)}
    return await asyncio.to_thread(
        subprocess.run, [*COMMAND, *words], env=given, capture_output=True, text=True, check=False
    )


async def test_a_syntax_error_and_ten_faults_change_nothing_for_those_who_run(house: House, tmp_path: Path) -> None:
    house.start()
    customers = people(4)
    await house.introduce(customers)
    await house.publish(orders(customers[:2]))
    await house.delivered(thanks(customers[:2]))
    before = await sillage(house, "journeys")

    broken = write(tmp_path / "broken", {**FOLDER, "journeys/thanks.yaml": "journey: thanks\nsteps: [\n"})
    refused = await sillage(house, "deploy", str(broken))
    assert refused.returncode == 1
    assert "journeys/thanks.yaml:2:8: J001 " in refused.stdout
    assert "nothing was changed" in refused.stderr

    ten = write(tmp_path / "ten", {**FOLDER, "journeys/basket.yaml": TEN.read_text()})
    refused = await sillage(house, "deploy", str(ten))
    assert refused.returncode == 1
    assert len(refused.stdout.splitlines()) == 10
    assert "10 faults; nothing was changed" in refused.stderr

    assert (await sillage(house, "journeys")).stdout == before.stdout
    await house.publish(orders(customers[2:]))
    await house.delivered(thanks(customers))
    assert set(house.mails().values()) == {1}
    assert house.worker.alive
    assert house.dispatcher.alive
    calm(house.worker.log)
    calm(house.dispatcher.log)
    assert house.worker.log.count("release 1") == 1
