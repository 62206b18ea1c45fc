"""Polygon's (Massive's) answers: trades, quotes, contracts, and snapshots where they carry times.

Owns the vendor's field names, long (v3) and short (v2, where P S X are the ask and p s x the bid). The
numbers of exchanges, conditions and corrections are read by the one table of this vendor. source_ts is
the consolidated tape's time, event_ts the participant's where it is given, FINRA's facilities included;
the time of the facility itself is not kept. Lists of exchanges and conditions hold no rows. Refuses rows
whose answer names no ticker: neither in itself, nor in its address or the next one, nor in the file's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from connectors.feed import Note
from connectors.feeds import polygon_flat_codes as codes
from connectors.feeds.vendor_json_pages import (
    Json,
    Page,
    Unusable,
    number_of,
    price_of,
    size_of,
    text_of,
    time_of,
    words_of,
)
from connectors.feeds.vendor_json_shelf import (
    ORDER,
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
from schemas.fields import ABSENT
from schemas.kinds import PRINT_REPORT, VENUE_LETTER

_TICKER: Final = r"((?:O:)?[A-Z][A-Za-z0-9.]{0,20})"
_IN_ADDRESS: Final = re.compile(
    rf"/v[123]/(?:(?:trades|quotes)|(?:last/(?:trade|nbbo))|(?:ticks/stocks/(?:trades|nbbo)))/{_TICKER}"
)
_IN_NAME: Final = re.compile(rf"(?:trades?|quotes?|nbbo)[_-]{_TICKER}(?=[_-]|$)")
TRADE_FIELDS: Final = frozenset({"price", "sip_timestamp", "participant_timestamp"})
QUOTE_FIELDS: Final = frozenset({"bid_price", "ask_price"})
CONTRACT_FIELDS: Final = frozenset({"strike_price", "expiration_date", "contract_type"})
LISTS: Final = ({"acronym", "mic", "participant_id"}, {"sip_mapping", "data_types", "update_rules"})
AHEAD_NS: Final = 10**9


def is_page(body: Json) -> bool:
    """Tell whether an answer has the shape of this vendor's."""
    return ("results" in body or "tickers" in body) and ("status" in body or "request_id" in body)


def read_page(page: Page, shelf: Shelf) -> None:
    """Put the rows of one answer on the shelf."""
    shelf.open_page()
    for place, item in _items(page.body):
        _read_item(page, shelf, place, item)


def _items(body: Json) -> Iterator[tuple[str, Any]]:
    for key in ("results", "tickers"):
        found = body.get(key)
        items = found if isinstance(found, list) else [] if found is None else [found]
        for number, item in enumerate(items, 1):
            yield f"{key}.{number}", item


def _read_item(page: Page, shelf: Shelf, place: str, item: Any) -> None:
    where = (page, place)
    if not isinstance(item, Mapping):
        _put(shelf, item, where, (True, _trade), "")
        return
    fields = item.keys()
    symbol = text_of(item, "T") or text_of(item, "ticker") or _ticker_of(page)
    if fields & {"details", "last_quote", "last_trade", "lastTrade", "lastQuote"}:
        _read_snapshot(shelf, item, where)
    elif fields & QUOTE_FIELDS:
        _put(shelf, item, where, (False, _quote), symbol)
    elif fields & TRADE_FIELDS:
        _put(shelf, item, where, (True, _trade), symbol)
    elif "p" in fields and ("P" in fields or "ap" in fields):
        _put(shelf, _long_quote(item), where, (False, _quote), symbol)
    elif "p" in fields and "s" in fields:
        _put(shelf, _long_trade(item), where, (True, _trade), symbol)
    elif fields >= CONTRACT_FIELDS:
        _read_contract(shelf, item, where)
    elif not any(fields & known for known in LISTS):
        _put(shelf, item, where, (True, _trade), symbol)


