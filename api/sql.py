"""The SQL of the gateway: columns in their JSON forms, conditions as bound values.

Owns the text of the statements. Names come only from the topic table, values only as parameters.
Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from api.cursor import Position
from api.query import RowQuery, Value
from schemas.fields import Field
from schemas.sql import STORY_COLUMNS, STORY_VIEW, VERSION_KEYS
from schemas.topics import TOPIC, Topic

POSITION: Final = ("_time_ns", "_partition", "_offset")


@dataclass(frozen=True, slots=True)
class Statement:
    """A SELECT, the names of its columns, and the values of its `{name:Type}` placeholders."""

    text: str
    names: tuple[str, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)


def json_expression(column: Field) -> str:
    """The column as JSON shows it: times are ns as text, everything else is itself."""
    if column.logical == "time":
        return f"toString(toUnixTimestamp64Nano(`{column.name}`))"
    return f"`{column.name}`"


def json_columns(topic: Topic) -> str:
    """Every column of a topic in its JSON form, in the order of the topic table."""
    return ", ".join(json_expression(f) for f in topic.fields)


def is_current(topic: Topic) -> str:
    """The condition that no higher version of the row's thing is stored.

    Restatements are few, so only they are looked up; a view over all versions would sort the table.
    """
    key = ", ".join(f"`{name}`" for name in VERSION_KEYS[topic.name])
    later = f"FROM `{topic.table}` WHERE version > (SELECT min(version) FROM `{topic.table}`)"
    return (
        f"(({key}) NOT IN (SELECT {key} {later}) OR "
        f"({key}, version) IN (SELECT {key}, max(version) {later} GROUP BY {key}))"
    )


def select_rows(query: RowQuery) -> Statement:
    """The rows of a question and, behind their columns, the position of each."""
    topic = query.topic
    bound = dict(_conditions(query.filters))
    parameters: dict[str, Any] = {n: v for n, (_, v) in bound.items()}
    conditions = [text for text, _ in bound.values()]
    for name, value, sign in (("since", query.since_ns, ">="), ("until", query.until_ns, "<")):
        if value is not None:
            conditions.append(f"`{topic.time_field}` {sign} {_moment(name)}")
            parameters[name] = value
    if query.after is not None:
        conditions.append(_after(topic, query.is_descending))
        parameters |= _after_values(query.after)
    if query.is_current:
        conditions.append(is_current(topic))
    direction = "DESC" if query.is_descending else "ASC"
    text = (
        f"SELECT {json_columns(topic)}, toUnixTimestamp64Nano(`{topic.time_field}`), "
        f"_partition, _offset FROM `{topic.table}`{_where(conditions)} "
        f"ORDER BY `{topic.time_field}` {direction}, _partition {direction}, _offset {direction} "
        f"LIMIT {{limit:UInt32}}"
    )
    parameters["limit"] = query.limit
    return Statement(text, (*topic.field_names, *POSITION), parameters)


def _moment(name: str) -> str:
    return f"fromUnixTimestamp64Nano({{{name}:Int64}}, 'UTC')"


def _where(conditions: Iterable[str]) -> str:
    text = " AND ".join(conditions)
    return f" WHERE {text}" if text else ""


def _conditions(filters: Mapping[str, Value]) -> Iterable[tuple[str, tuple[str, Any]]]:
    for number, (column, value) in enumerate(filters.items()):
        name = f"f{number}"
        if isinstance(value, bool):
            yield name, (f"`{column}` = {{{name}:Bool}}", value)
        elif isinstance(value, int):
            yield name, (f"`{column}` = {{{name}:Int64}}", value)
        else:
            yield name, (f"`{column}` IN {{{name}:Array(String)}}", list(value))


def _after(topic: Topic, is_descending: bool) -> str:
    sign = "<" if is_descending else ">"
    return (
        f"(`{topic.time_field}`, _partition, _offset) {sign} "
        f"({_moment('at')}, {{at_partition:UInt16}}, {{at_offset:UInt64}})"
    )


def _after_values(after: Position) -> dict[str, int]:
    return {"at": after.time_ns, "at_partition": after.partition, "at_offset": after.offset}


def select_candles(underlying: str, interval_s: int, limit: int) -> Statement:
    """The newest candles of one interval, newest first, the highest version of each."""
    topic = TOPIC["equities.candles"]
    text = (
        f"SELECT {json_columns(topic)} FROM `{topic.table}` "
        "WHERE underlying = {underlying:String} AND interval_s = {interval_s:Int32} "
        "ORDER BY `start_ts` DESC, version DESC, _offset DESC "
        "LIMIT 1 BY `start_ts` LIMIT {limit:UInt32}"
    )
    values = {"underlying": underlying, "interval_s": interval_s, "limit": limit}
    return Statement(text, topic.field_names, values)


def select_claims(topic: Topic, column: str, identity: str, limit: int) -> Statement:
    """Versions of the things with that identity, newest first, and the partition of each."""
    text = (
        f"SELECT {json_columns(topic)}, _partition FROM `{topic.table}` "
        f"WHERE `{column}` = {{identity:String}} ORDER BY version DESC LIMIT {{limit:UInt32}}"
    )
    values = {"identity": identity, "limit": limit}
    return Statement(text, (*topic.field_names, "_partition"), values)


def select_prints(underlying: str, partition: int, members: list[int], limit: int) -> Statement:
    """Option prints by their sequence numbers, each with the quote it met, in order."""
    topic = TOPIC["options.placed"]
    text = (
        f"SELECT {json_columns(topic)} FROM `{topic.table}` WHERE underlying = {{underlying:String}} "
        "AND _partition = {partition:UInt16} AND print_seq IN {members:Array(Int64)} "
        "ORDER BY print_seq, seq LIMIT {limit:UInt32}"
    )
    values = {"underlying": underlying, "partition": partition, "members": members, "limit": limit}
    return Statement(text, topic.field_names, values)


def select_stories(underlyings: Sequence[str], limit: int) -> Statement:
    """The stories that were last added to, newest first, of these underlyings or of all."""
    columns = [
        f"toString(toUnixTimestamp64Nano(`{name}`))" if name.endswith("_ts") else f"`{name}`"
        for name in STORY_COLUMNS
    ]
    where = " WHERE underlying IN {underlyings:Array(String)}" if underlyings else ""
    text = (
        f"SELECT {', '.join(columns)} FROM `{STORY_VIEW}`{where} "
        "ORDER BY `last_ts` DESC, story_id LIMIT {limit:UInt32}"
    )
    return Statement(text, tuple(STORY_COLUMNS), {"underlyings": list(underlyings), "limit": limit})


def select_underlyings(limit: int) -> Statement:
    """Every underlying with the number of option and equity prints placed beside a quote."""
    text = (
        "SELECT underlying, sum(o), sum(e) FROM ("
        "SELECT underlying, count() AS o, 0 AS e FROM `option_placed` GROUP BY underlying "
        "UNION ALL "
        "SELECT underlying, 0 AS o, count() AS e FROM `equity_joins` GROUP BY underlying) "
        "GROUP BY underlying ORDER BY underlying LIMIT {limit:UInt32}"
    )
    return Statement(text, ("underlying", "option_prints", "equity_prints"), {"limit": limit})


def select_session() -> Statement:
    """The newest session record, as its time and its detail."""
    text = (
        "SELECT toString(toUnixTimestamp64Nano(source_ts)), detail FROM `reference` "
        "WHERE kind = 'session' ORDER BY source_ts DESC LIMIT 1"
    )
    return Statement(text, ("source_ts", "detail"))


def select_counts() -> Statement:
    """How many log rows each topic's table holds; counts come from metadata and read nothing."""
    parts = [f"SELECT '{t.name}' AS topic, count() AS rows FROM `{t.table}`" for t in TOPIC.values()]
    return Statement(" UNION ALL ".join(parts), ("topic", "rows"))
