"""The event reference: every topic, every field, its type, unit and allowed values, in Markdown.

Owns the text of docs/events.md. Refuses anything that is not in the topic table.
"""

from typing import Final

from schemas.conditions import CONDITION
from schemas.fields import LOGICAL, Field
from schemas.framing import HEADER_BYTES
from schemas.kinds import ENUMS
from schemas.opra import CODES
from schemas.sql import STORY_COLUMNS, STORY_VIEW, VERSION_KEYS, clickhouse_type
from schemas.topics import PARTITION_COUNT, TOPICS, Topic

HEAD: Final = f"""# Events

Generated from `schemas/topics.py` by `python -m cli.generate`; do not edit.

Every record is one Kafka message in the Confluent wire format: a zero byte, the schema id in
{HEADER_BYTES - 1} bytes, then the Avro body, in the canonical encoding. The topic is
`<namespace>.<topic>`, the key is the underlying, and each topic has {PARTITION_COUNT} partitions
(murmur2 of the key, as the Java client does). The Kafka timestamp is the time field in
milliseconds. Every topic is archived to the ClickHouse table named with it, beside `_partition`,
`_offset` and `_day`.

Scaled integers in the log are plain decimals in ClickHouse and JSON: prices and money in USD,
equity sizes in shares. Times are decimal strings of nanoseconds in JSON. An absent value is the
number given here in the log, NULL in ClickHouse and null in JSON. Enums are their names outside
the log.
"""


def event_reference() -> str:
    """Return the text of docs/events.md."""
    index = "".join(f"- [{t.name}](#{t.name.replace('.', '')}): {t.doc}\n" for t in TOPICS)
    parts = [HEAD, index, *(_topic(t) for t in TOPICS), _vocabularies(), _conditions(), _codes()]
    return "\n".join(parts)


def _topic(topic: Topic) -> str:
    facts = [
        f"table `{topic.table}`",
        f"schema id {topic.schema_id}",
        f"time field `{topic.time_field}`",
    ]
    if topic.name in VERSION_KEYS:
        key = ", ".join(f"`{k}`" for k in VERSION_KEYS[topic.name])
        facts.append(f"view `{topic.table}_current` keeps the highest version of each {key}")
    if topic.name == "flow.alerts":
        facts.append(f"view `{STORY_VIEW}` has a row a story: {', '.join(f'`{c}`' for c in STORY_COLUMNS)}")
    rows = "".join(_field(f) for f in topic.fields)
    return (
        f"## {topic.name}\n\n{topic.doc}\n\n{'; '.join(facts).capitalize()}.\n\n"
        "| field | meaning | Avro | unit | absent | ClickHouse |\n"
        f"|---|---|---|---|---|---|\n{rows}"
    )


def _field(field: Field) -> str:
    kind = "enum" if field.is_enum else LOGICAL[field.logical].avro
    unit = f"one of [{field.logical}](#{field.logical.lower()})" if field.is_enum else field.unit
    absent = "" if field.absent is None else str(field.absent)
    return f"| `{field.name}` | {field.doc} | {kind} | {unit} | {absent} | `{clickhouse_type(field)}` |\n"


def _vocabularies() -> str:
    entries = "\n".join(
        f"### {name}\n\n{', '.join(f'`{s}`' for s in symbols)}\n" for name, symbols in ENUMS.items()
    )
    return f"## Closed vocabularies\n\nThe order is that of the codes, from 0.\n\n{entries}"


def _conditions() -> str:
    rows = "".join(f"| {place} | `{name}` |\n" for place, name in enumerate(CONDITION))
    return f"## Equity sale condition bits\n\n| bit | condition |\n|---|---|\n{rows}"


def _codes() -> str:
    rows = "".join(f"| `{c.code}` | {c.name} | {c.family} | {c.meaning} |\n" for c in CODES)
    head = "| code | name | family | meaning |\n|---|---|---|---|\n"
    return f"## OPRA sale codes\n\nCase sensitive; the first one is a blank.\n\n{head}{rows}"
