"""Equity sale conditions: one closed set of bits, how feeds spell them, and what they allow.

Owns the bits (our own dense numbers, appended to and never moved), the maps from LEAN's bit set and
from the letters of the two consolidated tapes, and eligibility as functions of the bits. Refuses
to drop a letter it does not know: that print carries `unknown`, which allows volume and no price.

Eligibility follows the consolidated (SIP) rules. Of several conditions the strictest wins; "only
if first or sole trade of the day" counts as no for the last price, since the bits alone cannot
tell, and as yes for high and low, as the day's bar does. Whoever builds shorter bars also looks at
`is_report_late` and `is_price_not_current`.
"""

from functools import lru_cache
from typing import Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from schemas.columns import integers

Bits: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]

CONDITION: Final = (
    "regular",
    "cash",
    "next_day",
    "seller",
    "yellow_flag",
    "intermarket_sweep",
    "opening",
    "closing",
    "reopening",
    "derivatively_priced",
    "extended_hours",
    "sold_last",
    "stopped",
    "extended_hours_sold",
    "sold_out_of_sequence",
    "split",
    "acquisition",
    "bunched",
    "bunched_sold",
    "contingent",
    "qualified_contingent",
    "distribution",
    "average_price",
    "cross",
    "price_variation",
    "rule_155",
    "official_close",
    "official_open",
    "prior_reference_price",
    "cap_election",
    "automatic",
    "trade_through_exempt",
    "odd_lot",
    "corrected_close",
    "unknown",
)
BIT: Final = {name: 1 << position for position, name in enumerate(CONDITION)}
CACHED_SPELLINGS_MAX: Final = 65_536


def _bits(*names: str) -> int:
    return sum(BIT[name] for name in names)


NO_TRADE: Final = _bits("official_close", "official_open")
NO_VOLUME: Final = NO_TRADE | _bits("corrected_close")
REPORT_LATE: Final = _bits("sold_last", "sold_out_of_sequence", "bunched_sold", "extended_hours_sold")
PRICE_NOT_CURRENT: Final = _bits(
    "cash",
    "next_day",
    "seller",
    "derivatively_priced",
    "contingent",
    "qualified_contingent",
    "average_price",
    "price_variation",
    "prior_reference_price",
)
NO_HIGH_LOW: Final = NO_TRADE | _bits(
    "cash",
    "next_day",
    "seller",
    "price_variation",
    "odd_lot",
    "extended_hours",
    "extended_hours_sold",
    "contingent",
    "qualified_contingent",
    "average_price",
    "unknown",
)
NO_LAST: Final = NO_HIGH_LOW | _bits(
    "bunched_sold", "prior_reference_price", "sold_out_of_sequence", "derivatively_priced"
)


_BOTH: Final = {
    "C": "cash",
    "N": "next_day",
    "R": "seller",
    "F": "intermarket_sweep",
    "H": "price_variation",
    "I": "odd_lot",
    "K": "rule_155",
    "L": "sold_last",
    "M": "official_close",
    "O": "opening",
    "P": "prior_reference_price",
    "Q": "official_open",
    "T": "extended_hours",
    "U": "extended_hours_sold",
    "V": "contingent",
    "X": "cross",
    "Z": "sold_out_of_sequence",
    "4": "derivatively_priced",
    "5": "reopening",
    "6": "closing",
    "7": "qualified_contingent",
    "9": "corrected_close",
}
# The letter B means opposite things on the two tapes: an average price, or bunched trades.
CTA: Final = {**_BOTH, "B": "average_price", "E": "automatic"}
UTP: Final = {
    **_BOTH,
    "@": "regular",
    "A": "acquisition",
    "B": "bunched",
    "D": "distribution",
    "G": "bunched_sold",
    "S": "split",
    "W": "average_price",
    "Y": "yellow_flag",
    "1": "stopped",
}
TAPES: Final = {"CTA": CTA, "UTP": UTP}

# LEAN's bit n is the n-th name; bit 30 is not assigned.
LEAN: Final = (
    "regular",
    "cash",
    "next_day",
    "seller",
    "yellow_flag",
    "intermarket_sweep",
    "opening",
    "closing",
    "reopening",
    "derivatively_priced",
    "extended_hours",
    "sold_last",
    "stopped",
    "extended_hours",
    "extended_hours_sold",
    "split",
    "acquisition",
    "bunched",
    "contingent",
    "distribution",
    "average_price",
    "cross",
    "price_variation",
    "rule_155",
    "official_close",
    "prior_reference_price",
    "official_open",
    "cap_election",
    "automatic",
    "trade_through_exempt",
    "unknown",
    "odd_lot",
)


@lru_cache(maxsize=CACHED_SPELLINGS_MAX)
def lean_bit(text: str) -> int:
    """Return our bits of LEAN's hexadecimal bit set; ValueError where it is none."""
    flags = int(text, 16) if text else 0
    if not 0 <= flags < 1 << len(LEAN):
        raise ValueError(f"condition {text!r} is no set of {len(LEAN)} bits")
    return _bits(*{name for place, name in enumerate(LEAN) if flags >> place & 1})


@lru_cache(maxsize=CACHED_SPELLINGS_MAX)
def sip_bit(text: str, tape: Literal["CTA", "UTP"]) -> int:
    """Return our bits of a tape's condition letters; all blank is a regular trade."""
    letters = set(text) - {" "}
    names = {TAPES[tape].get(letter, "unknown") for letter in letters}
    return _bits(*names) if names else BIT["regular"]


def lean_bits(texts: pa.StringArray) -> Bits:
    """Return our bits of a column of LEAN's bit sets."""
    encoded = texts.dictionary_encode()
    distinct = [lean_bit(t) for t in encoded.dictionary.to_pylist()]
    return _spread(distinct, encoded.indices)


def sip_bits(texts: pa.StringArray, tape: Literal["CTA", "UTP"]) -> Bits:
    """Return our bits of a column of condition letters of one tape."""
    encoded = texts.dictionary_encode()
    distinct = [sip_bit(t, tape) for t in encoded.dictionary.to_pylist()]
    return _spread(distinct, encoded.indices)


def _spread(distinct: list[int], indices: pa.Int32Array) -> Bits:
    assert indices.null_count == 0, "a condition is missing; empty text is allowed"
    found: Bits = np.array(distinct, np.int64)[integers(indices)]
    return found


def names_of(bits: int) -> tuple[str, ...]:
    """Return the names of the conditions in a bit set."""
    return tuple(name for name in CONDITION if bits & BIT[name])


def _has_none(bits: Bits, of: int) -> Mask:
    found: Mask = (bits & of) == 0
    return found


def updates_volume(bits: Bits) -> Mask:
    """Which prints count in volume."""
    return _has_none(bits, NO_VOLUME)


def updates_high_low(bits: Bits) -> Mask:
    """Which prints may set a high or a low."""
    return _has_none(bits, NO_HIGH_LOW)


def updates_last(bits: Bits) -> Mask:
    """Which prints may set an open or a last price."""
    return _has_none(bits, NO_LAST)


def is_no_trade(bits: Bits) -> Mask:
    """Which records are official prices and no trades."""
    return ~_has_none(bits, NO_TRADE)


def is_report_late(bits: Bits) -> Mask:
    """Which prints were reported after their time by their own account."""
    return ~_has_none(bits, REPORT_LATE)


def is_price_not_current(bits: Bits) -> Mask:
    """Which prints carry a price made elsewhere or earlier, not by the market of that moment."""
    return ~_has_none(bits, PRICE_NOT_CURRENT)
