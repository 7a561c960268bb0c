"""Scenes of the town that are made by hand: who walks, what rains, what lands, and which tasks wait."""

import msgspec

from engine.decision import Line, Task, Trace
from local.demo.progress import Progress
from local.mailbox import Mail
from local.push import Landed
from local.town.happening import CHANNELS, Change, Touch
from local.town.outcome import Tally
from local.town.plane import Point, degrees
from local.town.rhythm import HOUR_MS
from local.town.scene import Scene
from local.town.town import MORNING_AT, Town

NOON = MORNING_AT + 4 * HOUR_MS
DEPLOY = "to change its journeys: SILLAGE_PREFIX=town-1 sillage deploy FOLDER"


class Clock:
    """Seconds that pass only when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def at(now: int) -> Scene:
    """A town of which nobody is told yet, at an instant."""
    scene = Scene(Town(1, 40), Progress(phase="living"), Tally())
    scene.tally.now = now
    return scene


def walker(scene: Scene, point: Point) -> str:
    """Somebody with a phone, who now walks at a point."""
    person = next(each for each in scene.town.people.values() if each.push)
    person.walking, person.at = True, point
    return person.id


def push(scene: Scene, customer: str, title: str = "Hello", body: str = "Come in.") -> None:
    token = scene.town.people[customer].push or ""
    scene.landed(Landed(token, title, body, {"action_id": title}, {}))


def mail(scene: Scene, customer: str, title: str = "Thanks") -> None:
    content = f"X-Sillage-Action: a\r\nSubject: {title}\r\nContent-Type: text/plain\r\n\r\nThank you so much.\r\n"
    scene.mailed(Mail("shop@town.example", (f"{customer}@town.example",), content.encode()))


def rain(scene: Scene, point: Point, radius_m: float, raining: bool = True) -> None:
    lat, lon = degrees(point)
    told = {"id": "cloud-0", "lat": lat, "lon": lon, "radius_m": radius_m, "raining": raining}
    scene.changed(Change(scene.now, "weather", "cloud-0", told))


def task(scene: Scene, name: str, due_at: int) -> None:
    scene.tally.board.take(
        msgspec.json.encode(Task(name, "ada", "call-back", "v", "e", "s", f"Call {name}", "agents", due_at))
    )


def busy() -> Scene:
    """A scene in which everything happens at once."""
    scene = at(NOON)
    scene.notes.extend(["Kafka and Redis run already", DEPLOY, "worker is process 1", "dispatcher is process 2"])
    scene.progress.restarts = 3
    someone = walker(scene, Point(3_000, 900))
    rain(scene, Point(1_500, 3_000), 900)
    for number, channel in enumerate(CHANNELS * 3):
        scene.touched(Touch(scene.now, f"t{number}", "page.viewed", someone, channel, {}))
    for number in range(12):
        push(scene, someone, f"Push {number}", "Come in at once, it rains. " * 9)
        mail(scene, someone, f"Mail {number}")
        task(scene, f"task-{number}", NOON + (number - 2) * HOUR_MS)
        entered(scene, f"journey-with-a-long-name-{number}")
    scene.progress.latencies_ms.extend(range(2_000))
    return scene


def entered(scene: Scene, journey: str) -> None:
    lines = [Line("entered", journey, "e"), Line("goal", journey, "e")]
    scene.decided(msgspec.json.encode(Trace(f"d-{journey}", "ada", scene.now, 7, {}, lines)))
    scene.tally.left[journey, "email"] += 4
