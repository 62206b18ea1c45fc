"""The words and evidence of dark events.

Owns the rows of `dark.events`: identity, sentence and evidence. Refuses to say who traded, on which side,
or why: a print that moved nothing is consistent with several stories.
"""

import hashlib
import json
from typing import Any, Final

import numpy as np
import pyarrow as pa

from dataflows.analytics import equities_dark as dark
from dataflows.analytics.equities_dark import Rules
from dataflows.analytics.equities_state import Names
from dataflows.analytics.quotes import (
    PLACE_AT_ASK,
    PLACE_AT_BID,
    PLACE_INSIDE_ASK,
    PLACE_INSIDE_BID,
    PLACE_MID,
)
from dataflows.analytics.release import Longs
from schemas.columns import Batch, Column, empty
from schemas.kinds import DARK_KIND
from schemas.topics import TOPIC

RULE: Final = "absorbed_block"
RULE_VERSION: Final = 1
_WHERE: Final = {
    PLACE_MID: "at the midpoint",
    PLACE_AT_ASK: "at the ask",
    PLACE_AT_BID: "at the bid",
    PLACE_INSIDE_ASK: "inside the quote, nearer the ask",
    PLACE_INSIDE_BID: "inside the quote, nearer the bid",
}
_ROUNDED: Final = "at or inside the quote to the nearest cent"
_LONGS: Final = {
    "print_seq": dark.PRINT_SEQ,
    "emit_ts": dark.DUE,
    "source_ts": dark.SOURCE_TS,
    "price": dark.PRICE,
    "size": dark.SIZE,
    "notional": dark.NOTIONAL,
    "bid": dark.BLOCK_BID,
    "ask": dark.BLOCK_ASK,
    "settled_bid": dark.SETTLED_BID,
    "settled_ask": dark.SETTLED_ASK,
}


def events_batch(rows: Longs, names: Names, rules: Rules) -> Batch:
    """Return events by (emit time, underlying text, print) as rows of `dark.events`."""
    if not len(rows):
        return empty(TOPIC["dark.events"])
    order = np.lexsort([rows[:, dark.PRINT_SEQ], names.ranks[rows[:, dark.UID]], rows[:, dark.DUE]])
    rows = rows[order]
    text = names.text(rows[:, dark.UID])
    said = [_words(row, name, rules) for row, name in zip(rows, text.to_pylist(), strict=True)]
    columns: dict[str, Column] = {n: np.ascontiguousarray(rows[:, f]) for n, f in _LONGS.items()}
    columns["seq"] = np.zeros(len(rows), np.int64)
    columns["underlying"] = text
    columns["version"] = np.ones(len(rows), np.int32)
    columns["status"] = np.zeros(len(rows), np.int32)
    columns["kind"] = np.full(len(rows), DARK_KIND.index(RULE), np.int32)
    columns["rule_version"] = np.full(len(rows), RULE_VERSION, np.int32)
    columns["placement"] = rows[:, dark.PLACE].astype(np.int32)
    for i, name in enumerate(("dark_id", "sentence", "evidence")):
        columns[name] = pa.array([words[i] for words in said], pa.string())
    topic = TOPIC["dark.events"]
    return Batch(topic, {name: columns[name] for name in topic.field_names})


def _words(row: Longs, underlying: str, rules: Rules) -> tuple[str, str, str]:
    identity = f"{RULE}/{RULE_VERSION}/equities.prints/{underlying}/{row[dark.PRINT_SEQ]}"
    dark_id = hashlib.sha256(identity.encode()).hexdigest()[:32]
    evidence = json.dumps(_evidence(row, rules), sort_keys=True, separators=(",", ":"))
    return dark_id, _sentence(row, rules), evidence


def _sentence(row: Longs, rules: Rules) -> str:
    where = _ROUNDED if row[dark.ROUNDED] else _WHERE[int(row[dark.PLACE])]
    return (
        f"Off-exchange block of {_shares(row[dark.SIZE], ',')} shares {where}; after {_seconds(rules)} s the "
        "middle of the quote was within one spread of where it had been: consistent with absorbed "
        "supply or demand; neither side nor intent can be said."
    )


def _evidence(row: Longs, rules: Rules) -> dict[str, Any]:
    spread = int(row[dark.BLOCK_ASK] - row[dark.BLOCK_BID])
    middles = [
        row[dark.SETTLED_BID] + row[dark.SETTLED_ASK],
        row[dark.BLOCK_BID] + row[dark.BLOCK_ASK],
    ]
    return {
        "rule": RULE,
        "test": "none",
        "thresholds": {
            "block_shares": _shares(rules.block_shares),
            "block_notional_usd": _decimal(rules.block_notional, 4),
            "wait_s": _seconds(rules),
            "move_max_usd": _decimal(max(spread, dark.CENT), 9),
        },
        "arrival": {
            "bid_usd": _decimal(row[dark.BLOCK_BID], 9),
            "ask_usd": _decimal(row[dark.BLOCK_ASK], 9),
        },
        "settled": {
            "bid_usd": _decimal(row[dark.SETTLED_BID], 9),
            "ask_usd": _decimal(row[dark.SETTLED_ASK], 9),
        },
        "middle_moved_usd": _decimal(int(middles[0] - middles[1]) * 5, 10),
        "meanwhile": {
            "lit_shares": _shares(row[dark.SETTLED_LIT]),
            "off_exchange_shares": _shares(row[dark.SETTLED_OFF]),
        },
        "price_rounded": bool(row[dark.ROUNDED]),
    }


def _shares(value: Any, separator: str = "") -> str:
    return _decimal(value, 6, separator)


def _seconds(rules: Rules) -> str:
    return _decimal(rules.wait_ns, 9)


def _decimal(value: Any, scale: int, separator: str = "") -> str:
    """Return an integer of 10**-scale units as a decimal number without trailing zeros."""
    sign, units = "-" if value < 0 else "", abs(int(value))
    whole, rest = divmod(units, 10**scale)
    fraction = f"{rest:0{scale}d}".rstrip("0")
    return f"{sign}{whole:{separator}}" + (f".{fraction}" if fraction else "")
