"""How each recorded format is told from the others by the beginning of a file.

Owns the marks of the formats: magic bytes, names of columns, names of files, keys of JSON. Tells by a
few columns that only this format has, so that a file with a column missing is still recognised and its
reader can say which one. Refuses to read more than the first look.
"""

from __future__ import annotations

import re
from typing import Final

from connectors.formats_probe import Probe

LOBSTER_NAME: Final = re.compile(
    r"[A-Za-z0-9.\-]+_\d{4}-\d{2}-\d{2}_\d+_\d+_(message|orderbook)_(\d+)\.csv(\.gz|\.zst)?"
)
LOBSTER_MESSAGE_COLUMNS: Final = 6
_NUMBERS: Final = re.compile(r"-?[0-9.]+([eE][+-]?[0-9]+)?")
_POLYGON_KEYS: Final = re.compile(r'"(sip_timestamp|participant_timestamp|ask_exchange|trf_timestamp)"\s*:')
_POLYGON_HOST: Final = re.compile(r"api\.(polygon\.io|massive\.com)")
_ALPACA_HOST: Final = re.compile(r"data\.alpaca\.markets")
_ALPACA_KEYS: Final = re.compile(r'"(trades|quotes|trade|quote|bars|snapshots)"\s*:\s*[\[{]')
_SHORT_KEYS: Final = re.compile(r'"(t|ax|bx|ap|bp|z|c)"\s*:')
_POLYGON_RESULTS: Final = re.compile(r'"results"\s*:\s*[\[{]')


def is_dbn(found: Probe) -> bool:
    """Databento's binary encoding begins with DBN (older: DBZ), inside or outside zstd."""
    return found.kind == "dbn"


def _has(found: Probe, *names: str) -> bool:
    return found.kind in ("text", "parquet") and set(names) <= set(found.names)


def is_polygon_flat(found: Probe) -> bool:
    """A flat file has a ticker and times of the SIP, under the vendor's own names."""
    return _has(found, "ticker", "sip_timestamp") or _has(found, "ticker", "participant_timestamp")


def is_taq(found: Probe) -> bool:
    """Monthly TAQ has DT or DATE, EX, and CORR or OFR; Daily TAQ has its own longer names."""
    names = (
        ("ex", "symbol", "corr"),
        ("ex", "symbol", "ofr"),
        ("dt", "ex", "symbol"),
        ("exchange", "symbol", "trade_volume"),
        ("exchange", "symbol", "trade_price"),
        ("exchange", "symbol", "bid_price", "offer_price"),
        ("symbol", "best_bid_price", "best_offer_price"),
    )
    return any(_has(found, *n) for n in names)


def is_lobster(found: Probe) -> bool:
    """LOBSTER's files have no header: their name says what they are, their columns are all numbers."""
    name = LOBSTER_NAME.fullmatch(found.name)
    if name is None or found.kind != "text":
        return False
    cells = found.cells(0)
    if not all(_NUMBERS.fullmatch(c) for c in cells):
        return False
    if name.group(1) == "message":
        return len(cells) >= LOBSTER_MESSAGE_COLUMNS
    return len(cells) == 4 * int(name.group(2))


def is_finra(found: Probe) -> bool:
    """FINRA's daily files have ShortVolume and ShortExemptVolume or TotalVolume."""
    return _has(found, "date", "symbol", "shortvolume") or _has(found, "shortvolume", "totalvolume")


def is_occ(found: Probe) -> bool:
    """A table of open interest names it, and is neither a chain with quotes nor a table of trades."""
    names = set(found.names) if found.kind in ("text", "parquet") else set()
    interest = names & {"open_interest", "openinterest", "oi", "open_int"}
    return bool(interest) and not names & {"source_ts", "trade_price", "bid", "implied_volatility"}


def is_polygon_json(found: Probe) -> bool:
    """Answers of Polygon hold results with the SIP's times, or say which host they came from."""
    text = _json(found)
    if not text or _ALPACA_HOST.search(text):
        return False
    if _POLYGON_HOST.search(text):
        return True
    return bool(_POLYGON_RESULTS.search(text)) or bool(_POLYGON_KEYS.search(text))


def is_alpaca_json(found: Probe) -> bool:
    """Answers of Alpaca hold trades or quotes with keys of one or two letters, or name the host."""
    text = _json(found)
    if not text:
        return False
    if _ALPACA_HOST.search(text):
        return True
    return bool(_ALPACA_KEYS.search(text)) and bool(_SHORT_KEYS.search(text))


def _json(found: Probe) -> str:
    return found.head.decode("utf-8-sig", "replace") if found.kind == "json" else ""


def is_plain(found: Probe) -> bool:
    """Our own tables have source_ts beside a price or both sides of a quote."""
    return _has(found, "source_ts", "price") or _has(found, "source_ts", "bid", "ask")
