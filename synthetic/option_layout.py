"""The columns and tables that the parts of the option market share beside the common layout.

Owns the option orders' extra columns, the venues and their pricing models, the state of the books and the
static facts of a day's series as tuples of arrays. Refuses behaviour. Option prices inside the books are
whole cents, since every option tick is a multiple of one; sizes are contracts.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from synthetic.layout import ORDER_COLUMNS, TICK

Matrix = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Stream = npt.NDArray[np.uint64]

CENT: Final = TICK  # 1e-9 USD

# Orders of options carry what the mechanism needs beyond the common columns.
X_CODE: Final = ORDER_COLUMNS  # ord of the OPRA character that the fill will carry
X_PLACE: Final = ORDER_COLUMNS + 1  # permille from the passive (0) to the far (1000) side of the market
X_CONTRA_OPEN: Final = ORDER_COLUMNS + 2  # 1 where whoever takes the other side opens with it
X_LEGS: Final = ORDER_COLUMNS + 3  # rows of a package, on its first row; 0 on the others and on single orders
X_DELAY: Final = ORDER_COLUMNS + 4  # reporting delay, ns
OPTION_ORDER_COLUMNS: Final = ORDER_COLUMNS + 5

# Participant letters of OPRA's specification, and how the venue prices and shares out.
OPTION_VENUES: Final = "ABCDEHIJMNPQTWXZ"
MAKER_TAKER: Final = 0
TAKER_MAKER: Final = 1
PRO_RATA: Final = 2  # customers first, then in proportion to size
_MODELS: Final = {"N": 0, "P": 0, "Q": 0, "Z": 0, "W": 0, "H": 0, "T": 1, "B": 1, "E": 1}
VENUES: Final = len(OPTION_VENUES)
VENUE_LETTER: Final = np.array([ord(letter) for letter in OPTION_VENUES], np.int64)
VENUE_MODEL: Final = np.array([_MODELS.get(letter, PRO_RATA) for letter in OPTION_VENUES], np.int64)
VENUE_BIT: Final = np.array([1 << v for v in range(VENUES)], np.int64)
FAST_VENUES: Final = sum(1 << v for v, letter in enumerate(OPTION_VENUES) if letter in "CNQZPIAX")
ALL_VENUES: Final = (1 << VENUES) - 1
FLOOR_VENUES: Final = np.array([OPTION_VENUES.index(letter) for letter in "CNXAB"], np.int64)
COMPLEX_VENUES: Final = np.array([OPTION_VENUES.index(letter) for letter in "CAXINMBEJZ"], np.int64)
AUCTION_VENUES: Final = np.array([OPTION_VENUES.index(letter) for letter in "CXIAMEBDJT"], np.int64)

# Market makers' quotes [contract, venue, column].
M_BID: Final = 0
M_ASK: Final = 1
M_BID_SIZE: Final = 2
M_ASK_SIZE: Final = 3
MAKER_COLUMNS: Final = 4

# Resting customers.
R_NEXT: Final = 0
R_SIDE: Final = 1
R_PRICE: Final = 2
R_SIZE: Final = 3
R_VENUE: Final = 4  # index into OPTION_VENUES
R_ORDER: Final = 5
R_PARENT: Final = 6
R_PURPOSE: Final = 7
R_CONTRACT: Final = 8
R_PACKAGE: Final = 9
R_OPEN: Final = 10
R_CUSTOMER: Final = 11  # 1 customer, 0 professional
REST_COLUMNS: Final = 12

# The best bid and offer as last written [contract, column]; a bid of 0 is a market without a bid.
N_BID: Final = 0
N_ASK: Final = 1
N_BID_SIZE: Final = 2
N_ASK_SIZE: Final = 3
N_BID_VENUE: Final = 4
N_ASK_VENUE: Final = 5
BEST_COLUMNS: Final = 6
N_HEAD: Final = 6  # first resting customer, -1 none
N_LAST: Final = 7  # nothing of the contract happens at or before this time
STATE_COLUMNS: Final = 8

# What is still to happen, a binary heap by time.
H_TS: Final = 0
H_KIND: Final = 1
H_A: Final = 2
H_B: Final = 3
HEAP_COLUMNS: Final = 4
WAVE: Final = 0  # the slower venues quote
HIT: Final = 1  # a market maker looks at a resting customer
CANCEL: Final = 2
REFILL: Final = 3  # all venues quote after a trade

# Counters of the engine.
E_HEAP: Final = 0
E_FREE: Final = 1
E_PRINTS: Final = 2
E_QUOTES: Final = 3
E_PACKAGES: Final = 4
E_IDENTITY: Final = 5  # next identity of market makers' own orders
E_NEXT_REFRESH: Final = 6
E_ORDER: Final = 7  # next row of the orders
E_LOOK: Final = 8  # next row of the looks (quotes before an order)
E_CLOCK_END: Final = 9  # nothing is stamped at or beyond it
E_DROPPED: Final = 10  # legs or orders that found no market
COUNTERS: Final = 11

# What executed packages cost: identity, net price (1e-9 USD, signed, per unit), units, first and last time.
G_PACKAGE: Final = 0
G_NET: Final = 1
G_UNITS: Final = 2
G_FIRST_TS: Final = 3
G_LAST_TS: Final = 4
G_VENUE: Final = 5
GROUP_COLUMNS: Final = 6


# Facts of a series, whole numbers and real ones apart; one row each, so that they lie together in memory.
S_SYMBOL: Final = 0
S_RIGHT: Final = 1  # 0 call, 1 put
S_EXPIRY: Final = 2  # ns since 1970
S_TICKS: Final = 3  # 0 penny throughout, 1 penny then nickel, 2 nickel then dime
S_VENUES: Final = 4  # bit set over OPTION_VENUES
S_PROMPT: Final = 5  # FLAG_PROMPT where hardly anything was open at the start of the day, else 0
WHOLE_COLUMNS: Final = 8
S_STRIKE: Final = 0  # USD
S_DEPTH: Final = 1  # scale of quoted sizes, contracts
S_IV: Final = 2
S_HALF: Final = 3  # half the width of the market, cents
S_IMPACT: Final = 4  # cents that trades have moved the market makers
REAL_COLUMNS: Final = 8


class Series(NamedTuple):
    """Facts of a block's series, one row a contract; volatility, width and depth are those of the block."""

    whole: Matrix
    real: Floats


