"""Rows of flow.packets for packages and lone legs.

Owns their order (emission, first member), identity and text. Refuses to decide anything: it writes what the
claims say.
"""

import numpy as np
import pyarrow as pa

from dataflows.analytics.ids import evidence_id
from dataflows.analytics.options_codes import venue_letters
from dataflows.analytics.packages_layout import (
    L_CONTRACT,
    L_FAMILY,
    L_PREMIUM,
    L_ROOT,
    L_SEQ,
    L_SIZE,
    L_TS,
    L_VENUE,
    ClosedLegs,
    LegTurn,
)
from dataflows.analytics.release import Longs
from schemas.columns import Column
from schemas.kinds import PACKET_KIND, SIDE

KIND_PACKAGE = PACKET_KIND.index("package")
KIND_LEG = PACKET_KIND.index("leg")
MEMBERS = 64


def columns_of(closed: ClosedLegs, package: Longs, count: int, turn: LegTurn) -> dict[str, Column]:
    """Return the columns of flow.packets for `count` packages; those not named here keep their defaults."""
    rows = [_row(closed, np.flatnonzero(package == k), turn) for k in range(count)]
    rows.sort(key=lambda r: (r["emit_ts"], r["first_print_seq"]))
    if not rows:
        return {}
    return {name: _column([r[name] for r in rows]) for name in rows[0]}


def _column(values: list[object]) -> Column:
    return pa.array(values, pa.string()) if isinstance(values[0], str) else np.array(values)


def _row(closed: ClosedLegs, at: Longs, turn: LegTurn) -> dict[str, object]:
    legs = closed.legs[at]
    facts = turn.names.facts(np.unique(legs[:, L_CONTRACT]))
    first = legs[0]
    seqs = sorted(legs[:, L_SEQ].tolist())
    root = turn.names.underlyings[int(first[L_ROOT])]
    listed = "[" + ",".join(map(str, seqs)) + "]"
    return {
        "emit_ts": int(closed.emit_ts[at[0]]),
        "packet_id": evidence_id("options.prints", root, *seqs),
        "version": np.int32(1),
        "underlying": root,
        "contract": turn.names.contracts[int(first[L_CONTRACT])],
        "kind": np.int32(KIND_PACKAGE if len(facts) > 1 else KIND_LEG),
        "side": np.int32(SIDE.index("none")),
        "start_ts": int(legs[:, L_TS].min()),
        "end_ts": int(legs[:, L_TS].max()),
        "size": int(legs[:, L_SIZE].sum()),
        "premium": int(legs[:, L_PREMIUM].sum()),
        "code_family": np.int32(first[L_FAMILY]),
        "venues": venue_letters(1 << int(first[L_VENUE])),
        "print_count": len(legs),
        "first_print_seq": seqs[0],
        "last_print_seq": seqs[-1],
        "members": listed,
        "package_members": listed,
    }
