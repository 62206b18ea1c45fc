"""Innocent readings of an alert: what else the same packet would look like, with evidence and a weight.

Owns a table of readings (id, version, function, sentence) over one row of flow.packets and what is known of
its session. A weight is how well the evidence fits the reading, from 0 to 1; it is no probability, and the
weights of several readings are joined as 1 - (1 - a)(1 - b)... Refuses to read anything that the packet or a
note did not say: a reading whose evidence is not known is left out, not guessed.

Sources: table B.1 of OPRA sale codes for auctions, crosses and compression; the definitions of box,
conversion and dividend plays are those of the options exchanges' own strategy fee caps.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple

from schemas.kinds import CODE_FAMILY, PACKAGE_CLASS, RIGHT

Row = Mapping[str, Any]
Finding = tuple[float, str]

MINUTE_NS: Final = 60_000_000_000
CLOSING_NS: Final = 10 * MINUTE_NS
PINNING_NS: Final = 60 * MINUTE_NS
DEEP: Final = -0.05  # a call whose strike lies so far below the stock is worth little but its delta
NEAR: Final = 0.005
EX_DAYS: Final = 4  # the next session lies at most so many calendar days ahead: a long weekend
RETAIL_CONTRACTS: Final = 50  # of one order; up to ten times as many are rare, and more is no retail order
WEIGHT_MIN: Final = 0.05
_CALL: Final = RIGHT.index("C")
_BOX: Final = tuple(PACKAGE_CLASS.index(n) for n in ("box", "jelly_roll"))
_CONVERSION: Final = PACKAGE_CLASS.index("conversion")
_STOCK_TIED: Final = PACKAGE_CLASS.index("stock_tied")
_OTHER: Final = CODE_FAMILY.index("other")


class Known(NamedTuple):
    """What is known beside the packet: the session and its close, and the dividend of the underlying.

    `close_ts` is 0 where no session is known; `ex_date` is empty where no dividend was announced.
    """

    session: str
    close_ts: int
    ex_date: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One innocent reading; `find` returns its weight and the evidence in words, or None."""

    reading: str
    version: int
    find: Callable[[Row, Known], Finding | None]
    sentence: str


def readings(packet: Row, known: Known, rule_id: str) -> list[dict[str, Any]]:
    """Return the readings that fit, the heaviest first; a rule does not compete with its own claim."""
    found: list[dict[str, Any]] = []
    for reading in READINGS:
        if reading.reading == rule_id:
            continue
        finding = reading.find(packet, known)
        if finding is not None and finding[0] >= WEIGHT_MIN:
            weight, evidence = finding
            found.append(
                {
                    "reading": reading.reading,
                    "version": reading.version,
                    "weight": round(min(weight, 1.0), 4),
                    "evidence": evidence,
                    "basis": reading.sentence,
                }
            )
    found.sort(key=lambda r: (-r["weight"], r["reading"]))
    return found


def joined(found: list[dict[str, Any]]) -> float:
    """Return the weight of all readings together."""
    left = 1.0
    for reading in found:
        left *= 1.0 - reading["weight"]
    return 1.0 - left


def _dividend(packet: Row, known: Known) -> Finding | None:
    is_deep = packet["right"] == _CALL and -1.0 < packet["moneyness"] <= DEEP
    if not is_deep or packet["open_interest"] < 0:
        return None
    volume = packet["volume_before"] + packet["size"]
    if volume <= packet["open_interest"]:
        return None
    depth, interest = -packet["moneyness"], packet["open_interest"]
    said = f"a call {depth:.0%} in the money; {volume:,} traded on {interest:,} open"
    if _days_to(known.session, known.ex_date) in range(EX_DAYS + 1):
        return 0.9, f"{said}; ex-dividend on {known.ex_date}"
    return 0.2, f"{said}; no ex-date is known"


def _days_to(session: str, ex_date: str) -> int:
    """Return calendar days from a session to an ex-date, -1 where either is not known or it has passed."""
    try:
        return max((date.fromisoformat(ex_date[:10]) - date.fromisoformat(session[:10])).days, -1)
    except ValueError:
        return -1


