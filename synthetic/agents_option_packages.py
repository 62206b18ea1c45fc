"""Agents who trade packages: they choose a form, find its legs in the chain and order them as one.

Owns orders for packages: complex books, auctions and crosses, floors, with stock or without, rolls that close
the near leg, and packages legged by hand in single orders. Refuses a form whose strikes do not exist.
"""

import numpy as np
from numba import njit

from synthetic.agents_option import S_ROUTE, S_STOCK_TIED, S_SWEEP, electronic, some_side
from synthetic.agents_option_scene import (
    C_PACKAGES,
    K_FIRST_LEG,
    K_FORM,
    K_ID,
    K_IS_LEGGED,
    K_LEGS,
    K_PURPOSE,
    K_SIDE,
    K_START,
    K_SYMBOL,
    K_UNITS,
    Desk,
    Scene,
    after,
    draw_chain,
    draw_strike,
    draw_symbol,
    draw_time,
    find_strike,
    identity,
    put_order,
    put_parent,
    put_stock,
)
from synthetic.layout import (
    O_OPEN,
    O_PACKAGE,
    O_PARENT,
    O_RATIO,
    O_VENUE,
    PURPOSE,
    SECOND_NS,
    STYLE,
    T_PACKAGE,
)
from synthetic.option_layout import (
    COMPLEX_VENUES,
    FLOOR_VENUES,
    VENUE_LETTER,
    X_CONTRA_OPEN,
    X_DELAY,
    X_LEGS,
    X_PLACE,
    Stream,
)
from synthetic.packages import (
    BOX,
    CONVERSION,
    FORM_CUMULATED,
    FORM_IS_EXACT,
    FORM_IS_ROLL,
    FORM_LEGS,
    FORM_SIZE,
    FORM_STOCK,
    FORMS,
    OWN,
)
from synthetic.rng import below, exponential, uniform

S_COMPLEX = STYLE["complex"]
S_COMPLEX_AUCTION = STYLE["complex_auction"]
P_PACKAGE = PURPOSE["package"]
P_ROLL = PURPOSE["roll"]
P_BOX = PURPOSE["box_financing"]
P_CONVERSION = PURPOSE["conversion"]
P_STOCK_TIED = PURPOSE["stock_tied"]
TRIES = 5
FORM_PURPOSE = np.array(
    [
        {"roll": P_ROLL, BOX: P_BOX, CONVERSION: P_CONVERSION, "stock_tied": P_STOCK_TIED}.get(
            f.kind, P_PACKAGE
        )
        for f in FORMS
    ],
    np.int64,
)
LEGGED_SHARE = 0.05  # of packages, traded by hand leg after leg
LEGGED_GAP_NS = 1.5e9
FLOOR_DELAY_MAX_NS = 80 * SECOND_NS
# Codes by cumulated share: without stock and with it.
PLAIN_CODES = (
    (ord("f"), 0.67),
    (ord("g"), 0.77),
    (ord("j"), 0.92),
    (ord("l"), 0.967),
    (ord("h"), 0.977),
    (ord("i"), 0.994),
    (ord("m"), 1.0),
)
STOCK_CODES = (
    (ord("n"), 0.50),
    (ord("k"), 0.68),
    (ord("q"), 0.84),
    (ord("r"), 0.89),
    (ord("o"), 0.95),
    (ord("p"), 0.98),
    (ord("s"), 1.0),
)
FLOOR_CODES = (ord("i"), ord("m"), ord("p"), ord("s"))
CROSS_CODES = (ord("h"), ord("o"))
# Packages of different customers meet in one auction, or the same move of the stock brings them to one book.
COMPANY_MIN = 0.07  # how likely one more comes, in a name that hardly trades
COMPANY_BUSY = 0.13  # and how much likelier in the busiest
BUSY_SHARE = 0.02  # of all activity: where half of that is reached
OTHER_LEGS = 0.88  # of those that meet trade other series, the rest the very same package
OTHER_CODE = 0.25
NEAR_SHARE = 0.4  # of them within some 50 microseconds, the rest within the time an auction prints
NEAR_NS = 50_000.0
MEETING_NS = 4_500_000.0
# Cumulated shares of COMPLEX_VENUES: the book of one venue, two that grew up with auctions, then the others.
COMPLEX_CUMULATED = (0.26, 0.44, 0.58, 0.70, 0.77, 0.83, 0.88, 0.92, 0.96, 1.0)


