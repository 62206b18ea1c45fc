"""A second look at large packets: what the series and its stock were quoted at a while after.

Owns the packets that wait for their second look and the quotes found then. A look is a later version of the
packet, at its own time. Refuses packets without a side, looks across a session, a gap or a halt (there is
nothing to compare with), and more than WAITING packets: what comes then gets no second look, counted.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from dataflows.analytics.options_layout import NO_TIME, Q_ASK, Q_BID, Q_TS
from dataflows.analytics.plain import from_plain, to_plain
from dataflows.analytics.release import ROW_QUOTE, ROW_SESSION, Longs, Release, halts_quotes
from dataflows.analytics.stock import Stock
from schemas.columns import Batch, concat, empty, is_text
from schemas.fields import ABSENT, NO_PRICE
from schemas.kinds import PACKET_KIND, RESTATEMENT, VERSION_STATUS
from schemas.topics import TOPIC

LOOK_NS: Final = 60 * 1_000_000_000
PREMIUM_FLOOR: Final = 100_000 * 10_000  # USD in the unit of money
WAITING: Final = 4096
_PACKAGED: Final = (PACKET_KIND.index("package"), PACKET_KIND.index("leg"))
_REASON: Final = RESTATEMENT.index("follow_up")
_RESTATED: Final = VERSION_STATUS.index("restated")
_RETRACTED: Final = VERSION_STATUS.index("retracted")


class Looked(NamedTuple):
    """Standing option quotes of contracts before a release: rows (ts, seq, bid, ask, ...) as in the book."""

    contracts: Longs
    standing: Longs


class Follow:
    """The packets that wait, in the order in which they are due."""

    def __init__(self) -> None:
        self._waiting = empty(TOPIC["flow.packets"])
        self._contract = np.empty(0, np.int64)
        self.passed_over = 0

    def snapshot(self) -> dict[str, Any]:
        """Return plain data from which `restore` continues."""
        columns = {
            name: tuple(column.to_pylist()) if is_text(column) else to_plain(np.ascontiguousarray(column))
            for name, column in self._waiting.columns.items()
        }
        return {"columns": columns, "contract": to_plain(self._contract), "passed_over": self.passed_over}

    @classmethod
    def restore(cls, snapshot: Mapping[str, Any]) -> "Follow":
        """Return what `snapshot` described."""
        import pyarrow as pa

        follow = cls()
        topic = TOPIC["flow.packets"]
        columns = {
            name: pa.array(plain, pa.string()) if is_text(follow._waiting[name]) else from_plain(plain)
            for name, plain in snapshot["columns"].items()
        }
        follow._waiting = Batch(topic, columns)
        follow._contract = from_plain(snapshot["contract"])
        follow.passed_over = snapshot["passed_over"]
        return follow

    @property
    def contracts(self) -> Longs:
        """The numbers of the series that are waited for."""
        return np.unique(self._contract)

    def add(self, fresh: Batch, contract: Longs) -> None:
        """Let large sided packets wait; `contract` is the number of each packet's series."""
        large = (fresh["premium"] >= PREMIUM_FLOOR) & (fresh["side"] != 0)
        large &= ~np.isin(fresh["kind"], _PACKAGED) & (fresh["status"] != _RETRACTED)
        rows = np.flatnonzero(large)
        room = max(0, WAITING - len(self._waiting))
        self.passed_over += max(0, len(rows) - room)
        rows = rows[:room]
        if len(rows):
            self._waiting = concat([self._waiting, fresh.take(rows)])
            self._contract = np.concatenate([self._contract, contract[rows]])

    def replace(self, packet_id: str, row: Batch) -> None:
        """Let a restated packet wait in its newest version; one that was taken back waits no more."""
        at = [n for n, known in enumerate(self._waiting["packet_id"].to_pylist()) if known == packet_id]
        if not at:
            return
        due, contract = int(self._waiting["emit_ts"][at[0]]), self._contract[at[0]]
        self._keep(np.arange(len(self._waiting)) != at[0])
        if int(row["status"][0]) == _RETRACTED:
            return
        waiting = dict(row.columns) | {"emit_ts": np.array([due], np.int64)}
        self._waiting = concat([self._waiting, Batch(row.topic, waiting)])
        self._contract = np.append(self._contract, contract)

    def due(self, release: Release, quoted: Longs, before: Looked, stock: Stock) -> Batch:
        """Return the packets whose time has come, with what was quoted then, as rows without a version.

        `quoted` is the series number of each quote of the release, `before` what stood ahead of it.
        """
        self._drop(release.effective_ts[release.row_kind == ROW_SESSION])
        times = self._waiting["emit_ts"] + LOOK_NS
        is_due = times <= release.watermark
        if not is_due.any():
            return empty(self._waiting.topic)
        rows = np.flatnonzero(is_due)
        rows = rows[np.argsort(times[rows], kind="stable")]
        found, contracts, at = self._waiting.take(rows), self._contract[rows], times[rows]
        self._keep(~is_due)
        quotes = _quotes(release, quoted, before, contracts, at)
        quotes[_is_halted(release, found["underlying"].to_pylist(), at, quotes)] = NO_TIME
        return _looked_at(found, at, quotes[:, 1:], stock)

    def _keep(self, mask: Any) -> None:
        self._waiting = self._waiting.take(np.flatnonzero(mask))
        self._contract = self._contract[mask]

    def _drop(self, marks: Longs) -> None:
        """Let go of what left before a session or gap that came before its second look, or at it."""
        if not len(marks) or not len(self._waiting):
            return
        left = self._waiting["emit_ts"]
        following = np.append(marks, np.iinfo(np.int64).max)[np.searchsorted(marks, left, side="left")]
        self._keep(following > left + LOOK_NS)


