"""The best quote over some venues, from rows that are each one venue's quote.

Owns the book of last quotes by symbol and venue. The caller names the venues: where a file has dense
quotes of one venue only, the best over all of them is locked or crossed most of the time, from quotes
that no longer stood. Refuses rows of other venues. Holds one quote a symbol and venue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from connectors.recorded_rows import Block, Ints
from schemas.columns import Batch
from schemas.fields import NO_PRICE
from schemas.kinds import VENUE_LETTER

TOPIC: Final = "equities.quotes"
_SIDES: Final = (("bid", 1), ("ask", -1))
_WORST: Final = np.iinfo(np.int64).min


class BestQuotes:
    """Turns blocks of venue quotes in the order of time into blocks of the best quote after each."""

    def __init__(self, letters: Sequence[str]) -> None:
        self._codes = [VENUE_LETTER.index(letter) for letter in letters]
        self._last: dict[tuple[str, str], list[tuple[int, int]]] = {}

    def __call__(self, block: Block) -> Block:
        """Return the block with the best quote of all venues after each of its rows."""
        rows = block.batches.get(TOPIC)
        if rows is None or not len(rows):
            return block
        columns = dict(rows.columns)
        for name in ("bid", "ask", "bid_size", "ask_size", "bid_venue", "ask_venue"):
            columns[name] = rows[name].copy()
        coded = rows["underlying"].dictionary_encode()
        places = coded.indices.to_numpy()
        for code, symbol in enumerate(coded.dictionary.to_pylist()):
            index = np.flatnonzero(places == code)
            for side, sign in _SIDES:
                found = self._best(rows, index, (symbol, side), sign)
                for name, values in zip((side, f"{side}_size", f"{side}_venue"), found, strict=True):
                    columns[name][index] = values
        return replace(block, batches={**block.batches, TOPIC: Batch(rows.topic, columns)})

    def _best(self, rows: Batch, index: Ints, key: tuple[str, str], sign: int) -> tuple[Ints, Ints, Ints]:
        """Return price, size over the venues at it, and first such venue, of one side of one symbol."""
        side = key[1]
        venue, price, size = rows["bid_venue"][index], rows[side][index], rows[f"{side}_size"][index]
        last = self._last.setdefault(key, [(NO_PRICE, 0)] * len(self._codes))
        prices, sizes = [], []
        for place, code in enumerate(self._codes):
            at = np.maximum.accumulate(np.where(venue == code, np.arange(len(index)), -1))
            prices.append(np.where(at < 0, last[place][0], price[at]))
            sizes.append(np.where(at < 0, last[place][1], size[at]))
            last[place] = (int(prices[-1][-1]), int(sizes[-1][-1]))
        stack, amounts = np.stack(prices), np.stack(sizes)
        ranked = np.where(stack > 0, stack * sign, _WORST)
        best = ranked.max(axis=0)
        is_there = best != _WORST
        total = np.where(ranked == best, amounts, 0).sum(axis=0)
        first = np.array(self._codes)[np.argmax(ranked == best, axis=0)]
        return (
            np.where(is_there, best * sign, NO_PRICE),
            np.where(is_there, total, 0),
            np.where(is_there, first, 0),
        )
