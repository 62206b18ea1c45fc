"""Standing option quotes, the prices before them, and where a print lay against both.

Owns one standing quote and the last few price changes of every contract. "As of" is strictly before the
print's own time. Refuses to call a placement stable where the ring no longer reaches back far enough.
"""

from typing import Final, TypeAlias

import numpy as np

from dataflows.analytics.options_layout import (
    MS,
    NO_TIME,
    Q_ASK,
    Q_ASK_SIZE,
    Q_BID,
    Q_BID_SIZE,
    Q_MARK,
    Q_SEQ,
    Q_TS,
    Q_VENUES,
    QUOTE_FIELDS,
    RING,
    RING_MARK,
    SECOND,
    Book,
    Placed,
    Prints,
    Quotes,
    kernel,
)
from dataflows.analytics.quotes import (
    PLACE_ABOVE_ASK,
    PLACE_AT_ASK,
    PLACE_AT_BID,
    PLACE_BELOW_BID,
    PLACE_INSIDE_ASK,
    PLACE_INSIDE_BID,
    PLACE_NONE,
    STATE_CROSSED,
    STATE_LOCKED,
    STATE_NONE,
    placement,
    quote_state,
)
from dataflows.analytics.release import Longs
from schemas.fields import NO_PRICE
from schemas.kinds import CODE_FAMILY, PRINT_STATUS, QUOTE_SOURCE, SIDE

SOURCE_JOINED: Final = QUOTE_SOURCE.index("joined")
SOURCE_HISTORY: Final = QUOTE_SOURCE.index("history")
SOURCE_CARRIED: Final = QUOTE_SOURCE.index("carried")
SIDE_NONE: Final = SIDE.index("none")
SIDE_BUY: Final = SIDE.index("buy")
SIDE_SELL: Final = SIDE.index("sell")
STATUS_OK: Final = PRINT_STATUS.index("ok")
STATUS_CANCELLED: Final = PRINT_STATUS.index("cancelled")
STATUS_BAR: Final = PRINT_STATUS.index("bar")
FAMILY_UNKNOWN: Final = CODE_FAMILY.index("unknown")
FAMILY_ELECTRONIC: Final = CODE_FAMILY.index("electronic")
FAMILY_ISO: Final = CODE_FAMILY.index("iso")
FAMILY_AUCTION: Final = CODE_FAMILY.index("auction")
FAMILY_CROSS: Final = CODE_FAMILY.index("cross")
FAMILY_FLOOR: Final = CODE_FAMILY.index("floor")
FAMILY_MULTI_LEG: Final = CODE_FAMILY.index("multi_leg")
FAMILY_STOCK_OPTION: Final = CODE_FAMILY.index("stock_option")
FLOOR_WINDOW_NS: Final = 90 * SECOND

Code: TypeAlias = int | np.int8 | np.int64


@kernel
def drop_quotes(book: Book) -> None:
    """Forget every standing quote and every price change."""
    book.standing[:] = NO_TIME
    book.standing[:, Q_VENUES:] = 0


@kernel
def drop_quotes_of(book: Book, underlying_of: Longs, underlying: int) -> None:
    """Forget the quotes of the series of one underlying: it is halted, nothing stands."""
    for contract in range(len(underlying_of)):
        if underlying_of[contract] == underlying:
            book.standing[contract] = NO_TIME
            book.standing[contract, Q_VENUES:] = 0


@kernel
def apply_quote(book: Book, quotes: Quotes, row: int) -> bool:
    """Let a quote stand; return False where it is late and older than the one that stands."""
    quote = (
        quotes.source_ts[row],
        quotes.seq[row],
        quotes.bid[row],
        quotes.ask[row],
        quotes.bid_size[row],
        quotes.ask_size[row],
        quotes.venues[row],
    )
    return _stand(book.standing, book.ring, (quotes.contract[row], quotes.is_late[row]), quote)


@kernel
def _stand(standing: Longs, ring: Longs, of: tuple[int, bool], quote: tuple[int, ...]) -> bool:
    """Let a quote of (contract, is late) stand, and remember it where its prices are new.

    The newest price change of a ring always has the prices of the quote that stands, so that a quote of
    the same prices need not look at the ring.
    """
    contract, is_late = of
    ts, seq, bid, ask, bid_size, ask_size, venues = quote
    if is_late and ts < standing[contract, Q_TS]:
        return False
    mark = standing[contract, Q_MARK]
    is_same = standing[contract, Q_BID] == bid and standing[contract, Q_ASK] == ask
    standing[contract, Q_TS], standing[contract, Q_SEQ] = ts, seq
    standing[contract, Q_BID], standing[contract, Q_ASK] = bid, ask
    standing[contract, Q_BID_SIZE], standing[contract, Q_ASK_SIZE] = bid_size, ask_size
    standing[contract, Q_VENUES] = venues
    if mark != 0 and is_same:
        return True
    head, filled = mark // RING_MARK, mark % RING_MARK
    place = (head + RING - 1) % RING
    if filled == 0 or ring[contract, place, Q_TS] != ts:
        place = head  # else: what the newest held stood for no time at all
        standing[contract, Q_MARK] = (head + 1) % RING * RING_MARK + min(filled + 1, RING)
    for number in range(QUOTE_FIELDS):
        ring[contract, place, number] = standing[contract, number]
    return True


@kernel
def _copy(quote: Longs, target: Longs) -> None:
    """Write a quote to another place."""
    for number in range(QUOTE_FIELDS):
        target[number] = quote[number]


