"""Schema ids from a schema registry, where one is configured.

Owns the subject of every topic, and the `Codec` by which the edges read and write records. Refuses
to guess: an id that the registry does not know is a bad record, a registry that cannot be asked
stops the reader, or the output would depend on whether it was up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any, Final, Protocol

from connectors.errors import ServiceError
from connectors.settings import Settings
from schemas import codec
from schemas.codec import BUILT_IN, HEADER_BYTES, Decoded, SchemaIds, Writer
from schemas.columns import Batch
from schemas.records import NAMESPACE, avro_schema
from schemas.topics import TOPIC, TOPICS, Topic, physical_name

CACHE_MAX: Final = 1000  # ids; when full all are forgotten and asked for again
UNKNOWN: Final = "unknown_schema"
_HEAD: Final = itemgetter(slice(0, HEADER_BYTES))
_BY_RECORD: Final = {t.record_name: t.name for t in TOPICS}


def subject_of(namespace: str, topic: str) -> str:
    """Return the subject under which the schema of a topic's values is kept."""
    return f"{physical_name(namespace, topic)}-value"


def is_same_body(one: bytes, other: bytes) -> bool:
    """Tell whether two records are equal; the id of the schema may come from elsewhere since."""
    return one[HEADER_BYTES:] == other[HEADER_BYTES:]


def writer_of(schema: Any) -> Writer | None:
    """Return who writes by an Avro schema, or None where it is of no topic of ours."""
    try:
        space, _, name = schema["name"].rpartition(".")
        topic = _BY_RECORD.get(name) if schema["type"] == "record" else None
        if topic is None or (space or schema.get("namespace")) != NAMESPACE:
            return None
        return Writer.from_avro(topic, schema)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


class Registry(Protocol):
    """What a codec asks of a registry. Raises ServiceError where it cannot be asked."""

    def register(self, subject: str, schema: Any) -> int:
        """Return the id of a schema under a subject; a subject that lacks it gets it."""

    def schema(self, schema_id: int) -> Any:
        """Return the Avro schema of an id, or None where there is none."""


class Codec:
    """Records to bytes and back under the ids of a registry; without one, of the built-in table.

    Use it from one thread. Ids of the built-in table are always read, so that a log may be begun
    without a registry and go on with one.
    """

    def __init__(self, registry: Registry | None = None) -> None:
        self._registry = registry
        self._own: dict[str, int] = {}
        self._kept = BUILT_IN
        self._known: SchemaIds = BUILT_IN
        self._asked: set[int] = set()

    def register(self, namespace: str, topics: Iterable[str]) -> None:
        """Take the ids to write these topics of a namespace with. Raises ServiceError, UserError."""
        if self._registry is None:
            return
        for name in topics:
            subject = subject_of(namespace, name)
            schema_id = self._registry.register(subject, avro_schema(TOPIC[name]))
            writer = Writer.of(TOPIC[name])
            if (self._kept.get(schema_id) or writer) != writer:
                raise ServiceError(
                    f"SCHEMA_REGISTRY_URL: id {schema_id} of {subject} has another schema already"
                )
            self._own[name] = schema_id
            self._kept = self._kept.adding(schema_id, writer)
        self._forget()

    def encode(self, batch: Batch) -> list[bytes]:
        """Return one framed record a row."""
        return codec.encode(batch, self._own.get(batch.topic.name))

    def decode(self, topic: Topic, values: Sequence[bytes]) -> Decoded:
        """Decode framed records of one topic; asks the registry for ids that are new.

        Raises:
            ServiceError: the registry cannot be asked.
        """
        known = self._known
        found = self.read(topic, values)
        if self._registry is None or all(b.reason != UNKNOWN for b in found.bad):
            return found
        ids = self.learn(values)
        return found if ids is known else self.read(topic, values)

    def read(self, topic: Topic, values: Sequence[bytes]) -> Decoded:
        """Decode framed records of one topic with the ids known by now; asks nobody."""
        return codec.decode(topic, values, self._known)

    def learn(self, values: Iterable[Any]) -> SchemaIds:
        """Return the ids to decode these values with; asks the registry once for each new one.

        Raises:
            ServiceError: the registry cannot be asked.
        """
        if self._registry is not None:
            for head in _heads(values):
                if head[0] == 0:
                    self._ask(self._registry, int.from_bytes(head[1:], "big"))
        return self._known

    def _ask(self, registry: Registry, schema_id: int) -> None:
        if schema_id in self._asked or self._kept.get(schema_id) is not None:
            return
        if len(self._asked) >= CACHE_MAX:
            self._forget()
        writer = writer_of(registry.schema(schema_id))
        self._asked.add(schema_id)
        if writer is not None:
            self._known = self._known.adding(schema_id, writer)

    def _forget(self) -> None:
        self._known, self._asked = self._kept, set()


BUILT_IN_CODEC: Final = Codec()
"""The codec without a registry."""


def codec_for(settings: Settings) -> Codec:
    """Return the codec that the settings ask for; nothing is asked of a registry yet.

    Raises:
        UserError: SCHEMA_REGISTRY_URL is no http address.
    """
    if settings.schema_registry_url is None:
        return BUILT_IN_CODEC
    from connectors.registry_rest import Rest  # its client is not loaded where it is not used

    ca = settings.requests_ca_bundle
    return Codec(Rest(settings.schema_registry_url, str(ca) if ca else None))


def _heads(values: Iterable[Any]) -> set[bytes]:
    """Return the distinct headers of these values; what has none is for the decoder to refuse."""
    try:
        heads = set(map(_HEAD, values))
    except TypeError:
        heads = {v[:HEADER_BYTES] for v in values if isinstance(v, bytes)}
    return {h for h in heads if len(h) == HEADER_BYTES}
