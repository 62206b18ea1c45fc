"""Rows in any order become blocks in the order of time, in bounded memory: a sort over files.

Owns the runs on disk (Arrow files of at most RUN_ROWS rows, each sorted and cut every ten seconds) and
reading them back slot by slot; ties keep the order in which rows came. Holds one run while writing
and one slot while reading. Refuses input that is mostly no rows. The files go with the spool.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from connectors.errors import UserError
from connectors.feed import Reject
from connectors.recorded_rows import UNKNOWN_TS, Block, Ints, batch
from schemas.columns import Batch, field_type
from schemas.topics import TOPIC

RUN_ROWS: Final = 1 << 19
BLOCK_ROWS: Final = 50_000
REJECTS_MAX: Final = 200_000
SLOT_NS: Final = 10_000_000_000  # a busy minute of all stock quotes would not fit in memory
OPEN_RUNS: Final = 256  # files kept open while reading; more are opened each time
PREFIX: Final = "islandflow-sort-"
_ORDER: Final = "_slot"


class Spool:
    """The rows of one topic on their way from one order to another. Columns are the same throughout."""

    def __init__(self, topic: str, name: str) -> None:
        self.topic, self.name = topic, name
        self.read = 0
        self._folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._finish = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        self._waiting: list[pa.RecordBatch] = []
        self._count = 0
        self._runs: list[Path] = []
        self._slots: dict[int, list[tuple[int, int]]] = {}
        self._rejects: list[Reject] = []
        self._names: set[str] = set()

    @property
    def symbols(self) -> tuple[str, ...]:
        """The underlyings seen so far, sorted."""
        return tuple(sorted(self._names))

    @property
    def first_ts(self) -> int:
        """A time at or before the first row; 0 where there is none."""
        return min(self._slots, default=0) * SLOT_NS

    def see(self, names: Iterable[str]) -> None:
        """Note underlyings that are in the source, whether their rows are kept or not."""
        self._names.update(names)

    def add(self, columns: Mapping[str, Any], count: int, rejects: tuple[Reject, ...] = ()) -> None:
        """Take in rows (a value each, or a scalar for all) and what was refused beside them."""
        self.read += count + len(rejects)
        self._rejects += rejects
        if len(self._rejects) > REJECTS_MAX:
            raise UserError(
                f"{self.name}: more than {REJECTS_MAX:,} rows are no records, the first because "
                f"{self._rejects[0].reason}; is it really in this format?"
            )
        if not count:
            return
        rows = self._record_batch(columns, count)
        self._waiting.append(rows)
        self._count += count
        if self._count >= RUN_ROWS:
            self._write_run()

    def close(self) -> None:
        """End the writing; from here on `blocks` may be called, as often as wanted."""
        if self._waiting:
            self._write_run()

    def _record_batch(self, columns: Mapping[str, Any], count: int) -> pa.RecordBatch:
        arrays, names = [], []
        for name, value in columns.items():
            kind = field_type(TOPIC[self.topic].field(name))
            if isinstance(value, pa.Array):
                array = value
            elif isinstance(value, np.ndarray):
                array = pa.array(value if kind is None else value.astype(kind, copy=False))
            else:
                array = pa.repeat(
                    pa.scalar(value, pa.string() if kind is None else pa.from_numpy_dtype(kind)), count
                )
            arrays.append(array)
            names.append(name)
        return pa.RecordBatch.from_arrays(arrays, names)

    def _write_run(self) -> None:
        table = pa.Table.from_batches(self._waiting).combine_chunks()
        times: Ints = table.column("source_ts").to_numpy()
        order = np.argsort(times, kind="stable")
        table, slots = table.take(pa.array(order)), times[order] // SLOT_NS
        found, firsts = np.unique(slots, return_index=True)
        path = self._folder / f"{len(self._runs)}.arrow"
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema, options=options) as out:
            for place, (slot, begin, end) in enumerate(
                zip(found.tolist(), firsts.tolist(), [*firsts[1:].tolist(), len(slots)], strict=True)
            ):
                out.write_batch(table.slice(begin, end - begin).combine_chunks().to_batches()[0])
                self._slots.setdefault(slot, []).append((len(self._runs), place))
        self._runs.append(path)
        self._waiting, self._count = [], 0

    def blocks(self) -> Iterator[Block]:
        """Yield everything in the order of time; a refused row comes with the rows of its time."""
        rejects = sorted(self._rejects, key=attrgetter("source_ts"))
        done = 0
        for table, is_last in self._tables():
            upto = table.column("source_ts")[-1].as_py()
            cut = len(rejects) if is_last else bisect_right(rejects, upto, key=attrgetter("source_ts"))
            beside, rejects = tuple(rejects[:cut]), rejects[cut:]
            done += table.num_rows + cut
            read = {self.topic: table.num_rows + cut}
            yield Block({self.topic: self._batch(table)}, beside, read=read, share=done / max(1, self.read))
        if rejects:
            yield Block({}, tuple(rejects), upto_ts=UNKNOWN_TS, share=1.0)

    def _tables(self) -> Iterator[tuple[pa.Table, bool]]:
        """Yield sorted rows, as many slots at once as fit in a block, and whether they are the last."""
        readers: dict[int, Any] = {}
        waiting: list[pa.Table] = []
        for slot in sorted(self._slots):
            rows = self._read_slot(self._slots[slot], readers)
            if waiting and sum(t.num_rows for t in waiting) + rows.num_rows > BLOCK_ROWS:
                yield pa.concat_tables(waiting), False
                waiting = []
            while rows.num_rows > BLOCK_ROWS:
                yield rows.slice(0, BLOCK_ROWS), False
                rows = rows.slice(BLOCK_ROWS)
            waiting.append(rows)
        if waiting:
            yield pa.concat_tables(waiting), True

    def _read_batch(self, run: int, place: int, readers: dict[int, Any]) -> pa.RecordBatch:
        reader = readers.get(run)
        if reader is None:
            reader = pa.ipc.open_file(pa.memory_map(str(self._runs[run])))
            if len(readers) < OPEN_RUNS:
                readers[run] = reader
        return reader.get_batch(place)

    def _read_slot(self, places: list[tuple[int, int]], readers: dict[int, Any]) -> pa.Table:
        """Return the rows of a slot in the order of time; ties in the order of the runs."""
        table = pa.Table.from_batches([self._read_batch(run, place, readers) for run, place in places])
        if len(places) == 1:
            return table  # a run is sorted
        order = np.argsort(table.column("source_ts").to_numpy(), kind="stable")
        return table.take(pa.array(order))

    def _batch(self, table: pa.Table) -> Batch:
        columns: dict[str, Any] = {}
        for name in table.column_names:
            column = table.column(name)
            whole = column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)
            is_text = pa.types.is_string(whole.type)
            columns[name] = whole if is_text else whole.to_numpy(zero_copy_only=False)
        return batch(self.topic, columns, table.num_rows)