@njit(cache=True)
def find_legs(scene: Scene, symbol: int, form: int, contracts: np.ndarray, s: Stream) -> bool:
    """Fill the contracts of a form near the money; False where a strike or expiry is missing."""
    near = draw_chain(scene, symbol, s)
    far = near + 1 + below(s, 2)
    number, is_above = draw_strike(scene, symbol, near, 0.8, s)
    right = 0 if is_above == (uniform(s) < 0.7) else 1
    first = scene.chain_first[near]
    count = (scene.chain_first[near + 1] - first) // 2
    if number + 1 >= count:
        return False
    anchor = scene.strike[first + 2 * number]
    width = (scene.strike[first + 2 * number + 2] - anchor) * (1 + below(s, 3))
    for k in range(FORM_SIZE[form]):
        leg = FORM_LEGS[form, k]
        chain = far if leg[0] else near
        if chain >= scene.symbol_first[symbol + 1]:
            return False
        wanted = anchor + leg[1] * width
        at = scene.chain_first[chain] + 2 * find_strike(scene, chain, wanted)
        is_same = scene.strike[at] == wanted
        if not is_same and (leg[0] == 0 or FORM_IS_EXACT[form] or scene.strike[at] == anchor):
            return False
        contracts[k] = at + (right if leg[2] == OWN else leg[2])
    return True


@njit(cache=True)
def _code(stock: int, s: Stream) -> int:
    u = uniform(s)
    for code, limit in STOCK_CODES if stock else PLAIN_CODES:
        if u < limit:
            return code
    return ord("f")


@njit(cache=True)
def _is_floor(code: int) -> bool:
    found = False
    for other in FLOOR_CODES:
        found = found or code == other
    return found


@njit(cache=True)
def _units(code: int, size_tail: float, s: Stream) -> int:
    """Return how many units are wanted: a few, more on floors and in crosses."""
    u = uniform(s)
    if _is_floor(code) or code == ord("h") or code == ord("o"):
        return 10 * int(3.0 + size_tail * 3.0 * u / (1.05 - u))
    if u < 0.46:
        return 1 + below(s, 4)
    if u < 0.76:
        return 5 + below(s, 8)
    if u < 0.95:
        return 5 * (3 + below(s, 6))
    return 40 + 10 * int(size_tail * 6.0 * (u - 0.95) * 20.0)


@njit(cache=True)
def _note(
    desk: Desk, symbol: int, form: int, side: int, units: int, start: int, contracts: np.ndarray
) -> int:
    """Write a package down and return its identity; ratios are those of a buyer of the form."""
    row = desk.packages[desk.counters[C_PACKAGES]]
    desk.counters[C_PACKAGES] += 1
    row[:] = 0
    row[K_ID], row[K_SYMBOL], row[K_FORM], row[K_LEGS] = identity(desk), symbol, form, FORM_SIZE[form]
    row[K_SIDE], row[K_UNITS], row[K_START], row[K_PURPOSE] = side, units, start, FORM_PURPOSE[form]
    for k in range(FORM_SIZE[form]):
        row[K_FIRST_LEG + 2 * k], row[K_FIRST_LEG + 2 * k + 1] = contracts[k], FORM_LEGS[form, k, 3]
    return int(row[K_ID])


