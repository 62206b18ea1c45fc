"""Receipts over a real log and archive: every alert comes out the same, and tampering is found."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import clickhouse_connect
import httpx
import pytest
from clickhouse_connect.driver.client import Client

from cli.receipts.ask import Question, ask
from cli.receipts.collect import packet_ids
from cli.stack.process import choose_port
from connectors.errors import UserError
from connectors.feeds.synthetic import SyntheticFeed
from connectors.publish import publish
from connectors.registry import BUILT_IN_CODEC

if TYPE_CHECKING:
    from tests.integration.conftest import Lab

ROOT = Path(__file__).resolve().parents[2]
NAMESPACE = "receipts"
SYMBOLS = ["8"]
SHALLOW = 24  # alerts of every rule and status come before repetitions of them
WAIT_S = 60.0
Explain = Any


@pytest.fixture(scope="module")
def client(lab: Lab) -> Iterator[Client]:
    """A minute of a market with cancels, late prints and packages, published, judged and archived."""
    feed = SyntheticFeed("adversarial", 7, 1, SYMBOLS)
    assert publish(feed, NAMESPACE, lab.bootstrap).is_complete
    lab.run_flow(NAMESPACE, NAMESPACE)
    lab.finish(lab.start("dataflows.archive", "--namespace", NAMESPACE))
    with clickhouse_connect.get_client(dsn=lab.clickhouse, database=NAMESPACE) as found:
        yield found


@pytest.fixture(scope="module")
def alerts(client: Client) -> list[str]:
    """Alert ids as they stand, one of each rule and status before the second of any."""
    rows = client.query(
        "SELECT alert_id FROM (SELECT alert_id, row_number() OVER (PARTITION BY rule_id, status "
        "ORDER BY emit_ts, alert_id) AS place FROM flow_alerts_current) ORDER BY place, alert_id"
    ).result_rows
    assert rows, "a minute of this market must give an alert"
    return [str(row[0]) for row in rows]


@pytest.fixture(scope="module")
def explain(lab: Lab) -> Explain:
    """Ask for the receipt of an alert."""

    def asked(alert_id: str, is_deep: bool = False) -> dict[str, Any]:
        question = Question(lab.bootstrap, lab.clickhouse, NAMESPACE, alert_id, is_deep)
        return ask(question, BUILT_IN_CODEC)

    return asked


def failed(receipt: dict[str, Any]) -> list[dict[str, Any]]:
    return [check for check in receipt["checks"] if not check["passed"]]


def test_alerts_come_out_the_same_from_their_records(alerts: list[str], explain: Explain) -> None:
    for alert_id in alerts[:SHALLOW]:
        receipt = explain(alert_id)
        assert receipt["reproduced"] is True, (alert_id, failed(receipt))
        assert receipt["prints"] and receipt["packets"] and receipt["would_turn_it_off"]
        parts = sum(part["value"] for part in receipt["score"]["parts"])
        assert parts == pytest.approx(receipt["score"]["score"], abs=1e-9)


def test_alerts_come_out_the_same_from_the_whole_log(alerts: list[str], explain: Explain) -> None:
    for alert_id in alerts[:3]:
        receipt = explain(alert_id, is_deep=True)
        assert receipt["reproduced"] is True, (alert_id, failed(receipt))
        assert receipt["records_replayed"] > 1000
        assert all(
            "from the whole log" in c["check"] or "as archived" in c["check"] for c in receipt["checks"]
        )


def test_each_record_is_named_with_the_hash_of_its_bytes(
    lab: Lab, alerts: list[str], explain: Explain
) -> None:
    receipt = explain(alerts[0])
    for record in [*receipt["prints"], *(p["quote"] for p in receipt["prints"] if p["quote"])]:
        if "offset" not in record:  # a quote that the print carried has no record
            continue
        values = lab.values(NAMESPACE, record["topic"])[record["partition"]]
        value = values[record["offset"]]
        assert value is not None
        assert hashlib.sha256(value).hexdigest() == record["sha256"]


def test_every_packet_of_an_alert_is_there(client: Client, alerts: list[str], explain: Explain) -> None:
    for alert_id in alerts[:5]:
        receipt = explain(alert_id)
        (row,) = client.query(
            f"SELECT packet_id, packet_ids FROM flow_alerts_current WHERE alert_id = '{alert_id}'"
        ).result_rows
        wanted = packet_ids({"packet_id": row[0], "packet_ids": row[1]})
        assert {p["row"]["packet_id"] for p in receipt["packets"]} == set(wanted)


def test_stories_have_a_row_each(client: Client) -> None:
    stories = client.query(
        "SELECT story_id, alerts, standing, retracted, expired FROM flow_stories"
    ).result_rows
    counts = client.query(
        "SELECT story_id, count() FROM flow_alerts_current WHERE story_id != '' GROUP BY story_id"
    ).result_rows
    assert {s[0]: s[1] for s in stories} == {c[0]: c[1] for c in counts}
    assert all(s[1] == s[2] + s[3] + s[4] for s in stories)


def test_an_unknown_alert_is_one_sentence(client: Client, explain: Explain) -> None:
    with pytest.raises(UserError, match="there is no alert '0123456789abcdef'"):
        explain("0123456789abcdef")
    with pytest.raises(UserError, match="is not an alert id"):
        explain("a' OR 1")


def test_the_gateway_serves_receipts(lab: Lab, client: Client, alerts: list[str]) -> None:
    port = choose_port(0, "gateway")
    command = [sys.executable, "-m", "api.serve", "--namespace", NAMESPACE, "--port", str(port)]
    command += ["--explain", "cli.receipts.ask"]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **lab.env})
    try:
        url = f"http://127.0.0.1:{port}/api"
        await_answer(f"{url}/session")
        found = httpx.get(f"{url}/explain/{alerts[0]}", timeout=WAIT_S)
        assert found.status_code == 200, found.text
        assert found.json()["reproduced"] is True and found.json()["mode"] == "shallow"
        deep = httpx.get(f"{url}/explain/{alerts[0]}", params={"deep": "true"}, timeout=WAIT_S).json()
        assert deep["reproduced"] is True and deep["mode"] == "deep"
        lost = httpx.get(f"{url}/explain/0123456789abcdef", timeout=WAIT_S)
        assert (lost.status_code, "there is no alert" in lost.json()["error"]) == (404, True)
        assert httpx.get(f"{url}/explain/{alerts[0]}?deep=maybe", timeout=WAIT_S).status_code == 400
        stories = httpx.get(f"{url}/stories", timeout=WAIT_S).json()
        assert stories["rows"] == len(stories["columns"]["story_id"]) > 0
        evidence = httpx.get(f"{url}/evidence/{alerts[0]}", timeout=WAIT_S).json()
        assert evidence["members"]["missing"] == []
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(WAIT_S)


def await_answer(url: str) -> None:
    deadline_s = time.monotonic() + WAIT_S
    while time.monotonic() < deadline_s:
        try:
            if httpx.get(url, timeout=5.0).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise AssertionError(f"{url} did not answer")


def test_a_tampered_archive_is_found(client: Client, alerts: list[str], explain: Explain) -> None:
    """Comes last: it changes the archive."""
    alert_id = alerts[0]
    change = "ALTER TABLE flow_alerts UPDATE premium = premium + 1, sentence = 'made up' "
    client.command(f"{change} WHERE alert_id = '{alert_id}' SETTINGS mutations_sync = 2")
    for is_deep in (False, True):
        receipt = explain(alert_id, is_deep)
        assert receipt["reproduced"] is False
        named = {d["column"] for check in failed(receipt) for d in check["differences"]}
        assert named == {"premium", "sentence"}
        assert "not reproduced" in receipt["verdict"] and "as archived" in receipt["verdict"]
