"""Rows of plain tables of our own: one kind a raw topic, its columns called as the fields of the topic.

Owns which columns a table must and may have, and how they are read: prices in dollars, sizes in
contracts or shares, times in ns or ISO-8601. What `export` writes of a raw topic is such a table. Pure.
Refuses rows without a time and a price; what is missing takes the default of its field.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import polars as pl

from connectors.cells import SHARE_SCALE, Cells, arrow
from connectors.recorded_rows import Flags, Ints
from connectors.tabular import Layout
from schemas.conditions import CONDITION, sip_bit
from schemas.fields import NO_PRICE
from schemas.kinds import KIND
from schemas.topics import TOPIC

FINRA: Final = "D"
UTP_TAPE: Final = "C"
MULTIPLIER: Final = 100
BITS_END: Final = 1 << len(CONDITION)
TRUE, FALSE = ("true", "1", "yes"), ("false", "0", "no")
REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    "options.nbbo": ("source_ts", "contract", "bid", "ask", "bid_size", "ask_size"),
    "options.prints": ("source_ts", "contract", "price", "size"),
    "equities.quotes": ("source_ts", "underlying", "bid", "ask", "bid_size", "ask_size"),
    "equities.prints": ("source_ts", "underlying", "price", "size"),
}
NOT_READ: Final = frozenset({"seq"})  # numbers are given anew
EXTRA: Final = {"equities.prints": ("tape",)}


def layout_of(topic: str) -> Layout:
    """Return the columns of the tables of a topic."""
    required = REQUIRED[topic]
    fields = (n for n in TOPIC[topic].field_names if n not in required and n not in NOT_READ)
    return Layout(f"a plain table of {topic}", required, (*fields, *EXTRA.get(topic, ())))


def prints_of_options(cells: Cells) -> dict[str, Any]:
    """Read option trades or bars."""
    contract, underlying = cells.contracts("contract")
    condition = cells.series("condition").cast(pl.String).fill_null("")
    columns = {
        **_print(cells, 1),
        "contract": contract,
        "underlying": underlying,
        "condition": arrow(condition),  # a blank is OPRA's code of a regular trade
        "multiplier": cells.whole("multiplier", MULTIPLIER).astype(np.int32),
        "is_bar": flag(cells, "is_bar"),
        "price_low": cells.price("price_low", NO_PRICE),
        "price_high": cells.price("price_high", NO_PRICE),
    }
    cells.above_zero(columns["multiplier"], "multiplier")
    return columns


def nbbo_of_options(cells: Cells) -> dict[str, Any]:
    """Read option quotes; a bid of 0 says that nobody bids, a blank that there is none."""
    contract, underlying = cells.contracts("contract")
    return {**_quote(cells, 1), "contract": contract, "underlying": underlying}


def prints_of_equities(cells: Cells) -> dict[str, Any]:
    """Read equity trades; the venue D is FINRA's facilities unless a column says what was off exchange."""
    venue = cells.text("venue")
    letters = cells.series("conditions").cast(pl.String).fill_null("")
    is_finra = (venue == FINRA).to_numpy()
    bits = cells.whole("condition_bits", 0)
    cells.refuse((bits < 0) | (bits >= BITS_END), "condition_bits holds bits that stand for nothing")
    spelt = _bits(letters, (cells.text("tape").str.to_uppercase() == UTP_TAPE).to_numpy())
    return {
        **_print(cells, SHARE_SCALE),
        "underlying": cells.equities("underlying"),
        "off_exchange": flag(cells, "off_exchange", is_finra),
        "conditions": arrow(letters),
        "condition_bits": np.where(bits > 0, bits, spelt),
        "is_hidden": flag(cells, "is_hidden"),
    }


def quotes_of_equities(cells: Cells) -> dict[str, Any]:
    """Read equity quotes."""
    return {**_quote(cells, SHARE_SCALE), "underlying": cells.equities("underlying")}


PARSERS: Final = {
    "options.nbbo": nbbo_of_options,
    "options.prints": prints_of_options,
    "equities.quotes": quotes_of_equities,
    "equities.prints": prints_of_equities,
}


