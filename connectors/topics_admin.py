"""The topics of a namespace on the broker: created, checked, listed, deleted.

Owns what the log promises: sixteen partitions, nothing ever expired, stamps of any age. Refuses to
work on a topic that breaks a promise, on whatever broker it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from time import monotonic, sleep
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._resource import ResourceType
from confluent_kafka.cimpl import NewTopic

from connectors.errors import ServiceError, UserError
from connectors.kafka import admin_client
from connectors.scan import watermarks
from schemas.topics import PARTITION_COUNT, TOPICS, physical_name

TIMEOUT_S: Final = 30.0
APPEAR_S: Final = 20.0
FOR_EVER: Final = str(2**63 - 1)
MIN_MESSAGE_BYTES: Final = 1_000_000
_NAMESPACE: Final = re.compile(r"[a-z][a-z0-9_]{0,47}")
KEPT: Final[Mapping[str, str]] = {
    "cleanup.policy": "delete",
    "retention.ms": "-1",
    "retention.bytes": "-1",
    "message.timestamp.type": "CreateTime",
}
# Brokers that lack these settings take stamps of any age anyway, or are caught by the check below.
STAMPS: Final[Mapping[str, str]] = {
    "message.timestamp.before.max.ms": FOR_EVER,
    "message.timestamp.after.max.ms": FOR_EVER,
}


def check_namespace(namespace: str) -> str:
    """Return the namespace, or say what one looks like."""
    if not _NAMESPACE.fullmatch(namespace):
        raise UserError(
            f"namespace {namespace!r} must match {_NAMESPACE.pattern}: a small letter and up to 47 "
            "small letters, digits or _ are allowed"
        )
    return namespace


def ensure_topics(bootstrap: str, namespace: str) -> None:
    """Create the missing topics of a namespace and check all of them; safe to repeat.

    Raises:
        ServiceError: the broker cannot be reached, or a topic would not keep what it is given.
    """
    check_namespace(namespace)
    admin = admin_client(bootstrap)
    names = [physical_name(namespace, t.name) for t in TOPICS]
    missing = [name for name in names if name not in _partition_counts(admin)]
    if missing:
        _create(admin, missing)
        _await_topics(admin, names)
        watermarks(bootstrap, names)  # a new topic has no leader for a second or two
    check_topics(bootstrap, namespace)


def check_topics(bootstrap: str, namespace: str) -> None:
    """Check partitions, retention and stamp limits of the topics of a namespace."""
    admin = admin_client(bootstrap)
    names = [physical_name(namespace, t.name) for t in TOPICS]
    counts = _partition_counts(admin)
    for name in names:
        if counts.get(name) != PARTITION_COUNT:
            has = "does not exist" if name not in counts else f"has {counts[name]} partitions"
            raise ServiceError(f"topic {name} {has}, {PARTITION_COUNT} partitions are needed")
    for name, values in _configs(admin, names).items():
        wrong = _broken_promise(values)
        if wrong:
            raise ServiceError(f"topic {name} has {wrong}: records would be lost; set it and try again")


def list_namespaces(bootstrap: str) -> dict[str, tuple[str, ...]]:
    """Return namespace to the names of its topics that exist, both in order."""
    known = {t.name for t in TOPICS}
    found: dict[str, list[str]] = {}
    for name in sorted(_partition_counts(admin_client(bootstrap))):
        namespace, _, topic = name.partition(".")
        if topic in known and _NAMESPACE.fullmatch(namespace):
            found.setdefault(namespace, []).append(topic)
    return {namespace: tuple(topics) for namespace, topics in found.items()}


def delete_namespace(bootstrap: str, namespace: str) -> int:
    """Delete the topics of a namespace with all their records; return how many there were."""
    check_namespace(namespace)
    admin = admin_client(bootstrap)
    present = _partition_counts(admin)
    names = [n for t in TOPICS if (n := physical_name(namespace, t.name)) in present]
    if names:
        _settle(admin.delete_topics(names, operation_timeout=TIMEOUT_S), "delete", ())
    return len(names)


def _partition_counts(admin: AdminClient) -> dict[str, int]:
    try:
        topics = admin.list_topics(timeout=TIMEOUT_S).topics
    except KafkaException as error:
        raise ServiceError(f"the broker cannot be reached: {error.args[0].str()}") from None
    return {name: len(meta.partitions) for name, meta in topics.items() if meta.error is None}


def _create(admin: AdminClient, names: Iterable[str]) -> None:
    pending = list(names)
    for config in ({**KEPT, **STAMPS}, dict(KEPT)):
        topics = [NewTopic(n, PARTITION_COUNT, replication_factor=-1, config=config) for n in pending]
        allowed = (KafkaError.TOPIC_ALREADY_EXISTS, KafkaError.INVALID_CONFIG)
        refused = _settle(admin.create_topics(topics, operation_timeout=TIMEOUT_S), "create", allowed)
        pending = [name for name, code in refused.items() if code == KafkaError.INVALID_CONFIG]
        if not pending:
            return
    raise ServiceError(f"the broker refuses the settings of topic {pending[0]}: {dict(KEPT)}")


def _settle(futures: Mapping[str, Future[Any]], verb: str, allowed: tuple[int, ...]) -> dict[str, int]:
    refused: dict[str, int] = {}
    for name, future in futures.items():
        try:
            future.result(TIMEOUT_S)
        except KafkaException as error:
            code = error.args[0].code()
            if code not in allowed:
                raise ServiceError(f"cannot {verb} topic {name}: {error.args[0].str()}") from None
            refused[name] = code
    return refused


def _await_topics(admin: AdminClient, names: Iterable[str]) -> None:
    wanted, deadline = set(names), monotonic() + APPEAR_S
    while wanted - _partition_counts(admin).keys():
        if monotonic() > deadline:
            raise ServiceError(f"the broker created the topics but does not show them after {APPEAR_S:.0f} s")
        sleep(0.05)


def _configs(admin: AdminClient, names: Iterable[str]) -> dict[str, dict[str, str]]:
    resources = [ConfigResource(ResourceType.TOPIC, name) for name in names]
    found: dict[str, dict[str, str]] = {}
    for resource, future in admin.describe_configs(resources, request_timeout=TIMEOUT_S).items():
        try:
            entries = future.result(TIMEOUT_S)
        except KafkaException as error:
            raise ServiceError(f"cannot read the settings of {resource.name}: {error}") from None
        found[resource.name] = {key: str(entry.value) for key, entry in entries.items()}
    return found


def _broken_promise(values: Mapping[str, str]) -> str | None:
    for key, wanted in KEPT.items():
        if values.get(key) != wanted:
            return f"{key}={values.get(key)} where {wanted} is needed"
    for key, wanted in STAMPS.items():
        if key in values and values[key] != wanted:
            return f"{key}={values[key]} where {wanted} is needed"
    if int(values.get("max.message.bytes", MIN_MESSAGE_BYTES)) < MIN_MESSAGE_BYTES:
        return f"max.message.bytes={values['max.message.bytes']} where {MIN_MESSAGE_BYTES} is needed"
    return None
