"""Bad records between good ones: each gets its row in deadletter, and touches nothing else."""

from __future__ import annotations

import base64
import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import clickhouse_connect
import pytest
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from cli.summary import summarise
from connectors.memory_log import Logs, raw_log
from connectors.topics_admin import ensure_topics
from schemas.codec import HEADER_BYTES, decode, encode, header
from schemas.columns import from_rows, to_rows
from schemas.partition import partition
from schemas.topics import PARTITION_COUNT, RAW_TOPICS, TOPIC, TOPICS, physical_name

if TYPE_CHECKING:
    from tests.integration.conftest import Lab, Published

SPACE = "poisoned"
HUGE_TOPIC = "options.prints"
HUGE_BYTES = 10_000_000
LOG_MIN = 60  # records; the partitions without a symbol hold but a few
YEARS_NS = 10 * 365 * 86_400 * 10**9
Key = tuple[str, int]
Expected = tuple[int, str, str, int, int, int, int, str]  # as `row_of` lists them

BROKEN: dict[str, tuple[Callable[[bytes], bytes | None], str]] = {
    "truncated": (lambda v: v[:-3], "undecodable"),
    "unknown schema": (lambda v: header(12) + v[HEADER_BYTES:], "unknown_schema"),
    "wrong magic": (lambda v: b"\x01" + v[1:], "bad_magic"),
    "trailing bytes": (lambda v: v + b"\x00\x00", "trailing_bytes"),
    "empty": (lambda v: b"", "undecodable"),
    "null": (lambda v: None, "undecodable"),
    "no body": (lambda v: v[:HEADER_BYTES], "undecodable"),
    "noise": (lambda v: v[:HEADER_BYTES] + b"\xff" * 40, "undecodable"),
    "text": (lambda v: b'{"price": 1}', "bad_magic"),
}


@dataclass
class Poisoned:
    """A raw log with bad records in it, and the deadletter rows they must lead to."""

    logs: dict[Key, list[bytes | None]]
    expected: list[Expected] = field(default_factory=list)

    def expect(self, key: Key, reason: str, place: tuple[int, int, int], value: bytes | None) -> None:
        raw = value or b""
        sha = hashlib.sha256(raw).hexdigest()
        self.expected.append((key[1], key[0], reason, *place, len(raw), sha))


def poison(logs: Logs) -> Poisoned:
    """Put bad records into every raw log that holds data."""
    made = Poisoned({key: list(values) for key, values in logs.items()})
    rng = random.Random(5)
    for key in sorted(logs):
        if len(logs[key]) > LOG_MIN:
            made.logs[key] = _spoil(made, key, logs[key], rng)
    return made


def _spoil(made: Poisoned, key: Key, values: Sequence[bytes], rng: random.Random) -> list[bytes | None]:
    """Return one log with broken records at random places and sound but false ones at its end."""
    kinds = decode(TOPIC[key[0]], values).batch["kind"]
    last_data = int((kinds == 0).nonzero()[0][-1]) if (kinds == 0).any() else -1
    is_tape = key[0] != "reference"  # there the data are a few notes at the start
    room = last_data if is_tape and last_data > 0 else len(values) - 2
    if room <= len(BROKEN) + 2:
        return list(values)
    places = sorted(rng.sample(range(1, room), len(BROKEN) + 1))
    names = [*rng.sample(sorted(BROKEN), len(BROKEN)), "again"]
    rng.shuffle(names)
    out: list[bytes | None] = []
    start = 0
    for place, name in zip(places, names, strict=True):
        out += values[start:place]
        start = place
        _insert(made, key, name, (values[place - 1], place - 1), out)
    out += values[start : last_data + 1]
    tail = list(values[max(last_data + 1, start) :])
    if key[0] == "reference":
        return out + tail
    return out + _false_records(made, key, values[last_data], tail)


def _insert(made: Poisoned, key: Key, name: str, before: tuple[bytes, int], out: list[bytes | None]) -> None:
    """Append one bad record, alone between two good ones (twice in a row for the truncated one)."""
    value, seq = before
    if name == "again":
        if decode(TOPIC[key[0]], [value]).batch["kind"][0] == 0:
            made.expect(key, "duplicate", (seq, seq, 0), value)
        out.append(value)
        return
    spoil, reason = BROKEN[name]
    for ordinal in range(2 if name == "truncated" else 1):
        out.append(spoil(value))
        made.expect(key, reason, (-1, seq, ordinal), spoil(value))


def _false_records(made: Poisoned, key: Key, model: bytes, tail: Sequence[bytes]) -> list[bytes | None]:
    """Return records that can be read but not be true, then the control records, renumbered."""
    topic = TOPIC[key[0]]
    row = to_rows(decode(topic, [model]).batch)[0]
    seq = int(row["seq"])
    elsewhere = next(n for n in ("IBM", "SPY", "AMD", "GOOG") if partition(n) != key[1])
    size = "size" if "size" in row else "bid_size"
    changes: list[tuple[str, dict[str, Any]]] = [
        ("ahead_of_clock", {"source_ts": row["source_ts"] + YEARS_NS}),
        ("bad_value", {size: -row[size] or -1}),
        ("wrong_partition", {"underlying": elsewhere}),
    ]
    out: list[bytes | None] = []
    for reason, change in changes:
        value = _encoded(key[0], {**row, **change, "seq": seq + 1})
        made.expect(key, reason, (seq + 1, seq, 0), value)
        out.append(value)
        seq += 1
    rows = to_rows(decode(topic, tail).batch)
    return out + [_encoded(key[0], {**r, "seq": seq + 1 + i}) for i, r in enumerate(rows)]