def _quotes(release: Release, quoted: Longs, before: Looked, contracts: Longs, at: Longs) -> Longs:
    """Return rows of what stood strictly before each time: (effective time, ts, bid, ask), -1 for nothing.

    The effective time of what stood before the release is 0.
    """
    is_quote = release.row_kind == ROW_QUOTE
    order, effective = release.row[is_quote], release.effective_ts[is_quote]
    series = quoted[order]
    found = np.full((len(contracts), 4), NO_TIME, np.int64)
    source = release.quotes
    for row, (contract, ts) in enumerate(zip(contracts.tolist(), at.tolist(), strict=True)):
        mine = np.flatnonzero((series == contract) & (effective < ts))
        if len(mine):
            last = order[mine[-1]]
            prices = (source[name][last] for name in ("source_ts", "bid", "ask"))
            found[row] = effective[mine[-1]], *prices
        else:
            place = int(np.searchsorted(before.contracts, contract))
            found[row] = 0, *before.standing[place, [Q_TS, Q_BID, Q_ASK]]
    return found


def _is_halted(release: Release, underlyings: list[str], at: Longs, quotes: Longs) -> Any:
    """Tell where a halt came between the quote and the look; at one instant a halt comes before quotes."""
    halts = [(n.at, n.underlying) for n in release.notes if halts_quotes(n)]
    asked = zip(underlyings, at.tolist(), quotes[:, 0].tolist(), strict=True)
    return np.array(
        [any(u == name and since < ts <= until for ts, u in halts) for name, until, since in asked], np.bool_
    )


def _looked_at(packets: Batch, at: Longs, quotes: Longs, stock: Stock) -> Batch:
    """Return the packets with what was found, where both sides of the series were quoted."""
    stood = stock.quote_before(packets["underlying"].to_pylist(), at)
    rows = len(at)
    columns = dict(packets.columns) | {
        "emit_ts": at,
        "after_ts": at,
        "after_bid": np.ascontiguousarray(quotes[:, 1]),
        "after_ask": np.ascontiguousarray(quotes[:, 2]),
        "after_underlying_bid": stood.bid,
        "after_underlying_ask": stood.ask,
        "status": np.full(rows, _RESTATED, np.int32),
        "reason": np.full(rows, _REASON, np.int32),
    }
    is_seen = (quotes[:, 0] != ABSENT) & (quotes[:, 1] != NO_PRICE) & (quotes[:, 2] > 0)
    return Batch(packets.topic, columns).take(np.flatnonzero(is_seen))
