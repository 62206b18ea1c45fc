"""Who wrote a record: the schema ids that are known and the fields each of them stands for.

Owns the map from schema id to writer. Refuses Avro types that the fast codec lacks, and giving an
id a second meaning. Knows no registry: whoever talks to one builds a `SchemaIds` from its answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import fastavro

from schemas.fields import LOGICAL, Field
from schemas.records import PLAIN_TYPES, plain_schema_json
from schemas.topics import VERSIONS, Topic


@dataclass(frozen=True, slots=True)
class WriterField:
    """One field as it was written; `kind` is a plain Avro type or `enum`."""

    name: str
    kind: str
    symbols: tuple[str, ...] = ()

    @property
    def wide(self) -> str:
        """Its type in the decoding twin: every integer is a long, so that none can wrap."""
        return "long" if self.kind in ("int", "enum") else self.kind


@dataclass(frozen=True)
class Writer:
    """One version of the records of a topic, as its producer wrote them."""

    topic_name: str
    fields: tuple[WriterField, ...]

    @staticmethod
    def of(topic: Topic) -> "Writer":
        """Return the writer of a topic as the table describes it."""
        return Writer(topic.name, tuple(written_as(f) for f in topic.fields))

    @staticmethod
    def from_avro(topic_name: str, schema: Mapping[str, Any]) -> "Writer":
        """Return the writer of a record schema; ValueError names a field of another type."""
        seen: dict[str, tuple[str, ...]] = {}
        return Writer(topic_name, tuple(_read_field(f, seen) for f in schema["fields"]))

    @cached_property
    def twin_json(self) -> str:
        """The twin for pyruhvro, integers widened to long."""
        return plain_schema_json((f.name, f.wide) for f in self.fields)

    @cached_property
    def twin(self) -> Any:
        """The same twin, parsed for fastavro."""
        return fastavro.parse_schema(
            {
                "type": "record",
                "name": "Row",
                "fields": [{"name": f.name, "type": f.wide} for f in self.fields],
            }
        )


def written_as(field: Field) -> WriterField:
    """Return a field of ours as we write it."""
    if field.is_enum:
        return WriterField(field.name, "enum", field.symbols)
    return WriterField(field.name, LOGICAL[field.logical].avro)


def _read_field(entry: Mapping[str, Any], seen: dict[str, tuple[str, ...]]) -> WriterField:
    kind = entry["type"]
    if isinstance(kind, dict) and kind.get("type") == "enum":
        seen[kind["name"]] = tuple(kind["symbols"])
        return WriterField(entry["name"], "enum", seen[kind["name"]])
    if isinstance(kind, str) and kind in seen:
        return WriterField(entry["name"], "enum", seen[kind])
    plain = kind.get("type") if isinstance(kind, dict) else kind
    if plain not in PLAIN_TYPES:
        raise ValueError(f"field {entry['name']} has Avro type {kind}; allowed are {PLAIN_TYPES}")
    return WriterField(entry["name"], plain)


class SchemaIds:
    """Schema id -> writer; immutable. Ids are those of the Confluent wire format."""

    def __init__(self, writers: Mapping[int, Writer]) -> None:
        assert all(0 <= i < 2**32 for i in writers), "a schema id has 32 bits"
        self._writers = dict(writers)

    def get(self, schema_id: int) -> Writer | None:
        """Return the writer of an id, or None where the id is unknown."""
        return self._writers.get(schema_id)

    def adding(self, schema_id: int, writer: Writer) -> "SchemaIds":
        """Return a map with one id more; an id is never given another meaning."""
        known = self._writers.get(schema_id, writer)
        assert known == writer, f"schema id {schema_id} already has another writer"
        return SchemaIds({**self._writers, schema_id: writer})


BUILT_IN: Final = SchemaIds({t.schema_id: Writer.of(t) for t in VERSIONS})
