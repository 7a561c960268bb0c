"""Deploying: a folder becomes blobs and a release in one transaction, so that two deploys at once lose nothing."""

import asyncio
import logging
import random
import secrets
from collections.abc import Callable, Iterable

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, KafkaError, MessageSizeTooLargeError

from journeys.load import Folder
from streams.broker.publish import MAX_REQUEST_BYTES
from streams.broker.security import client_options, why_not
from streams.definitions.inside import enrollments_standing
from streams.definitions.moving import PIN, STAY, Moving
from streams.definitions.pausing import plan_pause, plan_resume
from streams.definitions.plan import Plan, Released, plan_deploy, plan_release, plan_undeploy
from streams.definitions.rehearsal import Rehearsal, rehearse
from streams.definitions.shelf import CURRENT, NewerFormat, Release, Shelf, blob_key, canonical, release_key
from streams.definitions.shelf_reader import TOPIC, NoDefinitionsTopic, ShelfReader, read_shelf
from streams.settings import Settings

_ATTEMPTS = 8
_PAUSE_SECONDS = 0.5
_LIMIT_SECONDS = 60.0
_TRANSACTION_MS = 10_000
_LOOK_AGAIN_SECONDS = 0.01

log = logging.getLogger(__name__)


class DeployFailed(Exception):
    """It is not known that the release is in use: no broker, or one that refuses. To deploy again is always safe."""


async def deploy(settings: Settings, what: Folder | int, at: int, note: str = "", moving: Moving = STAY) -> Released:
    """Adds or replaces the journeys of a folder, others stay; or puts the release of a number into use once more.

    The same content again changes nothing. `at` is ms; who is inside goes on as `moving` says, which need not say where
    they stand. Raises DeployRefused with every problem that `check` finds, MapRefused for a map that does not say
    enough, UnknownRelease, NotCompiled where workers could not build what `check` let pass, and then nothing is
    changed; DeployFailed where Kafka is the reason.
    """
    nonce = secrets.token_hex(8)
    if moving.mode != PIN:
        moving = moving._replace(standing=await enrollments_standing(settings))
    return await _release(settings, nonce, lambda shelf: _planned(shelf, what, at, note, nonce, moving))


async def look_ahead(settings: Settings, what: Folder | int, at: int, moving: Moving = STAY) -> Rehearsal:
    """What such a deploy would do to those inside; publishes nothing. Raises as `deploy`, or NoDefinitionsTopic."""
    moving = moving._replace(standing=await enrollments_standing(settings))
    shelf = await read_shelf(settings)
    return rehearse(shelf, _planned(shelf, what, at, "", "", moving), moving)


async def undeploy(settings: Settings, name: str, at: int) -> Released:
    """Nobody enters the journey any more; those inside finish. Raises UnknownJourney, or DeployFailed."""
    nonce = secrets.token_hex(8)
    return await _release(settings, nonce, lambda shelf: plan_undeploy(shelf, name, at, nonce))


async def pause(settings: Settings, name: str, at: int, note: str = "", *, entries_only: bool = False) -> Released:
    """Nobody enters the journey, and those inside stand still. Raises UnknownJourney, CannotPause, or DeployFailed."""
    nonce = secrets.token_hex(8)
    return await _release(
        settings, nonce, lambda shelf: plan_pause(shelf, name, at, note, nonce, entries_only=entries_only)
    )


async def resume(
    settings: Settings, name: str, at: int, note: str = "", *, overdue: str | None = None, pace: int = 0
) -> Released:
    """People enter again, those inside go on; those past due as `overdue` says. Raises as `pause`."""
    nonce = secrets.token_hex(8)
    return await _release(
        settings, nonce, lambda shelf: plan_resume(shelf, name, at, note, nonce, overdue=overdue, pace=pace)
    )


def _planned(shelf: Shelf, what: Folder | int, at: int, note: str, nonce: str, moving: Moving) -> Plan:
    if isinstance(what, int):
        return plan_release(shelf, what, at, note, nonce, moving)
    return plan_deploy(shelf, what, at, note, nonce, moving)


async def _release(settings: Settings, nonce: str, plan_on: Callable[[Shelf], Plan]) -> Released:
    try:
        async with asyncio.timeout(_LIMIT_SECONDS):
            return await _until_landed(settings, nonce, plan_on)
    except (TimeoutError, KafkaError, NoDefinitionsTopic, NewerFormat) as fault:
        reason = f"no answer in {_LIMIT_SECONDS:.0f} s" if isinstance(fault, TimeoutError) else str(fault)
        refused = await why_not(settings.brokers)
        cure = refused or f"{reason}; see `sillage doctor`, then try again"
        raise DeployFailed(f"Kafka at {settings.kafka}: {cure}") from fault


async def _until_landed(settings: Settings, nonce: str, plan_on: Callable[[Shelf], Plan]) -> Released:
    """Plans on what is there and writes it, again on top of whoever came first, until the log holds our nonce."""
    plan: Plan | None = None
    for attempt in range(_ATTEMPTS):
        producer = _producer(settings)
        try:
            # From here on no other deploy can commit: the broker fences whoever had this transactional id before.
            await producer.start()
            shelf = await read_shelf(settings)
            if plan and any(release.nonce == nonce for release in shelf.releases.values()):
                return plan.released
            plan = plan_on(shelf)
            if plan.release is not None:
                await _visible(settings, await _write(producer, settings.topic(TOPIC), plan.release, plan.blobs))
            return plan.released
        except (KafkaConnectionError, MessageSizeTooLargeError):
            raise
        except KafkaError as fault:
            log.info("deploy: attempt %d did not land (%r)", attempt + 1, fault)
        finally:
            await producer.stop()
        # Two that fence each other in step would go on for ever.
        await asyncio.sleep(random.uniform(0.2, 1.0) * _PAUSE_SECONDS * (attempt + 1))
    raise KafkaError(f"other deploys came first {_ATTEMPTS} times")


async def _write(producer: AIOKafkaProducer, topic: str, release: Release, blobs: Iterable[bytes]) -> int:
    """Publishes all or nothing, and gives the offset of the last record."""
    async with producer.transaction():
        for blob in blobs:
            await producer.send_and_wait(topic, blob, blob_key(blob), partition=0)
        await producer.send_and_wait(topic, canonical(release), release_key(release.n), partition=0)
        last = await producer.send_and_wait(topic, str(release.n).encode(), CURRENT, partition=0)
    return int(last.offset)


async def _visible(settings: Settings, offset: int) -> None:
    """Returns once readers see the record at `offset`: a commit is answered before its marker is in the log."""
    async with ShelfReader(settings) as reader:
        while await reader.end() <= offset:
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)


def _producer(settings: Settings) -> AIOKafkaProducer:
    return AIOKafkaProducer(
        **client_options(settings.brokers),
        transactional_id=f"{settings.prefix}.deploy",
        transaction_timeout_ms=_TRANSACTION_MS,
        acks="all",
        max_request_size=MAX_REQUEST_BYTES,
    )