@njit(cache=True)
def _stock_leg(
    desk: Desk, scene: Scene, order: np.ndarray, form: int, side: int, units: int, s: Stream
) -> None:
    """Write the shares of a package: 100 a unit, or the delta where only one option is tied to them."""
    shares = 100 * units
    sign = side * FORM_STOCK[form]
    if FORM_SIZE[form] == 1:
        delta = scene.delta[order[2]]
        shares = int(abs(delta) * 100.0 * units)
        sign = -side if delta > 0 else side
    ts = after(scene, order[0], int(0.2e9 * exponential(s)), s)
    row = put_stock(desk, ts, order[1], sign, shares, S_STOCK_TIED, FORM_PURPOSE[form])
    row[O_PACKAGE], row[O_PARENT] = order[O_PACKAGE], order[O_PARENT]


@njit(cache=True)
def _opens(form: int, leg: int, is_open: bool) -> bool:
    """Say whether a leg opens: a roll closes its near legs and opens the far ones."""
    return FORM_LEGS[form, leg, 0] == 1 if FORM_IS_ROLL[form] else is_open


@njit(cache=True)
def _choose(scene: Scene, symbol: int, wants_stock: int, contracts: np.ndarray, s: Stream) -> int:
    """Fill the contracts of a form and return it, -1 where none is found.

    `wants_stock` is 1 for forms with stock, 0 for those without, -1 for any.
    """
    for _ in range(TRIES):
        u = uniform(s) * FORM_CUMULATED[-1]
        form = 0
        while FORM_CUMULATED[form] < u:
            form += 1
        has_stock = 1 if FORM_STOCK[form] != 0 else 0
        if wants_stock in (-1, has_stock) and find_legs(scene, symbol, form, contracts, s):
            return form
    return -1


@njit(cache=True)
def complex_venue(s: Stream) -> int:
    """Return a venue for a package: most of them meet on a few."""
    u, venue = uniform(s), 0
    while COMPLEX_CUMULATED[venue] < u and venue < len(COMPLEX_VENUES) - 1:
        venue += 1
    return int(COMPLEX_VENUES[venue])


@njit(cache=True)
def package(desk: Desk, scene: Scene, s: Stream) -> None:
    """Write a package order, or by hand its legs as single orders; others may come to the same auction."""
    ts = draw_time(scene, s)
    symbol = draw_symbol(scene, ts, s)
    contracts = np.empty(FORM_LEGS.shape[1], np.int64)
    form = _choose(scene, symbol, -1, contracts, s)
    if form < 0:
        return
    has_stock = 1 if FORM_STOCK[form] != 0 else 0
    if has_stock == 0 and uniform(s) < LEGGED_SHARE:
        what = _begun(desk, scene, symbol, form, ts, contracts, (1 + below(s, 20), S_ROUTE), s)
        desk.packages[desk.counters[C_PACKAGES] - 1, K_IS_LEGGED] = 1
        _by_hand(desk, scene, form, contracts, what, s)
        return
    code = _code(has_stock, s)
    venue, delay = complex_venue(s), 0
    if _is_floor(code):
        venue = FLOOR_VENUES[below(s, len(FLOOR_VENUES))]
        delay = int(FLOOR_DELAY_MAX_NS * uniform(s) * uniform(s))
    _as_one(desk, scene, symbol, form, ts, contracts, (code, VENUE_LETTER[venue], delay), s)
    if _is_floor(code) or code in CROSS_CODES:
        return
    while uniform(s) < _company(scene, symbol):
        form = _choose(scene, symbol, has_stock, contracts, s) if uniform(s) < OTHER_LEGS else form
        if form < 0:
            return
        code = _code(has_stock, s) if uniform(s) < OTHER_CODE else code
        if _is_floor(code) or code in CROSS_CODES:
            return
        wait = NEAR_NS * exponential(s) if uniform(s) < NEAR_SHARE else MEETING_NS * uniform(s)
        when = after(scene, ts, int(wait), s)
        _as_one(desk, scene, symbol, form, when, contracts, (code, VENUE_LETTER[venue], 0), s)


