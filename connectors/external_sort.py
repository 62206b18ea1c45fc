"""Rows of a source without order, sorted through files: bounded memory whatever the size.

Owns the temporary copy of a source, cut by hour (by minute, then by second where an hour is large) into
Parquet files, and when it is removed: once it has been read to its end. A copy that a broken-off import
left is used again; its name holds the hash of the source. Refuses to share one with another process.
"""

from __future__ import annotations

import base64
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from connectors.errors import UserError
from connectors.feed import Gap, Note, Reject
from connectors.recorded_rows import Block
from schemas.columns import Batch, concat, integers, is_text, numpy_type
from schemas.topics import TOPIC, Topic

SPANS_NS: Final = (3_600_000_000_000, 60_000_000_000, 1_000_000_000)
SPILL_ROWS: Final = 500_000
LEAF_ROWS: Final = 250_000
BESIDE_MAX: Final = 1_000_000
END_OF_TIME: Final = np.iinfo(np.int64).max
DONE: Final = "done"
BESIDE: Final = "beside.jsonl"


def sorted_blocks(open_source: Callable[[], Iterator[Block]], folder: Path, key: str) -> Iterator[Block]:
    """Yield the rows of a source in the order of time; ties keep the order of the source.

    The rows of its blocks may stand in any order. `key` names the copy below `folder`: the hash of the
    source and whatever else changes its rows. What is no row comes with the rows around it.
    """
    home = folder / key
    with _held(folder, key):
        if not (home / DONE).is_file():
            shutil.rmtree(home, ignore_errors=True)
            _write(open_source(), home)
        beside = _Beside(home)
        for leaf in _leaves(home / "rows", 0):
            upto = max(int(b["source_ts"][-1]) for b in leaf.values())
            yield beside.with_rows(leaf, upto)
        yield beside.with_rows({}, int(END_OF_TIME))
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def _held(folder: Path, key: str) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / f"{key}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UserError(f"{folder / key}: another process sorts these rows; wait for it") from None
    try:
        yield
    finally:
        lock.release()


def _write(blocks: Iterator[Block], home: Path) -> None:
    """Copy a source into files by topic and hour."""
    (home / "rows").mkdir(parents=True)
    with (home / BESIDE).open("wb") as stream:

        def batches() -> Iterator[Batch]:
            for block in blocks:
                stream.writelines(_lines(block))
                yield from (b for b in block.batches.values() if len(b))

        _spill_all(batches(), home / "rows", 0)
    (home / DONE).touch()


def _spill_all(batches: Iterator[Batch], folder: Path, level: int) -> None:
    """Write rows by span and topic, some hundred thousand at a time."""
    waiting: list[Batch] = []
    number = 0
    for rows in batches:
        waiting.append(rows)
        if sum(map(len, waiting)) >= SPILL_ROWS:
            number = _spill(waiting, folder, level, number)
            waiting = []
    _spill(waiting, folder, level, number)


def _spill(batches: list[Batch], folder: Path, level: int, number: int) -> int:
    """Write rows by span and topic, in the order of the source; return the next file number."""
    for topic in dict.fromkeys(b.topic.name for b in batches):
        rows = concat([b for b in batches if b.topic.name == topic])
        spans = rows["source_ts"] // SPANS_NS[level]
        order = np.argsort(spans, kind="stable")
        names, firsts = np.unique(spans[order], return_index=True)
        for name, mine in zip(names.tolist(), np.split(order, firsts[1:]), strict=True):
            place = folder / str(name)
            place.mkdir(exist_ok=True)
            pq.write_table(_to_table(rows.take(mine)), place / f"{number:09}-{topic}.parquet")
            number += 1
    return number


def _leaves(folder: Path, level: int) -> Iterator[dict[str, Batch]]:
    """Yield the rows of span after span, sorted; a span that is too large is cut into smaller ones."""
    for span in sorted((p for p in folder.iterdir() if p.is_dir()), key=lambda p: int(p.name)):
        files = sorted(p for p in span.iterdir() if p.suffix == ".parquet")
        count = sum(pq.ParquetFile(p).metadata.num_rows for p in files)
        if count <= LEAF_ROWS or level + 1 == len(SPANS_NS):
            yield _leaf(files)
        else:
            finer = span / "finer"
            shutil.rmtree(finer, ignore_errors=True)
            finer.mkdir()
            _spill_all((_read(path) for path in files), finer, level + 1)
            yield from _leaves(finer, level + 1)
            shutil.rmtree(finer, ignore_errors=True)


def _leaf(files: list[Path]) -> dict[str, Batch]:
    parts: dict[str, list[Batch]] = {}
    for path in files:
        parts.setdefault(_topic_of(path).name, []).append(_read(path))
    rows = {topic: concat(found) for topic, found in parts.items()}
    return {t: b.take(np.argsort(b["source_ts"], kind="stable")) for t, b in rows.items()}


def _topic_of(path: Path) -> Topic:
    return TOPIC[path.stem.partition("-")[2]]


def _read(path: Path) -> Batch:
    topic = _topic_of(path)
    table = pq.read_table(path)
    return Batch(topic, {n: _column(topic, n, table.column(n)) for n in topic.field_names})


def _column(topic: Topic, name: str, found: pa.ChunkedArray) -> Any:
    whole = found.combine_chunks()
    if isinstance(whole, pa.ChunkedArray):
        whole = pa.concat_arrays(whole.chunks)
    kind = numpy_type(topic, name)
    if kind is None:
        return whole
    if pa.types.is_integer(whole.type):
        return integers(whole)
    return whole.to_numpy(zero_copy_only=False).astype(kind, copy=False)


def _to_table(rows: Batch) -> pa.Table:
    return pa.table({n: c if is_text(c) else pa.array(c) for n, c in rows.columns.items()})


def _lines(block: Block) -> Iterator[bytes]:
    for kind, items in (("reject", block.rejects), ("note", block.notes), ("gap", block.gaps)):
        for item in items:
            values = asdict(item)
            if kind == "reject":
                values["raw"] = base64.b64encode(values["raw"]).decode()
            yield orjson.dumps([kind, values]) + b"\n"


class _Beside:
    """What was no row, given out with the rows of its time."""

    def __init__(self, home: Path) -> None:
        self._waiting = _read_beside(home)

    def with_rows(self, rows: dict[str, Batch], upto: int) -> Block:
        """Return the block of some rows and all that is no row up to their last one."""
        due = {k: tuple(x for x in items if x.source_ts <= upto) for k, items in self._waiting.items()}
        self._waiting = {k: [x for x in items if x.source_ts > upto] for k, items in self._waiting.items()}
        read = {t: len(b) for t, b in rows.items()}
        for item in due["reject"]:
            read[item.topic] = read.get(item.topic, 0) + 1
        return Block(rows, due["reject"], due["note"], due["gap"], read)


def _read_beside(home: Path) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {"reject": [], "note": [], "gap": []}
    makers: dict[str, Any] = {"reject": Reject, "note": Note, "gap": Gap}
    with (home / BESIDE).open("rb") as stream:
        for count, line in enumerate(stream):
            if count >= BESIDE_MAX:
                raise UserError(f"more than {BESIDE_MAX:,} rows of an unsorted file are no records")
            kind, values = orjson.loads(line)
            if kind == "reject":
                values["raw"] = base64.b64decode(values["raw"])
            found[kind].append(makers[kind](**values))
    return {kind: sorted(items, key=attrgetter("source_ts")) for kind, items in found.items()}
