"""The codec: every topic round, the same bytes as fastavro writes, and each way to be refused."""

from io import BytesIO
from typing import Any

import fastavro
import numpy as np
import pyarrow as pa
import pytest

from schemas import bulk
from schemas.codec import HEADER_BYTES, MAX_BODY_BYTES, avro_schema, decode, encode, header
from schemas.columns import Batch, from_rows, numpy_type, to_rows
from schemas.kinds import DEADLETTER_REASON
from schemas.records import twin_schema_json
from schemas.topics import BY_SCHEMA_ID, TOPIC, TOPICS, Topic

WORDS = ("", "AAPL", "Ä and \0", "a" * 200)
PRINTS = TOPIC["equities.prints"].at(0)  # its last field is a boolean
PLACED = TOPIC["options.placed"]


def sample(topic: Topic, count: int, seed: int = 7) -> Batch:
    """A batch whose numbers take every encoded length."""
    rng = np.random.default_rng(seed)
    columns: dict[str, Any] = {}
    for field in topic.fields:
        kind = numpy_type(topic, field.name)
        if kind is None:
            columns[field.name] = pa.array([WORDS[i] for i in rng.integers(0, len(WORDS), count)])
        elif field.is_enum:
            columns[field.name] = rng.integers(0, len(field.symbols), count).astype(np.int32)
        elif kind is np.bool_:
            columns[field.name] = rng.integers(0, 2, count).astype(np.bool_)
        elif kind is np.float64:
            columns[field.name] = rng.normal(size=count)
        else:
            numbers = rng.integers(-(2**63), 2**63 - 1, count, np.int64)
            shifted = numbers >> rng.integers(0, 64, count)
            columns[field.name] = shifted.astype(kind)
    return Batch(topic, columns)


def assert_equal(left: Batch, right: Batch) -> None:
    assert list(left.columns) == list(right.columns)
    for name, column in left.columns.items():
        if isinstance(column, pa.Array):
            assert column.equals(right[name]), name
        else:
            assert column.dtype == right[name].dtype, name
            np.testing.assert_array_equal(column, right[name], name)


def varint(value: int) -> bytes:
    coded = ((value << 1) ^ (value >> 63)) & (2**64 - 1)
    out = bytearray()
    while coded >= 128:
        out.append(coded & 127 | 128)
        coded >>= 7
    return bytes([*out, coded])


@pytest.mark.parametrize("topic", TOPICS, ids=lambda t: t.name)
def test_what_is_encoded_is_decoded(topic: Topic) -> None:
    batch = sample(topic, 300)
    values = encode(batch)
    assert {v[:HEADER_BYTES] for v in values} == {header(topic.schema_id)}
    decoded = decode(topic, values)
    assert decoded.bad == ()
    assert decoded.rows.tolist() == list(range(300))
    assert_equal(decoded.batch, batch)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda t: t.name)
def test_the_bytes_are_those_of_the_published_schema(topic: Topic) -> None:
    batch = sample(topic, 50)
    schema = fastavro.parse_schema(avro_schema(topic))
    for row, value in zip(to_rows(batch), encode(batch), strict=True):
        body = BytesIO()
        fastavro.schemaless_writer(body, schema, row)
        assert value == header(topic.schema_id) + body.getvalue()
        assert fastavro.schemaless_reader(BytesIO(value[HEADER_BYTES:]), schema) == row


@pytest.mark.parametrize("topic", TOPICS, ids=lambda t: t.name)
def test_every_schema_field_has_a_doc_and_a_unit(topic: Topic) -> None:
    schema = avro_schema(topic)
    assert schema["doc"]
    for field in schema["fields"]:
        assert field["doc"].endswith("."), field["name"]
        assert field["unit"], field["name"]


def test_schema_ids_are_distinct_and_their_bytes_are_plain() -> None:
    assert len(BY_SCHEMA_ID) == sum(t.version + 1 for t in TOPICS)
    assert all(byte < 0x80 for i in BY_SCHEMA_ID for byte in i.to_bytes(4, "big"))


