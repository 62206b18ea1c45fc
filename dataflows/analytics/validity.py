"""What a readable record must hold before it may be counted.

Owns the ranges of prices, sizes and symbols and the check that a record lies in the partition of its
underlying. Refuses nothing silently: the result names a reason for every row.
"""

from functools import lru_cache
from typing import Final

import numpy as np
import pyarrow as pa

from dataflows.analytics.release import Codes, Flags
from schemas.columns import Batch, integers
from schemas.fields import NO_PRICE
from schemas.kinds import DEADLETTER_REASON
from schemas.partition import partitions
from schemas.symbology import Unreadable, parse_contract

_BAD_VALUE: Final = DEADLETTER_REASON.index("bad_value")
_WRONG_PARTITION: Final = DEADLETTER_REASON.index("wrong_partition")
PRICE_MAX: Final = (
    10**7 * 10**9
)  # ten million dollars, in 1e-9 USD; the dearest listed share is below a tenth
SHARES_MAX: Final = 10**9 * 10**6  # a billion shares, in 1e-6 shares
CONTRACTS_MAX: Final = 10**9


def invalid_rows(batch: Batch, partition: int) -> Codes:
    """Return per row the index of a reason in DEADLETTER_REASON, or 0 where the row is sound.

    Control records carry no values and are always sound. (0 is the reason `bad_magic`, which only
    undecodable records can have, so it is free to mean "none" here.)
    """
    reason = np.zeros(len(batch), np.int8)
    if not len(batch):
        return reason
    is_data = batch["kind"] == 0
    if batch.topic.name != "reference":
        reason[is_data & ~_is_sound(batch)] = _BAD_VALUE
        reason[is_data & (partitions(batch["underlying"]) != partition)] = _WRONG_PARTITION
    return reason


def _is_sound(batch: Batch) -> Flags:
    columns = batch.columns
    size_max = CONTRACTS_MAX if "contract" in columns else SHARES_MAX
    ok: Flags = batch["source_ts"] > 0
    ok &= batch["event_ts"] > 0
    if "bid" in columns:
        for name in ("bid", "ask"):
            ok &= (columns[name] >= NO_PRICE) & (columns[name] <= PRICE_MAX)
        for name in ("bid_size", "ask_size"):
            ok &= (columns[name] >= 0) & (columns[name] <= size_max)
    else:
        ok &= (columns["price"] > 0) & (columns["price"] <= PRICE_MAX)
        ok &= (columns["size"] > 0) & (columns["size"] <= size_max)
    if "contract" in columns:
        ok &= _are_contracts(columns["contract"])
    return ok


def _are_contracts(column: pa.StringArray) -> Flags:
    """Check each distinct symbol once; a batch holds few."""
    encoded = column.dictionary_encode()
    known = np.fromiter(map(_is_contract, encoded.dictionary.to_pylist()), np.bool_, len(encoded.dictionary))
    found: Flags = known[integers(encoded.indices)]
    return found


@lru_cache(maxsize=1 << 17)
def _is_contract(symbol: str) -> bool:
    """Tell whether a symbol names a series in its canonical spelling; only that one is a key."""
    try:
        return parse_contract(symbol).contract == symbol
    except Unreadable:
        return False
