"""The matrices that the parts of the synthetic market hand to each other.

Owns the columns of orders, prints and quotes, the lists their codes index, the cut of a day into blocks,
and the identity of orders. All matrices are int64 `buf[row, column]`. Columns and list entries are appended
to and never moved. Refuses any behaviour: agents, kernels and the tape give these numbers their meaning.

Times are ns since 1970 (UTC), prices 1e-9 USD (-1 absent), option sizes contracts, share sizes 1e-6 shares
(quotes as well), sides +1 buy and -1 sell.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.int64]

SECOND_NS: Final = 1_000_000_000
MILLISECOND_NS: Final = 1_000_000
BLOCK_SECONDS: Final = 300
BLOCK_NS: Final = BLOCK_SECONDS * SECOND_NS
# Block 0 starts at 04:00 New York; the regular session is blocks 66 to 143, the last one ends at 20:00.
DAY_BLOCKS: Final = 192
FIRST_BLOCK_HOUR: Final = 4
REGULAR_OPEN_BLOCK: Final = 66
REGULAR_CLOSE_BLOCK: Final = 144
HALF_DAY_CLOSE_BLOCK: Final = 108

TICK: Final = 10_000_000
DOLLAR: Final = 1_000_000_000
SHARE: Final = 1_000_000

# Prints: one row per contra fill.
P_TS: Final = 0  # exact time of the match
P_SYMBOL: Final = 1  # index into the universe
P_CONTRACT: Final = 2  # index into the day's contracts, -1 for an equity
P_PRICE: Final = 3
P_SIZE: Final = 4
P_VENUE: Final = 5  # ord of the letter
P_CODE: Final = 6  # option: ord of the OPRA character; equity: bit set of EQUITY_CODES
P_AGGRESSOR: Final = 7  # +1, -1, 0 for a cross, an auction match or a midpoint without a taker
P_CUSTOMER: Final = 8  # side of the single party that is no market maker; 0 for both or none
P_OPEN_BUY: Final = 9  # contracts that the buyer opened with this fill
P_OPEN_SELL: Final = 10
P_ORDER: Final = 11  # the taker's order
P_RESTING: Final = 12  # the resting order, -1 a market maker's quote
P_PARENT: Final = 13  # the taker's parent, -1 none
P_RESTING_PARENT: Final = 14
P_PACKAGE: Final = 15
P_PURPOSE: Final = 16  # index into PURPOSES
P_FLAGS: Final = 17
P_DELAY: Final = 18  # ns of extra reporting delay the mechanism knows of (trade facility, floor)
PRINT_COLUMNS: Final = 19

FLAG_HIDDEN: Final = 1
FLAG_OFF_EXCHANGE: Final = 2
FLAG_MIDPOINT: Final = 4
FLAG_CROSS: Final = 8  # auction or cross print
FLAG_LATE: Final = 16  # reported late by nature
FLAG_PROMPT: Final = 32  # in a series with hardly any open interest, which the tape reports as it happens

# Quotes: the best bid and offer over the venue books, written when it changed.
Q_TS: Final = 0
Q_SYMBOL: Final = 1
Q_CONTRACT: Final = 2
Q_BID: Final = 3
Q_ASK: Final = 4
Q_BID_SIZE: Final = 5
Q_ASK_SIZE: Final = 6
Q_BID_VENUE: Final = 7
Q_ASK_VENUE: Final = 8
QUOTE_COLUMNS: Final = 9

# Orders: what agents ask for, sorted by time.
O_TS: Final = 0
O_SYMBOL: Final = 1
O_CONTRACT: Final = 2
O_SIDE: Final = 3
O_SIZE: Final = 4
O_LIMIT: Final = 5  # 0 is a market order
O_STYLE: Final = 6  # index into STYLES
O_VENUE: Final = 7  # ord of the letter, 0 where the router chooses
O_OPEN: Final = 8  # 1 opening, 0 closing
O_CUSTOMER: Final = 9  # 1 customer, 0 professional or dealer
O_ORDER: Final = 10
O_PARENT: Final = 11
O_PACKAGE: Final = 12
O_RATIO: Final = 13  # signed ratio of a leg
O_PURPOSE: Final = 14
O_CANCEL_TS: Final = 15  # resting styles; 0 is the end of the block
ORDER_COLUMNS: Final = 16

# Parents as truth: what was wanted, whether or not it was filled.
T_ID: Final = 0
T_SYMBOL: Final = 1
T_SIDE: Final = 2
T_PURPOSE: Final = 3
T_SIZE: Final = 4
T_START: Final = 5
T_END: Final = 6
T_STYLE: Final = 7
T_PACKAGE: Final = 8  # -1 none
PARENT_COLUMNS: Final = 9

# Inventory that rests and does not show.
D_SYMBOL: Final = 0
D_CONTRACT: Final = 1
D_SIDE: Final = 2
D_VENUE: Final = 3
D_PRICE: Final = 4
D_SIZE: Final = 5
D_START: Final = 6
D_END: Final = 7
D_PARENT: Final = 8
HIDDEN_COLUMNS: Final = 9

STYLES: Final = (
    "sweep",
    "route_best",
    "post",
    "auction",
    "complex",
    "complex_auction",
    "cross",
    "qcc",
    "floor",
    "stock_tied",
    "midpoint",
    "peg",
    "hidden",
    "wholesale",
    "dark",
    "close_cross",
    "open_cross",
    "negotiated",
    "average_price",
    "derivatively_priced",
    "prior_reference",
)
STYLE: Final = {name: index for index, name in enumerate(STYLES)}

PURPOSES: Final = (
    "noise_retail",
    "institution",
    "package",
    "roll",
    "hedge",
    "dividend_play",
    "qcc",
    "stock_tied",
    "accumulate",
    "distribute",
    "hidden_liquidity",
    "closing_cross",
    "zero_dte",
    "passive_customer",
    "market_maker",
    "box_financing",
    "conversion",
    "bait",
    "twin",
    "noise_professional",
    "opening_cross",
    "wholesale_internal",
    "derivative",
)
PURPOSE: Final = {name: index for index, name in enumerate(PURPOSES)}

# Bit n of an equity print's code stands for the n-th entry: a name and its letters on tapes A/B and C.
EQUITY_CODES: Final = (
    ("iso", "F", "F"),
    ("odd_lot", "I", "I"),
    ("extended_hours", "T", "T"),
    ("opening", "O", "O"),
    ("closing", "6", "6"),
    ("reopening", "5", "5"),
    ("qualified_contingent", "7", "7"),
    ("contingent", "V", "V"),
    ("average_price", "B", "W"),
    ("derivatively_priced", "4", "4"),
    ("prior_reference", "P", "P"),
    ("out_of_sequence", "Z", "Z"),
    ("sold_last", "L", "L"),
    ("extended_out_of_sequence", "U", "U"),
    ("cross", "X", "X"),
    ("official_open", "Q", "Q"),
    ("official_close", "M", "M"),
)
EQUITY_CODE: Final = {name: 1 << bit for bit, (name, _, _) in enumerate(EQUITY_CODES)}

# Lit venues; the second letter stands for Nasdaq on its own listings.
EQUITY_VENUES: Final = "NTPZKJYBVU"
NASDAQ_OWN: Final = ord("Q")
OFF_EXCHANGE: Final = ord("D")

# Who makes an identity: the number spaces of makers never meet.
MAKER_EQUITY: Final = 1
MAKER_OPTION: Final = 2
MAKER_ADVERSARIAL: Final = 3
MAKER_PLANTED: Final = 4
WHOLE_DAY: Final = 255  # the block of a parent that belongs to a day

ROWS_MAX: Final = 8_000_000


def first_id(day: int, block: int, maker: int) -> int:
    """Return the first identity of a maker's orders, parents or packages in a block.

    `block` is WHOLE_DAY for parents of the day. A maker counts up from it, at most 2**32 times, and orders,
    parents and packages of one maker share the count, so that an identity never means two things.
    """
    assert 0 <= day < 1 << 18 and 0 <= block < 1 << 8 and 0 < maker < 1 << 4, (day, block, maker)
    return ((day << 12) | (block << 4) | maker) << 32


class Package(NamedTuple):
    """A package as truth: legs are (contract index, signed ratio), `net_price` is 1e-9 USD for one unit."""

    package_id: int
    symbol: int
    kind: str
    legs: tuple[tuple[int, int], ...]
    side: int
    size: int
    net_price: int
    start_ts: int
    purpose: int


def no_rows(columns: int) -> Matrix:
    """Return a matrix without rows."""
    return np.empty((0, columns), np.int64)


class Buffer:
    """A matrix that grows between seconds and never inside a kernel; ROWS_MAX rows is the limit.

    A kernel takes `rows` and the first free row and returns the new count; it must not write at or beyond
    `len(rows)`. Whoever calls it reserves what it can need and asserts the count it returned.
    """

    def __init__(self, columns: int, capacity: int = 4096) -> None:
        self.rows: Matrix = np.empty((capacity, columns), np.int64)
        self.count = 0

    def reserve(self, more: int) -> None:
        """Make room for `more` rows after `count`; what was written stays. AssertionError at the limit."""
        need = self.count + more
        assert need <= ROWS_MAX, f"{need} rows asked for, {ROWS_MAX} are the limit"
        if need > len(self.rows):
            grown = np.empty((max(need, 2 * len(self.rows)), self.rows.shape[1]), np.int64)
            grown[: self.count] = self.rows[: self.count]
            self.rows = grown

    def written(self) -> Matrix:
        """Return a view of the rows written so far; the next kernel call may overwrite it."""
        return self.rows[: self.count]
