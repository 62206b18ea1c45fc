"""The truth of a synthetic tape beside the records it is about: in memory, and as parquet files.

Owns the numbering of truth: the same assembly as the publisher's gives each published row its topic,
partition and seq. Files come in parts, one for each stretch of chunks up to the end of a block, with where
the numbering stood, so that a broken-off run goes on and the bytes are the same. Refuses any feed that does
not know the truth, and truth written from another input.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from connectors.errors import UserError
from connectors.feeds.synthetic import Labelled, SyntheticFeed
from connectors.memory_log import Logs, append
from connectors.publish_rows import Assembler, Numbered, Progress, identity_of
from schemas.kinds import KIND
from schemas.partition import partitions
from schemas.topics import PARTITION_COUNT
from synthetic import truth
from synthetic.layout import P_SYMBOL, Matrix
from synthetic.tape_layout import S_AT

INGEST_TS: Final = 0
DATA: Final = KIND.index("data")
STATE_FILE: Final = "progress.json"
CHUNKS_MAX: Final = 1_000_000_000

Vector = npt.NDArray[np.int64]
Tables = dict[str, pa.Table]


@dataclass(slots=True)
class _Parts:
    """Tables of a stretch, by name, as they come."""

    tables: dict[str, list[pa.Table]] = field(default_factory=lambda: {name: [] for name in truth.SCHEMAS})

    def add(self, name: str, table: pa.Table) -> None:
        if len(table):
            self.tables[name].append(table)

    def joined(self) -> Tables:
        """Return one table a name; words are listed once for all of it."""
        return {
            name: pa.concat_tables([truth.SCHEMAS[name].empty_table(), *found]).unify_dictionaries()
            for name, found in self.tables.items()
        }


def labelled(feed: SyntheticFeed, chunks_max: int) -> tuple[Logs, Tables]:
    """Return the raw log of the first chunks of a feed, as memory_log.raw_log does, and the truth of it.

    The tables are `fills` (one row for each record of options.prints and equities.prints, keyed by topic,
    partition and seq), `parents`, `packages` and `hidden`; parents of a block are there once it ended or the
    feed did. Columns are those of synthetic.truth.SCHEMAS.
    """
    rows = Assembler(feed, Progress.fresh(feed.inputs))
    logs: Logs = {}
    parts = _Parts()
    for found in islice(feed.labelled_chunks(), chunks_max):
        numbered = rows.assemble(found.chunk, INGEST_TS)
        append(logs, numbered)
        _add(parts, found, numbered)
        rows.progress.chunk += 1
        append(logs, rows.checkpoint(INGEST_TS))
    append(logs, rows.end())
    return logs, parts.joined()


def write_truth(feed: SyntheticFeed, directory: Path, chunks_max: int = CHUNKS_MAX) -> Mapping[str, int]:
    """Write the truth of a feed below a directory, going on where an earlier run ended; return rows by table.

    A part is written whole or not at all, `progress.json` after it.

    Raises:
        UserError: the directory holds the truth of another input.
    """
    directory.mkdir(parents=True, exist_ok=True)
    state = _state(feed, directory)
    counts = dict.fromkeys(truth.SCHEMAS, 0)
    rows, parts = Assembler(feed, state), _Parts()
    for found in islice(feed.labelled_chunks(state.chunk), max(chunks_max - state.chunk, 0)):
        numbered = rows.assemble(found.chunk, INGEST_TS)
        _add(parts, found, numbered)
        rows.progress.chunk += 1
        rows.checkpoint(INGEST_TS)
        if found.labels.block >= 0:
            tables = parts.joined()
            _write(directory, f"{found.labels.day:04}-{found.labels.block:03}", tables)
            _replace(directory / STATE_FILE, rows.progress.to_json().encode())
            counts = {name: count + len(tables[name]) for name, count in counts.items()}
            parts = _Parts()
    return counts


def read_truth(directory: Path) -> Tables:
    """Return all parts of the truth below a directory, in order, by table."""
    found: Tables = {}
    for name, schema in truth.SCHEMAS.items():
        parts = [pq.read_table(path, schema=schema) for path in sorted(directory.glob(f"{name}-*.parquet"))]
        found[name] = pa.concat_tables([schema.empty_table(), *parts]).unify_dictionaries()
    return found


def _state(feed: SyntheticFeed, directory: Path) -> Progress:
    path = directory / STATE_FILE
    if not path.is_file():
        return Progress.fresh(feed.inputs)
    found = Progress.from_json(path.read_text(encoding="utf-8"))
    if found is None or found.identity != identity_of(feed):
        raise UserError(f"{directory} holds the truth of another input; delete it or name another directory")
    return found


def _write(directory: Path, part: str, tables: Tables) -> None:
    for name, table in tables.items():
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, compression="zstd", use_dictionary=True)
        _replace(directory / f"{name}-{part}.parquet", sink.getvalue().to_pybytes())


def _replace(path: Path, content: bytes) -> None:
    beside = path.with_suffix(".part")
    beside.write_bytes(content)
    beside.replace(path)


def _add(parts: _Parts, found: Labelled, numbered: Mapping[str, Numbered]) -> None:
    labels = found.labels
    symbols = labels.listing.names.symbols
    for topic, rows in labels.rows.items():
        if len(rows):
            part = partitions(symbols.take(pa.array(np.ascontiguousarray(rows[:, P_SYMBOL]))))
            parts.add("fills", truth.fills(topic, part, _numbers(rows, part, numbered[topic]), rows))
    if not labels.wanted:
        return
    names, series = symbols.to_pylist(), labels.listing.names.series.to_pylist()
    for wanted in labels.wanted:
        parts.add("parents", truth.parents(wanted.parents, names))
        parts.add("packages", truth.packages(wanted.packages, names, series))
        parts.add("hidden", truth.hidden(wanted.hidden, names, series))


def _numbers(rows: Matrix, part: Vector, numbered: Numbered) -> Vector:
    """Return the sequence number of each row: within a partition the log keeps their order by S_AT."""
    is_data = numbered.batch["kind"] == DATA
    owner = np.repeat(np.arange(PARTITION_COUNT), numbered.counts)[is_data]
    assert np.array_equal(owner, np.sort(part)), "the log does not hold the rows that the truth is of"
    out = np.empty(len(rows), np.int64)
    out[np.lexsort((rows[:, S_AT], part))] = numbered.batch["seq"][is_data]
    return out
