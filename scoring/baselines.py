"""What a score is compared with: dumb claims, a table fitted on the tuning region, and the best possible.

Owns the majority side, cells of what is visible at a print, their fit and their ceiling. A cell table is
the plainest fitted claim: the share of buys among prints that look alike. Refuses to know whose truth it is
fitted on: who calls hands in rows of the tuning region and of nothing else.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from scoring.intervals import Floats, Longs
from scoring.metrics import Claims, Measures, Sides, share

CELL_FACTS: Final = (
    "m_quote",
    "m_emo",
    "m_tick",
    "m_trade_size",
    "m_depth",
    "placement",
    "is_placement_stable",
)
OPTION_FACTS: Final = (*CELL_FACTS, "m_trade_size_venue", "code_family")
EQUITY_FACTS: Final = (*CELL_FACTS, "off_exchange")
PRIOR: Final = 8.0  # rows of a fair coin added to each cell
LEAST_DOUBT: Final = 0.02  # nearer to a half than this, the table abstains


@dataclass(frozen=True, slots=True)
class CellTable:
    """Shares of buys by cell, fitted; `keys` are sorted."""

    facts: tuple[str, ...]
    keys: Longs
    p_buy: Floats

    def claim(self, rows: pl.DataFrame) -> tuple[Sides, Floats]:
        """Return side and probability for each row; an unknown cell abstains."""
        key = cells(rows, self.facts)
        at = np.clip(np.searchsorted(self.keys, key), 0, max(0, len(self.keys) - 1))
        is_known = self.keys[at] == key if len(self.keys) else np.zeros(len(key), np.bool_)
        p = np.where(is_known, self.p_buy[at] if len(self.keys) else 0.5, 0.5)
        p = np.where(np.abs(p - 0.5) < LEAST_DOUBT, 0.5, p)
        return np.sign(p - 0.5).astype(np.int8), p


def cells(rows: pl.DataFrame, facts: tuple[str, ...]) -> Longs:
    """Return one number a row for the combination of its facts, each a small integer above -4."""
    key = np.zeros(len(rows), np.int64)
    for name in facts:
        key = key * 32 + (rows[name].cast(pl.Int64).to_numpy() + 4)
    return key


def fit(rows: pl.DataFrame, truth: Sides, facts: tuple[str, ...]) -> CellTable:
    """Return the share of buys in each cell, drawn to a half where rows are few."""
    keys, of_row = np.unique(cells(rows, facts), return_inverse=True)
    n = np.bincount(of_row, minlength=len(keys))
    buys = np.bincount(of_row, truth > 0, len(keys))
    return CellTable(facts, keys, (buys + PRIOR / 2) / (n + PRIOR))


def majority(truth: Sides) -> Measures:
    """Return the accuracy of always naming the side that is the commoner one."""
    buys = share(int(np.count_nonzero(truth > 0)), len(truth))
    return {"name": "always the commoner side", "accuracy": None if buys is None else max(buys, 1 - buys)}


def ceiling(rows: pl.DataFrame, truth: Sides, facts: tuple[str, ...], block: Longs) -> Measures:
    """Bracket the best accuracy of any rule that sees these facts alone.

    `upper` names the commoner side of each cell knowing the truth of the same rows; `held_out` learns it on
    every other block and is judged on the rest, so that the best rule lies between the two.
    """
    key = cells(rows, facts)
    upper = _commoner(key, truth, key, truth)
    odd = np.unique(block, return_inverse=True)[1] % 2 == 1
    halves = [_commoner(key[a], truth[a], key[~a], truth[~a]) * np.count_nonzero(~a) for a in (odd, ~odd)]
    is_split = bool(odd.any()) and not bool(odd.all())
    held_out = sum(halves) / len(truth) if is_split else None
    return {"facts": list(facts), "upper": upper if len(truth) else None, "held_out": held_out}


def _commoner(key: Longs, truth: Sides, asked: Longs, answers: Sides) -> float:
    """Return the accuracy over `asked` of each cell's commoner side as counted over `key`; unseen: a coin."""
    if not len(asked) or not len(key):
        return 0.0
    keys, of_row = np.unique(key, return_inverse=True)
    net = np.sign(np.bincount(of_row, truth, len(keys)))
    at = np.clip(np.searchsorted(keys, asked), 0, len(keys) - 1)
    side = np.where(keys[at] == asked, net[at], 0)
    return float(np.where(side == 0, 0.5, side == answers).mean())


def with_probability(side: Sides, p_buy: Floats, like: Claims) -> Claims:
    """Return claims with probabilities over the rows of others."""
    return Claims(side, p_buy, like.truth, like.block)