def _put(shelf: Shelf, item: Any, where: tuple[Page, str], kind: tuple[bool, Any], symbol: str) -> None:
    is_trade, read = kind
    try:
        if not symbol:
            raise Unusable("the answer names no ticker")
        of = named(symbol)
    except Unusable as error:
        topic = (PRINTS if is_trade else QUOTES)[symbol.startswith("O:")]
        shelf.put(topic, item, where, partial(_refuse, str(error)))
        return
    shelf.put((PRINTS if is_trade else QUOTES)[of.is_option], item, where, partial(read, of))


def _refuse(why: str, _: Json) -> Row:
    raise Unusable(why)


def _ticker_of(page: Page) -> str:
    """Return the ticker that an answer is about: trades and quotes do not repeat it in each row."""
    for address in (text_of(page.body, "ticker"), page.address, text_of(page.body, "next_url")):
        found = _IN_ADDRESS.search(address.replace("%3A", ":"))
        if found:
            return found[1]
    if text_of(page.body, "ticker"):
        return text_of(page.body, "ticker")
    name = page.place.rpartition("/")[2].partition(":answer")[0]
    stem = name.removesuffix(".json").removesuffix(".jsonl").removesuffix(".ndjson")
    found = _IN_NAME.search(stem.replace("O_", "O:"))
    return found[1] if found else ""


def _long_trade(row: Json) -> Row:
    names = {"p": "price", "s": "size", "x": "exchange", "c": "conditions", "i": "id", "e": "correction"}
    times = {"t": "sip_timestamp", "y": "participant_timestamp", "q": "sequence_number"}
    return {long: row[short] for short, long in {**names, **times}.items() if short in row}


def _long_quote(row: Json) -> Row:
    sides = {"p": "bid_price", "s": "bid_size", "x": "bid_exchange"}
    sides |= {"P": "ask_price", "S": "ask_size", "X": "ask_exchange"}
    times = {"t": "sip_timestamp", "y": "participant_timestamp", "q": "sequence_number"}
    return {long: row[short] for short, long in {**sides, **times}.items() if short in row}


def _trade(of: Named, row: Json) -> Row:
    conditions = ",".join(words_of(row, "conditions"))
    exchange = text_of(row, "exchange")
    ts, event, has_event = _times(row)
    found: Row = {
        ORDER: _sequence(row),
        "source_ts": ts,
        "event_ts": event,
        "has_event_ts": has_event,
        "is_time_doubtful": event - ts > AHEAD_NS,
        **of.columns(),
        "price": trade_price(row, "price"),
        "size": trade_size(row, "size", of),
        "trade_id": text_of(row, "id"),
        "vendor_seq": _sequence(row),
    }
    report = codes.REPORT.get(text_of(row, "correction"), "trade")
    if of.is_option:
        code = codes.option_code(conditions)
        report = "cancel" if code in codes.CANCELS else report
        venue = codes.OPTION_VENUE.get(exchange, "")
        return {**found, "venue": venue, "condition": code, "report": PRINT_REPORT.index(report)}
    return {
        **found,
        "venue": codes.EQUITY_VENUE.get(exchange, ""),
        "off_exchange": exchange == str(codes.FINRA_ID),
        "conditions": conditions,
        "condition_bits": codes.equity_bits(conditions),
        "report": PRINT_REPORT.index(report),
    }


def _quote(of: Named, row: Json) -> Row:
    ts, event, _ = _times(row)
    bid, bid_size = quote_side(row, ("bid_price", "bid_size"), of, ts, True)
    ask, ask_size = quote_side(row, ("ask_price", "ask_size"), of, ts, False)
    venues = codes.OPTION_VENUE if of.is_option else codes.EQUITY_VENUE
    return {
        ORDER: _sequence(row),
        "source_ts": ts,
        "event_ts": event,
        **of.columns(),
        "bid": bid,
        "ask": ask,
        "bid_size": bid_size,
        "ask_size": ask_size,
        "bid_venue": VENUE_LETTER.index(venues.get(text_of(row, "bid_exchange"), "none")),
        "ask_venue": VENUE_LETTER.index(venues.get(text_of(row, "ask_exchange"), "none")),
    }