def _encoded(topic: str, row: dict[str, Any]) -> bytes:
    return encode(from_rows(TOPIC[topic], [row]))[0]


def allow_huge(bootstrap: str, name: str) -> None:
    """Let a topic take records far above the usual limit."""
    entry = ConfigEntry("max.message.bytes", str(2 * HUGE_BYTES), incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, name, incremental_configs=[entry])
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for future in admin.incremental_alter_configs([resource]).values():
        future.result(10)


@pytest.fixture(scope="module")
def poisoned(lab: Lab) -> Poisoned:
    """The poisoned log on the broker, read by the flow and the archive."""
    from connectors.feeds.synthetic import SyntheticFeed

    made = poison(raw_log(SyntheticFeed("quiet", 7, 1, ["60"]), 10**6))
    huge = random.Random(1).randbytes(HUGE_BYTES)
    busy = max((k for t, k in made.logs if t == HUGE_TOPIC), key=lambda k: len(made.logs[HUGE_TOPIC, k]))
    made.logs[HUGE_TOPIC, busy].insert(0, b"\0" + huge[1:])
    made.expect((HUGE_TOPIC, busy), "too_large", (-1, -1, 0), b"\0" + huge[1:])
    ensure_topics(lab.bootstrap, SPACE)
    allow_huge(lab.bootstrap, physical_name(SPACE, HUGE_TOPIC))
    for topic in RAW_TOPICS:
        parts = {k: made.logs.get((topic.name, k), []) for k in range(PARTITION_COUNT)}
        lab.write(SPACE, topic.name, parts)
    archive = lab.start("dataflows.archive", "--namespace", SPACE)
    lab.finish(*lab.start_flow(SPACE, SPACE), archive)
    return made


def row_of(partition_: int, row: dict[str, Any]) -> Expected:
    names = ("source_topic", "reason", "source_seq", "after_seq", "ordinal", "length", "sha256")
    found: Expected = (partition_, *(row[n] for n in names))
    return found


def deadletters(lab: Lab, namespace: str) -> list[tuple[int, dict[str, Any]]]:
    """Return the rows of deadletter with their partition, their enums as text."""
    topic = TOPIC["deadletter"]
    return [
        (k, row)
        for k, values in lab.values(namespace, "deadletter").items()
        for row in to_rows(decode(topic, [v for v in values if v is not None]).batch)
    ]


def test_each_bad_record_has_one_row_that_says_where_it_stood(lab: Lab, poisoned: Poisoned) -> None:
    found = deadletters(lab, SPACE)
    assert sorted(row_of(k, r) for k, r in found) == sorted(poisoned.expected)
    reasons = {row["reason"] for _, row in found}
    assert len(reasons) == 9, reasons
    heads = {row["sha256"]: base64.b64decode(row["head"]) for _, row in found}
    for values in poisoned.logs.values():
        for raw in (v or b"" for v in values):
            sha = hashlib.sha256(raw).hexdigest()
            assert heads.get(sha, raw[:4096]) == raw[:4096]


def test_every_other_output_is_that_of_the_clean_log(lab: Lab, poisoned: Poisoned, quiet: Published) -> None:
    """But for what rests on complete volume: a refused print may have been a trade."""
    differs = ("deadletter", "flow.progress", "options.placed", "flow.packets", "flow.hits", "flow.alerts")
    clean = {t: d for t, d in quiet.digests.items() if t not in differs}
    poisoned_digests = lab.digests(SPACE)
    assert {t: d for t, d in poisoned_digests.items() if t not in differs} == clean
    for topic in ("options.placed", "flow.packets"):
        assert poisoned_digests[topic][0] == quiet.digests[topic][0], topic


@pytest.mark.parametrize("how", [{"poll": 113}, {"workers": 2}])
def test_polls_and_processes_change_nothing_about_it(
    lab: Lab, poisoned: Poisoned, how: dict[str, int]
) -> None:
    name = "poisoned_" + "_".join(f"{k}{v}" for k, v in how.items())
    assert lab.run_flow(SPACE, name, **how) == lab.digests(SPACE)


def test_the_counters_account_for_every_record(lab: Lab, poisoned: Poisoned) -> None:
    inputs = [t.name for t in RAW_TOPICS if t.name != "reference"]
    told = summarise(lab.bootstrap, lab.clickhouse, SPACE, "synthetic", 1.0, inputs)
    assert told["conserved"] is True
    for topic in inputs:
        rows = [r for r in poisoned.expected if r[1] == topic]
        row = told["inputs"][topic]
        assert row["duplicate"] == sum(r[2] == "duplicate" for r in rows), topic
        assert row["deadletter"] == sum(r[2] != "duplicate" for r in rows), topic
        assert row["foreign"] == len(rows), topic
        assert row["late"] == 0


def test_the_archive_keeps_every_record_that_can_be_read(lab: Lab, poisoned: Poisoned) -> None:
    client = clickhouse_connect.get_client(dsn=lab.clickhouse)
    try:
        for topic in TOPICS:
            values = lab.values(SPACE, topic.name).values()
            readable = sum(len(decode(topic, [b for b in v if b]).batch) for v in values)
            query = f"SELECT count(), uniqExact(_partition, _offset) FROM {SPACE}.{topic.table}"
            assert client.query(query).result_rows == [(readable, readable)], topic.name
    finally:
        client.close()
