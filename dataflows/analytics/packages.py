"""Packages: legs of one order over several series, put together, named and priced as one.

Owns the withheld legs of a shard and the rows of flow.packets that they become: one for each package and
one for each leg that came alone. Legs are held until their group has closed, so no leg is ever published
and taken back. Refuses prints without a multi-leg or stock-option code: orders at one time are no package.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from dataflows.analytics.options_layout import Placed, Prints
from dataflows.analytics.options_names import EXPIRY, RIGHT, STRIKE, UNDERLYING, Names
from dataflows.analytics.packages_layout import (
    COUNTERS,
    FAMILIES,
    G_COUNT,
    L_SEQ,
    L_TS,
    LEG_FIELDS,
    N_CUT,
    N_EVICTED,
    N_OPEN,
    ClosedLegs,
    LegTurn,
    new_groups,
)
from dataflows.analytics.packages_parse import parse_groups
from dataflows.analytics.packages_rows import columns_of
from dataflows.analytics.packages_walk import room_for, walk_legs
from dataflows.analytics.plain import from_plain, to_plain
from dataflows.analytics.release import ROW_PRINT, ROW_SESSION, Longs, Release
from dataflows.analytics.stock import Stock
from schemas.columns import Column
from schemas.kinds import PRINT_STATUS
from schemas.opra import code_bytes

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
    """Open groups of legs of one shard, and the claims about those that closed."""

    def __init__(self) -> None:
        self._groups = new_groups()

    @property
    def counters(self) -> dict[str, int]:
        """Groups closed early: full ones, and those that made room for others."""
        counts = self._groups.counts
        return {"package_groups_cut": int(counts[N_CUT]), "package_groups_evicted": int(counts[N_EVICTED])}

    def apply(self, turn: LegTurn) -> dict[str, Column]:
        """Return columns of flow.packets for what closed, in the order of emission; {} where nothing did."""
        closed = self._walk(turn)
        package, chance = np.zeros(len(closed.legs), np.int64), np.zeros(len(closed.legs))
        count = int(parse_groups(closed.legs, closed.group, package, chance))
        return columns_of(closed, package, count, turn)

    def snapshot(self) -> dict[str, Any]:
        """Return open groups as plain data from which `restore` continues with the same bytes."""
        known, legs, counts = self._groups
        count = int(counts[N_OPEN])
        held = [to_plain(legs[slot, : known[slot, G_COUNT]]) for slot in range(count)]
        return {"known": to_plain(known[:count]), "legs": tuple(held), "counts": to_plain(counts)}

    @classmethod
    def restore(cls, snapshot: Mapping[str, Any]) -> "Packages":
        """Return the open groups that `snapshot` described."""
        found = cls()
        known, legs, counts = found._groups
        rows, numbers = from_plain(snapshot["known"]), from_plain(snapshot["counts"])
        assert len(numbers) == COUNTERS and len(rows) == numbers[N_OPEN], "open groups and their count differ"
        known[: len(rows)] = rows
        for slot, held in enumerate(snapshot["legs"]):
            some = from_plain(held)
            legs[slot, : len(some)] = some
        counts[:] = numbers
        return found

    def _walk(self, turn: LegTurn) -> ClosedLegs:
        legs = _legs(turn)
        kinds = turn.release.row_kind == ROW_SESSION
        sessions = turn.release.effective_ts[kinds]
        out = room_for(self._groups, len(legs))
        count, _ = walk_legs(self._groups, legs, sessions, turn.watermark, out)
        order = np.lexsort((out.legs[:count, L_SEQ], out.legs[:count, L_TS], out.group[:count]))
        return ClosedLegs(out.legs[order], out.group[order], out.emit_ts[order])


def _legs(turn: LegTurn) -> Longs:
    """Return the columns of the legs of a release, in the order of application."""
    prints, placed, rows = turn.prints, turn.placed, turn.order
    contract = prints.contract[rows]
    facts = turn.names.facts(contract)
    quote = placed.quote[rows]
    absent = np.full(len(rows), -1, np.int64)
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
        absent,
        absent,
        facts[:, EXPIRY],
        facts[:, STRIKE],
        facts[:, RIGHT],
    )
    assert len(columns) == LEG_FIELDS
    return np.ascontiguousarray(np.column_stack([np.asarray(c, np.int64) for c in columns]))
