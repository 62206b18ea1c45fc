"""The numbers that Polygon (Massive) writes for conditions, exchanges and corrections, in our terms.

Owns three tables and nothing else. An unknown number is kept and never an error: an unknown option
condition stays as its number, an unknown equity condition sets the bit `unknown`, an unknown exchange
has no letter. Sources: the vendor's `v3/reference/conditions` and `v3/reference/exchanges` as recorded,
its public glossary of trade conditions, and the OPRA codes that its numbers 201 to 248 stand for.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from schemas.conditions import BIT

CACHED_SPELLINGS_MAX: Final = 65_536
FINRA_ID: Final = 4
_OPTION_RUNS: Final = ((201, "ABCDEFGHIJ"), (219, "S"), (227, "abcdefghijklmnopqrstuv"))
OPTION_CODE: Final = {
    "0": " ",
    **{str(first + i): code for first, codes in _OPTION_RUNS for i, code in enumerate(codes)},
}
CANCELS: Final = frozenset("ACEG")

# Option exchanges are numbered from 300 in the order of their OPRA letters.
OPTION_VENUE: Final = {str(300 + ord(c) - ord("A")): c for c in "ABCDEHIJMNPQSTUWXZ"}
EQUITY_VENUE: Final = {
    str(number): letter
    for number, letter in enumerate("ABCDEIJKMNPTSLVWXYZHU", 1)
    if letter not in "ES"  # 5 and 13 are the two tapes themselves
}

EQUITY_CONDITION: Final[dict[int, tuple[str, ...]]] = {
    0: ("regular",),
    1: ("acquisition",),
    2: ("average_price",),
    3: ("automatic",),
    4: ("bunched",),
    5: ("bunched_sold",),
    6: ("cap_election",),
    7: ("cash",),
    8: ("closing",),
    9: ("cross",),
    10: ("derivatively_priced",),
    11: ("distribution",),
    12: ("extended_hours",),
    13: ("extended_hours_sold",),
    14: ("intermarket_sweep",),
    15: ("official_close",),
    16: ("official_open",),
    17: ("opening",),
    18: ("reopening",),
    19: ("closing",),
    20: ("next_day",),
    21: ("price_variation",),
    22: ("prior_reference_price",),
    23: ("rule_155",),
    24: ("rule_155",),
    25: ("opening",),
    27: ("stopped",),
    28: ("reopening",),
    29: ("seller",),
    30: ("sold_last",),
    31: ("sold_last", "stopped"),
    32: ("sold_out_of_sequence",),
    33: ("sold_out_of_sequence", "stopped"),
    34: ("split",),
    35: ("contingent",),
    36: ("yellow_flag",),
    37: ("odd_lot",),
    38: ("corrected_close",),
    41: ("trade_through_exempt",),
    52: ("contingent",),
    53: ("qualified_contingent",),
}
# Short sale restrictions and states of the listing: said with a trade, and nothing about it.
NOT_OF_THE_TRADE: Final = frozenset({*range(57, 61), *range(62, 80)})

# 1, 7 and 8 mark originals that were corrected or taken back later: at their time they were trades.
REPORT: Final = {"10": "cancel", "11": "cancel", "12": "correction"}


@lru_cache(maxsize=CACHED_SPELLINGS_MAX)
def equity_bits(text: str) -> int:
    """Return our bits of a list of condition numbers as written ("12,37"); none at all is regular."""
    bits = 0
    for item in text.replace("[", "").replace("]", "").split(","):
        word = item.strip()
        if not word:
            continue
        number = int(word) if word.isdecimal() else -1
        if number not in NOT_OF_THE_TRADE:
            names = EQUITY_CONDITION.get(number, ("unknown",))
            bits |= sum(BIT[name] for name in names)
    return bits or BIT["regular"]


@lru_cache(maxsize=CACHED_SPELLINGS_MAX)
def option_code(text: str) -> str:
    """Return the OPRA code of a list of condition numbers: the first known one, else the text itself."""
    words = [w.strip() for w in text.replace("[", "").replace("]", "").split(",")]
    known = [OPTION_CODE[w] for w in words if w in OPTION_CODE]
    return known[0] if known else text.strip()
