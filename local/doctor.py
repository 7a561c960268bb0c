"""What this machine has and lacks, each finding with its cure."""

import asyncio
import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from channels.accounts import AccountError
from channels.crm import crm_channel
from channels.dkim import read_dkim
from channels.push import PushCredentialsError, ServiceAccount
from channels.sms import sms_channel
from channels.whatsapp import whatsapp_channel
from local.blueprint import KAFKA_VERSION
from local.docker import compose_answers
from local.errors import LocalError
from local.jars import cache_folder, find_maven
from local.java import find_java
from local.probe import kafka_answers, redis_answers, redis_eviction
from local.redis import find_redis
from streams.broker.security import Brokers, client_options, lets_in_one, why_not
from streams.dispatch.channels import of_extra
from streams.redis_access import RedisRefused, redis_options, refuse_redis
from streams.settings import Settings


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what was found, or what to do. A lack that is not `needed` harms nothing now."""

    subject: str
    ok: bool
    words: str
    needed: bool = True


def examine(settings: Settings) -> list[Finding]:
    """Looks at all that a first run needs; changes nothing. A running broker makes the tools to start one optional."""
    kafka = lets_in(settings)
    access = redis_options(settings.redis_access)
    redis = redis_answers(**access)
    docker = compose_answers()
    return [
        _python(),
        _tool("Java", _java, needed=not kafka and not docker),
        _tool("Maven", _maven, needed=not kafka and not docker),
        _tool("Redis server", lambda: str(find_redis()), needed=not redis and not docker),
        Finding("Docker", docker, "answers" if docker else "does not answer; local processes do instead", needed=False),
        _kcat(),
        _folder(settings.data),
        *([_push(settings.push)] if settings.push else []),
        *([_account("SMS", sms_channel, settings.sms)] if settings.sms else []),
        *([_account("WhatsApp", whatsapp_channel, settings.whatsapp)] if settings.whatsapp else []),
        *([_account("DKIM", lambda path: read_dkim(path, settings.sender), settings.dkim)] if settings.dkim else []),
        *([_account("CRM", crm_channel, settings.crm)] if settings.crm else []),
        *([_letters(Path(settings.postal))] if settings.postal else []),
        *([_webpush(settings.webpush)] if settings.webpush else []),
        *([_account("apprise", _apprise, settings.apprise)] if settings.apprise else []),
        _reach("Kafka", settings.kafka, kafka, "" if kafka else _refused(settings)),
        _reach("Redis", _without_login(settings.redis), redis, "" if redis else _redis_refused(settings)),
        *([_eviction(access)] if redis else []),
        *([_topics(settings)] if kafka else []),
    ]


def lets_in(settings: Settings) -> bool:
    """Whether a broker answers; one behind TLS or a password is asked by a client that has them."""
    if settings.kafka_security == "plaintext":
        return kafka_answers(settings.kafka)
    return asyncio.run(lets_in_one(settings.brokers))


def _refused(settings: Settings) -> str:
    """Why a broker that is there does not let us in, empty where none is."""
    reason = asyncio.run(why_not(settings.brokers))
    return f"{settings.kafka}: {reason}" if reason else ""


def _redis_refused(settings: Settings) -> str:
    try:
        asyncio.run(refuse_redis(settings.redis_access))
    except RedisRefused as refusal:
        return str(refusal)
    return ""


def _without_login(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _push(path: str) -> Finding:
    try:
        return Finding("Push", True, f"signs in as {ServiceAccount(Path(path)).email}")
    except PushCredentialsError as fault:
        return Finding("Push", False, str(fault))


def _account(subject: str, read: Callable[[Path], object], path: str) -> Finding:
    try:
        read(Path(path))
    except AccountError as fault:
        return Finding(subject, False, str(fault))
    return Finding(subject, True, f"the account in {path} can be read")


def _letters(folder: Path) -> Finding:
    """A folder that is not there takes no letter, and no batch is made of it."""
    if folder.is_dir() and os.access(folder, os.W_OK):
        return Finding("letters", True, f"they lie in {folder}")
    return Finding("letters", False, f"{folder}: is no folder that can be written; mount it, or set SILLAGE_POSTAL")


def _webpush(path: str) -> Finding:
    try:
        channel = of_extra("webpush", "SILLAGE_WEBPUSH").webpush_channel(Path(path), time.time)
    except AccountError as fault:
        return Finding("Web Push", False, str(fault))
    return Finding("Web Push", True, f"browsers subscribe with the applicationServerKey {channel.public_key}")


def _apprise(path: Path) -> object:
    return of_extra("apprise", "SILLAGE_APPRISE").apprise_channel(path)


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    ok = (3, 11) <= sys.version_info[:2] < (3, 14)
    return Finding("Python", ok, version if ok else f"{version}; make the environment with Python 3.11, 3.12 or 3.13")


def _tool(subject: str, find: Callable[[], str], needed: bool) -> Finding:
    try:
        return Finding(subject, True, find(), needed)
    except LocalError as problem:
        return Finding(subject, False, str(problem), needed)


def _java() -> str:
    found = find_java()
    return f"{found.version}, {found.program}"


def _maven() -> str:
    if cache_folder().is_dir():
        return f"not needed: Kafka {KAFKA_VERSION} is kept in {cache_folder()}"
    return find_maven()


def _kcat() -> Finding:
    found = shutil.which("kcat")
    words = found or "not found; only needed to publish by hand (Debian: apt-get install kcat)"
    return Finding("kcat", found is not None, words, needed=False)


def _folder(folder: Path) -> Finding:
    nearest = next(parent for parent in (folder.resolve(), *folder.resolve().parents) if parent.exists())
    ok = nearest.is_dir() and os.access(nearest, os.W_OK)
    words = f"{folder}" if ok else f"{folder}: {nearest} is no folder to write to; give another by SILLAGE_DATA"
    return Finding("Data folder", ok, words)


def _reach(subject: str, address: str, answers: bool, refusal: str) -> Finding:
    variable = f"SILLAGE_{subject.upper()}"
    cure = refusal or f"{address} does not answer; run `sillage up`, or give {variable}"
    return Finding(subject, answers, f"{address} answers" if answers else cure)


def _eviction(access: Mapping[str, Any]) -> Finding:
    """A ledger that forgets lets a message leave twice."""
    found = redis_eviction(**access) or "unknown"
    ok = found == "noeviction"
    cure = "" if ok else ", expected noeviction: set it, or messages may leave twice"
    return Finding("Redis memory", ok, f"maxmemory-policy is {found}{cure}")


def _topics(settings: Settings) -> Finding:
    try:
        count = sum(name.startswith(f"{settings.prefix}.") for name in asyncio.run(_topic_names(settings.brokers)))
    except KafkaError as problem:
        return Finding("Topics", False, f"cannot be listed: {problem}", needed=False)
    words = f"{count} begin with {settings.prefix}."
    return Finding("Topics", count > 0, words if count else f"{words} yet; the first worker makes them", needed=False)


async def _topic_names(brokers: Brokers) -> list[str]:
    client = AIOKafkaAdminClient(**client_options(brokers), client_id="sillage-doctor")
    try:
        await client.start()
        names: list[str] = await client.list_topics()
        return names
    finally:
        await client.close()