def test_the_twin_has_no_enum() -> None:
    assert "enum" not in twin_schema_json(PLACED)


def test_a_slice_encodes_only_its_rows() -> None:
    batch = sample(PLACED, 40)
    assert encode(batch.slice(11, 29)) == encode(batch)[11:29]
    backwards = np.arange(39, -1, -1)
    assert encode(batch.take(backwards)) == encode(batch)[::-1]


def test_nothing_encodes_and_decodes_to_nothing() -> None:
    decoded = decode(PRINTS, [])
    assert len(decoded.batch) == 0 and decoded.bad == () and len(decoded.rows) == 0
    assert encode(decoded.batch) == []
    assert_equal(decoded.batch, decode(PRINTS, [b"?"]).batch)


def spoiled(value: bytes) -> dict[str, Any]:
    """Ways to spoil one good record of equities.prints, and why each is refused."""
    body = value[HEADER_BYTES:]
    good = header(PRINTS.schema_id)
    return {
        "bad_magic": b"\1" + value[1:],
        "unknown_schema": header(1) + body,
        "unknown_schema of another topic": header(PLACED.schema_id) + body,
        "undecodable truncated": value[:-1],
        "undecodable empty body": good,
        "undecodable empty": b"",
        "undecodable tombstone": None,
        "undecodable text": "text",
        "undecodable short header": good[:3],
        "undecodable overlong kind": good + b"\x80\x00" + body[1:],
        "undecodable boolean": value[:-1] + b"\2",
        "undecodable endless varint": good + body[:1] + b"\xff" * 12 + body[1:],
        "trailing_bytes": value + b"x",
        "trailing_bytes many": value + value,
        "too_large": value + b"x" * 10_000_000,
        "bad_value kind": good + varint(5) + body[1:],
        "bad_value negative kind": good + varint(-1) + body[1:],
    }


def row(**other: Any) -> dict[str, Any]:
    base = {
        "kind": "data", "seq": 3, "source_ts": 10, "event_ts": 9, "underlying": "IBM",
        "price": 1, "size": 2, "venue": "D", "off_exchange": True, "conditions": "@",
        "condition_bits": 1, "has_event_ts": False,
    }  # fmt: skip
    return {**base, **other}


GOOD = encode(from_rows(PRINTS, [row(seq=i) for i in range(9)]))


@pytest.mark.parametrize("name", spoiled(GOOD[4]))
def test_a_spoiled_record_is_refused_and_its_neighbours_are_not(name: str) -> None:
    values: list[Any] = [*GOOD[:4], spoiled(GOOD[4])[name], *GOOD[5:]]
    decoded = decode(PRINTS, values)
    assert [(b.index, b.reason) for b in decoded.bad] == [(4, name.split(maxsplit=1)[0])]
    assert decoded.bad[0].reason in DEADLETTER_REASON
    assert " at 0x" not in decoded.bad[0].detail
    assert decoded.rows.tolist() == decoded.batch["seq"].tolist() == [0, 1, 2, 3, 5, 6, 7, 8]
    alone = decode(PRINTS, [values[4]]).bad
    assert [(b.reason, b.detail) for b in alone] == [(name.split(maxsplit=1)[0], decoded.bad[0].detail)]


def test_a_text_that_is_not_utf8_or_has_a_bad_length_is_refused() -> None:
    value = GOOD[0]
    at = value.index(b"\x06IBM")
    for text in (b"\x06I\xff\xfe", varint(-3) + b"IBM", varint(2**62) + b"IBM", varint(4) + b"IBM"):
        decoded = decode(PRINTS, [value[:at] + text + value[at + 4 :], GOOD[1]])
        assert len(decoded.bad) == 1
        assert decoded.rows.tolist() == [1]