def _times(row: Json) -> tuple[int, int, bool]:
    """Return publication time, event time, and whether that is the participant's own."""
    own = time_of(row, "participant_timestamp")
    ts = time_of(row, "sip_timestamp", "participant_timestamp")
    if ts is None:
        raise Unusable("it has no time")
    return ts, ts if own is None else own, own is not None


def _sequence(row: Json) -> int:
    found = size_of(row, "sequence_number", 1)
    return ABSENT if found is None or found < 0 else found


def _read_snapshot(shelf: Shelf, item: Json, where: tuple[Page, str]) -> None:
    """Read the last trade and quote of a snapshot, its open interest and its series."""
    page, place = where
    details = _details(item)
    symbol = text_of(details, "ticker") or text_of(item, "ticker")
    for key in ("last_trade", "lastTrade", "last_quote", "lastQuote"):
        row = item.get(key)
        if isinstance(row, Mapping) and row:
            is_trade = key.lower().endswith("trade")
            read = _long_last_trade(row) if is_trade else _long_last_quote(row)
            kind = (is_trade, _trade if is_trade else _quote)
            _put(shelf, read, (page, f"{place}.{key}"), kind, symbol)
    _read_facts(shelf, item, where)


def _details(item: Json) -> Json:
    found = item.get("details")
    return found if isinstance(found, Mapping) else {}


def _long_last_trade(row: Json) -> Row:
    return {**_long_trade(row), **{n: v for n, v in row.items() if len(n) > 1}}


def _long_last_quote(row: Json) -> Row:
    names = {"bid": "bid_price", "ask": "ask_price", "last_updated": "sip_timestamp"}
    return {**_long_quote(row), **{names.get(n, n): v for n, v in row.items() if len(n) > 1}}


def _read_facts(shelf: Shelf, item: Json, where: tuple[Page, str]) -> None:
    """Open interest and series are known by the latest time in the snapshot, if it has one."""
    details = _details(item)
    if not details and "open_interest" not in item:
        return
    try:
        of = named(text_of(details, "ticker") or text_of(item, "ticker"))
        held = size_of(item, "open_interest", 1)
        inner = [item.get(k) for k in ("last_quote", "last_trade", "underlying_asset", "day")]
        rows = [x for x in inner if isinstance(x, Mapping)]
        times = [time_of(x, "last_updated", "sip_timestamp") for x in rows]
        series = _definition(details, of)
    except Unusable as error:
        shelf.refuse(PRINTS[True], item, where, str(error))
        return
    ts = max((t for t in times if t is not None), default=None)
    if not of.is_option or ts is None:
        return
    if held is not None:
        detail = {"contract": of.contract, "open_interest": held, "ref_ts": None}
        shelf.notes.append(Note("open_interest", of.underlying, ts, detail))
    if details:
        shelf.notes.append(Note("definition", of.underlying, ts, series))


def _read_contract(shelf: Shelf, item: Json, where: tuple[Page, str]) -> None:
    """A contract of the reference lists has no time: it counts from the beginning of the recording."""
    try:
        of = named(text_of(item, "ticker"))
        detail = _definition(item, of)
    except Unusable as error:
        shelf.refuse(PRINTS[True], item, where, str(error))
        return
    shelf.timeless.append(Note("definition", of.underlying, 0, detail))


def _definition(row: Json, of: Named) -> dict[str, object]:
    expiry = text_of(row, "expiration_date").replace("-", "")
    multiplier = number_of(row, "shares_per_contract")
    return {
        "contract": of.contract,
        "class": text_of(row, "contract_type")[:1].upper(),
        "underlying": text_of(row, "underlying_ticker") or of.underlying,
        "expiry": int(expiry) if expiry.isdecimal() else None,
        "strike": price_of(row, "strike_price"),
        "multiplier": None if multiplier is None else int(multiplier),
        "exchange": text_of(row, "primary_exchange"),
        "style": text_of(row, "exercise_style"),
    }
