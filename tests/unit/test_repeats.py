"""Trades sent twice by the vendor: told by name, series, venue and day, and by nothing else."""

import json
from typing import Any

import numpy as np
import pytest

from dataflows.analytics.merge import Merge
from dataflows.analytics.repeats import WINDOW, Repeats
from schemas.codec import encode
from schemas.columns import Batch, from_rows
from schemas.partition import partition
from schemas.topics import TOPIC

DAY = 86_400 * 10**9
PRINTS = TOPIC["equities.prints"]
BLANK: dict[str, Any] = {
    "price": 0, "size": 0, "venue": "", "off_exchange": False, "conditions": "", "condition_bits": 0,
    "has_event_ts": False,
}  # fmt: skip


def prints(*rows: dict[str, Any]) -> Batch:
    usual: dict[str, Any] = {
        "kind": "data", "seq": 0, "source_ts": DAY, "event_ts": DAY, "underlying": "IBM", "price": 10**9,
        "size": 10**6, "venue": "N", "off_exchange": False, "conditions": "", "condition_bits": 0,
        "has_event_ts": False, "trade_id": "1",
    }  # fmt: skip
    return from_rows(PRINTS, [{**usual, **row} for row in rows])


@pytest.mark.parametrize(
    ("second", "is_repeat"),
    [
        ({}, True),
        ({"price": 2 * 10**9, "source_ts": DAY + 5}, True),
        ({"trade_id": "2"}, False),
        ({"venue": "P"}, False),
        ({"underlying": "AIG"}, False),
        ({"source_ts": 2 * DAY}, False),
        ({"report": "cancel", "refers_to": "1"}, False),
    ],
)
def test_the_name_decides(second: dict[str, Any], is_repeat: bool) -> None:
    assert Repeats().find(prints({}, second)).tolist() == [False, is_repeat]


def test_equal_prints_without_a_name_are_two_trades() -> None:
    assert not Repeats().find(prints({"trade_id": ""}, {"trade_id": ""})).any()


def test_series_of_one_underlying_are_apart() -> None:
    usual: dict[str, Any] = {
        "kind": "data", "seq": 0, "source_ts": DAY, "event_ts": DAY, "underlying": "IBM", "price": 10**9,
        "size": 1, "multiplier": 100, "venue": "A", "condition": "I", "is_bar": False, "trade_id": "1",
    }  # fmt: skip
    series = ["IBM   250117C00150000", "IBM   250117P00150000", "IBM   250117C00150000"]
    found = from_rows(TOPIC["options.prints"], [{**usual, "contract": c} for c in series])
    assert Repeats().find(found).tolist() == [False, False, True]


def test_only_the_newest_are_remembered_also_over_a_restart() -> None:
    names = Repeats()
    names.find(prints(*({"trade_id": str(n)} for n in range(WINDOW + 1))))
    again = Repeats(names.snapshot())
    for found in (names, again):
        assert found.find(prints({"trade_id": "1"}, {"trade_id": "0"})).tolist() == [True, False]
    assert names.snapshot() == again.snapshot() and len(names.snapshot()) == WINDOW


@pytest.mark.parametrize("names_trades", [True, False])
def test_a_repeat_is_set_aside_where_the_feed_declares_names(names_trades: bool) -> None:
    session = {
        "session": "day", "inputs": ["equities.prints"], "open_ts": str(DAY), "close_ts": str(2 * DAY),
        "trf_window_ns": "0", "capabilities": {"trade_ids": names_trades},
    }  # fmt: skip

    def control(topic: str, kind: str, seq: int) -> bytes:
        head = {"kind": kind, "seq": seq, "source_ts": DAY - 5, "event_ts": DAY - 5, "underlying": ""}
        if topic == "reference":
            rest: dict[str, Any] = {"name": "control", "detail": json.dumps(session)}
        else:
            rest = BLANK
        return encode(from_rows(TOPIC[topic], [{**rest, **head}]))[0]

    merge = Merge(partition("IBM"))
    merge.take(
        "reference", [control("reference", "session", 0), control("reference", "end", 1)], np.arange(2)
    )
    data = encode(prints({"seq": 0}, {"seq": 1, "source_ts": DAY + 9}))
    merge.take("equities.prints", [*data, control("equities.prints", "end", 2)], np.arange(3))
    merged = merge.release()
    assert merged is not None
    refused = [(at, r["reason"], r["source_seq"]) for at, r in merged.refused]
    assert refused == ([(DAY + 9, "duplicate", 1)] if names_trades else [])
    assert len(merged.applied["equities.prints"].batch) == 2 - len(refused)