def test_an_integer_beyond_its_type_is_not_wrapped() -> None:
    batch = sample(PLACED, 1)
    batch["expiry"][:] = 20_240_119
    value = encode(batch)[0]
    old = varint(20_240_119)
    for beyond in (2**31, -(2**31) - 1, 2**32 + 5, 2**33 + 2**27):
        decoded = decode(PLACED, [value.replace(old, varint(beyond), 1)])
        assert [b.reason for b in decoded.bad] == ["bad_value"], beyond
    # Bits beyond 64 in the tenth byte of a varint would be dropped in silence.
    at = GOOD[0].index(b"\x06IBM")
    longest = GOOD[0][: at - 1] + b"\xff" * 9 + b"\x7f" + GOOD[0][at:]
    assert [b.reason for b in decode(PRINTS, [longest]).bad] == ["undecodable"]


def test_a_number_that_is_not_finite_is_refused() -> None:
    topic = TOPIC["flow.hits"]
    batch = sample(topic, 3)
    batch["score"][:] = (0.5, 0.25, 0.75)
    values = encode(batch)
    nan = np.array([np.nan]).tobytes()
    values[1] = values[1].replace(np.array([0.25]).tobytes(), nan)
    assert [(b.index, b.reason) for b in decode(topic, values).bad] == [(1, "bad_value")]
    batch["score"][0] = np.inf
    with pytest.raises(AssertionError, match="not finite"):
        encode(batch)


def test_the_limit_of_a_body_is_exact() -> None:
    topic = TOPIC["reference"]
    fields = {
        "kind": "data",
        "seq": 1,
        "source_ts": 1,
        "event_ts": 1,
        "underlying": "",
        "name": "control",
    }
    shell = len(encode(from_rows(topic, [{**fields, "detail": "x" * 900_000}]))[0]) - 900_000
    fits = "x" * (MAX_BODY_BYTES + HEADER_BYTES - shell)
    values = encode(from_rows(topic, [{**fields, "detail": fits}, {**fields, "detail": fits + "x"}]))
    assert [(b.index, b.reason) for b in decode(topic, values).bad] == [(1, "too_large")]


def test_many_bad_records_cost_no_good_one() -> None:
    values = [GOOD[i % 9] if i % 3 else GOOD[i % 9][:-1] for i in range(2000)]
    decoded = decode(PRINTS, values)
    assert decoded.rows.tolist() == [i for i in range(2000) if i % 3]
    assert [b.index for b in decoded.bad] == [i for i in range(2000) if i % 3 == 0]


class PanicException(BaseException):
    """Stands for pyo3's class of that name, which is no Exception either."""


@pytest.mark.parametrize("error", [PanicException, ValueError])
def test_a_failing_bulk_decoder_leaves_the_reference(
    monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    def fail(bodies: object, schema: str) -> None:
        raise error("from outside")

    monkeypatch.setattr(bulk, "deserialize_array", fail)
    assert decode(PRINTS, GOOD).batch["seq"].tolist() == list(range(9))


def test_an_interrupt_is_not_taken_for_a_bad_record(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(bodies: object, schema: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(bulk, "deserialize_array", interrupt)
    with pytest.raises(KeyboardInterrupt):
        decode(PRINTS, GOOD)


@pytest.mark.parametrize(
    ("name", "column", "words"),
    [
        ("kind", np.array([5], np.int32), "outside Kind"),
        ("kind", np.array([-1], np.int32), "below 0"),
        ("seq", np.array([1], np.int32), "int32 is not int64"),
        ("underlying", pa.array([None], pa.string()), "text without nulls"),
        ("underlying", np.array(["IBM"]), "text without nulls"),
    ],
)
def test_our_own_bad_batch_fails_loudly(name: str, column: Any, words: str) -> None:
    batch = from_rows(PRINTS, [row()])
    with pytest.raises(AssertionError, match=words):
        encode(Batch(PRINTS, {**batch.columns, name: column}))


def test_a_missing_column_fails_loudly() -> None:
    columns = dict(from_rows(PRINTS, [row()]).columns)
    del columns["price"]
    with pytest.raises(AssertionError, match="price is missing"):
        encode(Batch(PRINTS, columns))
