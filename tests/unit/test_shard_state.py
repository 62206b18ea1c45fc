"""A snapshot of another version is not read: the shard begins again at the start of the log."""

import numpy as np
import pytest

from connectors.configured import configured
from connectors.feeds.synthetic import SyntheticFeed
from connectors.memory_log import raw_log
from dataflows.analytics.rules.table import RULES
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


def test_the_configuration_of_the_session_record_tunes_the_rules() -> None:
    """Floors that nothing reaches leave packets without hits, after a restart too."""
    floors = {r.rule_id: {t: 10**8 for t in r.thresholds if t.endswith("premium_usd")} for r in RULES}
    counts = []
    for configuration in ({}, {"options": {"rules": floors}}):
        log = raw_log(configured(SyntheticFeed("normal", 7, 5, ["8"]), configuration), 40)
        partition = max((k for _, k in log), key=lambda k: len(log.get(("options.prints", k), [])))
        shard = Shard(partition)
        for (topic, k), values in log.items():
            if k == partition:
                shard.take(topic, values, np.arange(len(values), dtype=np.int64))
        rows = {topic: len(batch) for topic, batch in shard.advance().items()}
        kept = Shard(partition, shard.snapshot())
        assert kept.options.snapshot()["config"] == shard.options.snapshot()["config"]
        counts.append((rows["flow.packets"], rows.get("flow.hits", 0)))
    (packets, hits), (same, none) = counts
    assert packets == same and hits > none == 0
