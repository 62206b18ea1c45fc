"""Records of another version: decoded by their writer's id, then projected onto what we know."""

from dataclasses import replace
from io import BytesIO
from typing import Any

import fastavro
import pytest

from schemas.codec import SchemaIds, Writer, avro_schema, decode, encode, header
from schemas.columns import constant, from_rows, to_rows
from schemas.fields import Field
from schemas.plans import plan_for
from schemas.topics import TOPIC, Topic
from schemas.writers import WriterField

OLD = TOPIC["options.nbbo"].at(0)
ADDED = (
    Field("halted", "flag", "Whether the series is halted.", default=False, since=1),
    Field("quote_venue", "label", "Venue of the bid.", default="?", since=1),
    Field("state", "QuoteState", "State of the quote.", default="normal", since=1),
    Field("depth", "count", "Depth.", absent=-1, since=1),
    Field("weight", "ratio", "Weight.", default=0.5, since=1),
)
NEW = replace(OLD, fields=(*OLD.fields[:6], *ADDED, *OLD.fields[6:]))
IDS = SchemaIds({OLD.schema_id: Writer.of(OLD), NEW.schema_id: Writer.of(NEW)})
ROW: dict[str, Any] = {
    "kind": "data", "seq": 1, "source_ts": 2, "event_ts": 2, "underlying": "IBM", "contract": "X",
    "bid": -1, "ask": 7, "bid_size": 0, "ask_size": 3,
}  # fmt: skip
ADDED_VALUES = {"halted": True, "quote_venue": "C", "state": "locked", "depth": 4, "weight": 0.25}
DEFAULTS = {"halted": False, "quote_venue": "?", "state": "normal", "depth": -1, "weight": 0.5}


def ordered(topic: Topic, row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in topic.field_names}


def test_an_old_reader_drops_what_a_new_writer_added() -> None:
    values = encode(from_rows(NEW, [{**ROW, **ADDED_VALUES}]))
    decoded = decode(OLD, values, IDS)
    assert decoded.bad == ()
    assert to_rows(decoded.batch) == [ROW]


def test_a_new_reader_fills_what_an_old_writer_lacks() -> None:
    decoded = decode(NEW, encode(from_rows(OLD, [ROW])), IDS)
    assert decoded.bad == ()
    assert to_rows(decoded.batch) == [ordered(NEW, {**ROW, **DEFAULTS})]


def test_fastavro_resolves_the_two_schemas_in_the_same_way() -> None:
    old, new = avro_schema(OLD), avro_schema(replace(NEW, fields=tuple(
        f if f.absent is None or f.name != "depth" else replace(f, default=-1) for f in NEW.fields
    )))  # fmt: skip
    for writer, reader, topic, row in (
        (old, new, NEW, ROW),
        (new, old, OLD, ordered(NEW, {**ROW, **ADDED_VALUES})),
    ):
        body = BytesIO()
        fastavro.schemaless_writer(body, writer, row)
        body.seek(0)
        resolved = fastavro.schemaless_reader(body, writer, reader)
        schema_id = OLD.schema_id if writer is old else NEW.schema_id
        decoded = decode(topic, [header(schema_id) + body.getvalue()], IDS)
        assert to_rows(decoded.batch) == [resolved]


def test_versions_may_alternate_in_one_batch() -> None:
    old = encode(from_rows(OLD, [{**ROW, "seq": i} for i in range(0, 10, 2)]))
    new = encode(from_rows(NEW, [{**ROW, **ADDED_VALUES, "seq": i} for i in range(1, 10, 2)]))
    values = [value for pair in zip(old, new, strict=True) for value in pair]
    values[4] = values[4][:-1]
    for topic in (OLD, NEW):
        decoded = decode(topic, values, IDS)
        assert [b.index for b in decoded.bad] == [4]
        assert decoded.rows.tolist() == decoded.batch["seq"].tolist() == [0, 1, 2, 3, 5, 6, 7, 8, 9]


def test_an_unregistered_version_is_an_unknown_schema() -> None:
    decoded = decode(OLD, encode(from_rows(NEW, [{**ROW, **ADDED_VALUES}]), 77), IDS)
    assert [b.reason for b in decoded.bad] == ["unknown_schema"]


def writer_with(name: str, field: WriterField | None) -> Writer:
    fields = [field if f.name == name else f for f in Writer.of(OLD).fields]
    return Writer(OLD.name, tuple(f for f in fields if f is not None))


@pytest.mark.parametrize(
    ("field", "words"),
    [
        (None, "seq is missing and has no default"),
        (WriterField("seq", "int"), "seq was written as int, not as long"),
        (WriterField("seq", "string"), "seq was written as string, not as long"),
    ],
)
def test_what_would_need_a_promotion_is_refused(field: WriterField | None, words: str) -> None:
    ids = SchemaIds({77: writer_with("seq", field)})
    decoded = decode(OLD, [header(77) + b"\0\0"], ids)
    assert [(b.reason, words in b.detail) for b in decoded.bad] == [("unknown_schema", True)]


def test_a_writer_of_another_topic_is_refused() -> None:
    assert plan_for(TOPIC["equities.quotes"], Writer.of(OLD)).refusal


def test_enum_symbols_are_translated_by_name() -> None:
    symbols = ("end", "paused", "data")
    ids = SchemaIds({77: writer_with("kind", WriterField("kind", "enum", symbols))})
    body = encode(from_rows(OLD, [ROW]))[0][6:]
    values = [header(77) + code + body for code in (b"\0", b"\2", b"\4", b"\6", b"\1")]
    decoded = decode(OLD, values, ids)
    assert [r["kind"] for r in to_rows(decoded.batch)] == ["end", "data"]
    assert decoded.rows.tolist() == [0, 2]
    assert [(b.index, b.reason) for b in decoded.bad] == [(i, "bad_value") for i in (1, 3, 4)]


def test_a_registry_schema_is_read_back_as_its_writer() -> None:
    for topic in (OLD, NEW, TOPIC["flow.packets"]):
        assert Writer.from_avro(topic.name, avro_schema(topic)) == Writer.of(topic)
    union = {"fields": [{"name": "seq", "type": ["null", "long"]}]}
    with pytest.raises(ValueError, match="field seq has Avro type"):
        Writer.from_avro(OLD.name, union)


def test_an_id_keeps_its_meaning() -> None:
    assert IDS.adding(NEW.schema_id, Writer.of(NEW)).get(NEW.schema_id) == Writer.of(NEW)
    with pytest.raises(AssertionError, match="already has another writer"):
        IDS.adding(OLD.schema_id, Writer.of(NEW))


def test_a_default_of_each_kind_fills_a_column() -> None:
    for field in ADDED:
        column = constant(field, 3)
        assert len(column) == 3
    with pytest.raises(AssertionError, match="neither default nor absent"):
        constant(OLD.field("seq"), 1)
