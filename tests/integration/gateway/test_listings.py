"""The listings, evidence and health of the gateway over a real broker, store and cache."""

from __future__ import annotations

import httpx
import pytest

from schemas.partition import partition
from schemas.topics import TOPIC
from tests.integration.gateway.conftest import (
    AT_NS,
    PRINTS,
    SLOW_S,
    Running,
)


def test_the_session_says_what_is_shown(gateway: Running) -> None:
    found = gateway.json("/api/session")
    assert (found["namespace"], found["feed"]) == (gateway.log.namespace, "synthetic")
    assert found["is_synthetic"] is True
    assert (found["session"], found["inputs"]) == ("2013-10-07", ["options.prints"])
    assert found["capabilities"] == {"bars": False}


def test_topics_come_with_their_words(gateway: Running) -> None:
    found = {t["name"]: t for t in gateway.json("/api/topics")["topics"]}
    fields = {f["name"]: f for f in found["options.placed"]["fields"]}
    assert set(found) == set(TOPIC)
    assert fields["side"]["values"] == ["none", "buy", "sell"]
    assert (fields["bid"]["unit"], fields["bid"]["nullable"]) == ("USD", True)


def test_rows_are_columns_in_json_forms(gateway: Running) -> None:
    found = gateway.json("/api/rows/options.placed", underlying="IBM", limit="2", order="asc")
    assert found["rows"] == 2
    columns = found["columns"]
    assert set(columns) == set(TOPIC["options.placed"].field_names)
    assert columns["source_ts"] == [str(AT_NS), str(AT_NS + 1_000_000)]
    assert columns["price"] == [1.25, 1.25] and columns["premium"] == [1250, 1250]
    assert columns["bid"] == [1.2, 1.2] and columns["ask"] == [None, None]
    assert columns["quote_ts"] == [None, None]
    assert columns["side"] == ["sell", "buy"]
    assert columns["is_placement_stable"] == [False, False]


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_pages_neither_repeat_nor_skip_while_rows_arrive(gateway: Running, order: str) -> None:
    shard, topic = partition("AIG"), TOPIC["options.placed"]
    before = gateway.json("/api/rows/options.placed", underlying="AIG", limit="1000", order=order)
    wanted, seen, cursor = before["columns"]["seq"], list[int](), None
    while cursor is not None or not seen:
        more: dict[str, str] = {"cursor": cursor} if cursor else {}
        page = gateway.json("/api/rows/options.placed", underlying="AIG", limit="37", order=order, **more)
        seen += page["columns"]["seq"]
        cursor = page["next_cursor"]
        count = gateway.log.offsets[topic.name, shard]
        gateway.log.write(gateway.log.placed("AIG", count, 1), shard)
    assert seen[: len(wanted)] == wanted
    assert len(set(seen)) == len(seen)


def test_filters_narrow_and_versions_stand(gateway: Running) -> None:
    buys = gateway.json("/api/rows/options.placed", underlying="IBM", side="buy", limit="1000")
    assert buys["rows"] == PRINTS // 2 and set(buys["columns"]["side"]) == {"buy"}
    window = {"since": str(AT_NS + 10_000_000), "until": str(AT_NS + 13_000_000)}
    some = gateway.json("/api/rows/options.placed", underlying="IBM", **window)
    assert some["columns"]["seq"] == [12, 11, 10]
    assert gateway.json("/api/rows/flow.packets")["rows"] == 2
    current = gateway.json("/api/rows/flow.packets", current="true")
    assert current["columns"]["version"] == [2]
    assert gateway.json("/api/rows/flow.alerts", current="true")["columns"]["alert_id"] == ["a1"]
    assert gateway.json("/api/rows/equities.candles", current="true")["rows"] == 3


