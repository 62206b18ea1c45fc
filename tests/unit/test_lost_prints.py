"""A print that was refused is missing from the volume, and the shard tells the options core so."""

from typing import Any

import pytest

from dataflows.analytics.merge import Merged
from dataflows.analytics.shard import _lost


def merged(refused: list[tuple[int, dict[str, Any]]], rejects: list[tuple[int, dict[str, Any]]]) -> Merged:
    return Merged(100, (), tuple(rejects), (), {}, tuple(refused))


@pytest.mark.parametrize(
    ("topic", "reason", "expected"),
    [
        ("options.prints", "undecodable", [("", 7), ("", 9)]),
        ("options.prints", "duplicate", []),
        ("options.nbbo", "undecodable", []),
    ],
)
def test_a_dead_letter_of_prints_is_about_every_underlying(
    topic: str, reason: str, expected: list[tuple[str, int]]
) -> None:
    dead = [(7, {"source_topic": topic, "reason": reason}), (9, {"source_topic": topic, "reason": reason})]
    assert [(n.underlying, n.at) for n in _lost(merged(dead, []))] == expected


def test_a_row_the_feed_refused_is_about_its_underlying_each_time() -> None:
    rows = [
        (8, {"topic": "options.prints", "underlying": "IBM"}),
        (5, {"topic": "options.prints", "underlying": "IBM"}),
        (6, {"topic": "options.prints", "underlying": "AIG"}),
        (4, {"topic": "equities.prints", "underlying": "SPY"}),
    ]
    found = _lost(merged([], rows))
    assert [(n.underlying, n.at) for n in found] == [("IBM", 5), ("AIG", 6), ("IBM", 8)]
    assert {n.name for n in found} == {"reject"}
    assert all(n.detail == {"topic": "options.prints"} for n in found)
