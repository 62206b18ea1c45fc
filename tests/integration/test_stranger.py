"""The topics as somebody else reads them: a plain consumer, fastavro and the committed schemas.

Nothing of ours is imported but names; murmur2 is written down again from its definition.
"""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fastavro
import pytest
from confluent_kafka import (
    OFFSET_BEGINNING,
    TIMESTAMP_CREATE_TIME,
    Consumer,
    KafkaError,
    TopicPartition,
)

if TYPE_CHECKING:
    from tests.integration.conftest import Lab, Published

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas" / "avro"
RAW = ("reference", "options.prints", "options.nbbo", "equities.prints", "equities.quotes")
PARTITIONS = 16
FIRST_ID, IDS_A_TOPIC = 0x7F494600, 4  # the table of ids: topics in the order of docs/events.md
ORDER = (
    *RAW, "options.placed", "flow.packets", "flow.hits", "flow.alerts", "equities.joins", "dark.events",
    "equities.candles", "flow.progress", "deadletter",
)  # fmt: skip
# Fields came later there; the id grows by one.
SECOND_VERSION = {*RAW, "options.placed", "flow.packets", "flow.hits", "flow.alerts"} - {"reference"}
Row = dict[str, Any]
Topics = dict[str, dict[int, list[Row]]]


def murmur2(data: bytes) -> int:
    """The Java client's hash, as its documentation gives it."""
    m, h = 0x5BD1E995, 0x9747B28C ^ len(data)
    words = len(data) // 4
    for (k,) in struct.iter_unpack("<I", data[: 4 * words]):
        k = k * m & 0xFFFFFFFF
        k = (k ^ k >> 24) * m & 0xFFFFFFFF
        h = (h * m & 0xFFFFFFFF) ^ k
    rest = data[4 * words :]
    if rest:
        h = (h ^ int.from_bytes(rest, "little")) * m & 0xFFFFFFFF
    h = (h ^ h >> 13) * m & 0xFFFFFFFF
    return h ^ h >> 15


def consume(bootstrap: str, name: str) -> Iterator[Any]:
    """Yield every message of a topic, as any client would read it."""
    config = {
        "bootstrap.servers": bootstrap,
        "group.id": "stranger",
        "enable.partition.eof": True,
        "enable.auto.commit": False,
    }
    consumer = Consumer(config)
    try:
        consumer.assign([TopicPartition(name, k, OFFSET_BEGINNING) for k in range(PARTITIONS)])
        ended = 0
        while ended < PARTITIONS:
            message = consumer.poll(20)
            assert message is not None, f"{name}: nothing for 20 s"
            error = message.error()
            if error is None:
                yield message
            else:
                assert error.code() == KafkaError._PARTITION_EOF, error
                ended += 1
    finally:
        consumer.close()


def read(bootstrap: str, namespace: str, topic: str) -> dict[int, list[Row]]:
    """Read one topic; every claim about a single message is checked on the way."""
    schema = fastavro.parse_schema(json.loads((SCHEMAS / f"{topic}.avsc").read_text()))
    parts: dict[int, list[Row]] = {k: [] for k in range(PARTITIONS)}
    for message in consume(bootstrap, f"{namespace}.{topic}"):
        value = message.value()
        magic, schema_id = struct.unpack(">bI", value[:5])
        version = int(topic in SECOND_VERSION)
        assert (magic, schema_id) == (0, FIRST_ID + IDS_A_TOPIC * ORDER.index(topic) + version), topic
        body = io.BytesIO(value[5:])
        row = fastavro.schemaless_reader(body, schema, None)
        assert isinstance(row, dict)
        assert body.read() == b"", f"{topic}: bytes after the record"
        check_envelope(topic, message, row)
        parts[message.partition()].append(row)
    return parts


def check_envelope(topic: str, message: Any, row: Row) -> None:
    """Key, partition and timestamp say what the record says."""
    key = (message.key() or b"").decode()
    assert key == row["underlying"], topic
    if key:
        assert message.partition() == (murmur2(key.encode()) & 0x7FFFFFFF) % PARTITIONS, key
    kind, stamp_ms = message.timestamp()
    assert kind == TIMESTAMP_CREATE_TIME
    assert stamp_ms == row["source_ts" if topic in RAW else "emit_ts"] // 1_000_000, topic


@pytest.fixture(scope="module")
def topics() -> Topics:
    """What has been read, by namespace and topic: each topic is read once."""
    return {}


@pytest.fixture
def log(lab: Lab, quiet: Published, topics: Topics) -> Topics:
    """Every topic of a published feed and of the flow over it."""
    found = {}
    for topic in ORDER:
        namespace = quiet.namespace if topic in RAW else f"{quiet.namespace}_out"
        name = f"{namespace}.{topic}"
        if name not in topics:
            topics[name] = read(lab.bootstrap, namespace, topic)
        found[topic] = topics[name]
    return found


