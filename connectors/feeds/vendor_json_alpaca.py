"""Alpaca's historical answers: trades, quotes and snapshots of stocks and options.

Owns the vendor's field names (t time, p price, s size, x exchange, c conditions, i id, z tape; of quotes
a and b before p, s, x). Times are those of the consolidated tape; there is no participant time and no
sequence. Bars are passed over: they hold no trade. A trade that the vendor marks as corrected or taken
back later was a trade at its time, and stays one. Refuses rows whose exchange is no letter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from connectors.feeds.vendor_json_pages import Json, Page, Unusable, text_of, time_of, words_of
from connectors.feeds.vendor_json_shelf import (
    PRINTS,
    QUOTES,
    Named,
    Row,
    Shelf,
    named,
    quote_side,
    trade_price,
    trade_size,
)
from schemas.conditions import BIT, sip_bit
from schemas.kinds import PRINT_REPORT, VENUE_LETTER

TRADES: Final = ("trades", "trade")
QUOTED: Final = ("quotes", "quote")
SNAPSHOTS: Final = ("snapshots", "snapshot")
BARS: Final = ("bars", "bar")
LATEST: Final = {"latestTrade": True, "latestQuote": False}
FINRA: Final = "D"
UTP_TAPE: Final = "C"
CORRECTED: Final = "corrected"


def is_page(body: Json) -> bool:
    """Tell whether an answer has the shape of this vendor's."""
    keys = body.keys()
    if any(k in keys for k in (*TRADES, *QUOTED, *SNAPSHOTS, *BARS)) and "results" not in keys:
        return True
    return _is_snapshot(body) or (bool(body) and all(_is_snapshot(v) for v in body.values()))


def read_page(page: Page, shelf: Shelf) -> None:
    """Put the rows of one answer on the shelf."""
    shelf.open_page()
    for symbol, item, is_trade, place in _items(page.body):
        try:
            of = named(symbol)
        except Unusable as error:
            of, why = Named("", ""), str(error)
            topic = (PRINTS if is_trade else QUOTES)[len(symbol) > 15]
            shelf.put(topic, item, (page, place), _refusing(why))
            continue
        topic = (PRINTS if is_trade else QUOTES)[of.is_option]
        read = _trade if is_trade else _quote
        shelf.put(topic, item, (page, place), lambda row, of=of, read=read: read(row, of))  # type: ignore[misc]


def _refusing(why: str) -> Any:
    def run(_: Json) -> Row:
        raise Unusable(why)

    return run


def _is_snapshot(value: Any) -> bool:
    return isinstance(value, Mapping) and any(k in value for k in LATEST)


def _items(body: Json) -> Iterator[tuple[str, Any, bool, str]]:
    """Yield (symbol, item, is a trade, place) of everything in an answer."""
    for keys, is_trade in ((TRADES, True), (QUOTED, False)):
        for key in keys:
            for symbol, value in _by_symbol(body, key):
                for number, item in _ascending(value if isinstance(value, list) else [value]):
                    yield symbol, item, is_trade, f"{key}.{symbol}.{number}"
    for symbol, value in _snapshots(body):
        for key, is_trade in LATEST.items():
            item = value.get(key) if isinstance(value, Mapping) else None
            if item is not None:
                yield symbol, item, is_trade, f"{symbol}.{key}"


def _ascending(items: list[Any]) -> list[tuple[int, Any]]:
    """Return the items with their numbers, those of a page newest first the other way round."""
    times = [text_of(x, "t") if isinstance(x, Mapping) else "" for x in items]
    numbered = list(enumerate(items, 1))
    return numbered[::-1] if len(times) > 1 and times[0] > times[-1] > "" else numbered


def _by_symbol(body: Json, key: str) -> Iterator[tuple[str, Any]]:
    """Yield what an answer holds by symbol, or of the one symbol that it names."""
    found = body.get(key)
    if isinstance(found, Mapping) and not _is_row(found):
        yield from found.items()
    elif found is not None:
        yield text_of(body, "symbol"), found


def _is_row(value: Json) -> bool:
    return "t" in value and not isinstance(value["t"], Mapping | list)


def _snapshots(body: Json) -> Iterator[tuple[str, Any]]:
    if _is_snapshot(body):
        yield text_of(body, "symbol"), body
        return
    for key in SNAPSHOTS:
        found = body.get(key)
        if isinstance(found, Mapping):
            yield from found.items()
    if not any(k in body for k in (*TRADES, *QUOTED, *SNAPSHOTS, *BARS)):
        yield from ((s, v) for s, v in body.items() if _is_snapshot(v))


def _trade(row: Json, of: Named) -> Row:
    ts = _time(row)
    conditions = words_of(row, "c")
    venue = _letter(row, "x")
    found: Row = {
        "source_ts": ts,
        **of.columns(),
        "price": trade_price(row, "p"),
        "size": trade_size(row, "s", of),
        "venue": venue,
        "trade_id": text_of(row, "i"),
    }
    if of.is_option:
        return {**found, "condition": "".join(conditions)}
    tape = "UTP" if text_of(row, "z") == UTP_TAPE else "CTA"
    is_letters = all(len(c) == 1 for c in conditions)
    report = "correction" if text_of(row, "u") == CORRECTED else "trade"
    return {
        **found,
        "off_exchange": venue == FINRA,
        "conditions": "".join(conditions) if is_letters else ",".join(conditions),
        "condition_bits": sip_bit("".join(conditions), tape) if is_letters else BIT["unknown"],
        "report": PRINT_REPORT.index(report),
    }


def _quote(row: Json, of: Named) -> Row:
    ts = _time(row)
    bid, bid_size = quote_side(row, ("bp", "bs"), of, ts, True)
    ask, ask_size = quote_side(row, ("ap", "as"), of, ts, False)
    return {
        "source_ts": ts,
        **of.columns(),
        "bid": bid,
        "ask": ask,
        "bid_size": bid_size,
        "ask_size": ask_size,
        "bid_venue": VENUE_LETTER.index(_letter(row, "bx") or "none"),
        "ask_venue": VENUE_LETTER.index(_letter(row, "ax") or "none"),
    }


def _time(row: Json) -> int:
    found = time_of(row, "t")
    if found is None:
        raise Unusable("it has no time")
    return found


def _letter(row: Json, name: str) -> str:
    """Return the letter of an exchange, empty where none is named."""
    value = text_of(row, name).strip()
    if value and value not in VENUE_LETTER[1:]:
        raise Unusable(f"exchange {value[:8]!r} is no letter")
    return value
