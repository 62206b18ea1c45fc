"""Packet rows of one release: parents and packages in the order in which they leave, and later versions.

Owns that order (emit time, series, side, first member), the numbers of versions and what a second look found,
which later versions keep. Refuses a version of a packet that was taken back. Versions are remembered for the
session, of at most VERSIONS packets; the oldest is forgotten first, and its next version starts at 2 again.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa

from dataflows.analytics.release import Longs
from schemas.columns import Batch, Column, complete, concat, empty, field_type, integers
from schemas.kinds import RESTATEMENT, VERSION_STATUS
from schemas.topics import TOPIC

VERSIONS: Final = 65_536
AFTER: Final = ("after_ts", "after_bid", "after_ask", "after_underlying_bid", "after_underlying_ask")
_FOLLOW_UP: Final = RESTATEMENT.index("follow_up")
_RETRACTED: Final = VERSION_STATUS.index("retracted")
Known = tuple[int, bool, tuple[int, ...]]  # version, whether taken back, what a second look found


def joined(parents: Batch, packages: Mapping[str, Column]) -> Batch:
    """Return parents and packages as one batch in the order of emission."""
    if not packages:
        return parents
    both = concat([parents, _filled(packages)])
    return both.take(emission_order(both))


def _filled(packages: Mapping[str, Column]) -> Batch:
    """Return packages with the columns that only parents have at 0."""
    topic = TOPIC["flow.packets"]
    rows = len(packages["emit_ts"])
    bare = [f for f in topic.fields if f.default is None and f.absent is None and f.name not in packages]
    kinds = {f.name: field_type(f) for f in bare}
    none = {n: pa.repeat("", rows) if k is None else np.zeros(rows, k) for n, k in kinds.items()}
    return complete(Batch(topic, {**packages, **none}))


def emission_order(packets: Batch) -> Longs:
    """Return the rows by emit time, then series, side and first member, so that no index decides."""
    series = packets["contract"].dictionary_encode()
    texts = series.dictionary.to_pylist()
    rank = np.zeros(len(texts), np.int64)
    rank[np.array(sorted(range(len(texts)), key=texts.__getitem__), np.int64)] = np.arange(len(texts))
    which = rank[integers(series.indices)] if len(packets) else np.zeros(0, np.int64)
    keys = (packets["version"], packets["first_print_seq"], packets["side"], which, packets["emit_ts"])
    return np.asarray(np.lexsort(keys), np.int64)


class Versions:
    """Which version of a packet was the last, for packets that have had more than one."""

    def __init__(self) -> None:
        self._known: dict[str, Known] = {}

    def snapshot(self) -> dict[str, Any]:
        """Return plain data from which `restore` continues."""
        return {"known": tuple(self._known.items())}

    @classmethod
    def restore(cls, snapshot: Mapping[str, Any]) -> "Versions":
        """Return what `snapshot` described."""
        versions = cls()
        versions._known = {name: (v, gone, tuple(after)) for name, (v, gone, after) in snapshot["known"]}
        return versions

    def end_session(self) -> None:
        """Forget all: packets have no versions beyond their session."""
        self._known = {}

    def number(self, restated: Batch, looked: Batch) -> Batch:
        """Return later versions, those of second looks among them, numbered, in the order of emission.

        A second look that comes after a restatement in this release is one at the restated packet.
        """
        if not len(restated) and not len(looked):
            return restated
        rows = concat([restated, looked])
        order = np.lexsort((rows["reason"] == _FOLLOW_UP, rows["first_print_seq"], rows["emit_ts"]))
        newest: dict[str, Batch] = {}
        found = []
        for row in (rows.take(np.array([n], np.int64)) for n in order.tolist()):
            name = row["packet_id"][0].as_py()
            numbered = self._next(name, row, newest.get(name))
            if numbered is not None:
                newest[name] = numbered
                found.append(numbered)
        return concat(found) if found else empty(rows.topic)

    def _next(self, name: str, row: Batch, before: Batch | None) -> Batch | None:
        version, is_gone, after = self._known.get(name, (1, False, ()))
        if is_gone:
            return None
        columns = dict(row.columns)
        if int(row["reason"][0]) == _FOLLOW_UP:
            after = tuple(int(row[c][0]) for c in AFTER)
            if before is not None:
                columns = dict(before.columns)
                columns |= {c: row[c] for c in ("emit_ts", "status", "reason")}
        if after:
            columns |= {c: np.array([v], np.int64) for c, v in zip(AFTER, after, strict=True)}
        columns["version"] = np.array([version + 1], np.int32)
        self._remember(name, (version + 1, int(row["status"][0]) == _RETRACTED, after))
        return Batch(row.topic, columns)

    def _remember(self, name: str, known: Known) -> None:
        self._known.pop(name, None)
        if len(self._known) >= VERSIONS:
            del self._known[next(iter(self._known))]
        self._known[name] = known


def alerted(alerts: Batch) -> list[str]:
    """Return the packets that alerts of a release rest on, in the order of the alerts."""
    found = dict.fromkeys(name for text in alerts["packet_ids"].to_pylist() for name in orjson.loads(text))
    return list(found | dict.fromkeys(alerts["packet_id"].to_pylist()))


def in_order(parts: Sequence[Batch]) -> Batch:
    """Return the rows of first and later versions in the order of emission."""
    rows = concat(parts)
    return rows.take(emission_order(rows)) if len(rows) else rows
