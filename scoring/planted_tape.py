"""Planted orders as a tape: batches of prints and quotes, and the truth of each print in the same row.

Owns how planted lots become shares or contracts. A recorded stock quote may be relabelled as the market
of one option series: the quotes then keep their times, prices and sizes in lots, and nothing of an
option's behaviour is claimed. Refuses to put any truth into a column of the tape.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from schemas.columns import Batch, constant
from schemas.conditions import sip_bits
from schemas.kinds import SIDE
from schemas.topics import TOPIC
from scoring.join_lag import Longs
from scoring.planted import LIT_VENUES, OFF_VENUE, STYLES, SWEEP, Displayed, Planted

LOT_SHARES: Final = 100_000_000  # a hundred shares in millionths
MULTIPLIER: Final = 100
_SIDE_CODE: Final = {1: SIDE.index("buy"), -1: SIDE.index("sell"), 0: SIDE.index("none")}


@dataclass(frozen=True, slots=True)
class Tape:
    """Prints and quotes of one instrument; `truth` has a value for each row of the prints.

    Its columns: aggressor and customer (codes of `schemas.kinds.SIDE`), order_id, parent_id, style,
    exact_ts (ns), is_midpoint. `quote_row` is the row of `quotes` that the order met.
    """

    prints: Batch
    quotes: Batch
    truth: dict[str, Any]


def displayed(quotes: Batch) -> Displayed:
    """Return recorded stock quotes as what planted orders can meet, sizes in whole lots."""
    lots = (quotes[side] // LOT_SHARES for side in ("bid_size", "ask_size"))
    return Displayed(quotes["source_ts"], quotes["bid"], quotes["ask"], *lots)


def equity_tape(planted: Planted, quotes: Batch) -> Tape:
    """Return planted prints of a stock beside its recorded quotes, unchanged."""
    is_off = planted.venue == len(LIT_VENUES)
    codes = pa.array(np.where(planted.style == SWEEP, "F", "").tolist(), pa.string())
    columns = _head(planted, _name(quotes)) | {
        "size": planted.lots * LOT_SHARES,
        "off_exchange": is_off,
        "conditions": codes,
        "condition_bits": sip_bits(codes, "CTA"),
    }
    return Tape(_batch("equities.prints", columns, len(is_off)), quotes, truth_of(planted))


def option_tape(planted: Planted, quotes: Batch, contract: str) -> Tape:
    """Return the same as prints and quotes of one option series; a lot is a contract.

    What was reported off the exchanges becomes the auction print (code a) of one exchange.
    """
    codes = np.where(planted.style == SWEEP, "S", np.where(planted.venue == len(LIT_VENUES), "a", "I"))
    count, series = len(codes), pa.array([contract] * len(codes), pa.string())
    venues = (*LIT_VENUES, LIT_VENUES[0])
    columns = _head(planted, _name(quotes)) | {
        "contract": series,
        "size": planted.lots,
        "multiplier": np.full(count, MULTIPLIER, np.int32),
        "venue": pa.array([venues[v] for v in planted.venue.tolist()], pa.string()),
        "condition": pa.array(codes.tolist(), pa.string()),
        "is_bar": np.zeros(count, np.bool_),
    }
    return Tape(_batch("options.prints", columns, count), _as_nbbo(quotes, contract), truth_of(planted))


def truth_of(planted: Planted) -> dict[str, Any]:
    """Return the truth columns, a value for each print."""
    return {
        "aggressor": _sides(planted.aggressor),
        "customer": _sides(planted.customer),
        "order_id": planted.order,
        "parent_id": planted.parent,
        "style": np.array(STYLES)[planted.style],
        "exact_ts": planted.exact_ts,
        "is_midpoint": planted.aggressor == 0,
        "quote_row": planted.quote,
    }


def _sides(signs: Longs) -> Longs:
    return np.array([_SIDE_CODE[-1], _SIDE_CODE[0], _SIDE_CODE[1]], np.int64)[signs + 1]


def _name(quotes: Batch) -> str:
    return str(quotes["underlying"][0])


def _head(planted: Planted, underlying: str) -> dict[str, Any]:
    count = len(planted.price)
    venues = (*LIT_VENUES, OFF_VENUE)
    return {
        "kind": np.zeros(count, np.int32),
        "seq": np.arange(count, dtype=np.int64),
        "source_ts": planted.report_ts,
        "event_ts": planted.exact_ts,
        "underlying": pa.array([underlying] * count, pa.string()),
        "price": planted.price,
        "venue": pa.array([venues[v] for v in planted.venue.tolist()], pa.string()),
        "has_event_ts": np.ones(count, np.bool_),
    }


def _as_nbbo(quotes: Batch, contract: str) -> Batch:
    count = len(quotes)
    columns: dict[str, Any] = {n: quotes[n] for n in ("kind", "seq", "source_ts", "event_ts", "underlying")}
    columns |= {"contract": pa.array([contract] * count, pa.string())}
    columns |= {n: quotes[n] for n in ("bid", "ask")}
    columns |= {n: quotes[n] // LOT_SHARES for n in ("bid_size", "ask_size")}
    return _batch("options.nbbo", columns, count)


def _batch(topic: str, columns: dict[str, Any], count: int) -> Batch:
    named = TOPIC[topic]
    given = {f.name: columns[f.name] if f.name in columns else constant(f, count) for f in named.fields}
    return Batch(named, given)
