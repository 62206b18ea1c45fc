"""The Avro schema of each topic, and the plain twins by which the fast codec reads and writes it.

Owns the mapping from our fields to Avro: which names, types, documents and defaults a schema has.
A twin has the same bytes for every record, but numbers in place of enums, since codes are what
the kernels want and text symbols cost five times as much. Refuses unions and nested records.
"""

import json
from collections.abc import Iterable
from typing import Any, Final

from schemas.fields import LOGICAL, Field
from schemas.topics import Topic

NAMESPACE: Final = "islandflow"
PLAIN_TYPES: Final = ("int", "long", "boolean", "double", "string")


def avro_schema(topic: Topic) -> dict[str, Any]:
    """Return the Avro schema of a topic, with a doc and a unit on every field."""
    named: set[str] = set()
    return {
        "type": "record",
        "name": topic.record_name,
        "namespace": NAMESPACE,
        "doc": topic.doc,
        "fields": [_avro_field(f, named) for f in topic.fields],
    }


def _avro_field(field: Field, named: set[str]) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": field.name,
        "type": _avro_type(field, named),
        "doc": field.doc,
        "unit": field.unit,
    }
    if field.absent is not None:
        entry["absent"] = field.absent
    if field.default is not None:
        entry["default"] = field.default
    return entry


def _avro_type(field: Field, named: set[str]) -> str | dict[str, Any]:
    if not field.is_enum:
        return LOGICAL[field.logical].avro
    if field.logical in named:
        return field.logical
    named.add(field.logical)
    return {"type": "enum", "name": field.logical, "symbols": list(field.symbols)}


def twin_schema_json(topic: Topic) -> str:
    """Return the twin the encoder writes by: every enum is an `int`, the bytes are the same."""
    types = ((f.name, "int" if f.is_enum else LOGICAL[f.logical].avro) for f in topic.fields)
    return plain_schema_json(types)


def plain_schema_json(types: Iterable[tuple[str, str]]) -> str:
    """Return a bare record schema of (name, plain Avro type) pairs."""
    fields = []
    for name, kind in types:
        assert kind in PLAIN_TYPES, f"{name}: {kind} is no type of the fast codec"
        fields.append({"name": name, "type": kind})
    return json.dumps({"type": "record", "name": "Row", "fields": fields})
