"""What the parts of the equity market share beside the common layout: books, stocks, resting orders.

Owns the state of the venue books as a tuple of arrays. A price inside is a signed level: cents for bids and
minus cents for asks, so that on either side the greater level is the better price. Sizes inside are whole
shares. Refuses behaviour.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from synthetic.layout import EQUITY_VENUES

Matrix = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Stream = npt.NDArray[np.uint64]

VENUES: Final = len(EQUITY_VENUES)
LEVELS: Final = 2  # a venue shows this many prices in a row
ABSENT: Final = -(1 << 50)
CENTS: Final = 100.0

# Resting orders of customers; a row is never used twice in a block.
C_NEXT: Final = 0
C_SIDE: Final = 1  # 0 bid, 1 ask
C_LEVEL: Final = 2
C_SIZE: Final = 3
C_VENUE: Final = 4  # index, -1 a dark pool
C_KIND: Final = 5
C_ORDER: Final = 6
C_PARENT: Final = 7
C_PURPOSE: Final = 8
C_CANCEL: Final = 9
C_ROW: Final = 10  # row of the hidden inventory it is, -1 shown
REST_COLUMNS: Final = 11
SHOWN: Final = 0
HIDDEN: Final = 1
DARK: Final = 2

# The best bid and offer as last written.
B_BID: Final = 0  # signed level
B_ASK: Final = 1  # signed level
B_BID_SIZE: Final = 2
B_ASK_SIZE: Final = 3
B_BID_VENUE: Final = 4
B_ASK_VENUE: Final = 5
BEST_COLUMNS: Final = 6


class Book(NamedTuple):
    """Buffers of a block: resting orders, hidden inventory, what is printed and quoted, random numbers."""

    rest: Matrix
    hidden: Matrix
    prints: Matrix
    quotes: Matrix
    stream: Stream


# One record a symbol: facts of the block first, then what changes. A kernel gets a record as one pointer,
# where a tuple of arrays costs a reference count for every array and call.
CELL: Final = np.dtype(
    [
        ("symbol", np.int64),
        ("half", np.float64),  # half the usual spread, cents
        ("usual", np.float64),  # usual size at a price and venue, round lots
        ("lot", np.int64),
        ("rate", np.float64),  # looks of market makers a second
        ("listing", np.int64),  # index of the listing venue
        ("venue_share", np.float64, (VENUES,)),  # running sums to 1
        ("letters", np.int64, (VENUES,)),
        ("level", np.int64, (2, VENUES)),
        ("depth", np.int64, (2, VENUES, LEVELS)),  # at the level and the next worse ones
        ("best", np.int64, (BEST_COLUMNS,)),
        ("clock", np.int64),  # the last time at which something happened
        ("next_ts", np.int64),  # when market makers look next
        ("pulse", np.int64),  # looks that come quickly after a trade
        ("lean", np.float64),  # cents that trades have moved the market makers
        ("lean_ts", np.int64),
        ("floor", np.int64, (2,)),  # level that hidden inventory holds, by side
        ("head", np.int64),  # first resting order, -1 none
    ],
    align=True,
)

# One record for the block: its rules and counters.
DESK: Final = np.dtype(
    [
        ("latency_ns", np.float64),
        ("trf_delay_ns", np.float64),
        ("improvement", np.float64),
        ("start_ns", np.int64),  # of the block
        ("step_ns", np.int64),  # of the efficient prices
        ("end_ns", np.int64),  # of the block
        ("second_end", np.int64),  # nothing of this second is stamped at or beyond it
        ("is_regular", np.int64),
        ("pace", np.float64),  # of the market makers' looks
        ("identity", np.int64),  # next order identity of market makers
        ("prints", np.int64),  # rows written
        ("quotes", np.int64),
        ("rests", np.int64),
        ("hidden", np.int64),
        ("unfilled", np.int64),  # orders that met nobody
    ],
    align=True,
)
