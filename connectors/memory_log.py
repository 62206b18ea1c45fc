"""The raw log of a feed in memory: what the publisher would write, without a broker.

Owns the same assembly as the publisher, for tests, backtests of a cut and benchmarks of the core. It
holds everything, so it is given a number of chunks to stop after.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

import numpy as np

from connectors.feed import Feed
from connectors.publish_rows import Assembler, Numbered, Progress
from schemas.codec import encode
from schemas.topics import PARTITION_COUNT

INGEST_TS: Final = 0
Logs = dict[tuple[str, int], list[bytes]]


def raw_log(feed: Feed, chunks_max: int) -> Logs:
    """Return the records of every (topic, partition) in log order, of the first chunks of a feed."""
    rows = Assembler(feed, Progress.fresh(feed.inputs))
    logs: Logs = {}
    for numbered in _assembled(feed, rows, chunks_max):
        append(logs, numbered)
    return logs


def append(logs: Logs, numbered: Mapping[str, Numbered]) -> None:
    """Add numbered rows to logs in memory."""
    for topic, part in numbered.items():
        values = encode(part.batch)
        ends = np.cumsum(part.counts)
        for k in range(PARTITION_COUNT):
            start = int(ends[k] - part.counts[k])
            logs.setdefault((topic, k), []).extend(values[start : int(ends[k])])


def _assembled(feed: Feed, rows: Assembler, chunks_max: int) -> Iterator[dict[str, Numbered]]:
    for chunk in islice(feed.chunks(), chunks_max):
        yield rows.assemble(chunk, INGEST_TS)
        rows.progress.chunk += 1
        yield rows.checkpoint(INGEST_TS)
    yield rows.end()
