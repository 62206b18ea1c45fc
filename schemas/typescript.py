"""The topic table in TypeScript: vocabularies, one row type a topic, and the columns with units.

Owns the text of the page's generated module. Refuses anything that is not in the table.
"""

import json
from typing import Final

from schemas.fields import LOGICAL, Field
from schemas.kinds import ENUMS
from schemas.sql import shown_unit
from schemas.topics import TOPICS, Topic

HEAD: Final = "// Generated from schemas/topics.py by `python -m cli.generate`; do not edit.\n"
COLUMN_TYPE: Final = """export interface Column {
  readonly name: string;
  readonly type: string;
  readonly unit: string;
  readonly nullable: boolean;
  readonly doc: string;
}

export interface TopicInfo {
  readonly table: string;
  readonly doc: string;
  readonly timeField: "source_ts" | "emit_ts";
  readonly isRaw: boolean;
  readonly columns: readonly Column[];
}
"""


def typescript() -> str:
    """Return the text of frontend/src/generated/schema.ts."""
    rows = "".join(f'  "{t.name}": {t.record_name}Row;\n' for t in TOPICS)
    parts = [
        HEAD,
        "\n".join(_vocabulary(name) for name in ENUMS),
        *(_row_type(t) for t in TOPICS),
        f"/** Row type of each topic. */\nexport interface RowOf {{\n{rows}}}\n",
        "export type TopicName = keyof RowOf;\n",
        COLUMN_TYPE,
        _table(),
    ]
    return "\n".join(parts)


def _vocabulary(name: str) -> str:
    constant = "".join("_" * (c.isupper() and i > 0) + c for i, c in enumerate(name)).upper()
    values = ", ".join(json.dumps(s) for s in ENUMS[name])
    return (
        f"export const {constant} = [{values}] as const;\nexport type {name} = (typeof {constant})[number];\n"
    )


def _row_type(topic: Topic) -> str:
    lines = [f"/** {topic.doc} */", f"export interface {topic.record_name}Row {{"]
    for field in topic.fields:
        lines.append(f"  /** {field.doc} [{_unit(field)}] */")
        lines.append(f"  {field.name}: {_type(field)};")
    return "\n".join([*lines, "}\n"])


def _type(field: Field) -> str:
    kind = field.logical if field.is_enum else LOGICAL[field.logical].typescript
    return f"{kind} | null" if field.absent is not None else kind


def _unit(field: Field) -> str:
    return LOGICAL["time"].unit if field.logical == "time" else shown_unit(field)


def _table() -> str:
    topics = "".join(_topic(t) for t in TOPICS)
    return f"export const TOPICS: {{ readonly [K in TopicName]: TopicInfo }} = {{\n{topics}}};\n"


def _topic(topic: Topic) -> str:
    columns = "".join(_column(f) for f in topic.fields)
    return (
        f'  "{topic.name}": {{\n'
        f'    table: "{topic.table}",\n'
        f"    doc: {json.dumps(topic.doc)},\n"
        f'    timeField: "{topic.time_field}",\n'
        f"    isRaw: {json.dumps(topic.is_raw)},\n"
        f"    columns: [\n{columns}    ],\n  }},\n"
    )


def _column(field: Field) -> str:
    kind = field.logical
    return (
        f'      {{ name: "{field.name}", type: "{kind}", unit: {json.dumps(_unit(field))}, '
        f"nullable: {json.dumps(field.absent is not None)}, doc: {json.dumps(field.doc)} }},\n"
    )