def _head(cells: Cells) -> dict[str, Any]:
    """Return the times; rows of an exported topic that are no data are left out."""
    kind = cells.text("kind")
    at = cells.time("source_ts")
    own = cells.time("event_ts", 0)
    if cells.has("kind"):
        cells.refuse_shown((~kind.is_in([*KIND, ""])).to_numpy(), "kind is {}, which is none", kind)
        cells.skip(kind.is_in(list(KIND[1:])).to_numpy())
    return {"source_ts": at, "event_ts": np.where(own > 0, own, at)}


def _print(cells: Cells, scale: int) -> dict[str, Any]:
    times = _head(cells)
    price = cells.price("price")
    size = cells.whole("size") if scale == 1 else cells.scaled("size", scale)
    cells.above_zero(price, "price")
    cells.above_zero(size, "size")
    is_told = times["event_ts"] != times["source_ts"]
    return {
        **times,
        "price": price,
        "size": size,
        "venue": arrow(cells.text("venue")),
        "has_event_ts": flag(cells, "has_event_ts", is_told),
        "trade_id": arrow(cells.text("trade_id")),
        "vendor_seq": cells.whole("vendor_seq", -1),
        "report": symbol(cells, "report", "options.prints"),
        "refers_to": arrow(cells.text("refers_to")),
        "aggressor": symbol(cells, "aggressor", "options.prints"),
        "is_time_doubtful": flag(cells, "is_time_doubtful"),
        **{side: cells.price(side, NO_PRICE) for side in ("carried_bid", "carried_ask")},
        **{side: cells.whole(side, -1) for side in ("carried_bid_size", "carried_ask_size")},
    }


def _quote(cells: Cells, scale: int) -> dict[str, Any]:
    out = _head(cells)
    for side in ("bid", "ask"):
        price = cells.price(side, NO_PRICE)
        size = cells.whole(f"{side}_size", 0) if scale == 1 else cells.scaled(f"{side}_size", scale, 0)
        cells.refuse((price < 0) & (price != NO_PRICE), f"the {side} is negative")
        cells.refuse(size < 0, f"the size of the {side} is negative")
        cells.refuse((price == 0) & (side == "ask"), "the ask is 0; leave it blank where there is none")
        out[side] = price
        out[f"{side}_size"] = np.where(price == NO_PRICE, 0, size)
        out[f"{side}_venue"] = symbol(cells, f"{side}_venue", "options.nbbo")
    return out


def flag(cells: Cells, name: str, otherwise: Any = False) -> Flags:
    """Return a column of true and false; a blank takes the value of `otherwise`."""
    text = cells.text(name).str.to_lowercase()
    is_true, is_false = (text.is_in(list(words)).to_numpy() for words in (TRUE, FALSE))
    is_blank = (text == "").to_numpy()
    cells.refuse_shown(
        ~(is_true | is_false | is_blank), f"{name} is {{}} where true or false is expected", text
    )
    return np.asarray(np.where(is_blank, otherwise, is_true), np.bool_)


def symbol(cells: Cells, name: str, topic: str) -> Any:
    """Return a column of a closed list as codes; a blank takes the field's default."""
    field = TOPIC[topic].field(name)
    names = field.symbols
    codes = {"": names.index(str(field.default)), **{n: i for i, n in enumerate(names)}}
    text = cells.text(name)
    allowed = ", ".join(names if len(names) < 6 else (*names[:2], "...", names[-1]))
    known = text.is_in(list(codes)).to_numpy()
    cells.refuse_shown(~known, f"{name} is {{}} where {allowed} is expected", text)
    return text.replace_strict(codes, default=0, return_dtype=pl.Int32).to_numpy()


def _bits(letters: pl.Series, is_utp: Any) -> Ints:
    """Return our bits of tape letters; nothing at all is a regular trade."""
    distinct = letters.unique()
    texts = distinct.to_list()
    cta = [sip_bit(t, "UTP" if "@" in t else "CTA") for t in texts]
    utp = [sip_bit(t, "UTP") for t in texts]
    found = [letters.replace_strict(distinct, b, return_dtype=pl.Int64).to_numpy() for b in (cta, utp)]
    return np.where(is_utp, found[1], found[0])