def _cross(packet: Row, known: Known) -> Finding | None:
    share = _share(packet, "cross_size")
    if share < 0.5:
        return None
    tied = packet["stock_print_seq"] >= 0
    with_stock = f"; stock print {packet['stock_print_seq']}" if tied else "; no stock print was found"
    return (0.8 if tied else 0.5), f"{share:.0%} of contracts carry a cross code{with_stock}"


def _stock_tied(packet: Row, known: Known) -> Finding | None:
    if packet["stock_print_seq"] < 0 or _share(packet, "cross_size") >= 0.5:
        return None
    tie = packet["stock_tie_p"] if packet["stock_tie_p"] >= 0 else 0.5
    what = "its class is stock-tied" if packet["package_class"] == _STOCK_TIED else "size near its delta"
    return tie, f"stock print {packet['stock_print_seq']} within seconds; {what}"


def _roll(packet: Row, known: Known) -> Finding | None:
    if packet["roll_p"] <= 0:
        return None
    return packet[
        "roll_p"
    ], f"the same strikes or class in two expiries, near leg closing at {packet['roll_p']:.2f}"


def _box(packet: Row, known: Known) -> Finding | None:
    if packet["package_class"] not in _BOX:
        return None
    return max(packet["geometry_p"], 0.5), f"the legs form a {PACKAGE_CLASS[packet['package_class']]}"


def _conversion(packet: Row, known: Known) -> Finding | None:
    if packet["package_class"] != _CONVERSION:
        return None
    return max(packet["geometry_p"], 0.5), "call, put and stock offset each other"


def _compression(packet: Row, known: Known) -> Finding | None:
    if packet["code_family"] != _OTHER:
        return None
    return 0.6, "its sale code is of trades at derived prices or outside the session"


def _auction(packet: Row, known: Known) -> Finding | None:
    share = _share(packet, "auction_size")
    if share < 0.5:
        return None
    events = max(packet["taker_event_count"], 1)
    typical = packet["size"] / events
    if typical > 10 * RETAIL_CONTRACTS:
        return None
    said = f"{share:.0%} of contracts carry an auction code, {typical:,.0f} in each of {events} taker events"
    return (0.5 if typical <= RETAIL_CONTRACTS else 0.15), said


def _closing(packet: Row, known: Known) -> Finding | None:
    left_ns = known.close_ts - packet["end_ts"]
    if known.close_ts <= 0 or left_ns > CLOSING_NS:
        return None
    return 0.25, f"{max(left_ns, 0) // MINUTE_NS} minutes before the close"


def _pin(packet: Row, known: Known) -> Finding | None:
    left_ns = known.close_ts - packet["end_ts"]
    is_near = abs(packet["moneyness"]) <= NEAR
    if packet["days_to_expiry"] != 0 or not is_near or known.close_ts <= 0 or left_ns > PINNING_NS:
        return None
    minutes = max(left_ns, 0) // MINUTE_NS
    return 0.4, f"expires today, strike {packet['moneyness']:+.2%} from the stock, {minutes} minutes to go"


def _share(packet: Row, column: str) -> float:
    return float(packet[column] / packet["size"]) if packet["size"] > 0 else 0.0


READINGS: Final[tuple[Reading, ...]] = (
    Reading(
        "dividend_play", 1, _dividend, "Deep calls traded in size around an ex-date capture the dividend."
    ),
    Reading("qualified_cross", 1, _cross, "A cross pairs two parties beforehand, usually against stock."),
    Reading("stock_hedge", 1, _stock_tied, "A stock print of fitting size can be what the options hedge."),
    Reading("roll", 1, _roll, "A position is moved to a later expiry rather than taken anew."),
    Reading("box_financing", 1, _box, "A box or jelly roll lends or borrows money, whatever the stock does."),
    Reading("conversion", 1, _conversion, "A conversion or reversal is financing against stock."),
    Reading("compression", 1, _compression, "Positions are netted at derived prices to free capital."),
    Reading(
        "retail_auction", 1, _auction, "Small orders of many customers meet in price improvement auctions."
    ),
    Reading("closing", 1, _closing, "Hedges are squared near the close whatever the view."),
    Reading("expiry_pin", 1, _pin, "Series at the money are traded for their gamma on the last day."),
)
