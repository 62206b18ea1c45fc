"""ClickHouse tables and views of the topics.

Owns the DDL: one table a topic that keeps every row of the log, and for versioned topics a view of
what stands now. Refuses to merge history away: the sort key ends in the position in the log, so
only a row inserted twice collapses.
"""

from typing import Final

from schemas.fields import LOGICAL, Field
from schemas.topics import TOPICS, Topic

POSITION_COLUMNS: Final = (
    ("_partition", "UInt16", "Delta, ZSTD(1)", "Topic partition the record stood in."),
    ("_offset", "UInt64", "DoubleDelta, ZSTD(1)", "Offset of the record in that partition."),
    ("_day", "Date", "Delta, ZSTD(1)", "Day of the log's frontier when the record was written."),
)
_CODECS: Final = {
    "time": "DoubleDelta, ZSTD(1)",
    "sequence": "DoubleDelta, ZSTD(1)",
    "price": "Delta, ZSTD(1)",
    "money": "T64, ZSTD(1)",
    "shares": "T64, ZSTD(1)",
    "contracts": "T64, ZSTD(1)",
    "count": "T64, ZSTD(1)",
    "duration": "T64, ZSTD(1)",
}
_OTHER_CODEC: Final = "ZSTD(1)"
VERSION_KEYS: Final[dict[str, tuple[str, ...]]] = {
    "flow.packets": ("underlying", "packet_id"),
    "flow.hits": ("underlying", "hit_id"),
    "flow.alerts": ("underlying", "alert_id"),
    "dark.events": ("underlying", "dark_id"),
    "equities.candles": ("underlying", "interval_s", "start_ts"),
}
assert set(VERSION_KEYS) == {t.name for t in TOPICS if "version" in t.field_names}


STORY_VIEW: Final = "flow_stories"
# One row a story: what its newest alert says of it, and how many of its alerts stand now.
_NEWEST: Final = "tuple(emit_ts, seq)"
STORY_COLUMNS: Final[dict[str, str]] = {
    "underlying": "underlying",
    "story_id": "story_id",
    "direction": f"argMax(direction, {_NEWEST})",
    "volatility_direction": f"argMax(volatility_direction, {_NEWEST})",
    "expiry_bucket": f"argMax(expiry_bucket, {_NEWEST})",
    "severity": f"argMax(severity, {_NEWEST})",
    "premium": f"argMax(story_premium, {_NEWEST})",
    "score": f"argMax(story_score, {_NEWEST})",
    "is_delivered": "max(is_delivered)",
    "alerts": "count()",
    "standing": "countIf(status IN ('opened', 'updated'))",
    "retracted": "countIf(status = 'retracted')",
    "expired": "countIf(status = 'expired')",
    "rules": "arraySort(groupUniqArray(toString(rule_id)))",
    "first_ts": "min(emit_ts)",
    "last_ts": "max(emit_ts)",
}


def clickhouse_type(field: Field) -> str:
    """Return the ClickHouse type of a field; only fields with an absent value are Nullable."""
    if field.is_enum:
        return "LowCardinality(String)"
    kind = LOGICAL[field.logical].clickhouse
    return kind if field.absent is None else f"Nullable({kind})"


def create_statements(topic: Topic, database: str) -> list[str]:
    """Return the statements that make a topic's table, and its view where it is versioned.

    A table that an older version made gets the columns that came later.
    """
    later = [_add_column(topic, f, database) for f in topic.fields if f.since]
    return [create_table(topic, database), *later, *create_views(topic, database)]


def create_views(topic: Topic, database: str) -> list[str]:
    """Return the CREATE VIEW statements of a topic: what stands now, and of alerts their stories."""
    if topic.name not in VERSION_KEYS:
        return []
    stories = [create_story_view(topic, database)] if topic.name == "flow.alerts" else []
    return [create_view(topic, database), *stories]


def create_story_view(topic: Topic, database: str) -> str:
    """Return the CREATE VIEW statement of stories: one row each, from the alerts as they stand now."""
    columns = ",\n    ".join(f"{expression} AS `{name}`" for name, expression in STORY_COLUMNS.items())
    return (
        f"CREATE VIEW IF NOT EXISTS `{database}`.{STORY_VIEW} AS\n"
        f"SELECT\n    {columns}\n"
        f"FROM `{database}`.{topic.table}_current\n"
        f"WHERE story_id != ''\nGROUP BY underlying, story_id"
    )


def _add_column(topic: Topic, field: Field, database: str) -> str:
    column = _column(field.name, clickhouse_type(field), _codec(field), _comment(field)).strip()
    return f"ALTER TABLE `{database}`.{topic.table} ADD COLUMN IF NOT EXISTS {column}"


def create_table(topic: Topic, database: str) -> str:
    """Return the CREATE TABLE statement of a topic in a database."""
    lines = [_column(f.name, clickhouse_type(f), _codec(f), _comment(f)) for f in topic.fields]
    lines += [_column(*entry) for entry in POSITION_COLUMNS]
    order = ", ".join((*topic.sort_key, "_partition", "_offset"))
    return (
        f"CREATE TABLE IF NOT EXISTS `{database}`.{topic.table}\n(\n"
        + ",\n".join(lines)
        + f"\n)\nENGINE = ReplacingMergeTree\nPARTITION BY _day\nORDER BY ({order})\n"
        + f"COMMENT {_quoted(topic.doc)}"
    )


def create_view(topic: Topic, database: str) -> str:
    """Return the CREATE VIEW statement of what stands now: the highest version of each id.

    Retracted ones stay, with their status, so that a reader decides what to show.
    """
    key = ", ".join(VERSION_KEYS[topic.name])
    columns = ",\n    ".join((*topic.field_names, "_partition", "_offset", "_day"))
    return (
        f"CREATE VIEW IF NOT EXISTS `{database}`.{topic.table}_current AS\n"
        f"SELECT\n    {columns}\n"
        f"FROM `{database}`.{topic.table}\n"
        f"ORDER BY {key}, version DESC, _offset DESC\n"
        f"LIMIT 1 BY {key}"
    )


def _codec(field: Field) -> str:
    if field.is_enum:
        return _OTHER_CODEC
    return _CODECS.get(field.logical, _OTHER_CODEC)


def _comment(field: Field) -> str:
    absent = "" if field.absent is None else "; NULL where absent"
    return f"{field.doc} [{shown_unit(field)}{absent}]"


def shown_unit(field: Field) -> str:
    """Return the unit of the field outside the log, where scaled integers are plain decimals."""
    if field.is_enum or not LOGICAL[field.logical].scale:
        return "UTC" if field.logical == "time" else field.unit
    return "shares" if field.logical == "shares" else "USD"


def _column(name: str, kind: str, codec: str, comment: str) -> str:
    return f"    `{name}` {kind} CODEC({codec}) COMMENT {_quoted(comment)}"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
