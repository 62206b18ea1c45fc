"""Packages: legs of one order over several series, put together, named and priced as one.

Owns the withheld legs of a shard and the rows of flow.packets that they become: one for each package and
one for each leg that came alone. Legs are held until their group has closed, so no leg is ever published
and taken back. Refuses prints without a multi-leg or stock-option code: orders at one time are no package.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from dataflows.analytics.options_layout import Placed, Prints
from dataflows.analytics.options_names import EXPIRY, RIGHT, STRIKE, UNDERLYING, Names
from dataflows.analytics.packages_claims import read_parcels
from dataflows.analytics.packages_layout import (
    COUNTERS,
    FAMILIES,
    G_COUNT,
    K_IS_STOCK,
    K_UNITS,
    L_CODE,
    L_ROOT,
    L_SEQ,
    L_TS,
    LEG_FIELDS,
    N_CUT,
    N_EVICTED,
    N_OPEN,
    R_DELTA,
    ClosedLegs,
    Doubles,
    LegTurn,
    Parcels,
    Read,
    new_groups,
)
from dataflows.analytics.packages_parse import parse_groups
from dataflows.analytics.packages_rows import columns_of
from dataflows.analytics.packages_stock import NO_TIE, UNIT_SHARES, Tie, tie_of
from dataflows.analytics.packages_wait import Parcel, Waiting, gathered
from dataflows.analytics.packages_walk import room_for, walk_legs
from dataflows.analytics.plain import from_plain, to_plain
from dataflows.analytics.release import ROW_PRINT, ROW_SESSION, Longs, Release
from dataflows.analytics.stock import Stock
from schemas.columns import Column
from schemas.kinds import PRINT_STATUS
from schemas.opra import IS_FLOOR, code_bytes

_OK = PRINT_STATUS.index("ok")


def leg_turn(release: Release, prints: Prints, placed: Placed, stock: Stock | None, names: Names) -> LegTurn:
    """Return what a release brings to packages: its legs in the order of application."""
    is_print = release.row_kind == ROW_PRINT
    rows, at = release.row[is_print], release.effective_ts[is_print]
    is_leg = (prints.status[rows] == _OK) & np.isin(prints.family[rows], FAMILIES)
    code = code_bytes(release.prints["condition"])
    order, times = rows[is_leg], at[is_leg]
    return LegTurn(prints, placed, code, order, times, release, release.watermark, stock, names)


class Packages:
    """Open groups of legs of one shard, packages that wait for their stock, and the claims about both."""

    def __init__(self) -> None:
        self._groups, self._waiting = new_groups(), Waiting()

    @property
    def counters(self) -> dict[str, int]:
        """Groups closed early, full ones and those that made room, and packages that did not wait."""
        counts = self._groups.counts
        return {
            "package_groups_cut": int(counts[N_CUT]),
            "package_groups_evicted": int(counts[N_EVICTED]),
            "packages_hurried": self._waiting.hurried,
        }

    def apply(self, turn: LegTurn) -> dict[str, Column]:
        """Return columns of flow.packets for what leaves, in the order of emission; {} where nothing does."""
        sessions = _session_times(turn)
        closed = self._closed(turn, sessions)
        leaving = self._waiting.take(closed, sessions.tolist(), turn.watermark)
        if not leaving:
            return {}
        parcels = gathered(leaving)
        read = read_parcels(parcels, np.array([p.spot for p in leaving]))
        return columns_of(parcels, read, _ties(parcels, read, turn), turn.names)

    def snapshot(self) -> dict[str, Any]:
        """Return plain data from which `restore` continues with the same bytes."""
        known, legs, counts = self._groups
        count = int(counts[N_OPEN])
        held = [to_plain(legs[slot, : known[slot, G_COUNT]]) for slot in range(count)]
        return {
            "known": to_plain(known[:count]),
            "legs": tuple(held),
            "counts": to_plain(counts),
            "waiting": self._waiting.snapshot(),
        }

    @classmethod
    def restore(cls, snapshot: Mapping[str, Any]) -> "Packages":
        """Return what `snapshot` described."""
        found = cls()
        known, legs, counts = found._groups
        rows, numbers = from_plain(snapshot["known"]), from_plain(snapshot["counts"])
        assert len(numbers) == COUNTERS and len(rows) == numbers[N_OPEN], "open groups and their count differ"
        known[: len(rows)] = rows
        for slot, held in enumerate(snapshot["legs"]):
            some = from_plain(held)
            legs[slot, : len(some)] = some
        counts[:] = numbers
        found._waiting = Waiting.restore(snapshot["waiting"])
        return found

    def _closed(self, turn: LegTurn, sessions: Longs) -> list[Parcel]:
        """Return the packages of the groups that close in a release, in the order of their close."""
        closed = self._walk(turn, sessions)
        package, chance = np.zeros(len(closed.legs), np.int64), np.zeros(len(closed.legs))
        count = int(parse_groups(closed.legs, closed.group, package, chance))
        order = np.argsort(package, kind="stable")
        starts = np.searchsorted(package[order], np.arange(count + 1)).tolist()
        legs, times = closed.legs[order], closed.emit_ts[order]
        spot = _spots(turn, legs[starts[:-1], L_ROOT], times[starts[:-1]]).tolist()
        parcels = [
            Parcel(legs[a:b], int(times[a]), int(times[a]), float(chance[order[a]]), spot[k])
            for k, (a, b) in enumerate(pairwise(starts))
        ]
        return sorted(parcels, key=lambda p: (p.closed_ts, int(p.legs[:, L_SEQ].min())))

    def _walk(self, turn: LegTurn, sessions: Longs) -> ClosedLegs:
        legs = _legs(turn)
        out = room_for(self._groups, len(legs))
        count, _ = walk_legs(self._groups, legs, sessions, turn.watermark, out)
        order = np.lexsort((out.legs[:count, L_SEQ], out.legs[:count, L_TS], out.group[:count]))
        return ClosedLegs(out.legs[order], out.group[order], out.emit_ts[order])


def _session_times(turn: LegTurn) -> Longs:
    return np.asarray(turn.release.effective_ts[turn.release.row_kind == ROW_SESSION])


def _spots(turn: LegTurn, roots: Longs, ts: Longs) -> Doubles:
    """Return the middle of each stock as it stood before a time, 0 where it had no market."""
    if turn.stock is None or not len(roots):
        return np.zeros(len(roots))
    quote = turn.stock.quote_before([turn.names.underlyings[r] for r in roots.tolist()], ts)
    has = (quote.bid > 0) & (quote.ask >= quote.bid)
    return np.where(has, (quote.bid + quote.ask) / 2.0, 0.0)


def _ties(parcels: Parcels, read: Read, turn: LegTurn) -> list[Tie]:
    """Return the stock print that each package with a stock-option code is tied to."""
    if turn.stock is None:
        return [NO_TIE] * len(parcels.emit_ts)
    return [
        _tie(parcels, read, k, turn) if read.whole[k, K_IS_STOCK] else NO_TIE for k in range(len(read.whole))
    ]


def _tie(parcels: Parcels, read: Read, k: int, turn: LegTurn) -> Tie:
    first = parcels.legs[parcels.starts[k]]
    span = (int(first[L_TS]), int(parcels.emit_ts[k]), bool(IS_FLOOR[first[L_CODE]]))
    units, delta = int(read.whole[k, K_UNITS]), abs(float(read.real[k, R_DELTA]))
    is_alone = read.starts[k + 1] - read.starts[k] == 1
    wanted = (-1 if is_alone else units * UNIT_SHARES, delta * units * UNIT_SHARES)
    assert turn.stock is not None
    return tie_of(turn.stock, turn.names.underlyings[int(first[L_ROOT])], span, wanted)


def _legs(turn: LegTurn) -> Longs:
    """Return the columns of the legs of a release, in the order of application."""
    prints, placed, rows = turn.prints, turn.placed, turn.order
    contract = prints.contract[rows]
    facts = turn.names.facts(contract)
    quote = placed.quote[rows]
    columns = (
        contract,
        facts[:, UNDERLYING],
        prints.venue[rows],
        turn.code[rows],
        prints.family[rows],
        np.minimum(prints.event_ts[rows], prints.source_ts[rows]),
        turn.effective_ts,
        prints.seq[rows],
        prints.price[rows],
        prints.size[rows],
        prints.premium[rows],
        placed.state[rows],
        placed.placement[rows],
        quote[:, 0],
        quote[:, 1],
        quote[:, 2],
        quote[:, 3],
        prints.open_interest[rows],
        prints.volume_before[rows],
        facts[:, EXPIRY],
        facts[:, STRIKE],
        facts[:, RIGHT],
    )
    assert len(columns) == LEG_FIELDS
    return np.ascontiguousarray(np.column_stack([np.asarray(c, np.int64) for c in columns]))