def test_candles_ascend_in_their_highest_version(gateway: Running) -> None:
    found = gateway.json("/api/candles", underlying="IBM", interval_s="60")
    starts = [str(AT_NS + k * 10**9) for k in (0, 60, 120)]
    assert found["columns"]["start_ts"] == starts
    assert found["columns"]["close"] == [1, 9, 3] and found["columns"]["volume"] == [5.5] * 3
    newest = gateway.json("/api/candles", underlying="IBM", interval_s="60", limit="2")
    assert newest["columns"]["start_ts"] == starts[1:]
    assert gateway.json("/api/candles", underlying="XYZ", interval_s="60")["rows"] == 0


def test_underlyings_are_counted(gateway: Running) -> None:
    columns = gateway.json("/api/underlyings")["columns"]
    counts = dict(zip(columns["underlying"], columns["option_prints"], strict=True))
    assert counts["IBM"] == PRINTS and counts["AIG"] >= PRINTS


def test_an_alert_leads_to_its_prints(gateway: Running) -> None:
    found = gateway.json("/api/evidence/a1")
    assert found["alert"]["rule_id"] == "call_sweep"
    assert [h["hit_id"] for h in found["hits"]] == ["h1"]
    assert (found["packet"]["version"], found["packet"]["kind"]) == (1, "sweep")
    assert found["quote"]["quote_ts"] == str(AT_NS)
    members = found["members"]
    assert members["columns"]["print_seq"] == [0, 2, 4]
    assert members["columns"]["bid"] == [1.2, 1.2, 1.2]
    assert (members["count"], members["listed"], members["missing"]) == (4, 4, [9000])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/rows/nothing", 404),
        ("/api/rows/options.placed?side=up", 400),
        ("/api/rows/options.placed?limit=1001", 400),
        ("/api/rows/options.placed?limit=-1", 400),
        ("/api/rows/options.placed?cursor=%00", 400),
        ("/api/rows/options.placed?contract=%F0%28%8C%28", 200),
        ("/api/rows/options.placed?contract=%27%3B+DROP+TABLE+option_placed", 200),
        ("/api/rows/options.placed?" + "x" * 9000, 414),
        ("/api/rows/options.placed?a=1", 400),
        ("/api/rows/..%2f..%2fetc", 404),
        ("/api/candles", 400),
        ("/api/candles?underlying=IBM,AIG", 400),
        ("/api/candles?underlying=IBM&interval_s=0", 400),
        ("/api/evidence/none", 404),
        ("/api/evidence/a'b", 400),
        ("/api/session?x=1", 400),
        ("/api/nowhere", 404),
        ("/nowhere.js", 404),
        ("/..%2f..%2fpyproject.toml", 404),
    ],
)
def test_wrong_requests_get_a_sentence(gateway: Running, path: str, status: int) -> None:
    answer = httpx.get(gateway.url + path, timeout=SLOW_S)
    assert answer.status_code == status, answer.text
    if status != 200:
        assert list(answer.json()) == ["error"]
        assert "Traceback" not in answer.text


def test_every_answer_carries_the_policy(gateway: Running) -> None:
    for path in ("/", "/api/topics", "/api/nowhere", "/health"):
        headers = gateway.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
        assert headers["x-content-type-options"] == "nosniff"
        assert "server" not in headers


def test_foreign_hosts_and_large_bodies_are_turned_away(gateway: Running) -> None:
    foreign = httpx.get(gateway.url + "/api/topics", headers={"host": "evil.example:80"})
    assert foreign.status_code == 403 and list(foreign.json()) == ["error"]
    large = httpx.post(gateway.url + "/api/topics", content=b"x" * 20_000)
    assert large.status_code == 413
    assert httpx.post(gateway.url + "/api/topics").status_code == 405


def test_health_names_each_dependency(gateway: Running) -> None:
    report = gateway.json("/health")
    checks = report["checks"]
    assert set(checks) == {"broker", "store", "cache", "archive", "stream"}
    assert all(checks[name]["ok"] for name in ("broker", "store", "cache", "archive"))
    assert checks["broker"]["detail"] == "14 topics of the namespace"
    assert all(check["latency_ms"] >= 0 for check in checks.values())