@kernel
def find_before(book: Book, contract: int, ts: int) -> int:
    """Return the ring position of the prices that stood strictly before `ts`; -1 where unknown."""
    mark = book.standing[contract, Q_MARK]
    head, filled = int(mark // RING_MARK), int(mark % RING_MARK)
    for back in range(1, filled + 1):
        at = (head + RING - back) % RING
        if book.ring[contract, at, Q_TS] < ts:
            return at
    return -1


@kernel
def _place(book: Book, contract: int, at: int, price: int) -> int:
    bid, ask = book.ring[contract, at, Q_BID], book.ring[contract, at, Q_ASK]
    return int(placement(price, bid, ask, quote_state(bid, ask, True)))


@kernel
def _is_same_at(book: Book, contract: int, ts: int, judged: tuple[int, int]) -> bool:
    """Tell whether (price, placement) holds against the quotes 1, 10 and 50 ms before `ts`."""
    before = -1
    for lag in (50 * MS, 10 * MS, MS):
        at = find_before(book, contract, ts - lag)
        if at == before and at >= 0:
            continue
        before = at
        if at < 0 or _place(book, contract, at, judged[0]) != judged[1]:
            return False
    return True


@kernel
def _is_same_over(book: Book, contract: int, ts: int, judged: tuple[int, int]) -> bool:
    """Tell whether (price, placement) holds against all quotes of the floor's window before `ts`."""
    mark = book.standing[contract, Q_MARK]
    head, filled = int(mark // RING_MARK), int(mark % RING_MARK)
    for back in range(1, filled + 1):
        at = (head + RING - back) % RING
        stood_from = book.ring[contract, at, Q_TS]
        if stood_from >= ts:
            continue
        if _place(book, contract, at, judged[0]) != judged[1]:
            return False
        if stood_from < ts - FLOOR_WINDOW_NS:
            return True
    return False


@kernel
def side_of(state: Code, place: Code) -> int:
    """Return the aggressor by the quote rule; a locked or crossed quote and the mid name none.

    With one side absent only the side that exists is judged: `placement` says none of the other.
    """
    if state in (STATE_NONE, STATE_LOCKED, STATE_CROSSED):
        return SIDE_NONE
    if place in (PLACE_ABOVE_ASK, PLACE_AT_ASK, PLACE_INSIDE_ASK):
        return SIDE_BUY
    if place in (PLACE_BELOW_BID, PLACE_AT_BID, PLACE_INSIDE_BID):
        return SIDE_SELL
    return SIDE_NONE


@kernel
def has_sided_family(family: int) -> bool:
    """Tell whether prints of a code family may be given a side of their own."""
    return family in (FAMILY_UNKNOWN, FAMILY_ELECTRONIC, FAMILY_ISO, FAMILY_AUCTION)


@kernel
def has_package_family(family: int) -> bool:
    """Tell whether prints of a code family are legs of packages, and so no parents of their own."""
    return family in (FAMILY_MULTI_LEG, FAMILY_STOCK_OPTION)


@kernel
def _find_quote(book: Book, contract: int, ts: int, quote: Longs) -> int:
    """Copy the quote that stood strictly before `ts` into `quote` and say where it came from."""
    stood_from = book.standing[contract, Q_TS]
    if stood_from != NO_TIME and stood_from < ts:
        _copy(book.standing[contract], quote)
        return SOURCE_JOINED
    at = find_before(book, contract, ts)
    if at < 0:
        return 0
    _copy(book.ring[contract, at], quote)
    return SOURCE_HISTORY


@kernel
def _carried(prints: Prints, row: int, quote: Longs) -> int:
    """Copy the quote that came with the print itself; it has no time. Return its source, 0 for none."""
    bid, ask = prints.carried_bid[row], prints.carried_ask[row]
    if bid == NO_PRICE and ask == NO_PRICE:
        return 0
    quote[Q_TS] = quote[Q_SEQ] = NO_TIME
    quote[Q_BID], quote[Q_ASK] = bid, ask
    quote[Q_BID_SIZE] = prints.carried_bid_size[row]
    quote[Q_ASK_SIZE] = prints.carried_ask_size[row]
    return SOURCE_CARRIED


@kernel
def place_print(book: Book, prints: Prints, placed: Placed, row: int) -> None:
    """Write the quote of one print, its state, placement, stability and side.

    A print cannot have happened after its publication: the earlier of the two times counts.
    The close of a bar and a cancel are no trades at this moment, so they have no placement.
    """
    contract, price, status = prints.contract[row], prints.price[row], prints.status[row]
    ts = min(prints.event_ts[row], prints.source_ts[row])
    quote = placed.quote[row]
    source = _carried(prints, row, quote)
    if source == 0:
        source = _find_quote(book, contract, ts, quote)
    placed.source[row] = source
    if source == 0:
        return
    if source != SOURCE_CARRIED:
        placed.age_ns[row] = ts - quote[Q_TS]
    state = quote_state(quote[Q_BID], quote[Q_ASK], True)
    placed.state[row] = state
    if status in (STATUS_BAR, STATUS_CANCELLED):
        return
    place = int(placement(price, quote[Q_BID], quote[Q_ASK], state))
    placed.placement[row] = place
    if place == PLACE_NONE or prints.is_doubtful[row]:
        return
    judged = (int(price), place)
    # The source joined a carried quote at the trade; of what stood before it nothing is known.
    is_stable = source == SOURCE_CARRIED or _is_same_at(book, contract, ts, judged)
    if is_stable and prints.is_floor[row]:
        is_stable = _is_same_over(book, contract, ts, judged)
    placed.is_stable[row] = is_stable
    if is_stable and status == STATUS_OK and has_sided_family(prints.family[row]):
        placed.side[row] = side_of(state, place)
