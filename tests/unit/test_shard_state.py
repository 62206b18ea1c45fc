"""A snapshot of another version is not read: the shard begins again at the start of the log."""

import pytest

from dataflows.analytics.shard import Shard


@pytest.mark.parametrize("part", ["shard", "options", "equities"])
def test_another_version_rebuilds_from_the_log(part: str) -> None:
    snapshot = Shard(3).snapshot()
    snapshot["sequence"] = {"equities.joins": 9}
    kept = Shard(3, snapshot)
    assert kept.sequence == {"equities.joins": 9}
    (snapshot if part == "shard" else snapshot[part])["version"] = 99
    rebuilt = Shard(3, snapshot)
    assert rebuilt.sequence == {}
    assert {name: log.next_offset for name, log in rebuilt.merge.logs.items()} == dict.fromkeys(
        rebuilt.merge.logs, 0
    )
