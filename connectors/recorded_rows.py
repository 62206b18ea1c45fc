"""What every reader of a recorded format shares: judging rows, building batches, blocks.

Owns the block (what a source gives out at a time) and how a row is refused with its position. Pure.
Refuses rows, never files: whatever the values are, a row ends as a record or as a reject.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa

from connectors.feed import Gap, Note, Reject, reject
from connectors.sessions import is_trading_time
from schemas.columns import Batch, Column, field_type, is_text, to_rows
from schemas.fields import Field
from schemas.topics import TOPIC

Flags: TypeAlias = npt.NDArray[np.bool_]
Ints: TypeAlias = npt.NDArray[np.int64]
UNKNOWN_TS: Final = -1  # of a reject: "where the source stands"; the merge files it
CLOSED: Final = "the New York Stock Exchange did not trade that day"
STANDARD_MULTIPLIER: Final = 100
_PLAIN: Final[dict[str, Any]] = {"kind": 0, "seq": 0, "multiplier": STANDARD_MULTIPLIER, "condition_bits": 0}


@dataclass(frozen=True, slots=True)
class Origin:
    """Of a refused row: the underlying if known, where it stood below the root, and its bytes."""

    underlying: str
    source: str
    raw: bytes


Describe: TypeAlias = Callable[[int], Origin]


@dataclass(frozen=True, slots=True)
class Block:
    """Some consecutive rows of one source.

    `batches` hold every column of their topic, sorted by source_ts; no row of a later block of the same
    source is older than a row of this one. `read` counts, for each topic, the rows meant for it: those
    in the batch and those refused. `upto_ts` says that nothing older will follow; where it is absent
    that is the last row's time. A source without rows for a long stretch should say how far it is.
    `share` is how much of the source was read with this block, 0 to 1, for a person who waits.
    """

    batches: Mapping[str, Batch]
    rejects: tuple[Reject, ...] = ()
    notes: tuple[Note, ...] = ()
    gaps: tuple[Gap, ...] = ()
    read: Mapping[str, int] = field(default_factory=dict)
    upto_ts: int = UNKNOWN_TS
    share: float = 0.0


class Judge:
    """Collects why rows of a table are refused; of several reasons the first one counts."""

    def __init__(self, count: int) -> None:
        self.good: Flags = np.ones(count, np.bool_)
        self.reasons: dict[int, str] = {}

    def refuse(self, wrong: Flags, reason: str) -> None:
        """Refuse the rows where `wrong` holds, unless they are refused already."""
        wrong = wrong & self.good
        if wrong.any():
            self.good &= ~wrong
            self.reasons.update(dict.fromkeys(np.flatnonzero(wrong).tolist(), reason))

    def refuse_each(self, reasons: pa.StringArray) -> None:
        """Refuse every row whose reason is not empty, as `schemas.symbology.Contracts` gives them."""
        for row, reason in enumerate(reasons.to_pylist()):
            if reason and self.good[row]:
                self.good[row] = False
                self.reasons[row] = reason

    def refuse_closed(self, times: Ints) -> None:
        """Refuse times on days without trading, wild ones among them; best before `refuse_backwards`."""
        self.refuse(~is_trading_time(times), CLOSED)

    def refuse_backwards(self, times: Ints) -> None:
        """Refuse good rows that are older than a good row before them."""
        kept = np.flatnonzero(self.good)
        at = times[kept]
        back = np.zeros(len(times), np.bool_)
        if len(at):
            back[kept] = np.maximum.accumulate(at) > at
        self.refuse(back, "the time runs backwards")


def block_of(topic: str, judge: Judge, columns: Mapping[str, Any], describe: Describe) -> Block:
    """Build the block of one table: its good rows in order, the others described with their position.

    `columns` holds a value per row of the table or a scalar, at least source_ts. A refused row is filed
    at the good row before it.
    """
    kept = np.flatnonzero(judge.good)
    rows = batch(topic, {n: _pick(c, kept) for n, c in columns.items()}, len(kept))
    times: Ints = rows["source_ts"]
    found: list[Reject] = []
    for row in sorted(judge.reasons):
        place = int(np.searchsorted(kept, row)) - 1
        at = int(times[place]) if place >= 0 else UNKNOWN_TS
        origin = describe(row)
        found.append(reject(topic, origin.underlying, origin.source, judge.reasons[row], at, origin.raw))
    return Block({topic: rows}, tuple(found), read={topic: len(judge.good)})


def batch(topic: str, columns: Mapping[str, Any], count: int) -> Batch:
    """Return rows of a topic: what is given (arrays or scalars), elsewhere what stands for nothing.

    event_ts is a copy of source_ts unless given. Text is "", flags are false, the multiplier is 100. A
    column of an enum takes codes, or names as a scalar, a sequence or an Arrow array.
    """
    spec = TOPIC[topic]
    unknown = set(columns) - set(spec.field_names)
    assert not unknown, f"{topic}: no columns {sorted(unknown)}"
    given = {"event_ts": columns["source_ts"], **columns}
    return Batch(spec, {f.name: _column(f, given, count) for f in spec.fields})


def _column(field_: Field, given: Mapping[str, Any], count: int) -> Column:
    kind = field_type(field_)
    value = given.get(field_.name)
    if value is None:
        value = _default(field_)
    if field_.is_enum:
        value = _codes(field_, value)
    if kind is None:
        if isinstance(value, str):
            return pa.repeat(pa.scalar(value, pa.string()), count)
        return value if isinstance(value, pa.StringArray) else pa.array(value, pa.string())
    if isinstance(value, np.ndarray):
        return value.astype(kind, copy=False)
    return np.full(count, value, kind)


def _default(field_: Field) -> Any:
    for value in (field_.default, field_.absent, _PLAIN.get(field_.name)):
        if value is not None:
            return value
    kind = field_type(field_)
    if kind is None:
        return ""
    assert kind is np.bool_, f"{field_.name} has to be given"
    return False


def _codes(field_: Field, value: Any) -> Any:
    """Return the codes of enum names; numbers are codes already."""
    if isinstance(value, str):
        return field_.symbols.index(value)
    if isinstance(value, pa.Array):
        coded = value.dictionary_encode()
        names = coded.dictionary.to_pylist()
        places = np.array([field_.symbols.index(n) for n in names], np.int32)
        return places[coded.indices.to_numpy(zero_copy_only=False)]
    if isinstance(value, Sequence):
        return np.array([field_.symbols.index(n) for n in value], np.int32)
    return value


def _pick(column: Any, kept: Ints) -> Any:
    if isinstance(column, pa.Array):
        return column.take(pa.array(kept))
    return column[kept] if isinstance(column, np.ndarray) else column


def choose(rows: Batch, mask: Flags) -> Batch:
    """Return the rows where `mask` holds; the batch itself where it holds everywhere."""
    return rows if bool(mask.all()) else rows.take(np.flatnonzero(mask))


def refused_rows(rows: Batch, wrong: Flags, origin: str, reason: str) -> tuple[Reject, ...]:
    """Describe records that cannot be published; their bytes are the record as JSON."""
    if not wrong.any():
        return ()
    found = []
    for record in to_rows(rows.take(np.flatnonzero(wrong))):
        raw = orjson.dumps({n: v for n, v in record.items() if n not in ("kind", "seq")})
        source = f"{origin}:{record['source_ts']}"
        at = int(record["source_ts"])
        found.append(reject(rows.topic.name, record["underlying"], source, reason, at, raw))
    return tuple(found)


def is_any(column: Column, wanted: Sequence[str]) -> Flags:
    """Tell of each text whether it is one of some."""
    assert is_text(column), "a text column"
    coded = column.dictionary_encode()
    names = set(wanted)
    hits = np.array([n in names for n in coded.dictionary.to_pylist()], np.bool_)
    if not len(hits):
        return np.zeros(len(column), np.bool_)
    found: Flags = hits[coded.indices.to_numpy(zero_copy_only=False)]
    return found
