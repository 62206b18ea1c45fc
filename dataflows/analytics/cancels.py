"""Which print a cancel or correction takes back.

Owns the match: by the vendor's identity where there is one, else by what the code means (C the last trade of
the series, E the first, G the only one, A neither) among those of the same venue, price and size, the newest
first where several fit. Meaning ranks and does not exclude: after a lost print nothing would else be found.
Refuses to guess without any match: such a cancel is an orphan, with the reason.
"""

from typing import Final, NamedTuple

import numpy as np

from dataflows.analytics.held_prints import STATUS_CANCELLED, HeldPrints
from dataflows.analytics.options_codes import (
    CANCEL_FIRST,
    CANCEL_ONLY,
    CANCEL_OTHER,
    CORRECTS,
)
from dataflows.analytics.options_layout import VENUE_UNKNOWN
from dataflows.analytics.release import Flags, Longs
from schemas.kinds import CANCEL_MATCH

MATCH_NONE: Final = CANCEL_MATCH.index("none")
BY_ID: Final = CANCEL_MATCH.index("by_id")
BY_TERMS: Final = CANCEL_MATCH.index("by_terms")
UNKNOWN: Final = CANCEL_MATCH.index("orphan_unknown")
AGAIN: Final = CANCEL_MATCH.index("orphan_again")
BEYOND: Final = CANCEL_MATCH.index("orphan_beyond_horizon")


class Cancel(NamedTuple):
    """One record that takes a print back: where it stands, what it says, what it means.

    `refers` is the hash of the identity it names, 0 for none; `meaning` a CANCEL_ constant or CORRECTS.
    """

    applied: int
    ts: int
    contract: int
    venue: int
    price: int
    size: int
    refers: int
    meaning: int


class Taken(NamedTuple):
    """A print that was taken back: by which record, when, and the correction that stands for it (-1 none)."""

    by_seq: int
    applied: int
    ts: int
    replacement: int


def find(
    held: HeldPrints, taken: dict[int, Taken], aliases: dict[int, int], cancel: Cancel
) -> tuple[int, int]:
    """Return the row of the print taken back (-1 for an orphan) and the code of the match in CANCEL_MATCH.

    `aliases` are identities of corrected prints by the sequence number of what stands for them now.
    """
    rows = held.reach(cancel.contract, cancel.applied, cancel.ts)
    seqs = held.table["seq"][rows]
    is_taken = np.fromiter((s in taken for s in seqs.tolist()), np.bool_, len(rows))
    if cancel.refers:
        is_named = held.table["identity"][rows] == cancel.refers
        is_named |= np.fromiter((aliases.get(s) == cancel.refers for s in seqs.tolist()), np.bool_, len(rows))
        if (is_named & ~is_taken).any():
            return int(rows[is_named & ~is_taken][-1]), BY_ID
        if is_named.any():
            return -1, AGAIN
    fits = _fits(held, rows, cancel)
    if (fits & ~is_taken).any():
        return _chosen(held, rows, (fits, is_taken), cancel), BY_TERMS
    if fits.any():
        return -1, AGAIN
    told, _ = held.told(cancel.contract, cancel.applied)
    in_reach = int((held.table["status"][rows] != STATUS_CANCELLED).sum())
    return -1, BEYOND if told > in_reach else UNKNOWN


def _fits(held: HeldPrints, rows: Longs, cancel: Cancel) -> Flags:
    """Tell which prints have the terms of a cancel; a correction has terms of its own, so it needs a name."""
    table = held.table
    if cancel.meaning == CORRECTS:
        return np.zeros(len(rows), np.bool_)
    fits = (table["price"][rows] == cancel.price) & (table["size"][rows] == cancel.size)
    if cancel.venue != VENUE_UNKNOWN:
        fits &= table["venue"][rows] == cancel.venue
    if cancel.refers:
        fits &= table["identity"][rows] == 0  # one that has a name of its own was not meant
    return np.asarray(fits)


def _chosen(held: HeldPrints, rows: Longs, flags: tuple[Flags, Flags], cancel: Cancel) -> int:
    """Return the row that best has the meaning of a cancel among those that fit and still stand."""
    fits, is_taken = flags
    standing = rows[~is_taken]
    free = rows[fits & ~is_taken]
    _, first = held.told(cancel.contract, cancel.applied)
    if cancel.meaning in (CANCEL_FIRST, CANCEL_ONLY):
        is_first = held.table["seq"][free] == first
        return int(free[is_first][0] if is_first.any() else free[0])
    if cancel.meaning == CANCEL_OTHER:
        between = free[(free != standing[-1]) & (held.table["seq"][free] != first)]
        return int(between[-1] if len(between) else free[-1])
    return int(free[-1])
