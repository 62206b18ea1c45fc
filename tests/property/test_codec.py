"""Laws of the codec: round trips, fast equals reference, and no record spoils its neighbours.

The reference is asked directly, one body at a time, with the frame taken off by hand; the bulk
decoder is asked with the same value among good neighbours and alone.
"""

from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codec import BUILT_IN, HEADER_BYTES, MAX_BODY_BYTES, decode, encode
from schemas.columns import Batch, from_rows, numpy_type, to_rows
from schemas.fields import Field
from schemas.plans import plan_for
from schemas.reference import Refusal, decode_one
from schemas.topics import TOPIC, TOPICS, Topic

CORNERS = [0, 1, -1, 63, 64, -64, -65, 8191, 8192, 2**31 - 1, -(2**31)]
LONG_CORNERS = [2**62 - 1, 2**62, -(2**62) - 1, 2**63 - 1, -(2**63)]
LONGS = st.integers(-(2**63), 2**63 - 1) | st.sampled_from([*CORNERS, *LONG_CORNERS])
INTS = st.integers(-(2**31), 2**31 - 1) | st.sampled_from(CORNERS)
TEXTS = st.text(max_size=8) | st.sampled_from(["a" * 63, "a" * 64, "Ä" * 40])
SMALL_TOPICS = [TOPIC[n] for n in ("equities.quotes", "equities.prints", "flow.hits", "deadletter")]


def values_of(topic: Topic, field: Field) -> st.SearchStrategy[Any]:
    kind = numpy_type(topic, field.name)
    if field.is_enum:
        return st.sampled_from(field.symbols)
    if kind is None:
        return TEXTS
    by_name = {"int64": LONGS, "int32": INTS, "bool": st.booleans()}
    return by_name.get(kind.__name__, st.floats(allow_nan=False, allow_infinity=False))


@cache
def rows_of(topic: Topic) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({f.name: values_of(topic, f) for f in topic.fields})


def batches(topics: list[Topic], most: int) -> st.SearchStrategy[Batch]:
    def of(topic: Topic) -> st.SearchStrategy[Batch]:
        rows = st.lists(rows_of(topic), min_size=1, max_size=most)
        return rows.map(lambda chosen: from_rows(topic, chosen))

    return st.sampled_from(topics).flatmap(of)


@given(batches(list(TOPICS), 3))
@settings(deadline=None, max_examples=80)
def test_a_batch_survives_the_wire_and_the_reference_agrees(batch: Batch) -> None:
    values = encode(batch)
    decoded = decode(batch.topic, values)
    assert decoded.bad == ()
    assert to_rows(decoded.batch) == to_rows(batch)
    assert encode(decoded.batch) == values
    for value, row in zip(values, to_rows(batch), strict=True):
        assert judged(batch.topic, value) == row


def judged(topic: Topic, value: Any) -> dict[str, Any] | str:
    """The reference's row of a framed value, or the reason it is refused for."""
    if not isinstance(value, bytes):
        return "undecodable"
    if value and value[0] != 0:
        return "bad_magic"
    if len(value) < HEADER_BYTES:
        return "undecodable"
    if len(value) - HEADER_BYTES > MAX_BODY_BYTES:
        return "too_large"
    writer = BUILT_IN.get(int.from_bytes(value[1:HEADER_BYTES], "big"))
    if writer is None or writer.topic_name != topic.name:
        return "unknown_schema"
    record = decode_one(plan_for(topic, writer), value[HEADER_BYTES:])
    if isinstance(record, Refusal):
        return record.reason
    return {f.name: f.symbols[record[f.name]] if f.is_enum else record[f.name] for f in topic.fields}


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


PIECES = st.one_of(
    st.binary(min_size=1, max_size=12),
    st.integers(0, 2**70).map(varint),
    st.integers(0, 2**31).map(lambda length: varint(2 * length + 1)),  # a negative length
    st.sampled_from([b"\x80\x00", b"\xff" * 9 + b"\x7f", b"\x80" * 9 + b"\x01", b"\xc3\x28"]),
)


@st.composite
def mutations(draw: st.DrawFn, value: bytes) -> Any:
    """One way of spoiling a framed record; some leave it good."""
    at = draw(st.integers(0, len(value) - 1))
    way = draw(st.integers(0, 6))
    if way == 0:
        return value[:at]
    if way == 1:
        return value[:at] + bytes([value[at] ^ 1 << draw(st.integers(0, 7))]) + value[at + 1 :]
    if way == 2:
        return value[:at] + draw(PIECES) + value[at + draw(st.integers(0, 12)) :]
    if way == 3:
        return value + draw(PIECES)
    if way == 4:
        return draw(st.sampled_from([b"", None, "text", 7, b"\0" * 4, value * 2]))
    if way == 5:
        schema_id = draw(st.sampled_from([0, 1, 2**32 - 1, *(t.schema_id for t in TOPICS)]))
        return b"\0" + schema_id.to_bytes(4, "big") + value[HEADER_BYTES:]
    return bytes([draw(st.integers(1, 255))]) + value[1:]


@st.composite
def spoiled_batches(draw: st.DrawFn) -> tuple[Topic, list[bytes], list[Any]]:
    batch = draw(batches(SMALL_TOPICS, 4))
    good = encode(batch)
    mixed: list[Any] = list(good)
    for at in draw(st.sets(st.integers(0, len(good) - 1), min_size=1)):
        mixed[at] = draw(mutations(good[at]))
    return batch.topic, good, mixed


@given(spoiled_batches())
@settings(deadline=None, max_examples=200)
def test_every_mutation_is_read_as_the_reference_reads_it(
    case: tuple[Topic, list[bytes], list[Any]],
) -> None:
    topic, good, mixed = case
    decoded = decode(topic, mixed)
    found: dict[int, dict[str, Any] | str] = {b.index: b.reason for b in decoded.bad}
    found |= dict(zip(decoded.rows.tolist(), to_rows(decoded.batch), strict=True))
    assert [found[i] for i in range(len(mixed))] == [judged(topic, v) for v in mixed]
    assert (decoded.rows[1:] > decoded.rows[:-1]).all()
    untouched = [i for i, value in enumerate(mixed) if value == good[i]]
    assert set(untouched) <= set(decoded.rows.tolist())


@given(spoiled_batches())
@settings(deadline=None, max_examples=100)
def test_a_record_is_judged_alike_in_company_and_alone(
    case: tuple[Topic, list[bytes], list[Any]],
) -> None:
    topic, _, mixed = case
    together = {b.index: (b.reason, b.detail) for b in decode(topic, mixed).bad}
    for index, value in enumerate(mixed):
        alone = [(b.reason, b.detail) for b in decode(topic, [value]).bad]
        assert alone == ([together[index]] if index in together else [])


@given(st.binary(max_size=300))
@settings(deadline=None, max_examples=200)
def test_arbitrary_bytes_are_never_accepted_by_one_decoder_only(noise: bytes) -> None:
    topic = TOPIC["equities.quotes"]
    value = encode(from_rows(topic, [GOOD]))[0][:HEADER_BYTES] + noise
    decoded = decode(topic, [value])
    expected = judged(topic, value)
    if isinstance(expected, str):
        assert [b.reason for b in decoded.bad] == [expected]
    else:
        assert to_rows(decoded.batch) == [expected]


GOOD: dict[str, Any] = {
    "kind": "data",
    "seq": 1,
    "source_ts": 2,
    "event_ts": 2,
    "underlying": "IBM",
    "bid": 3,
    "ask": 4,
    "bid_size": 5,
    "ask_size": 6,
}
