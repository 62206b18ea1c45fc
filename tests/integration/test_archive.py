"""The tables hold what the topics hold, each row once, whatever is killed meanwhile."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import clickhouse_connect
import pytest
from clickhouse_connect.driver.client import Client

from cli.stack.supervise import Stack, open_stack
from connectors.settings import load_settings
from schemas.codec import decode
from schemas.columns import to_rows
from schemas.fields import LOGICAL, Field
from schemas.topics import RAW_TOPICS, TOPICS, Topic

if TYPE_CHECKING:
    from tests.integration.conftest import Lab, Published

NS = 10**9


@pytest.fixture
def client(lab: Lab) -> Iterator[Client]:
    with clickhouse_connect.get_client(dsn=lab.clickhouse) as found:
        yield found


@pytest.fixture(scope="module")
def archived(lab: Lab) -> set[str]:
    """Namespaces that are archived already."""
    return set()


@pytest.fixture
def space(lab: Lab, quiet: Published, archived: set[str]) -> str:
    """A namespace with raw and derived topics of a feed, archived once."""
    namespace = "archive_quiet"
    if namespace not in archived:
        archived.add(copy_and_run(lab, quiet, namespace))
        lab.finish(lab.start("dataflows.archive", "--namespace", namespace))
    return namespace


def copy_and_run(lab: Lab, whole: Published, namespace: str) -> str:
    """Write the raw log of a feed again and run the flow into the same namespace."""
    running = lab.start_flow(namespace, namespace)
    for topic in RAW_TOPICS:
        lab.write(namespace, topic.name, lab.values(whole.namespace, topic.name))
    lab.finish(*running)
    return namespace


def as_stored(field: Field, value: Any) -> Any:
    """Return what the table must show for a value of the log, exactly."""
    if field.absent is not None and value == field.absent:
        return None
    scale = 0 if field.is_enum else LOGICAL[field.logical].scale
    return Decimal(value).scaleb(-scale) if scale else value


def selected(topic: Topic) -> str:
    names = []
    for f in topic.fields:
        is_time = not f.is_enum and f.logical == "time"
        names.append(f"toUnixTimestamp64Nano({f.name})" if is_time else f"`{f.name}`")
    return ", ".join(names)


def rows_in_log(lab: Lab, namespace: str, topic: Topic) -> list[tuple[Any, ...]]:
    """Return every record of a topic as its table must hold it, in the order of the log."""
    rows = []
    for partition, values in lab.values(namespace, topic.name).items():
        decoded = to_rows(decode(topic, [v for v in values if v is not None]).batch)
        for offset, row in enumerate(decoded):
            stored = [as_stored(f, row[f.name]) for f in topic.fields]
            rows.append((partition, offset, *stored))
    return rows


@pytest.mark.parametrize("topic", TOPICS, ids=lambda t: t.name)
def test_every_table_holds_the_records_of_its_topic(
    lab: Lab, client: Client, space: str, topic: Topic
) -> None:
    query = (
        f"SELECT _partition, _offset, {selected(topic)} FROM {space}.{topic.table} "
        "ORDER BY _partition, _offset"
    )
    found = [tuple(row) for row in client.query(query).result_rows]
    wanted = rows_in_log(lab, space, topic)
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        assert one == other


def test_numbers_times_and_nothing_have_their_types(client: Client, space: str) -> None:
    query = (
        "SELECT price, size, source_ts, toUnixTimestamp64Nano(source_ts), off_exchange, bid "
        f"FROM {space}.equity_joins ORDER BY _partition, _offset LIMIT 1"
    )
    price, size, when, stamp, off_exchange, _ = client.query(query).result_rows[0]
    assert isinstance(price, Decimal) and isinstance(size, Decimal)
    assert when.replace(tzinfo=UTC) == datetime.fromtimestamp(stamp // NS, UTC).replace(
        microsecond=stamp % NS // 1000
    )
    assert isinstance(off_exchange, bool)
    quoteless = f"SELECT count() FROM {space}.equity_joins WHERE quote_ts IS NULL AND quote_state = 'none'"
    without = f"SELECT count() FROM {space}.equity_joins WHERE quote_state = 'none'"
    assert client.query(quoteless).result_rows == client.query(without).result_rows
    query = f"SELECT name, type FROM system.columns WHERE database = '{space}' AND table = 'equity_joins'"
    types = {str(row[0]): str(row[1]) for row in client.query(query).result_rows}
    assert types["price"] == "Decimal(18, 9)"
    assert types["bid"] == "Nullable(Decimal(18, 9))"
    assert types["source_ts"].startswith("DateTime64(9")


def test_an_archive_that_is_started_again_writes_nothing(lab: Lab, client: Client, space: str) -> None:
    parts = (
        "SELECT table, name, rows FROM system.parts "
        f"WHERE active AND database = '{space}' ORDER BY table, name"
    )
    before = client.query(parts).result_rows
    lab.finish(lab.start("dataflows.archive", "--namespace", space))
    after = client.query(parts).result_rows
    assert {r[0]: 0 for r in before} == {r[0]: 0 for r in after}
    assert sum(r[2] for r in after) == sum(r[2] for r in before)


def count_rows(client: Client, namespace: str) -> int:
    """Return the rows of all tables of a namespace; 0 before they exist."""
    query = f"SELECT sum(total_rows) FROM system.tables WHERE database = '{namespace}'"
    return int(client.query(query).result_rows[0][0] or 0)


def assert_each_once(lab: Lab, client: Client, namespace: str) -> None:
    for topic in TOPICS:
        values = lab.values(namespace, topic.name)
        query = (
            "SELECT _partition, count(), uniqExact(_offset), max(_offset) + 1 "
            f"FROM {namespace}.{topic.table} GROUP BY 1 ORDER BY 1"
        )
        found = [tuple(map(int, row)) for row in client.query(query).result_rows]
        assert found == [(k, *[len(v)] * 3) for k, v in sorted(values.items()) if v], topic.name


def test_a_killed_archive_goes_on_where_its_tables_end(lab: Lab, client: Client, quiet: Published) -> None:
    namespace = copy_and_run(lab, quiet, "archive_killed")
    total = sum(len(v) for t in TOPICS for v in lab.values(namespace, t.name).values())
    landed = 0
    for share in (0.0, 0.1, 0.4):
        child = lab.start("dataflows.archive", "--namespace", namespace)
        while child.poll() is None and count_rows(client, namespace) <= share * total:
            time.sleep(0.005)
        landed += child.poll() is None
        lab.kill(child)
    assert landed >= 2, "the archive was done before it was killed"
    assert count_rows(client, namespace) > 0
    lab.finish(lab.start("dataflows.archive", "--namespace", namespace))
    assert_each_once(lab, client, namespace)


@pytest.fixture
def store(lab: Lab, tmp_path: Path) -> Iterator[Stack]:
    """A store of its own beside the session's broker."""
    own = {
        "kafka_bootstrap_servers": lab.bootstrap,
        "clickhouse_url": None,
        "store_port": 0,
        "redis_url": "redis://127.0.0.1:9",
        "data_dir": tmp_path,
    }
    with open_stack(settings=load_settings().model_copy(update=own)) as running:
        yield running


def test_a_store_killed_midway_loses_and_doubles_nothing(lab: Lab, store: Stack, quiet: Published) -> None:
    namespace = copy_and_run(lab, quiet, "archive_store")
    url = store.endpoints.clickhouse
    child = lab.start("dataflows.archive", "--namespace", namespace, env={"CLICKHOUSE_URL": url})
    for share in (0.0, 0.3):
        total = sum(len(v) for t in TOPICS for v in lab.values(namespace, t.name).values())
        with clickhouse_connect.get_client(dsn=url) as client:
            while child.poll() is None and count_rows(client, namespace) <= share * total:
                time.sleep(0.005)
        os.kill(store.processes["store"], signal.SIGKILL)
        while "store" not in store.dead():
            time.sleep(0.01)
        store.heal()
    lab.finish(child)
    with clickhouse_connect.get_client(dsn=url) as client:
        assert_each_once(lab, client, namespace)
