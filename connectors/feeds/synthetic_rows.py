"""Published matrices of the synthetic market as batches of the raw topics.

Owns how codes, letters and identities are spelled in records, and which columns a tape shows at all. Refuses
everything behind them: aggressor, customer, parent, package, purpose and exact times reach no record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from schemas.columns import Batch, Column
from schemas.conditions import sip_bit
from schemas.topics import TOPIC
from synthetic.layout import (
    EQUITY_CODES,
    OFF_EXCHANGE,
    P_CODE,
    P_CONTRACT,
    P_PRICE,
    P_SIZE,
    P_SYMBOL,
    P_VENUE,
    Q_ASK,
    Q_ASK_SIZE,
    Q_ASK_VENUE,
    Q_BID,
    Q_BID_SIZE,
    Q_BID_VENUE,
    Q_CONTRACT,
    Q_SYMBOL,
    Matrix,
)
from synthetic.tape_layout import (
    S_EVENT,
    S_NUMBER,
    S_REFERS,
    S_REPORT,
    S_SOURCE,
    S_TIMED,
    S_VENDOR,
    Z_EVENT,
    Z_SOURCE,
)

OPTION_PRINTS, OPTION_QUOTES = "options.prints", "options.nbbo"
EQUITY_PRINTS, EQUITY_QUOTES = "equities.prints", "equities.quotes"
LETTERS: Final = pa.array([""] + [chr(n) for n in range(1, 128)], pa.string())
FIRST_LETTER: Final = ord("A") - 1  # venue letters of quotes count from 1, 0 is none
SALE_CODES_MAX: Final = 4096  # distinct sets of conditions that are remembered for each tape

Vector = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Names:
    """What the numbers of a day's rows stand for: symbols and series by index."""

    symbols: pa.StringArray
    is_tape_c: npt.NDArray[np.bool_]
    series: pa.StringArray
    multiplier: npt.NDArray[np.int32]


def option_prints(names: Names, rows: Matrix) -> Batch:
    """Return published option reports as records."""
    columns = {
        **_report(names, rows),
        "contract": _taken(names.series, rows[:, P_CONTRACT]),
        "size": _plain(rows, P_SIZE),
        "multiplier": names.multiplier[rows[:, P_CONTRACT]],
        "condition": _taken(LETTERS, rows[:, P_CODE]),
        "is_bar": np.zeros(len(rows), np.bool_),
    }
    return _batch(OPTION_PRINTS, columns)


def equity_prints(names: Names, rows: Matrix) -> Batch:
    """Return published equity reports as records."""
    texts, bits = _conditions(rows[:, P_CODE], names.is_tape_c[rows[:, P_SYMBOL]])
    columns = {
        **_report(names, rows),
        "size": _plain(rows, P_SIZE),
        "off_exchange": rows[:, P_VENUE] == OFF_EXCHANGE,
        "conditions": texts,
        "condition_bits": bits,
    }
    return _batch(EQUITY_PRINTS, columns)


def option_quotes(names: Names, rows: Matrix) -> Batch:
    """Return published quotes of series as records."""
    return _batch(
        OPTION_QUOTES, {**_quote(names, rows), "contract": _taken(names.series, rows[:, Q_CONTRACT])}
    )


def equity_quotes(names: Names, rows: Matrix) -> Batch:
    """Return published quotes of stocks as records."""
    return _batch(EQUITY_QUOTES, _quote(names, rows))


def _batch(topic: str, columns: dict[str, Column]) -> Batch:
    """Put columns into the order of the topic; those it may leave out are left out."""
    order = [f.name for f in TOPIC[topic].fields if f.name in columns]
    return Batch(TOPIC[topic], {name: columns[name] for name in order})


def _plain(rows: Matrix, column: int) -> Vector:
    return np.ascontiguousarray(rows[:, column])


def _taken(texts: pa.StringArray, index: Vector) -> pa.StringArray:
    return texts.take(pa.array(np.ascontiguousarray(index)))


def _head(names: Names, rows: Matrix, source: int, event: int, symbol: int) -> dict[str, Column]:
    return {
        "kind": np.zeros(len(rows), np.int32),
        "seq": np.zeros(len(rows), np.int64),
        "source_ts": _plain(rows, source),
        "event_ts": _plain(rows, event),
        "underlying": _taken(names.symbols, rows[:, symbol]),
    }


def _report(names: Names, rows: Matrix) -> dict[str, Column]:
    """Return what reports of options and of stocks have in common."""
    letters = _taken(LETTERS, rows[:, P_VENUE])
    return {
        **_head(names, rows, S_SOURCE, S_EVENT, P_SYMBOL),
        "price": _plain(rows, P_PRICE),
        "venue": letters,
        "has_event_ts": rows[:, S_TIMED] == 1,
        "trade_id": _identities(letters, rows[:, S_NUMBER]),
        "vendor_seq": _plain(rows, S_VENDOR),
        "report": rows[:, S_REPORT].astype(np.int32),
        "refers_to": _identities(letters, rows[:, S_REFERS]),
    }


def _identities(letters: pa.StringArray, numbers: Vector) -> pa.StringArray:
    """Return the venue's letter and its number of each trade; nothing where the number is 0."""
    if not numbers.any():
        return pa.repeat(pa.scalar("", pa.string()), len(numbers))
    texts = pc.cast(pa.array(np.ascontiguousarray(numbers)), pa.string())
    named = pc.binary_join_element_wise(letters, texts, "")
    return pc.if_else(pa.array(numbers > 0), named, "")


def _quote(names: Names, rows: Matrix) -> dict[str, Column]:
    return {
        **_head(names, rows, Z_SOURCE, Z_EVENT, Q_SYMBOL),
        "bid": _plain(rows, Q_BID),
        "ask": _plain(rows, Q_ASK),
        "bid_size": _plain(rows, Q_BID_SIZE),
        "ask_size": _plain(rows, Q_ASK_SIZE),
        "bid_venue": _letter_codes(rows[:, Q_BID_VENUE]),
        "ask_venue": _letter_codes(rows[:, Q_ASK_VENUE]),
    }


def _letter_codes(letters: Vector) -> npt.NDArray[np.int32]:
    return np.maximum(letters - FIRST_LETTER, 0).astype(np.int32)


def _conditions(codes: Vector, is_tape_c: npt.NDArray[np.bool_]) -> tuple[pa.StringArray, Vector]:
    """Return the letters each tape writes for a set of conditions, and the product's bits of them."""
    distinct, index = np.unique(codes * 2 + is_tape_c, return_inverse=True)
    spelled = [_spelled(int(value) >> 1, bool(value & 1)) for value in distinct.tolist()]
    texts = pa.array([text for text, _ in spelled], pa.string())
    return _taken(texts, index), np.array([bits for _, bits in spelled], np.int64)[index]


_KNOWN: Final[dict[tuple[int, bool], tuple[str, int]]] = {}


def _spelled(code: int, is_tape_c: bool) -> tuple[str, int]:
    key = (code, is_tape_c)
    if key not in _KNOWN:
        if len(_KNOWN) >= SALE_CODES_MAX:
            _KNOWN.clear()
        tape: Literal["CTA", "UTP"] = "UTP" if is_tape_c else "CTA"
        letters = [entry[2 if is_tape_c else 1] for bit, entry in enumerate(EQUITY_CODES) if code >> bit & 1]
        text = "".join(letters) or ("@" if is_tape_c else " ")
        _KNOWN[key] = (text, sip_bit(text, tape))
    return _KNOWN[key]