@njit(cache=True)
def _company(scene: Scene, symbol: int) -> float:
    """Return how likely one more customer comes to where a package trades; often in busy names."""
    cumulated = scene.symbol_cum
    share = (cumulated[symbol] - (cumulated[symbol - 1] if symbol > 0 else 0.0)) / cumulated[-1]
    return float(COMPANY_MIN + COMPANY_BUSY * share / (share + BUSY_SHARE))


@njit(cache=True)
def _begun(
    desk: Desk,
    scene: Scene,
    symbol: int,
    form: int,
    ts: int,
    contracts: np.ndarray,
    how: tuple[int, int],
    s: Stream,
) -> tuple[int, int, int, int, int, int, bool]:
    """Write down a package of some units and style, and its parent."""
    units, style = how
    side, is_open = some_side(s), uniform(s) < 0.65
    name = _note(desk, symbol, form, side, units, ts, contracts)
    parent = put_parent(desk, symbol, side, FORM_PURPOSE[form], units, ts, ts, style)
    desk.parents[desk.counters[2] - 1, T_PACKAGE] = name
    return name, parent, symbol, side, units, ts, is_open


@njit(cache=True)
def _as_one(
    desk: Desk,
    scene: Scene,
    symbol: int,
    form: int,
    ts: int,
    contracts: np.ndarray,
    where: tuple[int, int, int],
    s: Stream,
) -> None:
    """Write a package as one order: rows of one time, one for each leg, with the stock that belongs to it."""
    code, letter, delay = where
    units = _units(code, scene.size_tail, s)
    what = _begun(desk, scene, symbol, form, ts, contracts, (units, S_COMPLEX), s)
    name, parent, side, is_open = what[0], what[1], what[3], what[6]
    is_auction = code in (ord("g"), ord("l"), ord("k"), ord("r"))
    style = S_COMPLEX_AUCTION if is_auction else S_COMPLEX
    place = 205 + below(s, 501) if uniform(s) < 0.8 else 500
    for k in range(FORM_SIZE[form]):
        ratio = side * FORM_LEGS[form, k, 3]
        row = put_order(
            desk,
            ts,
            symbol,
            contracts[k],
            1 if ratio > 0 else -1,
            abs(ratio) * units,
            style,
            FORM_PURPOSE[form],
            code,
        )
        row[O_RATIO], row[O_PACKAGE], row[O_PARENT], row[O_VENUE] = ratio, name, parent, letter
        row[X_LEGS], row[X_PLACE], row[X_DELAY] = (FORM_SIZE[form] if k == 0 else 0), place, delay
        row[O_OPEN], row[X_CONTRA_OPEN] = _opens(form, k, is_open), uniform(s) < 0.5
        if k == 0 and FORM_STOCK[form] != 0:
            _stock_leg(desk, scene, row, form, side, units, s)


@njit(cache=True)
def _by_hand(desk: Desk, scene: Scene, form: int, contracts: np.ndarray, what: tuple, s: Stream) -> None:  # type: ignore[type-arg]
    """Write the legs as single orders, one after the other."""
    name, parent, symbol, side, units, ts, is_open = what
    for k in range(FORM_SIZE[form]):
        ratio = side * FORM_LEGS[form, k, 3]
        style = S_ROUTE if uniform(s) < 0.7 else S_SWEEP
        code = electronic(s) if style == S_ROUTE else ord("S")
        row = put_order(
            desk,
            ts,
            symbol,
            contracts[k],
            1 if ratio > 0 else -1,
            abs(ratio) * units,
            style,
            FORM_PURPOSE[form],
            code,
        )
        row[O_RATIO], row[O_PACKAGE], row[O_PARENT] = ratio, name, parent
        row[O_OPEN], row[X_CONTRA_OPEN] = _opens(form, k, is_open), uniform(s) < 0.5
        ts = after(scene, ts, int(LEGGED_GAP_NS * exponential(s)), s)