def test_sequence_numbers_are_dense_in_every_partition(log: Topics) -> None:
    for topic, parts in log.items():
        for k, rows in parts.items():
            assert [r["seq"] for r in rows] == list(range(len(rows))), (topic, k)


def test_time_runs_forward_and_every_log_ends(log: Topics) -> None:
    inputs = [t for t in RAW if any(log[t].values())]
    for topic in inputs:
        for k, rows in log[topic].items():
            assert rows[-1]["kind"] == "end", (topic, k)
            frontier = -(2**63)
            for row in rows:
                if row["kind"] == "data" and topic != "reference":
                    assert row["source_ts"] > frontier, (topic, k, row["seq"])
                if row["kind"] == "heartbeat":
                    frontier = max(frontier, row["source_ts"])
    for topic in ORDER[len(RAW) :]:
        for rows in log[topic].values():
            times = [r["emit_ts"] for r in rows]
            assert times == sorted(times), topic


def test_the_session_names_what_is_there(log: Topics) -> None:
    for rows in log["reference"].values():
        sessions = [json.loads(r["detail"]) for r in rows if r["kind"] == "session"]
        assert len(sessions) == 1
        inputs = [t for t in RAW if t != "reference" and any(log[t].values())]
        assert sessions[0]["inputs"] == inputs
        assert sessions[0]["is_synthetic"] is True


def placed_beside_raw(log: Topics, pair: tuple[str, str, str]) -> int:
    """Check each placed print against its print and the quote it names; return how many have one."""
    placed, prints, quotes = pair
    quoted = 0
    for k, rows in log[placed].items():
        by_seq = {r["seq"]: r for r in log[prints][k] if r["kind"] == "data"}
        quote_of = {r["seq"]: r for r in log[quotes][k] if r["kind"] == "data"}
        assert sorted(r["print_seq"] for r in rows) == sorted(by_seq), (placed, k)
        for row in rows:
            source = by_seq[row["print_seq"]]
            for name in ("underlying", "source_ts", "event_ts", "price", "size", "venue"):
                assert row[name] == source[name], (name, row)
            if row["quote_seq"] >= 0:
                quote = quote_of[row["quote_seq"]]
                assert (quote["bid"], quote["ask"]) == (row["bid"], row["ask"]), row
                assert quote["source_ts"] == row["quote_ts"] < row["event_ts"], row
                quoted += 1
    return quoted


def test_every_print_is_placed_once_beside_the_quote_it_names(log: Topics) -> None:
    for pair in (
        ("equities.joins", "equities.prints", "equities.quotes"),
        ("options.placed", "options.prints", "options.nbbo"),
    ):
        assert placed_beside_raw(log, pair) > 1000, pair


def test_a_packet_is_the_sum_of_its_members(log: Topics) -> None:
    packets = 0
    for k, rows in log["flow.packets"].items():
        placed = {r["print_seq"]: r for r in log["options.placed"][k]}
        for row in rows:
            members = json.loads(row["members"])
            numbers = members if isinstance(members, list) else members["seqs"]
            if len(numbers) != row["print_count"]:
                continue
            prints = [placed[n] for n in numbers]
            if row["reason"] != "none" or row["status"] == "retracted":
                continue  # a late or corrected member counts otherwise than its own row says
            if row["kind"] != "package":
                assert {p["contract"] for p in prints} == {row["contract"]}
            assert sum(p["size"] for p in prints) == row["size"]
            assert sum(p["premium"] for p in prints) == row["premium"]
            if row["kind"] not in ("package", "leg"):  # these go by when the legs were made
                assert min(p["source_ts"] for p in prints) == row["start_ts"]
            packets += 1
    assert packets > 1000


def test_hits_and_alerts_point_at_packets(log: Topics) -> None:
    for k, rows in log["flow.packets"].items():
        known = {(r["packet_id"], r["version"]) for r in rows}
        for topic in ("flow.hits", "flow.alerts"):
            for row in log[topic][k]:
                assert (row["packet_id"], row["packet_version"]) in known, (topic, row)


def test_versions_count_up_from_their_first(log: Topics) -> None:
    ids = {"flow.packets": "packet_id", "flow.alerts": "alert_id", "dark.events": "dark_id"}
    for topic, name in ids.items():
        for rows in log[topic].values():
            latest: dict[str, int] = {}
            for row in rows:
                assert row["version"] == latest.get(row[name], 0) + 1, (topic, row)
                latest[row[name]] = row["version"]


def test_the_last_progress_accounts_for_every_record(log: Topics) -> None:
    for k, rows in log["flow.progress"].items():
        final = {r["input"]: r for r in rows if r["is_final"]}
        assert set(final) == set(RAW)
        for topic, row in final.items():
            told = sum(row[n] for n in ("processed", "late", "duplicate", "deadletter", "control"))
            assert told == len(log[topic][k]), (topic, k)
