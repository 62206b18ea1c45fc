"""Everything that is derived from the topic table, as text: nothing here is written by hand twice.

Owns the list of generated files and their content. Refuses to touch the disk: `cli.generate` does.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from schemas.eventbook import event_reference
from schemas.fields import LOGICAL, Field
from schemas.opra_docs import sale_codes_page
from schemas.records import avro_schema
from schemas.sql import create_table, create_views, shown_unit
from schemas.topics import TOPICS, Topic
from schemas.typescript import typescript

GENERATED_FOLDERS: Final = ("schemas/avro", "schemas/sql", "schemas/json")
DATABASE_PLACEHOLDER: Final = "{database}"
TIME_PATTERN: Final = "^-?[0-9]+$"


def generated_files() -> dict[str, str]:
    """Return the content of every generated file by its path below the project's root."""
    files = {
        "docs/events.md": event_reference(),
        "docs/sale_codes.md": sale_codes_page(),
        "frontend/src/generated/schema.ts": typescript(),
    }
    for topic in TOPICS:
        files[f"schemas/avro/{topic.name}.avsc"] = _pretty(avro_schema(topic))
        files[f"schemas/json/{topic.name}.json"] = _pretty(json_schema(topic))
        files[f"schemas/sql/{topic.table}.sql"] = _sql(topic)
    return files


def _pretty(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _sql(topic: Topic) -> str:
    statements = [create_table(topic, DATABASE_PLACEHOLDER)]
    statements += create_views(topic, DATABASE_PLACEHOLDER)
    return "".join(s + ";\n" for s in statements)


def json_schema(topic: Topic) -> dict[str, Any]:
    """Return the JSON Schema of a record as the gateway and the command line write it."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": topic.record_name,
        "description": topic.doc,
        "type": "object",
        "properties": {f.name: _property(f) for f in topic.fields},
        "required": list(topic.field_names),
        "additionalProperties": False,
    }


def _property(field: Field) -> dict[str, Any]:
    entry: dict[str, Any] = {"description": field.doc, "unit": json_unit(field)}
    if field.is_enum:
        return {**entry, "enum": list(field.symbols)}
    kinds = [_json_type(field)]
    if field.absent is not None:
        kinds.append("null")
    if field.logical == "time":
        entry["pattern"] = TIME_PATTERN
    return {**entry, "type": kinds[0] if len(kinds) == 1 else kinds}


def _json_type(field: Field) -> str:
    logical = LOGICAL[field.logical]
    is_whole = logical.avro in ("int", "long") and logical.typescript == "number"
    return "integer" if is_whole and not logical.scale else logical.typescript


def json_unit(field: Field) -> str:
    """Return the unit of a field in JSON."""
    return LOGICAL["time"].unit if field.logical == "time" else shown_unit(field)