class Spots(NamedTuple):
    """Efficient prices of a block, USD, by symbol on a grid of `step_ns` from `start_ns`."""

    price: Floats
    carry: Floats  # by symbol: rate less dividend yield, a year
    start_ns: int
    step_ns: int


class Book(NamedTuple):
    """All that changes while a block runs."""

    maker: npt.NDArray[np.int32]  # [contract, venue, MAKER_COLUMNS]
    state: Matrix  # [contract, STATE_COLUMNS]
    rest: Matrix
    free: Matrix
    heap: Matrix
    prints: Matrix
    quotes: Matrix
    groups: Matrix
    counters: Matrix
    scratch: Matrix  # [venue, MAKER_COLUMNS] of one contract, customers included
    top: Matrix  # best bid and offer as computed last


class Habits(NamedTuple):
    """How the option market behaves: the nuisance parameters as the kernels read them."""

    slow_ns: float  # mean delay of the slower venues
    refill_ns: float  # mean time until market makers quote again after a trade
    hit_ns: float  # mean time until a market maker looks at a resting customer
    hit_edge: float  # half widths that a market maker pays to take a customer
    impact: float  # half widths that a full trade moves the market makers
    cross_share: float  # share of quotes that may lock or cross
    improve: float  # mean improvement of a retail auction, share of the width
    size_whole: float  # share of hits that take the whole order
